/* A task's view of memory is compiled when the task runs next, not when its regions change.
 *
 * One entry may change the views of several tasks, or one task's more than once; at
 * its exit only one of them matters. So an entry pays for one compilation at most.
 */
#pragma once

#include "kernel/state.h"

#define PORT_NOT_LOADED 0xfeu /* in port.id: no thread, CFG_THREADS is at most 128 */

/* By entry.S, where port.stale is not 0: compiles the regions of the thread that runs next, if they
 * have changed. */
void port_refresh(void);

/* The port's own part: register values from regions, which fit. */
void port_image_compile(const struct sys_region *region, uint32_t count,
                        struct port_mpu_image *image);

/* As struct port_state and struct port_context have it. */
static inline uint32_t port_image_address(uint32_t task)
{
    return (uint32_t)(uintptr_t)&k5.task[task].mpu;
}
