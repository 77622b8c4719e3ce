/* Scheduling: fixed priorities, round robin, budgets and cooldowns, timers.
 *
 * Time is charged in ticks to the payer of the running thread, at each entry
 * that may change who runs. The fast paths of IPC leave the payer as it is and
 * so need neither charge nor deadline.
 */
#pragma once

#include "kernel/kassert.h"
#include "kernel/state.h"

void sched_init(void);

/* First act of an entry that may change who runs: bills the time since the last one. */
void sched_charge(void);

/*
 * Ends every sleep, deadline, cooldown, back-off and grace that is due. False: an
 * interrupt is pending, and some may be left.
 */
K5_MUST_USE bool sched_timers(void);

/* True if tick `at` has come; else it is noted as a timer. */
bool sched_is_due(uint64_t at);

/* Thread `id`, in no queue, could run: queues it, unless it has no time or its task is down. */
void sched_ready(uint32_t id);

/* The same, but before its equals: it goes on with a turn that a call interrupted or lent. */
void sched_resume(uint32_t id);

/* One or the other. */
void sched_make_ready(uint32_t id, bool front);

/* Takes a runnable thread (not OFF, not blocked) out of its queue; the caller sets its state. */
void sched_remove(uint32_t id);

/* The running thread waits until tick `at`. False: that has passed. */
K5_MUST_USE bool sched_sleep(uint64_t at);

/* The running thread goes behind its equals. (Not "yield": libc has a sched_yield, and host code
 * calls it.) */
void sched_rotate(void);

/* No timer may be missed that is due at `at`. */
void sched_note_timer(uint64_t at);

/* True if the running thread serves a payer that ran dry, and its declared overrun is spent. */
bool sched_overran(void);

/*
 * Last act of such an entry: picks who runs and arms the deadline. `event` is
 * how the trace names a change: K5_EVENT_SWITCH or K5_EVENT_PREEMPT.
 */
void sched_finish(enum k5_event_kind event);

/* The machine ends here: 0, nothing will ever happen again; 1, the last resort. */
void sched_halt(uint32_t code);

static inline uint32_t sched_highest_ready(void)
{
    return 31u - (uint32_t)__builtin_clz(k5.ready);
}
