/* Trials: what a fault makes of the golden run. */
#pragma GCC visibility push(default) /* these names, and no others, leave the library */
#include "sim/k5sim_golden.h"
#pragma GCC visibility pop

#include <string.h>

#include "sim/faults/golden.h"

/* ---------------------------------------------------------------- is all as it was? */

/* What is cheap to see first. */
static bool may_be_same(const struct k5sim *sim, const struct golden_point *point)
{
    const struct snapshot_core *core = &point->snapshot->core;

    if (sim->kernel.current != core->kernel.current || sim->live != (core->live != 0) ||
        sim->port.now != core->now) {
        return false;
    }
    return !sim->live ||
           memcmp(cpu_registers(sim->task[sim->kernel.thread[sim->kernel.current].task].cpu),
                  &core->registers, sim->guest->register_count * sizeof(uint32_t)) == 0;
}

static bool is_same_state(struct k5sim_golden *golden, const struct golden_point *point)
{
    struct k5sim *sim = golden->sim;

    if (!may_be_same(sim, point)) {
        return false;
    }
    golden->scratch = k5sim_snapshot_take(sim, golden->scratch);
    return golden->scratch != NULL &&
           k5sim_snapshot_same(golden->scratch, point->snapshot, NULL, 0);
}

static bool is_same(struct k5sim_golden *golden, const struct golden_point *point)
{
    return golden->progress.stream == point->progress.stream && is_same_state(golden, point);
}

/* ---------------------------------------------------------------- one trial */

/* The first place behind the tick. */
static uint32_t point_behind(const struct k5sim_golden *golden, uint64_t now)
{
    uint32_t low = 0;
    uint32_t high = golden->count;

    while (low < high) {
        uint32_t middle = (low + high) / 2u;

        if (golden->point[middle].position.now <= now) {
            low = middle + 1u;
        } else {
            high = middle;
        }
    }
    return low;
}

static enum k5sim_stop run_on(struct k5sim_golden *golden, uint64_t until)
{
    uint64_t kinds = golden->setup.end_kind == 0 ? 0 : UINT64_C(1) << golden->setup.end_kind;
    enum k5sim_stop stop;

    do {
        stop = k5sim_run(golden->sim, until, kinds);
        golden_drain(golden);
    } while ((stop == K5SIM_STOP_FULL || stop == K5SIM_STOP_EVENT) && !golden_is_over(golden) &&
             golden->isolation.breach == 0);
    return stop;
}

/* The trial runs until its verdict: the places are looked at less and less often, since a fault
 * that did not vanish soon hardly does. */
static enum k5sim_outcome run_trial(struct k5sim_golden *golden)
{
    struct k5sim *sim = golden->sim;
    uint32_t next = point_behind(golden, machine_now(sim));
    uint32_t pace = 1;

    for (;;) {
        bool place = next < golden->count;
        uint64_t until = place ? golden->point[next].position.now : golden->setup.limit;
        enum k5sim_stop stop = run_on(golden, until);

        if (golden->isolation.breach != 0) {
            return K5SIM_OUTCOME_BREACH;
        }
        if (stop == K5SIM_STOP_PANIC || stop == K5SIM_STOP_ENGINE) {
            return stop == K5SIM_STOP_PANIC ? K5SIM_OUTCOME_ASSERTION : K5SIM_OUTCOME_ENGINE;
        }
        if (place && is_same(golden, &golden->point[next])) {
            return K5SIM_OUTCOME_MASKED;
        }
        if (golden_is_over(golden)) {
            return is_same(golden, &golden->point[golden->count - 1u]) ? K5SIM_OUTCOME_MASKED
                                                                       : K5SIM_OUTCOME_ENDED;
        }
        if (stop == K5SIM_STOP_HALT) {
            return golden->halts && golden->setup.end_kind == 0 ? K5SIM_OUTCOME_ENDED
                                                                : K5SIM_OUTCOME_HALTED;
        }
        if (!place) {
            return K5SIM_OUTCOME_LIMIT;
        }
        if (next == golden->count - 1u) {
            next = golden->count; /* the end was late: to the limit */
        } else {
            next = next + pace < golden->count - 1u ? next + pace : golden->count - 1u;
            pace *= 2u;
        }
    }
}

static void report(const struct k5sim_golden *golden, enum k5sim_outcome outcome,
                   struct k5sim_result *result)
{
    const struct progress *progress = &golden->progress;
    const struct progress *end = &golden->point[golden->count - 1u].progress;
    const struct snapshot_core *core = &golden->cursor.snapshot->core;
    uint32_t pc = golden->sim->guest->model == CPU_CORTEX_M33 ? CPU_PC : CPU_X_PC;

    *result = (struct k5sim_result){
        .outcome = outcome,
        .fault_kind = progress->others == 0 ? 0 : progress->fault_kind,
        .fault_thread = progress->fault_thread,
        .fault_pc = progress->fault_pc,
        .error_events =
            progress->errors > end->errors ? (uint32_t)(progress->errors - end->errors) : 0,
        .restarts =
            progress->restarts > end->restarts ? (uint32_t)(progress->restarts - end->restarts) : 0,
        .breach = golden->isolation.breach,
        .breach_task = golden->isolation.breach != 0 ? golden->isolation.breach_task : 0,
        .breach_detail = golden->isolation.breach != 0 ? golden->isolation.breach_detail : 0,
        .pc = core->registers.r[pc],
        .thread = core->kernel.current,
        .end = machine_now(golden->sim),
        .stream = progress->stream,
        .order = progress->order,
    };
}

/* The machine stands at the cursor. Negative: the fault is none for this machine. */
static int try_one(struct k5sim_golden *golden, const struct k5sim_trial *trial,
                   struct k5sim_result *result)
{
    enum k5sim_outcome outcome;

    if (!golden_return_to(golden, &golden->cursor)) {
        return K5SIM_ENGINE;
    }
    isolation_begin(&golden->isolation, trial->touched, golden->setup.trusted);
    int injected = k5sim_inject(golden->sim, &trial->fault);

    if (injected < 0) {
        return injected;
    }
    if (injected == K5SIM_NOTHING) {
        outcome = K5SIM_OUTCOME_NOT_FIRED;
    } else {
        outcome = run_trial(golden);
    }
    if (outcome == K5SIM_OUTCOME_ENDED || outcome == K5SIM_OUTCOME_LIMIT ||
        outcome == K5SIM_OUTCOME_HALTED) {
        isolation_finish(&golden->isolation);
        outcome = golden->isolation.breach != 0 ? K5SIM_OUTCOME_BREACH : outcome;
    }
    report(golden, outcome, result);
    result->same_state = outcome == K5SIM_OUTCOME_MASKED ||
                         (outcome == K5SIM_OUTCOME_ENDED &&
                          is_same_state(golden, &golden->point[golden->count - 1u]));
    return K5SIM_OK;
}

int64_t k5sim_golden_try(struct k5sim_golden *golden, const struct k5sim_trial *trials,
                         size_t count, struct k5sim_result *results, const volatile int32_t *stop)
{
    struct k5sim *sim = golden->sim;
    uint64_t recorded = sim->recorded;
    int result = K5SIM_OK;
    size_t done = 0;

    for (; done < count && result == K5SIM_OK && (stop == NULL || *stop == 0); done++) {
        const struct k5sim_trial *trial = &trials[done];

        if (golden->cursor.snapshot == NULL ||
            golden->cursor.position.instructions != trial->instructions) {
            result = k5sim_golden_goto(golden, trial->instructions);
        }
        sim->isolation = &golden->isolation;
        k5sim_record(sim, golden->recorded);
        if (result == K5SIM_OK) {
            result = try_one(golden, trial, &results[done]);
        }
    }
    sim->isolation = NULL;
    k5sim_record(sim, recorded);
    k5sim_faults_end(sim);
    return (int64_t)(result == K5SIM_OK ? done : done - 1u);
}

/* ---------------------------------------------------------------- one to look at */

int k5sim_golden_begin(struct k5sim_golden *golden, const struct k5sim_trial *trial)
{
    golden->has_trial = trial != NULL;
    golden->injected = false;
    golden->trial = (struct k5sim_trial){.instructions = UINT64_MAX};
    if (trial != NULL) {
        golden->trial = *trial;
    }
    return golden_return_to(golden, &golden->point[0]) ? K5SIM_OK : K5SIM_ENGINE;
}

/* What is recorded is the caller's: the ring is read, not emptied. */
static enum k5sim_stop look_on(struct k5sim_golden *golden, enum k5sim_stop stop)
{
    golden->seen = 0; /* the caller has taken what was there */
    golden_look(golden);
    return stop;
}

enum k5sim_stop k5sim_golden_go_on(struct k5sim_golden *golden)
{
    struct k5sim *sim = golden->sim;
    uint64_t kinds = golden->setup.end_kind == 0 ? 0 : UINT64_C(1) << golden->setup.end_kind;
    uint64_t end = golden->setup.end_kind == 0 ? golden->setup.end : golden->setup.limit;

    if (golden->has_trial && !golden->injected) {
        uint64_t left = golden->trial.instructions - sim->instructions;
        enum k5sim_stop stop = look_on(golden, k5sim_step(sim, left, UINT64_MAX, 0));

        if (stop != K5SIM_STOP_POSITION) {
            return stop;
        }
        golden->injected = true;
        if (k5sim_inject(sim, &golden->trial.fault) < 0) {
            return K5SIM_STOP_ENGINE;
        }
        return K5SIM_STOP_FULL;
    }
    enum k5sim_stop stop = look_on(golden, k5sim_run(sim, end, kinds));

    return stop == K5SIM_STOP_EVENT && !golden_is_over(golden) ? K5SIM_STOP_FULL : stop;
}
