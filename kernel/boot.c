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
    const struct k5_event event = {
        .time = k5.booted_at,
        .kind = K5_EVENT_BOOT,
        .thread = NO_THREAD,
        .code = K5_ABI_VERSION,
        .arg = {port_system()->tick_hz, port_system()->system_id},
    };

    port_event(&event);
}

void kernel_boot(void)
{
    KASSERT(port_system()->magic == SYS_MAGIC);
    KASSERT(port_system()->version == SYS_VERSION);
    k5 = (struct kernel_state){.current = NO_THREAD};
    sched_init();
    report();
    endpoint_init_all();
    thread_init_all();
    task_boot_all();
    sched_finish(K5_EVENT_SWITCH);
}
