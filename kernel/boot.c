/* Boot: from the boot tables to the first running thread. */
#include "kernel/endpoint.h"
#include "kernel/entry.h"
#include "kernel/kassert.h"
#include "kernel/sched.h"
#include "kernel/system.h"
#include "kernel/task.h"
#include "kernel/thread.h"

static void report(void)
{
    const uint32_t arg[] = {port_system()->tick_hz, port_system()->system_id};

    event_emit(K5_EVENT_BOOT, NO_THREAD, K5_ABI_VERSION, arg, 2);
}

void kernel_boot(void)
{
    KASSERT(port_system()->magic == SYS_MAGIC && port_system()->version == SYS_VERSION);
    k5 = (struct kernel_state){.current = NO_THREAD};
    sched_init();
    report();
    endpoint_init_all();
    thread_init_all();
    task_boot_all();
    sched_finish(K5_EVENT_SWITCH);
}
