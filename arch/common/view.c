/* Which tasks' images are out of date. */
#include "arch/common/view.h"

#include <port_state.h>

#include "kernel/port.h"

static uint8_t stale[CFG_TASKS];

void port_mpu_compile(uint8_t id)
{
    if (stale[id] == 0) {
        stale[id] = 1;
        port.stale++;
    }
    if (port.mapped == port_image_address(id)) {
        port.mapped = 0;           /* what the hardware holds is out of date, */
        port.id = PORT_NOT_LOADED; /* and the exit must see to it, whoever runs next */
    }
}

void port_refresh(void)
{
    uint32_t id = k5.thread[k5.current].task;
    struct task *task = task_at(id);

    if (stale[id] != 0) {
        stale[id] = 0;
        port.stale--;
        port_image_compile(task->region, task->region_count, &task->mpu);
    }
}
