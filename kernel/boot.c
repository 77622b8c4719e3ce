/* Boot: from the boot tables to the first running thread. */
#include "kernel/endpoint.h"
#include "kernel/entry.h"
#include "kernel/kassert.h"
#include "kernel/name.h"
#include "kernel/notification.h"
#include "kernel/sched.h"
#include "kernel/system.h"
#include "kernel/task.h"
#include "kernel/thread.h"

/*
 * Whoever wrote the tables has checked what is in them (the builder, and for the
 * simulator sim/system_check.c); that they are tables, and for a kernel of this
 * size, is asked here.
 */
static bool tables_fit(const struct sys_header *system)
{
    return system->magic == SYS_MAGIC && system->version == SYS_VERSION &&
           sys_task_count() <= CFG_TASKS && sys_thread_count() <= CFG_THREADS &&
           sys_endpoint_count() <= CFG_ENDPOINTS && sys_slot_count() <= CFG_SLOTS &&
           sys_notification_count() <= CFG_NOTIFICATIONS &&
           sys_interrupt_count() <= CFG_INTERRUPTS && sys_port_count() <= CFG_PORTS &&
           sys_object_count() <= CFG_OBJECTS && PORT_COUNT(message, CFG_MESSAGES) <= CFG_MESSAGES;
}

static void report(void)
{
    const uint32_t arg[] = {port_system()->tick_hz, port_system()->system_id};

    event_emit(K5_EVENT_BOOT, NO_THREAD, K5_ABI_VERSION, arg, 2);
}

void kernel_boot(void)
{
    KASSERT(tables_fit(port_system()));
    k5 = (struct kernel_state){.current = NO_THREAD, .loans = NO_THREAD};
    sched_init();
    report();
    endpoint_init_all();
    notification_init_all();
    name_init_all();
    thread_init_all();
    task_boot_all();
    sched_finish(K5_EVENT_SWITCH);
}
