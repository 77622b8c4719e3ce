/* Control of tasks and threads: for supervisors. k5_types.h says what the errors mean
 * that are not explained here. Asking for a status needs the right STATUS, all else CONTROL.
 *
 * A supervisor is the receiver of the endpoint that [task.NAME] supervisor names.
 * When such a task commits a fault it is held, and the supervisor decides:
 *
 *     while (k5_recv(CAP_FAULTS, &message) == K5_OK) {
 *         if (k5_kind(&message) == K5_MSG_FAULT) {
 *             struct k5_fault fault = k5_fault(&message);
 *             K5_WARN("fault %u at %#x", fault.kind, fault.pc);
 *             if (k5_task_restart(CAP_WORKER) != K5_OK) {
 *                 K5_ERROR("it stays down");
 *             }
 *         }
 *     }
 */
#pragma once

#include "k5_message.h"
#include "k5_types.h"

/* ---------------------------------------------------------------- faults */

struct k5_fault {
    uint8_t task;   /* TASK_ID_<NAME> of k5_task.h */
    uint8_t thread; /* the kernel's number, as in its events */
    uint8_t flags;  /* K5_FAULT_FLAG_ bits: which of the following are known, and whether
                       k5_task_resume() can go on */
    uint8_t kind;   /* enum k5_fault_kind */
    uint32_t pc;
    uint32_t address; /* that was refused; the code of a panic */
    uint32_t status;  /* the hardware's status registers */
};

/* Reads a received message of kind K5_MSG_FAULT. */
static inline struct k5_fault k5_fault(const struct k5_message *message)
{
    return (struct k5_fault){
        .task = (uint8_t)message->word[0],
        .thread = (uint8_t)(message->word[0] >> 8),
        .flags = (uint8_t)(message->word[0] >> 16),
        .kind = (uint8_t)k5_label(message),
        .pc = message->word[1],
        .address = message->word[2],
        .status = message->word[3],
    };
}

/* ---------------------------------------------------------------- tasks */

struct k5_task_status {
    enum k5_task_state state;
    uint32_t generation; /* rises with each restart */
    uint32_t restarts;   /* since it last ran stably */
};

/* On an error *status stays as it was. */
K5_MUST_USE enum k5_error k5_task_status(k5_cptr_t task, struct k5_task_status *status);

/*
 * Starts a task that is stopped, or one in back-off at once, as a new incarnation.
 * K5_E_STATE: it runs, or is held. K5_E_BUSY: it is still coming down.
 */
K5_MUST_USE static inline enum k5_error k5_task_start(k5_cptr_t task)
{
    return (enum k5_error)k5_sys_task_start(task);
}

/*
 * Stops a task, which may be this one; who waits for it gets K5_E_STOPPED. Returns
 * when it is down, but for what it has lent: that stays lent until the reply, or until
 * its grace (loan_grace_us) is over.
 */
K5_MUST_USE static inline enum k5_error k5_task_stop(k5_cptr_t task)
{
    return (enum k5_error)k5_sys_task_stop(task);
}

/*
 * Restarts a task without back-off; who waits for it gets K5_E_RESTARTED. Returns when
 * its new incarnation is ready to run, or, while something that it has lent is still
 * out, at once: it is in back-off then, for its grace (loan_grace_us) at most.
 * K5_E_STATE: it is stopped, see k5_task_start(), or has used up its generations.
 */
K5_MUST_USE static inline enum k5_error k5_task_restart(k5_cptr_t task)
{
    return (enum k5_error)k5_sys_task_restart(task);
}

/* Freezes a task where it is; its peers go on waiting. K5_E_STATE: it does not run. */
K5_MUST_USE static inline enum k5_error k5_task_hold(k5_cptr_t task)
{
    return (enum k5_error)k5_sys_task_hold(task);
}

/*
 * Lets a held task go on; after a fault, at the instruction that faulted.
 * K5_E_STATE: it is not held, or K5_FAULT_FLAG_RESUMABLE was not set.
 */
K5_MUST_USE static inline enum k5_error k5_task_resume(k5_cptr_t task)
{
    return (enum k5_error)k5_sys_task_resume(task);
}

/* ---------------------------------------------------------------- threads */

struct k5_thread_status {
    enum k5_thread_state state;
    uint8_t priority;  /* its own */
    uint8_t effective; /* with what is lent to it */
    uint64_t consumed; /* ticks charged to its budget since boot */
};

/* On an error *status stays as it was. */
K5_MUST_USE enum k5_error k5_thread_status(k5_cptr_t thread, struct k5_thread_status *status);

/*
 * Starts a thread that is off, at its entry with an empty stack.
 * K5_E_STATE: it is not off, or its task does not run. K5_E_BUSY: it is still coming down.
 */
K5_MUST_USE static inline enum k5_error k5_thread_start(k5_cptr_t thread)
{
    return (enum k5_error)k5_sys_thread_start(thread);
}

/* Stops a thread, which may be this one; who waits for it gets K5_E_STOPPED. Returns when it is
 * down. */
K5_MUST_USE static inline enum k5_error k5_thread_stop(k5_cptr_t thread)
{
    return (enum k5_error)k5_sys_thread_stop(thread);
}

/*
 * Sets a thread's own priority, across restarts.
 * K5_E_INVALID: above 31 or above the capability's badge.
 */
K5_MUST_USE static inline enum k5_error k5_thread_set_priority(k5_cptr_t thread, uint8_t priority)
{
    return (enum k5_error)k5_sys_thread_set_priority(thread, priority);
}

/*
 * Sets a thread's budget and cooldown, in ticks, from its next budget on.
 * K5_E_INVALID: a budget that pays for entering the kernel only, or a passive server's.
 */
K5_MUST_USE static inline enum k5_error k5_thread_set_budget(k5_cptr_t thread, uint32_t budget,
                                                             uint32_t cooldown)
{
    return (enum k5_error)k5_sys_thread_set_budget(thread, budget, cooldown);
}
