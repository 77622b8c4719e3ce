/* Assertions: the kernel's own bugs, and nothing else. On in release images too.
 *
 * No input from a task may reach one: what a task gets wrong is an error code
 * or a fault on that task.
 */
#pragma once

#include "kernel/port.h"

#define KASSERT(condition)                                                                         \
    do {                                                                                           \
        if (__builtin_expect(!(condition), 0)) {                                                   \
            port_assertion_failed(__FILE_NAME__, __LINE__);                                        \
        }                                                                                          \
    } while (0)

#define K5_MUST_USE __attribute__((warn_unused_result))
