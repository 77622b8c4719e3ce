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
    return port_system()->thread_count;
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
    for (uint32_t i = 0; i < port_system()->endpoint_count && broken == NULL; i++) {
        broken = check_queue(&k5.endpoint[i].queue);
    }
    return broken;
}

/* In how many queues of either kind thread `id` stands, and whether in the one its state says. */
static const char *check_place(uint32_t id)
{
    const struct thread *thread = &k5.thread[id];
    bool ready = thread->state == THREAD_READY;
    bool queued = thread->state == THREAD_SENDING || thread->state == THREAD_CALLING;
    uint32_t total = 0;

    for (uint32_t p = 0; p < CFG_PRIORITIES; p++) {
        total += count_in(&k5.queue[p], id);
    }
    for (uint32_t i = 0; i < port_system()->endpoint_count; i++) {
        total += count_in(&k5.endpoint[i].queue, id);
    }
    CHECK(total == (ready || queued ? 1u : 0u), "a thread is in exactly the queue of its state");
    if (ready) {
        CHECK(count_in(&k5.queue[thread->effective], id) == 1, "ready at its effective priority");
    }
    if (queued) {
        CHECK(count_in(&k5.endpoint[thread->endpoint].queue, id) == 1, "queued at its endpoint");
    }
    CHECK((thread->state == THREAD_RUNNING) == (k5.current == id), "the current thread runs");
    return NULL;
}

static const char *check_waiting(uint32_t id)
{
    const struct thread *thread = &k5.thread[id];

    if (thread->state == THREAD_RECEIVING) {
        CHECK(k5.endpoint[thread->endpoint].receiver == id, "only the receiver waits for messages");
        CHECK(k5.endpoint[thread->endpoint].waiting, "an endpoint knows that its receiver waits");
        CHECK(k5.endpoint[thread->endpoint].queue.head == NO_THREAD,
              "a receiver does not wait while messages do");
    }
    if (thread->state == THREAD_AWAITING) {
        CHECK(thread->holder < threads(), "a call that was received has a holder");
        CHECK(thread->sequence != 0, "a reply capability is never 0");
    }
    if (thread->client != NO_THREAD) {
        CHECK(k5.thread[thread->client].state == THREAD_AWAITING &&
                  k5.thread[thread->client].holder == id,
              "a client waits for its server's reply");
        CHECK(!thread->orphan, "a thread has a client or an orphaned donation, not both");
    }
    CHECK(!donation_would_deadlock(id, donation_waits_for(id)), "nobody waits for itself");
    return NULL;
}

static const char *check_time(uint32_t id)
{
    const struct thread *thread = &k5.thread[id];
    bool on_cpu = thread->state == THREAD_RUNNING || thread->state == THREAD_READY;

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
    CHECK(thread->state != THREAD_UNFUNDED || thread->payer == NO_THREAD, "unfunded has no payer");
    CHECK(thread->state != THREAD_EXHAUSTED || (thread->payer == id && thread->cooling),
          "exhausted cools down");
    CHECK(thread->state != THREAD_SLEEPING || k5.next_timer <= thread->wake_at,
          "no sleep is missed");
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

static const char *check_endpoints(void)
{
    for (uint32_t i = 0; i < port_system()->endpoint_count; i++) {
        const struct endpoint *endpoint = &k5.endpoint[i];
        const struct thread *receiver = &k5.thread[endpoint->receiver];

        CHECK(endpoint->receiver == sys_endpoint(i)->receiver, "an endpoint keeps its receiver");
        CHECK(!endpoint->waiting ||
                  (receiver->state == THREAD_RECEIVING && receiver->endpoint == i),
              "a waiting receiver is RECEIVING");
        CHECK(endpoint->generation == k5.task[receiver->task].generation,
              "an endpoint has its server's generation");
    }
    for (uint32_t id = 0; id < threads(); id++) {
        uint32_t queued = 0;

        for (uint32_t other = 0; other < threads(); other++) {
            uint8_t state = k5.thread[other].state;

            queued += (state == THREAD_SENDING || state == THREAD_CALLING) &&
                      donation_waits_for(other) == id;
        }
        CHECK(k5.thread[id].queued == queued, "a receiver knows how many wait");
    }
    return NULL;
}

static const char *check_schedule(void)
{
    if (k5.current == NO_THREAD) {
        CHECK(k5.ready == 0, "nobody is ready while the machine idles");
        return NULL;
    }
    CHECK(k5.current < threads(), "the current thread exists");
    CHECK(k5.ready >> k5.thread[k5.current].effective <= 1, "nobody more urgent is ready");
    return NULL;
}

static const char *check_caps(void)
{
    for (uint32_t t = 0; t < port_system()->task_count; t++) {
        const struct sys_task *task = sys_task(t);

        for (uint32_t i = 0; i < task->slot_count; i++) {
            const struct cap *cap = &k5.slot[task->first_slot + i];

            CHECK(cap->generation != 0, "cptr 0 is no capability");
            if (cap->kind == K5_KIND_NONE) {
                continue;
            }
            CHECK(i < task->cap_count, "a capability has an origin");
            CHECK((cap->rights & ~sys_cap(task->first_cap + i)->rights) == 0,
                  "no capability has rights that its origin lacks");
            CHECK(cap->object < port_system()->endpoint_count, "no slot outlives its object");
        }
    }
    return NULL;
}

static bool overlap(const struct sys_region *a, const struct sys_region *b)
{
    return a->base - b->base < b->bytes || b->base - a->base < a->bytes;
}

static const char *check_region_pair(uint32_t t, uint32_t u)
{
    for (uint32_t i = 0; i < sys_task(t)->region_count; i++) {
        const struct sys_region *a = sys_region(sys_task(t)->first_region + i);

        CHECK((a->access & (SYS_WRITE | SYS_EXECUTE)) != (SYS_WRITE | SYS_EXECUTE), "W^X");
        for (uint32_t j = 0; j < sys_task(u)->region_count; j++) {
            const struct sys_region *b = sys_region(sys_task(u)->first_region + j);

            if ((t == u && i == j) || !overlap(a, b)) {
                continue;
            }
            CHECK(t != u, "a task's regions do not overlap");
            CHECK(((a->access | b->access) & SYS_WRITE) == 0 ||
                      (a->flags & b->flags & SYS_REGION_SHARED) != 0,
                  "no byte is writable by two tasks unless the description shares it");
        }
    }
    return NULL;
}

static const char *check_regions(void)
{
    const char *broken = NULL;

    for (uint32_t t = 0; t < port_system()->task_count && broken == NULL; t++) {
        for (uint32_t u = t; u < port_system()->task_count && broken == NULL; u++) {
            broken = check_region_pair(t, u);
        }
    }
    return broken;
}

const char *kernel_invariants(void)
{
    const char *broken = check_queues();

    broken = broken != NULL ? broken : check_schedule();
    broken = broken != NULL ? broken : check_threads();
    broken = broken != NULL ? broken : check_endpoints();
    broken = broken != NULL ? broken : check_caps();
    broken = broken != NULL ? broken : check_regions();
    return broken;
}
