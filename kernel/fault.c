/* Faults: what a task did wrong, on record, and then its policy. */
#include "kernel/fault.h"

#include "kernel/entry.h"
#include "kernel/kassert.h"
#include "kernel/sched.h"
#include "kernel/system.h"
#include "kernel/task.h"

static void record(const struct fault_record *fault)
{
    const uint32_t arg[] = {fault->pc,    fault->address, fault->status,
                            fault->flags, fault->sp,      fault->lr};

    event_emit(K5_EVENT_FAULT, k5.current, fault->kind, arg, 6);
    task_fault(k5.thread[k5.current].task);
}

void fault_raise(enum k5_fault_kind kind, uint32_t detail)
{
    struct fault_record fault = {.kind = (uint8_t)kind, .address = detail};

    port_fault_site(k5.current, &fault);
    record(&fault);
}

void kernel_fault(const struct fault_record *fault)
{
    KASSERT(k5.current != NO_THREAD);
    sched_charge();
    record(fault);
    sched_finish(K5_EVENT_SWITCH);
}

void kernel_timer(void)
{
    k5.armed = 0; /* the hardware's deadline is used up: arm it again */
    sched_charge();
    sched_timers();
    if (sched_overran()) {
        fault_raise(K5_FAULT_TIMEOUT, k5.thread[k5.current].payer);
    }
    sched_finish(K5_EVENT_PREEMPT);
}
