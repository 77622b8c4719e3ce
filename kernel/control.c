/* The system calls of the running thread on a thread. */
#include "kernel/control.h"

#include "kernel/cap.h"
#include "kernel/donation.h"
#include "kernel/reaper.h"
#include "kernel/sched.h"
#include "kernel/system.h"
#include "kernel/thread.h"

/* The capability in register 0; *id is the thread, *badge the capability's badge. */
K5_MUST_USE static enum k5_error find(uint32_t rights, uint32_t *id, uint32_t *badge)
{
    uint32_t slot = 0;
    enum k5_error error =
        cap_find(k5.current, k5.thread[k5.current].reg[0], K5_KIND_THREAD, rights, &slot);

    if (error == K5_OK) {
        *id = k5.slot[slot].object;
        *badge = k5.slot[slot].badge;
    }
    return error;
}

void control_syscall_status(void)
{
    struct thread *thread = &k5.thread[k5.current];
    uint32_t id = 0;
    uint32_t badge = 0;
    enum k5_error error = find(K5_RIGHT_STATUS, &id, &badge);

    if (error == K5_OK) {
        const struct thread *asked = &k5.thread[id];
        uint64_t consumed = asked->consumed;

        thread->reg[1] = asked->state;
        thread->reg[2] = (uint32_t)asked->priority | (uint32_t)asked->effective << 8;
        thread->reg[3] = (uint32_t)consumed;
        thread->reg[4] = (uint32_t)(consumed >> 32);
    }
    thread_complete(k5.current, error);
}

K5_MUST_USE static enum k5_error start(uint32_t id)
{
    const struct thread *thread = &k5.thread[id];

    if (thread->dying) {
        return K5_E_BUSY;
    }
    if (k5.task[thread->task].state != K5_TASK_READY || thread->state != K5_THREAD_OFF) {
        return K5_E_STATE;
    }
    thread_start(id);
    return K5_OK;
}

void control_syscall_start(void)
{
    uint32_t id = 0;
    uint32_t badge = 0;
    enum k5_error error = find(K5_RIGHT_CONTROL, &id, &badge);

    if (error == K5_OK) {
        error = start(id);
    }
    thread_complete(k5.current, error);
}

void control_syscall_stop(void)
{
    uint32_t id = 0;
    uint32_t badge = 0;
    enum k5_error error = find(K5_RIGHT_CONTROL, &id, &badge);

    thread_complete(k5.current, error);
    if (error == K5_OK && k5.thread[id].state != K5_THREAD_OFF && !k5.thread[id].dying) {
        reaper_take_thread(id);
    }
}

void control_syscall_set_priority(void)
{
    uint32_t priority = k5.thread[k5.current].reg[1];
    uint32_t id = 0;
    uint32_t highest = 0;
    enum k5_error error = find(K5_RIGHT_CONTROL, &id, &highest);

    if (error == K5_OK && priority > highest) {
        error = K5_E_INVALID;
    }
    if (error == K5_OK) {
        k5.thread[id].priority = (uint8_t)priority;
        donation_update(id);
    }
    thread_complete(k5.current, error);
}

void control_syscall_set_budget(void)
{
    const struct thread *caller = &k5.thread[k5.current];
    uint32_t budget = caller->reg[1];
    uint32_t cooldown = caller->reg[2];
    uint32_t id = 0;
    uint32_t badge = 0;
    enum k5_error error = find(K5_RIGHT_CONTROL, &id, &badge);

    if (error == K5_OK && (budget < port_system()->budget_least || budget > INT32_MAX / 2 ||
                           cooldown > INT32_MAX || k5.thread[id].own_payer == NO_THREAD)) {
        error = K5_E_INVALID;
    }
    if (error == K5_OK) {
        k5.thread[id].budget = budget;
        k5.thread[id].cooldown = cooldown;
    }
    thread_complete(k5.current, error);
}
