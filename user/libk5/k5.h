/* K5 for tasks. Start reading here.
 *
 * A task acts only through its capabilities. The system description names them,
 * and the builder hands them to the task's C sources in the generated header
 * k5_task.h: `capabilities = [{name = "bar", ...}]` becomes CAP_BAR.
 *
 *     struct k5_message message = k5_short(ADD, 2, 3, 0, 0);
 *     if (k5_call(CAP_BAR, &message) == K5_OK) {
 *         K5_INFO("the sum is %u", message.word[0]);
 *     }
 *
 * Every function that can fail returns enum k5_error (k5_abi.h): K5_OK is 0, all
 * errors are negative. What each system call checks, and in which registers it
 * travels: docs/abi.md. Logging is in k5_log.h.
 */
#pragma once

#include "k5_cap.h"
#include "k5_control.h"
#include "k5_message.h"
#include "k5_notification.h"
#include "k5_port.h"
#include "k5_thread.h"
#include "k5_time.h"
#include "k5_types.h"
