/* An observer of the kernel with rules of its own. */
#include "tests/unit/oracle.h"

#include <stddef.h>
#include <string.h>

#include "k5_abi.h"
#include "kernel/config.h"
#include "kernel/state.h"
#include "kernel/system.h"

struct observed {
    bool in_call;         /* made a system call whose result is not yet known */
    bool awaiting;        /* its call was received */
    uint8_t holder;       /* by this thread */
    uint32_t reply;       /* who got this reply capability */
    uint64_t replenished; /* how often its budget was given back */
};

static struct observed observed[CFG_THREADS];
static const char *broken; /* what an event has shown to be wrong */

void oracle_reset(void)
{
    memset(observed, 0, sizeof observed);
    broken = NULL;
}

static void expect(bool condition, const char *sentence)
{
    if (!condition && broken == NULL) {
        broken = sentence;
    }
}

/* ------------------------------------------------------------ events */

static void forget_calls_of(uint32_t task)
{
    for (uint32_t i = 0; i < sys_task(task)->thread_count; i++) {
        observed[sys_task(task)->first_thread + i].in_call = false;
    }
}

void oracle_event(const struct k5_event *event)
{
    struct observed *thread = event->thread == NO_THREAD ? NULL : &observed[event->thread];

    if (event->kind == K5_EVENT_TASK) {
        if (event->code != K5_TASK_HELD) {
            forget_calls_of(event->arg[0]);
        }
        return;
    }
    if (thread == NULL) {
        return;
    }
    if (event->kind == K5_EVENT_ENTER) {
        expect(!thread->in_call, "who waits makes no system call");
        thread->in_call = true;
    } else if (event->kind == K5_EVENT_RESULT) {
        expect(thread->in_call, "a system call has one result");
        thread->in_call = false;
    } else if (event->kind == K5_EVENT_REPLENISHED) {
        thread->replenished++;
    }
}

/* Only the owner of some region that may be written can be meant, and never two tasks at once. */
void oracle_written(uint32_t address, uint32_t bytes)
{
    bool allowed = false;

    for (uint32_t i = 0; i < port_system()->region_count; i++) {
        const struct sys_region *region = sys_region(i);

        allowed |= (region->access & SYS_WRITE) != 0 && address >= region->base &&
                   (uint64_t)address + bytes <= (uint64_t)region->base + region->bytes;
    }
    expect(allowed, "the kernel writes only where a task may write");
    expect(bytes <= CFG_COPY_BYTES, "the kernel writes no more than a message at once");
}

/* ------------------------------------------------------------ calls and replies */

static bool is_blocked(uint32_t state)
{
    return state == THREAD_SENDING || state == THREAD_CALLING || state == THREAD_AWAITING ||
           state == THREAD_RECEIVING || state == THREAD_SLEEPING;
}

static void check_call(uint32_t id)
{
    const struct thread *thread = &k5.thread[id];
    struct observed *seen = &observed[id];
    uint32_t reply = thread->sequence << 8 | id;

    if (thread->state != THREAD_OFF) {
        expect(is_blocked(thread->state) == seen->in_call,
               "who has its result can run, who has not is blocked");
    }
    if (thread->state != THREAD_AWAITING) {
        seen->awaiting = false;
        return;
    }
    if (!seen->awaiting || seen->reply != reply) {
        const struct thread *holder = &k5.thread[thread->holder];

        expect(holder->reg[7] == reply && holder->reg[0] == K5_OK,
               "a call that is received gives its receiver the reply capability");
        expect(!seen->awaiting, "a call ends before the next one");
        *seen = (struct observed){.in_call = seen->in_call,
                                  .awaiting = true,
                                  .holder = thread->holder,
                                  .reply = reply,
                                  .replenished = seen->replenished};
    }
    expect(seen->holder == thread->holder, "a reply capability does not move");
}

bool oracle_reply_is_live(uint32_t server, uint32_t reply)
{
    for (uint32_t i = 0; i < port_system()->thread_count; i++) {
        if (observed[i].awaiting && observed[i].holder == server && observed[i].reply == reply) {
            return true;
        }
    }
    return false;
}

uint32_t oracle_some_reply(uint32_t server)
{
    for (uint32_t i = 0; i < port_system()->thread_count; i++) {
        if (observed[i].awaiting && observed[i].holder == server) {
            return observed[i].reply;
        }
    }
    return 0;
}

/* ------------------------------------------------------------ donation */

struct share {
    uint32_t effective;
    uint32_t payer;
};

static struct share share[CFG_THREADS];

/* The first of the most urgent threads that are queued for `id`, by the shares known so far. */
static uint32_t best_in_queues(uint32_t id)
{
    uint32_t best = NO_THREAD;

    for (uint32_t i = 0; i < port_system()->endpoint_count; i++) {
        uint32_t head = k5.endpoint[i].queue.head;

        if (sys_endpoint(i)->receiver == id && head != NO_THREAD &&
            (best == NO_THREAD || share[head].effective > share[best].effective)) {
            best = head;
        }
    }
    return best;
}

static bool has_time(uint32_t payer)
{
    return payer != NO_THREAD && !k5.thread[payer].cooling;
}

/* Who pays for a passive server that serves nobody: the most urgent queued payer with time. */
static uint32_t payer_from_queues(uint32_t id)
{
    uint32_t best = NO_THREAD;

    for (uint32_t i = 0; i < port_system()->endpoint_count; i++) {
        if (sys_endpoint(i)->receiver != id) {
            continue;
        }
        for (uint32_t at = k5.endpoint[i].queue.head; at != NO_THREAD; at = k5.thread[at].next) {
            bool better = best == NO_THREAD || share[at].effective > share[best].effective;

            if (has_time(share[at].payer) && better) {
                best = at;
            }
        }
    }
    return best == NO_THREAD ? NO_THREAD : share[best].payer;
}

static struct share share_of(uint32_t id)
{
    const struct thread *thread = &k5.thread[id];
    struct share mine = {sys_thread(id)->priority, sys_thread(id)->budget == 0 ? NO_THREAD : id};
    uint32_t queued = best_in_queues(id);

    if (queued != NO_THREAD) {
        if (share[queued].effective > mine.effective) {
            mine.effective = share[queued].effective;
        }
    }
    if (mine.payer == NO_THREAD) {
        mine.payer = payer_from_queues(id);
    }
    if (thread->client != NO_THREAD) {
        if (share[thread->client].effective > mine.effective) {
            mine.effective = share[thread->client].effective;
        }
        if (share[thread->client].payer != NO_THREAD) {
            mine.payer = share[thread->client].payer;
        }
    } else if (thread->orphan) {
        if (thread->lent > mine.effective) {
            mine.effective = thread->lent;
        }
        mine.payer = thread->payer;
    }
    return mine;
}

/* Everybody's share from nothing: as many rounds as the longest chain can have links. */
static void check_donation(void)
{
    uint32_t count = port_system()->thread_count;

    for (uint32_t i = 0; i < count; i++) {
        share[i] = (struct share){0, NO_THREAD};
    }
    for (uint32_t round = 0; round <= count; round++) {
        bool changed = false;

        for (uint32_t i = 0; i < count; i++) {
            struct share now = share_of(i);

            changed |= now.effective != share[i].effective || now.payer != share[i].payer;
            share[i] = now;
        }
        if (!changed) {
            break;
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        expect(k5.thread[i].effective == share[i].effective,
               "a thread is as urgent as the most urgent who waits for it");
        expect(k5.thread[i].payer == share[i].payer, "the root of a thread's callers pays");
    }
}

/* ------------------------------------------------------------ time */

static void check_budget(uint32_t id)
{
    const struct sys_thread *fixed = sys_thread(id);
    const struct thread *thread = &k5.thread[id];
    uint64_t given = fixed->budget * (1 + observed[id].replenished);

    if (fixed->budget == 0) {
        expect(thread->consumed == 0, "a passive server is never billed");
    } else if (fixed->cooldown == 0) {
        expect(thread->budget_left > 0 && (uint32_t)thread->budget_left <= fixed->budget,
               "a slice is never spent, only refilled");
    } else {
        expect((int64_t)(given - thread->consumed) == thread->budget_left,
               "a budget's owner gets what it was given, overruns included");
        expect(observed[id].replenished * fixed->cooldown <= k5.charged_at - k5.booted_at,
               "each replenishment waits for a whole cooldown");
    }
}

const char *oracle_check(void)
{
    for (uint32_t i = 0; i < port_system()->thread_count; i++) {
        check_call(i);
        check_budget(i);
    }
    check_donation();
    return broken;
}
