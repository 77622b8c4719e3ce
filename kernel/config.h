/* The limits that size the kernel's state and bound its loops.
 *
 * k5_config.h is found by include path: the builder writes one with a system's
 * exact numbers for an image; hostport/ has one with the simulator's maxima.
 */
#pragma once

#include <k5_config.h>

#ifndef CFG_COPY_BYTES
#define CFG_COPY_BYTES 256 /* longest copy message */
#endif
#define CFG_PRIORITIES  32 /* 0 lowest .. 31 highest: one ready word */
#define CFG_MPU_REGIONS 8  /* regions a task may have: the smallest chip's count */

_Static_assert(CFG_TASKS >= 1 && CFG_TASKS <= 64, "task_id_t and the tables are 8 bits");
_Static_assert(CFG_THREADS >= 1 && CFG_THREADS <= 128, "thread_id_t is 8 bits, 0xff is nobody");
_Static_assert(CFG_ENDPOINTS >= 0 && CFG_ENDPOINTS <= 254, "endpoint indices are 8 bits");
_Static_assert(CFG_NOTIFICATIONS >= 0 && CFG_NOTIFICATIONS <= 254, "so are notifications'");
_Static_assert(CFG_INTERRUPTS >= 0 && CFG_INTERRUPTS <= 254, "and interrupts'");
_Static_assert(CFG_PORTS >= 0 && CFG_PORTS <= 254, "and ports'");
_Static_assert(CFG_OBJECTS >= 0 && CFG_OBJECTS <= 254, "and region objects'");
_Static_assert(CFG_MESSAGES >= 0 && CFG_MESSAGES <= 4096, "message indices are 16 bits");
_Static_assert(CFG_SLOTS >= 1 && CFG_SLOTS <= 4096, "slot indices are 16 bits");
