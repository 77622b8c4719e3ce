/* Can the kernel go on with this state at all?
 *
 * The native kernel believes its own memory. After a fault it may be wrong about everything, and
 * that is the point; but an index into none of its tables, or a list that never ends, would take
 * the simulator down with it, where the chip's kernel reads what happens to lie behind the table,
 * or hangs. So those, and only those, are looked for, and end the run.
 */
#include "kernel/message.h"
#include "kernel/thread.h"
#include "sim/machine.h"

/* The line that is the verdict: a different one for each thing that is wrong. */
#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            return __LINE__;                                                                       \
        }                                                                                          \
    } while (0)

struct bounds {
    const struct kernel_state *k;
    const struct sys_header *system;
};

static bool is_thread(const struct bounds *b, uint32_t id)
{
    return id < b->system->thread_count;
}

static bool is_thread_or_none(const struct bounds *b, uint32_t id)
{
    return id == NO_THREAD || is_thread(b, id);
}

static bool is_slot_or_none(const struct bounds *b, uint32_t slot)
{
    return slot == NO_SLOT || slot < b->system->slot_count;
}

static uint32_t check_thread(const struct bounds *b, const struct thread *t)
{
    const struct sys_header *system = b->system;

    CHECK(t->state <= K5_THREAD_SLEEPING);
    CHECK(t->task < system->task_count);
    CHECK(t->priority < CFG_PRIORITIES && t->effective < CFG_PRIORITIES &&
          t->lent < CFG_PRIORITIES);
    CHECK(is_thread_or_none(b, t->payer) && is_thread_or_none(b, t->own_payer));
    CHECK(is_thread_or_none(b, t->client) && is_thread_or_none(b, t->holder));
    CHECK(is_thread_or_none(b, t->next) && is_thread_or_none(b, t->previous));
    CHECK(is_thread_or_none(b, t->next_loan));
    CHECK(t->slot_base + (uint32_t)t->slot_count <= system->slot_count);
    CHECK(is_slot_or_none(b, t->used_slot));
    if (thread_is_queued(t) || t->state == K5_THREAD_RECEIVING) {
        CHECK(t->endpoint < system->endpoint_count);
    }
    if (t->state == K5_THREAD_AWAITING || t->state == K5_THREAD_LENDING) {
        CHECK(is_thread(b, t->holder));
    }
    if (thread_is_sending(t) || t->state == K5_THREAD_CONNECTING) {
        CHECK(t->used_slot != NO_SLOT || t->dying != 0);
    }
    return 0;
}

static uint32_t check_task(const struct bounds *b, const struct task *t)
{
    CHECK(t->state <= K5_TASK_STOPPED);
    CHECK(t->region_count <= CFG_MPU_REGIONS && t->mapped_count <= CFG_MPU_REGIONS);
    CHECK(t->urgency < CFG_PRIORITIES);
    CHECK(is_thread(b, t->fault.thread));
    for (uint32_t i = 0; i < t->mapped_count; i++) {
        CHECK(t->mapped[i] < b->system->slot_count);
    }
    return 0;
}

static uint32_t objects_of(const struct sys_header *system, uint32_t kind)
{
    const uint32_t count[] = {
        [K5_KIND_NONE] = UINT32_MAX,
        [K5_KIND_ENDPOINT] = system->endpoint_count,
        [K5_KIND_NOTIFICATION] = system->notification_count,
        [K5_KIND_REGION] = system->object_count,
        [K5_KIND_INTERRUPT] = system->interrupt_count,
        [K5_KIND_PORT] = system->port_count,
        [K5_KIND_TASK] = system->task_count,
        [K5_KIND_THREAD] = system->thread_count,
    };

    return kind < sizeof count / sizeof count[0] ? count[kind] : 0;
}

static uint32_t check_slots(const struct bounds *b)
{
    for (uint32_t i = 0; i < b->system->slot_count; i++) {
        const struct cap *cap = &b->k->slot[i];

        CHECK(cap->object < objects_of(b->system, cap->kind));
        CHECK(is_slot_or_none(b, cap->next) && is_slot_or_none(b, cap->previous));
    }
    for (uint32_t i = 0; i < b->system->slot_count; i++) {
        uint32_t at = b->k->slot[i].kind == K5_KIND_NONE ? NO_SLOT : b->k->slot[i].next;

        for (uint32_t n = 0; at != NO_SLOT; n++) {
            CHECK(n < b->system->slot_count);
            at = b->k->slot[at].next;
        }
    }
    return 0;
}

/* Both ways, since the kernel goes both. */
static uint32_t check_queue(const struct bounds *b, const struct thread_queue *queue)
{
    uint32_t at = queue->head;
    uint32_t back = queue->tail;

    CHECK(is_thread_or_none(b, at) && is_thread_or_none(b, back));
    for (uint32_t n = 0; at != NO_THREAD || back != NO_THREAD; n++) {
        CHECK(n < CFG_THREADS);
        at = at == NO_THREAD ? at : b->k->thread[at].next;
        back = back == NO_THREAD ? back : b->k->thread[back].previous;
    }
    return 0;
}

static uint32_t check_ring(const struct bounds *b, uint32_t endpoint)
{
    const struct sys_endpoint *fixed =
        (const struct sys_endpoint *)((const uint8_t *)b->system + b->system->endpoints_offset) +
        endpoint;
    const struct endpoint *e = &b->k->endpoint[endpoint];

    CHECK(is_thread(b, e->receiver));
    CHECK(e->oldest <= fixed->queue && e->held <= fixed->queue);
    return check_queue(b, &e->queue);
}

static uint32_t check_objects(const struct bounds *b)
{
    uint32_t line = 0;

    for (uint32_t i = 0; line == 0 && i < CFG_PRIORITIES; i++) {
        CHECK(((b->k->ready >> i) & 1u) == 0 || b->k->queue[i].head != NO_THREAD);
        line = check_queue(b, &b->k->queue[i]);
    }
    for (uint32_t i = 0; line == 0 && i < b->system->endpoint_count; i++) {
        line = check_ring(b, i);
    }
    for (uint32_t i = 0; line == 0 && i < b->system->notification_count; i++) {
        CHECK(is_thread(b, b->k->notification[i].receiver));
    }
    for (uint32_t i = 0; line == 0 && i < b->system->port_count; i++) {
        CHECK(is_slot_or_none(b, b->k->port[i].slot));
        line = check_queue(b, &b->k->port[i].queue);
    }
    return line;
}

/* Who lends is in the list of loans, which ends; and the reaper has as much to do as it counts. */
static uint32_t check_lists(const struct bounds *b)
{
    uint64_t lending = 0;
    uint32_t reaping = 0;

    CHECK(is_thread_or_none(b, b->k->loans));
    for (uint32_t at = b->k->loans; at != NO_THREAD; at = b->k->thread[at].next_loan) {
        CHECK(((lending >> at) & 1u) == 0);
        lending |= UINT64_C(1) << at;
    }
    for (uint32_t i = 0; i < b->system->thread_count; i++) {
        CHECK(b->k->thread[i].lends == 0 || ((lending >> i) & 1u) != 0);
    }
    for (uint32_t i = 0; i < b->system->task_count; i++) {
        reaping += b->k->task[i].dying != 0 && b->k->task[i].blocked == 0;
    }
    CHECK(reaping == b->k->reaping);
    return 0;
}

uint32_t fault_kernel_check(const struct kernel_state *kernel, const struct sys_header *system)
{
    const struct bounds b = {kernel, system};
    uint32_t line = is_thread_or_none(&b, kernel->current) ? 0 : __LINE__;

    for (uint32_t i = 0; line == 0 && i < system->thread_count; i++) {
        line = check_thread(&b, &kernel->thread[i]);
    }
    for (uint32_t i = 0; line == 0 && i < system->task_count; i++) {
        line = check_task(&b, &kernel->task[i]);
    }
    line = line == 0 ? check_slots(&b) : line;
    line = line == 0 ? check_objects(&b) : line;
    return line == 0 ? check_lists(&b) : line;
}
