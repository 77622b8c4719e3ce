/* Does a task differ from the golden run, and may it? */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "sim/faults/isolation.h"

#include <stdlib.h>
#include <string.h>

#define DELIVERIES_LEAST 64u

/* ---------------------------------------------------------------- tables */

static const struct sys_region *regions_of(const struct sys_header *h)
{
    return (const struct sys_region *)((const uint8_t *)h + h->regions_offset);
}

static bool is_own(const struct sys_region *region)
{
    return (region->access & SYS_WRITE) != 0 &&
           (region->flags & (SYS_REGION_DEVICE | SYS_REGION_SHARED)) == 0;
}

static bool overlap(uint32_t a, uint32_t a_bytes, uint32_t b, uint32_t b_bytes)
{
    return a - b < b_bytes || b - a < a_bytes;
}

/* The task whose own memory this is, or NO_TASK. */
static uint32_t owner_of(const struct k5sim *sim, uint32_t address)
{
    const struct sys_region *region = regions_of(sim->system);

    for (uint32_t t = 0; t < sim->system->task_count; t++) {
        const struct sys_task *task = sys_task(t);

        for (uint32_t i = 0; i < task->region_count; i++) {
            const struct sys_region *r = &region[task->first_region + i];

            if (is_own(r) && address - r->base < r->bytes) {
                return t;
            }
        }
    }
    return NO_TASK;
}

static bool share_memory(const struct k5sim *sim, uint32_t a, uint32_t b)
{
    const struct sys_region *region = regions_of(sim->system);

    for (uint32_t i = 0; i < sys_task(a)->region_count; i++) {
        const struct sys_region *x = &region[sys_task(a)->first_region + i];

        for (uint32_t k = 0; k < sys_task(b)->region_count; k++) {
            const struct sys_region *y = &region[sys_task(b)->first_region + k];

            if ((x->flags & y->flags & SYS_REGION_SHARED) != 0 &&
                overlap(x->base, x->bytes, y->base, y->bytes)) {
                return true;
            }
        }
    }
    return false;
}

/* ---------------------------------------------------------------- what was written */

static void add_range(struct isolation_ranges *ranges, uint32_t address, uint32_t bytes)
{
    if (bytes == 0) {
        return;
    }
    if (ranges->count < ISOLATION_RANGES) {
        ranges->range[ranges->count++] = (struct isolation_range){address, bytes};
        return;
    }
    struct isolation_range *last = &ranges->range[ISOLATION_RANGES - 1u];
    uint32_t low = address < last->address ? address : last->address;
    uint32_t end = last->address + last->bytes;

    end = address + bytes > end ? address + bytes : end;
    *last = (struct isolation_range){low, end - low};
}

static bool is_written(const struct isolation_ranges *ranges, uint32_t address)
{
    for (uint32_t i = 0; i < ranges->count; i++) {
        if (address - ranges->range[i].address < ranges->range[i].bytes) {
            return true;
        }
    }
    return false;
}

void isolation_written(struct k5sim *sim, uint32_t address, uint32_t bytes)
{
    uint32_t task = owner_of(sim, address);

    if (task != NO_TASK) {
        add_range(&sim->isolation->run.task[task].written, address, bytes);
    }
}

void isolation_look(struct k5sim *sim)
{
    const struct ring *ring = &sim->ring;
    struct isolation *isolation = sim->isolation;

    for (; isolation->seen < ring->count; isolation->seen++) {
        const struct k5sim_event *event =
            &ring->event[(ring->first + isolation->seen) % RING_EVENTS];

        if (event->kind == K5_EVENT_LOAN_END) { /* what the borrower wrote is its owner's again */
            uint32_t owner = sim->kernel.thread[event->thread].task;

            add_range(&isolation->run.task[owner].written, event->arg[0], event->arg[1]);
        }
    }
}

void isolation_device_read(struct k5sim *sim, uint32_t device, uint32_t offset, uint32_t value)
{
    if (sim->kernel.current == NO_THREAD) {
        return;
    }
    struct isolation_task *task =
        &sim->isolation->run.task[sim->kernel.thread[sim->kernel.current].task];
    const uint32_t read[3] = {device, offset, value};

    task->inputs = XXH3_64bits_withSeed(read, sizeof read, task->inputs);
}

void isolation_executed(struct k5sim *sim, uint32_t thread, uint64_t instructions)
{
    sim->isolation->run.task[sim->kernel.thread[thread].task].executed += instructions;
}

void isolation_interrupted(struct k5sim *sim, uint32_t thread)
{
    struct isolation_task *task = &sim->isolation->run.task[sim->kernel.thread[thread].task];
    const uint64_t where[2] = {thread, task->executed};

    task->breaks = XXH3_64bits_withSeed(where, sizeof where, task->breaks);
}

void isolation_called(struct k5sim *sim, uint32_t thread)
{
    sim->isolation->run.called |= UINT64_C(1) << thread;
}

/* ---------------------------------------------------------------- recording */

/* The pieces that a task's own memory lies in. */
static bool find_pieces(struct isolation *isolation, uint32_t t)
{
    const struct store *store = isolation->sim->store;
    struct isolation_golden *golden = &isolation->golden[t];

    golden->piece = calloc(store->count, sizeof *golden->piece);
    for (uint32_t i = STORE_MEMORIES; golden->piece != NULL && i < store->count; i++) {
        const struct piece *piece = &store->piece[i];
        bool own = false;

        for (uint32_t k = 0; k < sys_task(t)->region_count; k++) {
            const struct sys_region *r =
                &regions_of(isolation->sim->system)[sys_task(t)->first_region + k];

            own = own || (is_own(r) && overlap(r->base, r->bytes, piece->address, piece->bytes));
        }
        if (own && piece->kind == PIECE_RAM) {
            golden->piece[golden->pieces++] = i;
        }
    }
    return golden->piece != NULL;
}

static bool record(struct isolation *isolation, uint32_t t, struct isolation_delivery *delivery)
{
    struct k5sim *sim = isolation->sim;
    const struct isolation_golden *golden = &isolation->golden[t];
    const struct isolation_task *task = &isolation->run.task[t];
    uint32_t slots = sys_task(t)->slot_count;

    store_settle(sim);
    sim->store->same = NULL;
    delivery->time = machine_now(sim);
    delivery->executed = task->executed;
    delivery->inputs = task->inputs;
    delivery->breaks = task->breaks;
    delivery->written = task->written;
    delivery->memory = malloc(golden->pieces * sizeof(struct content *) + 1u);
    delivery->slot = malloc(slots * sizeof *delivery->slot + 1u);
    if (!store_catch_up(sim) || delivery->memory == NULL || delivery->slot == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < golden->pieces; i++) {
        delivery->memory[i] = content_use(sim->store->now[golden->piece[i]]);
    }
    memcpy(delivery->slot, &sim->kernel.slot[sys_task(t)->first_slot],
           slots * sizeof *delivery->slot);
    return true;
}

static void drop(const struct isolation_golden *golden, struct isolation_delivery *delivery)
{
    for (uint32_t i = 0; delivery->memory != NULL && i < golden->pieces; i++) {
        content_drop(delivery->memory[i]);
    }
    free(delivery->memory);
    free(delivery->slot);
}

static struct isolation_delivery *next_place(struct isolation_golden *golden)
{
    if (golden->count == golden->room) {
        uint32_t room = golden->room == 0 ? DELIVERIES_LEAST : 2u * golden->room;
        struct isolation_delivery *delivery =
            realloc(golden->delivery, room * sizeof *golden->delivery);

        if (delivery == NULL) {
            return NULL;
        }
        golden->delivery = delivery;
        golden->room = room;
    }
    memset(&golden->delivery[golden->count], 0, sizeof golden->delivery[0]);
    return &golden->delivery[golden->count++];
}

bool isolation_open(struct isolation *isolation, struct k5sim *sim)
{
    *isolation = (struct isolation){.sim = sim, .recording = true};
    /* A call that was made before may be answered; what was interrupted gets a delivery more. */
    isolation->run.called = UINT64_MAX;
    if (sim->live) {
        isolation->run.called &= ~(UINT64_C(1) << sim->kernel.current);
    }
    for (uint32_t t = 0; t < sim->system->task_count; t++) {
        if (!find_pieces(isolation, t)) {
            return false;
        }
    }
    return true;
}

void isolation_close(struct isolation *isolation)
{
    for (uint32_t t = 0; t < CFG_TASKS; t++) {
        struct isolation_golden *golden = &isolation->golden[t];

        for (uint32_t i = 0; i < golden->count; i++) {
            drop(golden, &golden->delivery[i]);
        }
        drop(golden, &golden->end);
        free(golden->delivery);
        free(golden->piece);
    }
}

void isolation_end_recording(struct isolation *isolation)
{
    for (uint32_t t = 0; t < isolation->sim->system->task_count; t++) {
        isolation->failed |= !record(isolation, t, &isolation->golden[t].end);
    }
    isolation->recording = false;
}

/* ---------------------------------------------------------------- comparing */

static void breach(struct isolation *isolation, uint32_t kind, uint32_t task, uint32_t detail)
{
    if (isolation->breach == 0) {
        isolation->breach = kind;
        isolation->breach_task = task;
        isolation->breach_detail = detail;
    }
}

/* Interrupts leave their frames on a thread's stack, below whatever is live there and, where the
 * thread has not written yet what it has reserved, within that. So a stack says nothing unless the
 * thread was interrupted where the golden run's was. */
static bool is_noise(const struct k5sim *sim, uint32_t t, const struct isolation_delivery *delivery,
                     uint32_t address)
{
    bool noise = false;

    for (uint32_t i = 0; i < sys_task(t)->thread_count; i++) {
        const struct sys_thread *thread = sys_thread(sys_task(t)->first_thread + i);

        noise = noise || (address >= thread->stack_base && address < thread->stack_top);
    }
    return noise && delivery->breaks != sim->isolation->run.task[t].breaks;
}

/* A byte of the task's own that it can write now, and that nobody else wrote by right. */
static bool counts(const struct k5sim *sim, uint32_t t, const struct isolation_delivery *delivery,
                   uint32_t address)
{
    const struct task *task = &sim->kernel.task[t];
    bool has = false;

    for (uint32_t i = 0; i < task->region_count; i++) {
        const struct sys_region *r = &task->region[i];

        has = has || (address - r->base < r->bytes && is_own(r));
    }
    return has && owner_of(sim, address) == t && !is_written(&delivery->written, address) &&
           !is_written(&sim->isolation->run.task[t].written, address) &&
           !is_noise(sim, t, delivery, address);
}

static bool memory_differs(struct isolation *isolation, uint32_t t,
                           const struct isolation_delivery *delivery)
{
    const struct k5sim *sim = isolation->sim;
    const struct isolation_golden *golden = &isolation->golden[t];

    for (uint32_t i = 0; i < golden->pieces; i++) {
        const struct piece *piece = &sim->store->piece[golden->piece[i]];
        const uint8_t *then = delivery->memory[i]->data;

        if (memcmp(piece->host, then, piece->bytes) == 0) {
            continue;
        }
        for (uint32_t k = 0; k < piece->bytes; k++) {
            if (piece->host[k] != then[k] && counts(sim, t, delivery, piece->address + k)) {
                breach(isolation, K5SIM_BREACH_MEMORY, t, piece->address + k);
                return true;
            }
        }
    }
    return false;
}

static bool same_right(const struct cap *a, const struct cap *b)
{
    return a->kind == b->kind && a->rights == b->rights && a->object == b->object &&
           a->badge == b->badge && a->generation == b->generation;
}

/* Capabilities come with messages: those that the golden run's task held before and behind its
 * delivery it must hold here. */
static void compare_slots(struct isolation *isolation, uint32_t t,
                          const struct isolation_delivery *delivery)
{
    const struct isolation_golden *golden = &isolation->golden[t];
    const struct sys_task *table = sys_task(t);
    const struct cap *now = &isolation->sim->kernel.slot[table->first_slot];
    uint32_t next = isolation->run.task[t].next;
    const struct cap *before = next == 0 ? delivery->slot : golden->delivery[next - 1u].slot;

    for (uint32_t i = 0; i < table->slot_count; i++) {
        if (delivery->slot[i].kind != 0 && same_right(&before[i], &delivery->slot[i]) &&
            !same_right(&now[i], &delivery->slot[i])) {
            breach(isolation, K5SIM_BREACH_CAPABILITY, t, table->first_slot + i);
        }
    }
}

static void compare_budgets(struct isolation *isolation, uint32_t t)
{
    const struct sys_thread *thread =
        (const struct sys_thread *)((const uint8_t *)isolation->sim->system +
                                    isolation->sim->system->threads_offset);

    for (uint32_t i = 0; i < sys_task(t)->thread_count; i++) {
        uint32_t id = sys_task(t)->first_thread + i;
        const struct thread *now = &isolation->sim->kernel.thread[id];

        if (now->budget != thread[id].budget || now->cooldown != thread[id].cooldown) {
            breach(isolation, K5SIM_BREACH_BUDGET, t, id);
        }
    }
}

/* How many instructions the task may have executed where the golden run's had executed so many. */
enum executed {
    EXECUTED_EXACTLY, /* at that delivery */
    EXECUTED_AT_MOST, /* it has not got that delivery yet */
    EXECUTED_ANY,     /* the golden run ended while it was at work */
};

static bool executed_so(uint64_t now, uint64_t then, enum executed may)
{
    return may == EXECUTED_ANY || (may == EXECUTED_AT_MOST ? now <= then : now == then);
}

/*
 * The task as it is against the golden run's at this delivery. What one thread executes between
 * two deliveries depends on nothing else; several may meet each other differently, which explains
 * what they do.
 */
static void compare(struct isolation *isolation, uint32_t t,
                    const struct isolation_delivery *delivery, enum executed may)
{
    struct isolation_task *task = &isolation->run.task[t];

    task->explained = 1;
    if (task->inputs != delivery->inputs) {
        return;
    }
    if (task->executed == delivery->executed) {
        memory_differs(isolation, t, delivery);
        compare_slots(isolation, t, delivery);
        compare_budgets(isolation, t);
    } else if (sys_task(t)->thread_count == 1 &&
               !executed_so(task->executed, delivery->executed, may) &&
               !memory_differs(isolation, t, delivery)) {
        breach(isolation, K5SIM_BREACH_EXECUTION, t, 0);
    }
}

/* ---------------------------------------------------------------- deliveries */

static uint64_t content_of(struct k5sim *sim, uint32_t thread, const struct isolation_task *task)
{
    const struct thread *t = &sim->kernel.thread[thread];
    uint64_t hash = XXH3_64bits_withSeed(t->reg, sizeof t->reg, thread);

    for (uint32_t i = 0; i < task->written.count; i++) {
        const struct isolation_range *range = &task->written.range[i];
        const uint8_t *host = memory_host(sim->memory, range->address, range->bytes);

        hash = XXH3_64bits_withSeed(range, sizeof *range, hash);
        if (host != NULL) {
            hash = XXH3_64bits_withSeed(host, range->bytes, hash);
        }
    }
    return hash;
}

void isolation_delivered(struct k5sim *sim, uint32_t thread)
{
    struct isolation *isolation = sim->isolation;
    uint32_t t = sim->kernel.thread[thread].task;
    struct isolation_task *task = &isolation->run.task[t];
    struct isolation_golden *golden = &isolation->golden[t];
    uint64_t bit = UINT64_C(1) << thread;
    bool looks = task->explained == 0 && ((isolation->exempt >> t) & 1u) == 0;

    if ((isolation->run.called & bit) == 0) {
        return; /* it was interrupted, or begins */
    }
    isolation_look(sim);
    isolation->run.called &= ~bit;
    if (isolation->recording) {
        struct isolation_delivery *place = next_place(golden);

        isolation->failed |= place == NULL || !record(isolation, t, place);
        if (!isolation->failed) {
            place->content = content_of(sim, thread, task);
        }
    } else if (looks) {
        const struct isolation_delivery *delivery =
            task->next < golden->count ? &golden->delivery[task->next] : &golden->end;
        bool same = task->next < golden->count && delivery->time == machine_now(sim) &&
                    delivery->content == content_of(sim, thread, task) &&
                    delivery->inputs == task->inputs && delivery->executed == task->executed;

        if (!same) {
            compare(isolation, t, delivery,
                    task->next < golden->count ? EXECUTED_EXACTLY : EXECUTED_ANY);
        }
    }
    task->next++;
    task->written.count = 0;
}

/* Trials come in rows of the same task: who shares memory with it is worked out once. */
static uint64_t exempt_of(const struct isolation *isolation, uint64_t touched, uint64_t trusted)
{
    uint32_t count = isolation->sim->system->task_count;
    uint64_t exempt = (touched & trusted) != 0 ? UINT64_MAX : touched;

    for (uint32_t a = 0; a < count; a++) {
        for (uint32_t b = 0; b < count; b++) {
            if (((touched >> a) & 1u) != 0 && a != b && share_memory(isolation->sim, a, b)) {
                exempt |= UINT64_C(1) << b;
            }
        }
    }
    return exempt;
}

void isolation_begin(struct isolation *isolation, uint64_t touched, uint64_t trusted)
{
    if (!isolation->knows_exempt || isolation->touched != touched ||
        isolation->trusted != trusted) {
        isolation->exempt = exempt_of(isolation, touched, trusted);
        isolation->touched = touched;
        isolation->trusted = trusted;
        isolation->knows_exempt = true;
    }
    isolation->breach = 0;
}

/* What the golden run's task was when it had got as much as this one has; where that was not its
 * end, right before its next delivery. */
void isolation_finish(struct isolation *isolation)
{
    for (uint32_t t = 0; t < isolation->sim->system->task_count; t++) {
        const struct isolation_golden *golden = &isolation->golden[t];
        const struct isolation_task *task = &isolation->run.task[t];

        bool more = task->next < golden->count;

        if (task->explained == 0 && ((isolation->exempt >> t) & 1u) == 0) {
            compare(isolation, t, more ? &golden->delivery[task->next] : &golden->end,
                    more ? EXECUTED_AT_MOST : EXECUTED_ANY);
        }
    }
}
