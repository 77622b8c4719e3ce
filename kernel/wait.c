/* Waiting: whether a thread may, until when, and how it is taken out of it. */
#include "kernel/wait.h"

#include "kernel/donation.h"
#include "kernel/endpoint.h"
#include "kernel/queue.h"
#include "kernel/sched.h"
#include "kernel/thread.h"

/* A deadline word counts these: 2^8 ticks. */
#define DEADLINE_SHIFT 8u

/* The tick that a deadline word means: the one nearest to now, or 0 if that has passed. */
static uint64_t tick_of(uint32_t word)
{
    uint64_t now = k5.charged_at >> DEADLINE_SHIFT;
    int32_t distance = (int32_t)(word - (uint32_t)now);

    return distance > 0 ? (now + (uint32_t)distance) << DEADLINE_SHIFT : 0;
}

enum k5_error wait_allowed(struct thread *thread, uint32_t flags, uint32_t deadline)
{
    thread->timed = (flags & K5_FLAG_TIMED) != 0;
    if ((flags & K5_FLAG_TRY) != 0) {
        return K5_E_WOULD_BLOCK;
    }
    if (thread->timed) {
        thread->wake_at = tick_of(deadline);
        if (thread->wake_at <= k5.charged_at) {
            return K5_E_TIMEOUT;
        }
        sched_note_timer(thread->wake_at);
    }
    return K5_OK;
}

void wait_leave(uint32_t id)
{
    struct thread *thread = &k5.thread[id];

    switch (thread->state) {
    case K5_THREAD_SENDING:
    case K5_THREAD_CALLING:
    case K5_THREAD_FAULTED:
        endpoint_dequeue(id);
        thread_set_state(&k5.thread[id], K5_THREAD_OFF);
        donation_update(k5.endpoint[thread->endpoint].receiver);
        break;
    case K5_THREAD_RECEIVING:
        k5.endpoint[thread->endpoint].waiting = 0;
        break;
    case K5_THREAD_WAITING:
        k5.notification[thread->endpoint].waiting = 0;
        break;
    case K5_THREAD_CONNECTING:
        queue_remove(&k5.port[thread->endpoint].queue, id);
        break;
    default: /* waits for nobody */
        break;
    }
    thread_set_state(&k5.thread[id], K5_THREAD_OFF);
}

void wait_cancel(uint32_t id, enum k5_error error)
{
    wait_leave(id);
    thread_complete(&k5.thread[id], error);
    sched_ready(id);
}

/* Waits for somebody to come, but not for ever. */
static bool gives_up(const struct thread *thread)
{
    bool waits = thread_is_sending(thread) ||
                 (thread->state >= K5_THREAD_RECEIVING && thread->state <= K5_THREAD_CONNECTING);

    return waits && thread->timed;
}

bool wait_timers(uint32_t id)
{
    const struct thread *thread = &k5.thread[id];

    if (!gives_up(thread) || !sched_is_due(thread->wake_at)) {
        return false;
    }
    port_trace(K5_EVENT_TIMEOUT, id, thread->reg[7], 0, 0);
    wait_cancel(id, K5_E_TIMEOUT);
    return true;
}
