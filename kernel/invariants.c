/* The kernel's invariants, each stated as a sentence that holds between two entries.
 *
 * Written against the state alone, without the functions that maintain it,
 * donation excepted.
 */
#include "kernel/invariants.h"

#include "kernel/donation.h"
#include "kernel/state.h"
#include "kernel/system.h"

#define CHECK(condition, sentence)                                                                 \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            return sentence;                                                                       \
        }                                                                                          \
    } while (0)

static uint32_t threads(void)
{
    return sys_thread_count();
}

/* How often thread `id` stands in `queue`; a broken chain ends after CFG_THREADS steps. */
static uint32_t count_in(const struct thread_queue *queue, uint32_t id)
{
    uint32_t found = 0;
    uint32_t at = queue->head;

    for (uint32_t i = 0; i < CFG_THREADS && at != NO_THREAD; i++) {
        found += at == id;
        at = k5.thread[at].next;
    }
    return found;
}

static const char *check_queue(const struct thread_queue *queue)
{
    uint32_t previous = NO_THREAD;
    uint32_t at = queue->head;

    for (uint32_t i = 0; at != NO_THREAD; i++) {
        CHECK(i < CFG_THREADS, "a queue ends");
        CHECK(k5.thread[at].previous == previous, "a queue is linked both ways");
        CHECK(previous == NO_THREAD || k5.thread[previous].effective >= k5.thread[at].effective,
              "a queue is sorted by priority");
        previous = at;
        at = k5.thread[at].next;
    }
    CHECK(queue->tail == previous, "a queue's tail is its last thread");
    return NULL;
}

static const char *check_queues(void)
{
    const char *broken = NULL;

    for (uint32_t p = 0; p < CFG_PRIORITIES && broken == NULL; p++) {
        bool marked = (k5.ready >> p & 1u) != 0;

        CHECK(marked == (k5.queue[p].head != NO_THREAD),
              "ready bits tell which queues are not empty");
        broken = check_queue(&k5.queue[p]);
    }
    for (uint32_t i = 0; i < sys_endpoint_count() && broken == NULL; i++) {
        broken = check_queue(&k5.endpoint[i].queue);
    }
    return broken;
}

/* In how many queues of either kind thread `id` stands, and whether in the one its state says. */
static const char *check_place(uint32_t id)
{
    const struct thread *thread = &k5.thread[id];
    bool ready = thread->state == K5_THREAD_READY;
    bool queued = thread->state >= K5_THREAD_SENDING && thread->state <= K5_THREAD_FAULTED;
    bool connecting = thread->state == K5_THREAD_CONNECTING;
    uint32_t total = 0;

    for (uint32_t p = 0; p < CFG_PRIORITIES; p++) {
        total += count_in(&k5.queue[p], id);
    }
    for (uint32_t i = 0; i < sys_endpoint_count(); i++) {
        total += count_in(&k5.endpoint[i].queue, id);
    }
    for (uint32_t i = 0; i < sys_port_count(); i++) {
        total += count_in(&k5.port[i].queue, id);
    }
    CHECK(total == (ready || queued || connecting ? 1u : 0u),
          "a thread is in exactly the queue of its state");
    if (connecting) {
        CHECK(count_in(&k5.port[thread->endpoint].queue, id) == 1, "connecting at its port");
    }
    if (ready) {
        CHECK(count_in(&k5.queue[thread->effective], id) == 1, "ready at its effective priority");
    }
    if (queued) {
        CHECK(count_in(&k5.endpoint[thread->endpoint].queue, id) == 1, "queued at its endpoint");
    }
    CHECK((thread->state == K5_THREAD_RUNNING) == (k5.current == id), "the current thread runs");
    return NULL;
}

static const char *check_waiting(uint32_t id)
{
    const struct thread *thread = &k5.thread[id];

    if (thread->state == K5_THREAD_RECEIVING) {
        CHECK(k5.endpoint[thread->endpoint].receiver == id, "only the receiver waits for messages");
        CHECK(k5.endpoint[thread->endpoint].waiting, "an endpoint knows that its receiver waits");
        CHECK(k5.endpoint[thread->endpoint].queue.head == NO_THREAD,
              "a receiver does not wait while messages do");
    }
    if (thread->state == K5_THREAD_WAITING) {
        const struct notification *at = &k5.notification[thread->endpoint];

        CHECK(at->receiver == id && at->waiting, "a notification knows that its receiver waits");
        CHECK((at->bits & thread->reg[2]) == 0, "nobody waits for bits that are set");
    }
    if (thread->state == K5_THREAD_AWAITING || thread->state == K5_THREAD_LENDING) {
        CHECK(thread->holder < threads(), "a call that was received has a holder");
        CHECK(thread->sequence != 0, "a reply capability is never 0");
    }
    if (thread->client != NO_THREAD) {
        CHECK(k5.thread[thread->client].state == K5_THREAD_AWAITING &&
                  k5.thread[thread->client].holder == id,
              "a client waits for its server's reply");
        CHECK(!thread->orphan, "a thread has a client or an orphaned donation, not both");
    }
    CHECK(!donation_would_deadlock(id, donation_waits_for(id)), "nobody waits for itself");
    return NULL;
}

/* Waits for somebody to come, and not for ever. */
static bool gives_up(const struct thread *thread)
{
    bool waits = thread->state == K5_THREAD_SENDING || thread->state == K5_THREAD_CALLING ||
                 (thread->state >= K5_THREAD_RECEIVING && thread->state <= K5_THREAD_CONNECTING);

    return waits && thread->timed;
}

static const char *check_time(uint32_t id)
{
    const struct thread *thread = &k5.thread[id];
    bool on_cpu = thread->state == K5_THREAD_RUNNING || thread->state == K5_THREAD_READY;

    if (thread->payer != NO_THREAD) {
        CHECK(k5.thread[thread->payer].own_payer == thread->payer,
              "a payer has a budget of its own");
    }
    CHECK(thread->overrun_used == 0 ||
              (thread->payer != NO_THREAD && k5.thread[thread->payer].cooling),
          "only a dry payer is overrun");
    CHECK(!on_cpu || thread->payer != NO_THREAD, "who may run has a payer");
    CHECK(!(on_cpu && thread->payer == id && thread->cooling), "who cools down does not run");
    CHECK(thread->cooling || thread->budget_left > 0 || thread->own_payer == NO_THREAD,
          "a spent budget cools down");
    CHECK(thread->state != K5_THREAD_UNFUNDED || thread->payer == NO_THREAD,
          "unfunded has no payer");
    CHECK(thread->state != K5_THREAD_EXHAUSTED || (thread->payer == id && thread->cooling),
          "exhausted cools down");
    CHECK(thread->state != K5_THREAD_SLEEPING || k5.next_timer <= thread->wake_at,
          "no sleep is missed");
    CHECK(!gives_up(thread) || k5.next_timer <= thread->wake_at, "no deadline is missed");
    CHECK(!thread->cooling || k5.next_timer <= thread->replenish_at, "no cooldown is missed");
    CHECK(donation_is_current(id), "priority and payer are what is lent");
    return NULL;
}

static const char *check_threads(void)
{
    uint64_t charged = k5.idle;
    const char *broken = NULL;

    for (uint32_t id = 0; id < threads() && broken == NULL; id++) {
        charged += k5.thread[id].consumed;
        broken = check_place(id);
        broken = broken != NULL ? broken : check_waiting(id);
        broken = broken != NULL ? broken : check_time(id);
    }
    CHECK(broken != NULL || charged == k5.charged_at - k5.booted_at,
          "charged time adds up to elapsed time");
    return broken;
}

/* Messages in rings, and bits of a bound notification, that thread `id` would receive. */
static uint32_t waiting_without_thread(uint32_t id)
{
    uint32_t bound = sys_thread(id)->notification;
    uint32_t found = bound != SYS_NONE && k5.notification[bound].bits != 0 ? 1 : 0;

    for (uint32_t i = 0; i < sys_endpoint_count(); i++) {
        found += k5.endpoint[i].receiver == id ? k5.endpoint[i].held : 0u;
    }
    return found;
}

static const char *check_endpoints(void)
{
    for (uint32_t i = 0; i < sys_endpoint_count(); i++) {
        const struct endpoint *endpoint = &k5.endpoint[i];
        const struct thread *receiver = &k5.thread[endpoint->receiver];

        CHECK(endpoint->receiver == sys_endpoint(i)->receiver, "an endpoint keeps its receiver");
        CHECK(!endpoint->waiting ||
                  (receiver->state == K5_THREAD_RECEIVING && receiver->endpoint == i),
              "a waiting receiver is RECEIVING");
        CHECK(endpoint->held <= sys_endpoint(i)->queue, "a ring holds what it has room for");
        CHECK(!endpoint->waiting || endpoint->held == 0,
              "a receiver does not wait while messages are in its ring");
    }
    for (uint32_t id = 0; id < threads(); id++) {
        uint32_t queued = waiting_without_thread(id);

        for (uint32_t other = 0; other < threads(); other++) {
            uint8_t state = k5.thread[other].state;

            queued += state >= K5_THREAD_SENDING && state <= K5_THREAD_FAULTED &&
                      donation_waits_for(other) == id;
        }
        CHECK(k5.thread[id].queued == queued, "a receiver knows how many wait");
    }
    return NULL;
}

static const char *check_schedule(void)
{
    if (k5.current == NO_THREAD) {
        CHECK(k5.ready == 0 || k5.unfinished || k5.halted,
              "nobody is ready while the machine idles");
        return NULL;
    }
    CHECK(k5.current < threads(), "the current thread exists");
    CHECK(k5.ready >> k5.thread[k5.current].effective <= 1, "nobody more urgent is ready");
    return NULL;
}

const char *kernel_invariants(void)
{
    const char *broken = check_queues();

    broken = broken != NULL ? broken : check_schedule();
    broken = broken != NULL ? broken : check_threads();
    broken = broken != NULL ? broken : check_endpoints();
    return broken != NULL ? broken : invariants_objects();
}
