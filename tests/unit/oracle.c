/* An observer of the kernel with rules of its own. */
#include "tests/unit/oracle.h"

#include <stddef.h>
#include <string.h>

#include "k5_abi.h"
#include "kernel/config.h"
#include "kernel/state.h"
#include "kernel/system.h"
#include "tests/unit/oracle_memory.h"

struct observed {
    bool in_call;         /* made a system call whose result is not yet known */
    bool awaiting;        /* its call was received */
    uint8_t holder;       /* by this thread */
    uint32_t reply;       /* who got this reply capability */
    uint64_t replenished; /* how often its budget was given back */
    uint32_t most_budget; /* where it was given other ones than by the system description */
};

static struct observed observed[CFG_THREADS];
static const char *broken; /* what an event has shown to be wrong */

void oracle_reset(void)
{
    memset(observed, 0, sizeof observed);
    broken = NULL;
    oracle_memory_reset();
}

void oracle_booted(void)
{
    oracle_caps_reset();
}

void oracle_budget_changed(uint32_t id)
{
    uint32_t most = observed[id].most_budget;

    most = most < sys_thread(id)->budget ? sys_thread(id)->budget : most;
    observed[id].most_budget = most < k5.thread[id].budget ? k5.thread[id].budget : most;
}

static void expect(bool condition, const char *sentence)
{
    if (!condition && broken == NULL) {
        broken = sentence;
    }
}

/* ------------------------------------------------------------ errors */

#define E(name) (UINT32_C(1) << -K5_E_##name)

/* Errors of every call that names a capability, and of those that send or receive a message. */
#define OF_CPTR     (E(CPTR) | E(STALE) | E(KIND) | E(RIGHTS))
#define OF_MESSAGE  (OF_CPTR | E(INVALID) | E(ADDRESS) | E(SIZE) | E(WOULD_BLOCK))
#define OF_SENDING  (OF_MESSAGE | E(DEADLOCK) | E(RESTARTED) | E(STOPPED) | E(TIMEOUT) | OF_CARRYING)
#define OF_CARRYING (E(SLOTS) | E(REGIONS) | E(BUSY))

/* As the ABI promises it. A call that is not here cannot fail. */
static const uint32_t errors_of[K5_SYS_COUNT] = {
    [K5_SYS_SEND] = OF_SENDING | E(FULL),
    [K5_SYS_CALL] = OF_SENDING | E(ALIGNMENT),
    [K5_SYS_RECV] = OF_MESSAGE | E(TIMEOUT),
    [K5_SYS_REPLY] = (OF_MESSAGE | OF_CARRYING) & ~E(WOULD_BLOCK),
    [K5_SYS_REPLY_RECV] = OF_MESSAGE | OF_CARRYING,
    [K5_SYS_LOG] = E(INVALID),
    [K5_SYS_CAPS] = E(CPTR) | E(INVALID),
    [K5_SYS_SIGNAL] = OF_CPTR,
    [K5_SYS_WAIT] = OF_CPTR | E(INVALID) | E(WOULD_BLOCK) | E(TIMEOUT),
    [K5_SYS_MINT] = E(CPTR) | E(STALE) | E(RIGHTS) | E(INVALID) | E(SLOTS),
    [K5_SYS_DELETE] = E(CPTR) | E(STALE) | E(BUSY),
    [K5_SYS_REVOKE] = E(CPTR) | E(STALE) | E(AGAIN),
    [K5_SYS_MAP] = OF_CPTR | E(INVALID) | E(REGIONS) | E(BUSY),
    [K5_SYS_UNMAP] = (OF_CPTR & ~E(RIGHTS)) | E(BUSY) | E(STATE),
    [K5_SYS_IRQ_ACK] = OF_CPTR,
    [K5_SYS_LISTEN] = OF_CPTR | E(BUSY),
    [K5_SYS_CONNECT] = OF_CPTR | E(INVALID) | E(CLOSED) | E(TIMEOUT) | E(SLOTS) | E(AGAIN),
    [K5_SYS_TASK_STATUS] = OF_CPTR,
    [K5_SYS_TASK_START] = OF_CPTR | E(STATE) | E(BUSY),
    [K5_SYS_TASK_STOP] = OF_CPTR,
    [K5_SYS_TASK_RESTART] = OF_CPTR | E(STATE),
    [K5_SYS_TASK_HOLD] = OF_CPTR | E(STATE),
    [K5_SYS_TASK_RESUME] = OF_CPTR | E(STATE),
    [K5_SYS_THREAD_STATUS] = OF_CPTR,
    [K5_SYS_THREAD_START] = OF_CPTR | E(STATE) | E(BUSY),
    [K5_SYS_THREAD_STOP] = OF_CPTR,
    [K5_SYS_THREAD_SET_PRIORITY] = OF_CPTR | E(INVALID),
    [K5_SYS_THREAD_SET_BUDGET] = OF_CPTR | E(INVALID),
};

static void expect_allowed(uint32_t number, uint32_t error)
{
    uint32_t index = 0u - error;

    expect(number < K5_SYS_COUNT, "only system calls have results");
    expect(index == 0 ||
               (index < 32 && number < K5_SYS_COUNT && (errors_of[number] >> index & 1u) != 0),
           "a call fails only with the errors that the ABI names");
}

/* ------------------------------------------------------------ events */

static void forget_calls_of(uint32_t task)
{
    for (uint32_t i = 0; i < sys_task(task)->thread_count; i++) {
        observed[sys_task(task)->first_thread + i].in_call = false;
    }
}

static void expect_none(const char *sentence)
{
    expect(sentence == NULL, sentence);
}

void oracle_event(const struct k5_event *event)
{
    expect_none(oracle_memory_event(event));
    oracle_caps_event(event);

    struct observed *thread = event->thread == NO_THREAD ? NULL : &observed[event->thread];

    if (event->kind == K5_EVENT_TASK) {
        if (event->code == K5_TASK_BACKOFF || event->code == K5_TASK_STOPPED) {
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
        expect_allowed(event->code, event->arg[0]);
        thread->in_call = false;
    } else if (event->kind == K5_EVENT_REPLENISHED) {
        thread->replenished++;
    }
}

void oracle_written(uint32_t address, uint32_t bytes)
{
    expect_none(oracle_memory_written(address, bytes));
}

/* ------------------------------------------------------------ calls and replies */

static bool is_blocked(uint32_t state)
{
    return state >= K5_THREAD_SENDING && state != K5_THREAD_FAULTED && state != K5_THREAD_LENDING;
}

/* Held in the middle of a call that was a crime, or taken down: nobody waits for a result. */
static bool has_no_future(const struct thread *thread)
{
    return thread->state == K5_THREAD_OFF || thread->state == K5_THREAD_HELD ||
           thread->state == K5_THREAD_FAULTED || thread->state == K5_THREAD_LENDING ||
           thread->dying;
}

/* The words of a call, which are in its caller's registers still. */
static bool is_delivered(const struct thread *caller, const struct thread *receiver)
{
    uint32_t info = caller->reg[1];
    uint32_t words = (info & K5_FLAG_RECV_BUF) != 0 ? 2 : 4;

    if ((info & (0xffu | K5_FLAG_CAP)) != K5_MSG_SHORT) {
        return true;
    }
    return (receiver->reg[1] & ~(uint32_t)K5_FLAG_REPLY_TRUNCATED) == (info & 0xffff0000u) &&
           memcmp(&receiver->reg[2], &caller->reg[2], words * sizeof caller->reg[2]) == 0;
}

static void check_call(uint32_t id)
{
    const struct thread *thread = &k5.thread[id];
    struct observed *seen = &observed[id];
    uint32_t reply = thread->sequence << 8 | id;

    if (thread->state == K5_THREAD_OFF || thread->dying) {
        seen->in_call = false;
    }
    if (!has_no_future(thread)) {
        expect(is_blocked(thread->state) == seen->in_call,
               "who has its result can run, who has not is blocked");
    }
    if (thread->state != K5_THREAD_AWAITING) {
        seen->awaiting = false;
        return;
    }
    if (!seen->awaiting || seen->reply != reply) {
        const struct thread *holder = &k5.thread[thread->holder];

        expect(holder->reg[7] == reply && holder->reg[0] == K5_OK,
               "a call that is received gives its receiver the reply capability");
        expect(!seen->awaiting, "a call ends before the next one");
        expect(is_delivered(thread, holder), "a short message arrives as it was sent");
        *seen = (struct observed){.in_call = seen->in_call,
                                  .awaiting = true,
                                  .holder = thread->holder,
                                  .reply = reply,
                                  .replenished = seen->replenished,
                                  .most_budget = seen->most_budget};
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
    struct share mine = {thread->priority, sys_thread(id)->budget == 0 ? NO_THREAD : id};
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
    } else if (observed[id].most_budget != 0) {
        expect(thread->budget_left <= (int64_t)observed[id].most_budget,
               "nobody has more than a budget");
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

const char *oracle_check(const struct oracle_act *act)
{
    for (uint32_t i = 0; i < port_system()->thread_count; i++) {
        check_call(i);
        check_budget(i);
    }
    check_donation();
    expect_none(oracle_memory_check());
    expect_none(oracle_caps_check(act));
    return broken;
}
