/* Waiting: whether a thread may, until when, and how it is taken out of it. */
#pragma once

#include "kernel/kassert.h"
#include "kernel/state.h"

/* These flags of wait and connect: nothing unknown, and not both. */
static inline bool wait_flags_are_valid(uint32_t flags)
{
    return flags == 0 || flags == K5_FLAG_TRY || flags == K5_FLAG_TIMED;
}

/*
 * Whether the running thread, `thread`, may wait, with these flags (K5_FLAG_TRY, TIMED) and
 * this deadline word. K5_OK: it may, and will give up in time; E_WOULD_BLOCK,
 * E_TIMEOUT: it may not, or no longer.
 */
K5_MUST_USE enum k5_error wait_allowed(struct thread *thread, uint32_t flags, uint32_t deadline);

/*
 * Takes thread `id` out of the queue or place where it waits for another thread
 * to come; the caller sets its next state. Not for AWAITING, which has been met.
 */
void wait_leave(uint32_t id);

/* The same, and its system call ends with `error`. */
void wait_cancel(uint32_t id, enum k5_error error);

/* Thread `id` gives up if its deadline has passed: true; else that is noted as a timer. */
bool wait_timers(uint32_t id);
