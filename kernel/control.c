/* System calls on threads. */
#include "kernel/control.h"

#include "kernel/donation.h"
#include "kernel/reaper.h"
#include "kernel/syscall.h"
#include "kernel/system.h"
#include "kernel/thread.h"

enum k5_error control_call_status(struct thread *thread, struct cap *cap)
{
    const struct thread *asked = &k5.thread[cap->object];
    uint64_t consumed = asked->consumed;

    thread->reg[1] = asked->state;
    thread->reg[2] = (uint32_t)asked->priority | (uint32_t)asked->effective << 8;
    thread->reg[3] = (uint32_t)consumed;
    thread->reg[4] = (uint32_t)(consumed >> 32);
    return K5_OK;
}

enum k5_error control_call_start(struct thread *thread, struct cap *cap)
{
    uint32_t id = cap->object;
    const struct thread *asked = &k5.thread[id];

    (void)thread;
    if (asked->dying) {
        return K5_E_BUSY;
    }
    if (k5.task[asked->task].state != K5_TASK_READY || asked->state != K5_THREAD_OFF) {
        return K5_E_STATE;
    }
    thread_start(id);
    return K5_OK;
}

/* It may be the caller, which then gets no result any more. */
enum k5_error control_call_stop(struct thread *thread, struct cap *cap)
{
    uint32_t id = cap->object;

    thread_complete(thread, K5_OK);
    if (k5.thread[id].state != K5_THREAD_OFF && !k5.thread[id].dying) {
        reaper_take_thread(id);
    }
    return NO_RESULT;
}

enum k5_error control_call_set_priority(struct thread *thread, struct cap *cap)
{
    uint32_t id = cap->object;

    if (thread->reg[1] > cap->badge || thread->reg[1] >= CFG_PRIORITIES) {
        return K5_E_INVALID;
    }
    k5.thread[id].priority = (uint8_t)thread->reg[1];
    donation_update(id);
    return K5_OK;
}

enum k5_error control_call_set_budget(struct thread *thread, struct cap *cap)
{
    struct thread *asked = &k5.thread[cap->object];
    uint32_t budget = thread->reg[1];
    uint32_t cooldown = thread->reg[2];

    if (budget < port_system()->budget_least || budget > INT32_MAX / 2 || cooldown > INT32_MAX ||
        asked->own_payer == NO_THREAD) {
        return K5_E_INVALID;
    }
    asked->budget = budget;
    asked->cooldown = cooldown;
    return K5_OK;
}
