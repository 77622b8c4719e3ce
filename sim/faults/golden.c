/* The golden run: made once, with places to compare with. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#pragma GCC visibility push(default) /* these names, and no others, leave the library */
#include "sim/k5sim_golden.h"
#pragma GCC visibility pop

#include <stdlib.h>
#include <string.h>

#include "sim/faults/golden.h"

#define POINTS         512u /* about so many places, */
#define INTERVAL_LEAST 32u  /* but not closer than so many ticks */
#define ANY_THREAD     255u

#define BIT(kind) (UINT64_C(1) << (kind))
#define NEEDED                                                                                     \
    (BIT(K5_EVENT_FAULT) | BIT(K5_EVENT_TASK) | BIT(K5_EVENT_RESULT) | BIT(K5_EVENT_LOAN_END) |    \
     BIT(K5_EVENT_PANIC))

/* ---------------------------------------------------------------- events */

static bool counts_for_end(const struct k5sim_golden_setup *s, const struct k5sim_event *event)
{
    return s->end_kind != 0 && event->kind == s->end_kind &&
           (s->end_thread == ANY_THREAD || event->thread == s->end_thread) &&
           (s->end_code == UINT32_MAX || event->code == s->end_code) &&
           (s->end_arg == UINT32_MAX || event->arg[0] == s->end_arg);
}

/* The golden run's faults are expected, each in its order; while that is made they are noted. */
static void take_fault(struct k5sim_golden *golden, const struct k5sim_event *event)
{
    struct progress *progress = &golden->progress;
    const struct known_fault fault = {event->code, event->thread, event->arg[0]};

    if (golden->isolation.recording && golden->fault_count == golden->fault_room) {
        uint32_t room = golden->fault_room == 0 ? 16u : 2u * golden->fault_room;
        struct known_fault *list = realloc(golden->fault, room * sizeof *list);

        golden->isolation.failed |= list == NULL;
        if (list == NULL) {
            return;
        }
        golden->fault = list;
        golden->fault_room = room;
    }
    if (golden->isolation.recording) {
        golden->fault[golden->fault_count++] = fault;
    }
    for (uint32_t i = progress->faults; i < golden->fault_count; i++) {
        if (memcmp(&golden->fault[i], &fault, sizeof fault) == 0) {
            progress->faults = i + 1u;
            return;
        }
    }
    if (progress->others++ == 0) {
        progress->fault_kind = fault.kind;
        progress->fault_thread = fault.thread;
        progress->fault_pc = fault.pc;
    }
}

static void take_event(struct k5sim_golden *golden, const struct k5sim_event *event)
{
    struct progress *progress = &golden->progress;

    switch (event->kind) {
    case K5_EVENT_FAULT:
        take_fault(golden, event);
        break;
    case K5_EVENT_TASK:
        progress->restarts += event->code == K5_TASK_READY;
        break;
    case K5_EVENT_RESULT:
        progress->errors += (int32_t)event->arg[0] < 0;
        break;
    case K5_EVENT_PANIC:
        progress->panicked = true;
        break;
    default:
        break;
    }
    progress->ends += counts_for_end(&golden->setup, event);
    if (((golden->setup.observed >> (event->kind & 63u)) & 1u) != 0) {
        struct k5sim_event timeless = *event;

        timeless.time = 0;
        if (event->kind == K5_EVENT_FAULT) { /* where exactly differs from trial to trial */
            memset(timeless.arg, 0, sizeof timeless.arg);
        }
        progress->stream = XXH3_64bits_withSeed(event, sizeof *event, progress->stream);
        progress->order = XXH3_64bits_withSeed(&timeless, sizeof timeless, progress->order);
    }
}

void golden_look(struct k5sim_golden *golden)
{
    const struct ring *ring = &golden->sim->ring;

    for (; golden->seen < ring->count; golden->seen++) {
        take_event(golden, &ring->event[(ring->first + golden->seen) % RING_EVENTS]);
    }
}

void golden_drain(struct k5sim_golden *golden)
{
    if (golden->sim->isolation != NULL) {
        isolation_look(golden->sim);
        golden->isolation.seen = 0;
    }
    golden_look(golden);
    ring_clear(&golden->sim->ring);
    golden->seen = 0;
}

bool golden_is_over(const struct k5sim_golden *golden)
{
    if (golden->setup.end_kind != 0) {
        return golden->progress.ends >= golden->setup.end_count;
    }
    return machine_now(golden->sim) >= golden->setup.end;
}

/* ---------------------------------------------------------------- places */

static bool fill_point(struct k5sim_golden *golden, struct golden_point *point)
{
    struct k5sim_snapshot *snapshot = k5sim_snapshot_take(golden->sim, point->snapshot);

    if (point->isolation == NULL) {
        point->isolation = malloc(sizeof *point->isolation);
    }
    if (snapshot == NULL || point->isolation == NULL) {
        return false;
    }
    point->snapshot = snapshot;
    k5sim_position(golden->sim, &point->position);
    point->progress = golden->progress;
    memcpy(point->isolation, &golden->isolation.run, isolation_run_bytes(golden->sim));
    return true;
}

static bool add_point(struct k5sim_golden *golden)
{
    if (golden->count == golden->room) {
        uint32_t room = golden->room == 0 ? POINTS : 2u * golden->room;
        struct golden_point *point = realloc(golden->point, room * sizeof *point);

        if (point == NULL) {
            return false;
        }
        memset(point + golden->room, 0, (room - golden->room) * sizeof *point);
        golden->point = point;
        golden->room = room;
    }
    return fill_point(golden, &golden->point[golden->count++]);
}

bool golden_return_to(struct k5sim_golden *golden, const struct golden_point *point)
{
    bool restored = k5sim_snapshot_restore(golden->sim, point->snapshot) == K5SIM_OK;

    golden->progress = point->progress;
    memcpy(&golden->isolation.run, point->isolation, isolation_run_bytes(golden->sim));
    golden->seen = 0;
    golden->isolation.seen = 0;
    return restored;
}

static void free_point(struct golden_point *point)
{
    k5sim_snapshot_free(point->snapshot);
    free(point->isolation);
}

/* ---------------------------------------------------------------- making it */

static uint64_t end_kinds(const struct k5sim_golden *golden)
{
    return golden->setup.end_kind == 0 ? 0 : BIT(golden->setup.end_kind);
}

/* Runs on to the tick, or the end. Why it stopped; TIME: neither is there yet. */
static enum k5sim_stop run_on(struct k5sim_golden *golden, uint64_t until)
{
    enum k5sim_stop stop;

    do {
        stop = k5sim_run(golden->sim, until, end_kinds(golden));
        golden_drain(golden);
    } while (stop == K5SIM_STOP_FULL || (stop == K5SIM_STOP_EVENT && !golden_is_over(golden)));
    return stop;
}

static const char *bad_stop(const struct k5sim_golden *golden, enum k5sim_stop stop)
{
    if (stop == K5SIM_STOP_PANIC) {
        return "a kernel assertion failed";
    }
    if (stop == K5SIM_STOP_ENGINE) {
        return k5sim_error_text(golden->sim);
    }
    if (golden->setup.end_kind != 0 && !golden_is_over(golden)) {
        return "it does not come to its end";
    }
    return golden->isolation.failed ? "out of memory" : NULL;
}

/* The tick of the next place: while nobody runs, nothing can differ. */
static uint64_t next_place(const struct k5sim *sim, uint64_t interval)
{
    uint64_t now = machine_now(sim);

    if (sim->kernel.current == NO_THREAD && sim->timers.next != TIMERS_NEVER &&
        sim->timers.next > sim->port.now) {
        now = sim->epoch + sim->timers.next;
    }
    return now + interval;
}

/* Once to see how long it is, once with its places. */
static const char *make(struct k5sim_golden *golden)
{
    struct k5sim *sim = golden->sim;
    uint64_t begin = sim->instructions;

    if (!add_point(golden)) {
        return "out of memory";
    }
    golden->isolation.recording = false;
    sim->isolation = NULL;
    enum k5sim_stop stop = run_on(golden, golden->setup.end);
    uint64_t interval = (sim->instructions - begin) / POINTS * sim->ticks_per_insn;
    const char *why = bad_stop(golden, stop);

    if (why != NULL) {
        return why;
    }
    interval = interval < INTERVAL_LEAST ? INTERVAL_LEAST : interval;
    golden->halts = stop == K5SIM_STOP_HALT;
    golden->fault_count = 0;
    golden->isolation.recording = true;
    sim->isolation = &golden->isolation;
    if (!golden_return_to(golden, &golden->point[0])) {
        return k5sim_error_text(sim);
    }
    do {
        uint64_t next = next_place(sim, interval);

        stop = run_on(golden, next < golden->setup.end ? next : golden->setup.end);
        if (!add_point(golden)) {
            return "out of memory";
        }
    } while (stop == K5SIM_STOP_TIME && !golden_is_over(golden));
    isolation_end_recording(&golden->isolation);
    return bad_stop(golden, stop);
}

struct k5sim_golden *k5sim_golden_make(struct k5sim *sim, const struct k5sim_golden_setup *setup)
{
    struct k5sim_golden *golden = calloc(1, sizeof *golden);
    const char *why = "out of memory";
    uint64_t recorded = sim->recorded;

    if (golden != NULL && store_open(sim) != NULL && sim->booted) {
        hostport_enter(&sim->port, &sim->kernel, sim->system);
        golden->sim = sim;
        golden->setup = *setup;
        golden->recorded = setup->observed | NEEDED | end_kinds(golden);
        ring_clear(&sim->ring);
        if (isolation_open(&golden->isolation, sim)) {
            sim->isolation = &golden->isolation;
            k5sim_record(sim, golden->recorded);
            why = make(golden);
        }
    }
    sim->isolation = NULL;
    k5sim_record(sim, recorded);
    if (why != NULL) {
        machine_error(sim, K5SIM_BAD_ARGUMENT, "the golden run: %s", why);
        k5sim_golden_free(golden);
        return NULL;
    }
    return golden;
}

void k5sim_golden_free(struct k5sim_golden *golden)
{
    if (golden == NULL) {
        return;
    }
    for (uint32_t i = 0; i < golden->count; i++) {
        free_point(&golden->point[i]);
    }
    free_point(&golden->cursor);
    k5sim_snapshot_free(golden->scratch);
    isolation_close(&golden->isolation);
    free(golden->point);
    free(golden->fault);
    free(golden);
}

void k5sim_golden_facts(const struct k5sim_golden *golden, struct k5sim_golden_facts *out)
{
    const struct golden_point *end = &golden->point[golden->count - 1u];

    *out = (struct k5sim_golden_facts){
        .begin = golden->point[0].position,
        .end = end->position,
        .stream = end->progress.stream,
        .order = end->progress.order,
        .snapshots = golden->count,
    };
}

/* ---------------------------------------------------------------- walking along */

/* The last place that is not behind `instructions`, unless the cursor is closer. */
static const struct golden_point *start_for(const struct k5sim_golden *golden,
                                            uint64_t instructions)
{
    uint32_t low = 0;
    uint32_t high = golden->count;

    while (high - low > 1u) {
        uint32_t middle = (low + high) / 2u;

        if (golden->point[middle].position.instructions <= instructions) {
            low = middle;
        } else {
            high = middle;
        }
    }
    const struct golden_point *cursor = &golden->cursor;
    const struct golden_point *point = &golden->point[low];

    return cursor->snapshot != NULL && cursor->position.instructions <= instructions &&
                   cursor->position.instructions >= point->position.instructions
               ? cursor
               : point;
}

static int walk(struct k5sim_golden *golden, uint64_t instructions)
{
    struct k5sim *sim = golden->sim;
    const struct golden_point *end = &golden->point[golden->count - 1u];

    if (instructions < golden->point[0].position.instructions ||
        instructions >= end->position.instructions) {
        return machine_error(
            sim, K5SIM_BAD_ARGUMENT, "the golden run has the instructions %llu to %llu, not %llu",
            (unsigned long long)golden->point[0].position.instructions,
            (unsigned long long)end->position.instructions - 1u, (unsigned long long)instructions);
    }
    if (!golden_return_to(golden, start_for(golden, instructions))) {
        return K5SIM_ENGINE;
    }
    enum k5sim_stop stop;

    do {
        stop = k5sim_step(sim, instructions - sim->instructions, UINT64_MAX, 0);
        golden_drain(golden);
    } while (stop == K5SIM_STOP_FULL);
    if (stop != K5SIM_STOP_POSITION) {
        return machine_error(sim, K5SIM_ENGINE, "the golden run does not repeat itself");
    }
    return fill_point(golden, &golden->cursor) ? K5SIM_OK : K5SIM_NO_MEMORY;
}

int k5sim_golden_goto(struct k5sim_golden *golden, uint64_t instructions)
{
    struct k5sim *sim = golden->sim;
    uint64_t recorded = sim->recorded;

    sim->isolation = &golden->isolation;
    isolation_begin(&golden->isolation, UINT64_MAX, UINT64_MAX);
    k5sim_record(sim, golden->recorded);
    int result = walk(golden, instructions);

    sim->isolation = NULL;
    k5sim_record(sim, recorded);
    return result;
}
