/* Threads: the one writer of their state, and the results of their calls. */
#pragma once

#include "kernel/state.h"

/* Every transition passes here, so one breakpoint sees them all. Queues are the caller's. */
static inline void thread_set_state(struct thread *thread, enum k5_thread_state state)
{
    thread->state = (uint8_t)state;
}

static inline bool thread_is_runnable(uint32_t id)
{
    uint8_t state = k5.thread[id].state;

    return state >= K5_THREAD_RUNNING && state <= K5_THREAD_UNFUNDED;
}

/* In an endpoint's queue, with a message. */
static inline bool thread_is_sending(const struct thread *thread)
{
    return thread->state == K5_THREAD_SENDING || thread->state == K5_THREAD_CALLING;
}

/* In an endpoint's queue. */
static inline bool thread_is_queued(const struct thread *thread)
{
    return thread->state >= K5_THREAD_SENDING && thread->state <= K5_THREAD_FAULTED;
}

/* The system call that the thread is in has this result. Call before reg[7] is overwritten. */
void thread_complete(struct thread *thread, enum k5_error error);

/*
 * Boot: fills the fixed fields of all threads from the boot tables; all OFF.
 */
void thread_init_all(void);

/*
 * Makes an OFF thread start at its entry, at its next turn. Its budget and its
 * sequence of calls go on: a restart buys no time and revives no reply.
 */
void thread_start(uint32_t id);
