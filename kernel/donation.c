/* Donation: what a thread runs on, and how urgently, while others wait for it.
 *
 * Every walk follows who waits for whom. Calls that would close a cycle are
 * refused, so a walk ends after at most CFG_THREADS steps.
 */
#include "kernel/donation.h"

#include "kernel/queue.h"
#include "kernel/sched.h"
#include "kernel/system.h"

uint32_t donation_waits_for(uint32_t id)
{
    const struct thread *thread = &k5.thread[id];

    switch ((enum thread_state)thread->state) {
    case THREAD_SENDING:
    case THREAD_CALLING:
        return k5.endpoint[thread->endpoint].receiver;
    case THREAD_AWAITING:
        return thread->holder;
    case THREAD_OFF:
    case THREAD_RUNNING:
    case THREAD_READY:
    case THREAD_EXHAUSTED:
    case THREAD_UNFUNDED:
    case THREAD_RECEIVING:
    case THREAD_SLEEPING:
        break;
    }
    return NO_THREAD;
}

bool donation_would_deadlock(uint32_t id, uint32_t receiver)
{
    uint32_t at = receiver;

    for (uint32_t i = 0; i < CFG_THREADS && at != NO_THREAD; i++) {
        if (at == id) {
            return true;
        }
        at = donation_waits_for(at);
    }
    return false;
}

/* Who runs on what `id` has; a server that received again no longer works for its old caller. */
static uint32_t lends_to(uint32_t id)
{
    uint32_t to = donation_waits_for(id);

    if (to != NO_THREAD && k5.thread[id].state == THREAD_AWAITING && k5.thread[to].client != id) {
        return NO_THREAD;
    }
    return to;
}

/* The most urgent thread in the queues of the endpoints that `id` receives from. */
static uint32_t best_queued(uint32_t id)
{
    uint32_t best = NO_THREAD;

    if (k5.thread[id].queued == 0) {
        return NO_THREAD;
    }
    for (uint32_t i = 0; i < port_system()->endpoint_count; i++) {
        uint32_t head = k5.endpoint[i].queue.head;

        if (k5.endpoint[i].receiver != id || head == NO_THREAD) {
            continue;
        }
        if (best == NO_THREAD || k5.thread[head].effective > k5.thread[best].effective) {
            best = head;
        }
    }
    return best;
}

struct lent {
    uint8_t payer;
    uint8_t effective;
};

static uint8_t higher(uint8_t a, uint8_t b)
{
    return a > b ? a : b;
}

static struct lent lent_to(uint32_t id)
{
    const struct thread *thread = &k5.thread[id];
    struct lent lent = {thread->own_payer, thread->priority};
    uint32_t queued = best_queued(id);

    if (queued != NO_THREAD) {
        lent.effective = higher(lent.effective, k5.thread[queued].effective);
        if (lent.payer == NO_THREAD) {
            lent.payer = k5.thread[queued].payer;
        }
    }
    if (thread->client != NO_THREAD) {
        lent.effective = higher(lent.effective, k5.thread[thread->client].effective);
        if (k5.thread[thread->client].payer != NO_THREAD) {
            lent.payer = k5.thread[thread->client].payer;
        } /* else: a passive client lost its own payer; its server must not starve with it */
    } else if (thread->orphan) {
        lent.effective = higher(lent.effective, thread->lent);
        lent.payer = thread->payer;
    }
    return lent;
}

/* Its place in a queue depends on what changes here. */
static void apply(uint32_t id, struct lent lent)
{
    struct thread *thread = &k5.thread[id];

    switch ((enum thread_state)thread->state) {
    case THREAD_READY:
    case THREAD_EXHAUSTED:
    case THREAD_UNFUNDED:
        sched_remove(id);
        thread->payer = lent.payer;
        thread->effective = lent.effective;
        sched_ready(id);
        return;
    case THREAD_SENDING:
    case THREAD_CALLING:
        queue_remove(&k5.endpoint[thread->endpoint].queue, id);
        thread->payer = lent.payer;
        thread->effective = lent.effective;
        queue_insert(&k5.endpoint[thread->endpoint].queue, id);
        return;
    case THREAD_OFF:
    case THREAD_RUNNING:
    case THREAD_AWAITING:
    case THREAD_RECEIVING:
    case THREAD_SLEEPING:
        break;
    }
    thread->payer = lent.payer;
    thread->effective = lent.effective;
}

void donation_update(uint32_t id)
{
    for (uint32_t i = 0; i < CFG_THREADS && id != NO_THREAD; i++) {
        struct lent lent = lent_to(id);

        if (lent.payer == k5.thread[id].payer && lent.effective == k5.thread[id].effective) {
            return;
        }
        apply(id, lent);
        id = lends_to(id);
    }
}

bool donation_is_current(uint32_t id)
{
    struct lent lent = lent_to(id);

    return lent.payer == k5.thread[id].payer && lent.effective == k5.thread[id].effective;
}

void donation_end(uint32_t id)
{
    k5.thread[id].client = NO_THREAD;
    k5.thread[id].orphan = 0;
    donation_update(id);
}

void donation_orphan(uint32_t id)
{
    const struct thread *thread = &k5.thread[id];

    if (thread->state != THREAD_AWAITING || k5.thread[thread->holder].client != id) {
        return;
    }

    struct thread *server = &k5.thread[thread->holder];

    server->client = NO_THREAD;
    server->orphan = 1;
    server->lent = thread->effective;
}
