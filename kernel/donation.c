/* Donation: what a thread runs on, and how urgently, while others wait for it.
 *
 * Every walk follows who waits for whom. Calls that would close a cycle are
 * refused, so a walk ends after at most CFG_THREADS steps.
 */
#include "kernel/donation.h"

#include "kernel/queue.h"
#include "kernel/sched.h"
#include "kernel/system.h"
#include "kernel/thread.h"

uint32_t donation_waits_for(uint32_t id)
{
    const struct thread *thread = &k5.thread[id];

    if (thread_is_queued(thread)) {
        return k5.endpoint[thread->endpoint].receiver;
    }
    return thread->state == K5_THREAD_AWAITING ? thread->holder : NO_THREAD;
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

    if (to != NO_THREAD && k5.thread[id].state == K5_THREAD_AWAITING &&
        k5.thread[to].client != id) {
        return NO_THREAD;
    }
    return to;
}

static uint32_t higher(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

struct lent {
    uint32_t payer;
    uint32_t effective;
};

/*
 * What those lend who are queued at the endpoints that `id` receives from: the
 * priority of the most urgent, and the time of the most urgent whose payer has
 * some. (What a call lends goes on through the overrun; what a queue lends ends
 * with the budget, so nobody can bring down a server that has not even received.)
 */
static struct lent lent_by_queues(uint32_t id)
{
    struct lent lent = {NO_THREAD, 0};
    uint32_t funder = 0;                                 /* its priority, plus 1 */
    bool passive = k5.thread[id].own_payer == NO_THREAD; /* others have time of their own */

    for (uint32_t i = 0; i < sys_endpoint_count() && k5.thread[id].queued != 0; i++) {
        if (k5.endpoint[i].receiver != id) {
            continue;
        }
        if (k5.endpoint[i].queue.head != NO_THREAD) {
            lent.effective = higher(lent.effective, k5.thread[k5.endpoint[i].queue.head].effective);
        }
        for (uint32_t at = passive ? k5.endpoint[i].queue.head : NO_THREAD; at != NO_THREAD;
             at = k5.thread[at].next) {
            const struct thread *thread = &k5.thread[at];

            if (thread->effective >= funder && thread->payer != NO_THREAD &&
                !k5.thread[thread->payer].cooling) {
                funder = thread->effective + 1u;
                lent.payer = thread->payer;
                break; /* the queue is sorted: who follows is less urgent */
            }
        }
    }
    return lent;
}

static struct lent lent_to(uint32_t id)
{
    const struct thread *thread = &k5.thread[id];
    struct lent lent = lent_by_queues(id);

    lent.effective = higher(lent.effective, thread->priority);
    if (thread->own_payer != NO_THREAD) {
        lent.payer = thread->own_payer;
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

/* A thread's place in its queue depends on what changes here. */
static void apply(uint32_t id, struct lent lent)
{
    struct thread *thread = &k5.thread[id];
    bool runnable = thread->state >= K5_THREAD_READY && thread->state <= K5_THREAD_UNFUNDED;
    bool queued = thread_is_queued(thread);

    if (runnable) {
        sched_remove(id);
    } else if (queued) {
        queue_remove(&k5.endpoint[thread->endpoint].queue, id);
    }
    if (thread->payer != lent.payer) {
        thread->payer = (uint8_t)lent.payer;
        thread->overrun_used = 0; /* it was another one who was dry */
    }
    thread->effective = (uint8_t)lent.effective;
    if (runnable) {
        sched_ready(id);
    } else if (queued) {
        queue_insert(&k5.endpoint[thread->endpoint].queue, id);
    }
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

void donation_forget(struct thread *thread)
{
    thread->client = NO_THREAD;
    thread->orphan = 0;
    thread->overrun_used = 0;
}

void donation_end(uint32_t id)
{
    donation_forget(&k5.thread[id]);
    donation_update(id);
}

void donation_payer_changed(uint32_t id)
{
    for (uint32_t on = 0; !k5.thread[id].cooling && on < sys_thread_count(); on++) {
        if (k5.thread[on].payer == id) {
            k5.thread[on].overrun_used = 0;
        }
    }
    for (uint32_t i = 0; i < sys_thread_count(); i++) {
        if (k5.thread[i].own_payer == NO_THREAD && k5.thread[i].queued != 0) {
            donation_update(i);
        }
    }
}

void donation_orphan(uint32_t id)
{
    const struct thread *thread = &k5.thread[id];

    if (thread->state != K5_THREAD_AWAITING || k5.thread[thread->holder].client != id) {
        return;
    }

    struct thread *server = &k5.thread[thread->holder];

    server->client = NO_THREAD;
    server->orphan = 1;
    server->lent = thread->effective;
}
