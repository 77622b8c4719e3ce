/* Faults: what a task did wrong, on record, and then its supervisor or its policy. */
#include "kernel/fault.h"

#include "kernel/entry.h"
#include "kernel/kassert.h"
#include "kernel/sched.h"
#include "kernel/system.h"
#include "kernel/task.h"

static void record(uint32_t id, const struct fault_record *fault)
{
    const uint32_t arg[] = {fault->pc,    fault->address, fault->status,
                            fault->flags, fault->sp,      fault->lr};
    struct task_fault *kept = &task_at(k5.thread[id].task)->fault;

    event_emit(K5_EVENT_FAULT, id, fault->kind, arg, 6);
    kept->pc = fault->pc;
    kept->address = fault->address;
    kept->status = fault->status;
    kept->kind = fault->kind;
    kept->flags = fault->flags;
    kept->thread = (uint8_t)id;
    task_fault(k5.thread[id].task);
}

void fault_raise(uint32_t id, enum k5_fault_kind kind, uint32_t detail)
{
    struct fault_record fault = {.kind = (uint8_t)kind, .address = detail};

    port_fault_site((uint8_t)id, &fault);
    if (kind == K5_FAULT_TIMEOUT) {
        fault.flags |= K5_FAULT_FLAG_RESUMABLE;
    }
    record(id, &fault);
}

void kernel_fault(const struct fault_record *fault)
{
    KASSERT(k5.current != NO_THREAD);
    sched_charge();
    record(k5.current, fault);
    sched_finish(K5_EVENT_SWITCH);
}

void kernel_timer(void)
{
    k5.armed = 0; /* the hardware's deadline is used up: arm it again */
    sched_charge();
    k5.unfinished = !sched_timers();
    if (sched_overran()) {
        fault_raise(k5.current, K5_FAULT_TIMEOUT, k5.thread[k5.current].payer);
    }
    sched_finish(K5_EVENT_PREEMPT);
}
