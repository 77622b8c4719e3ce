/* libk5sim, the past of a run: beginning a history, and going to places in it. */
#pragma GCC visibility push(default) /* these names, and no others, leave the library */
#include "sim/k5sim_history.h"
#pragma GCC visibility pop

#include <stdlib.h>
#include <string.h>

#include "sim/past/history_internal.h"

#define INTERVAL   UINT64_C(100000)
#define MOST       256u
#define LEAST_MOST 4u
#define IT_BLOCK   4u /* instructions (Arm) that are one step with the IT before them */

static int need_history(struct k5sim *sim)
{
    return sim->history != NULL
               ? K5SIM_OK
               : machine_error(sim, K5SIM_BAD_ARGUMENT, "this machine has no history");
}

/* ---------------------------------------------------------------- beginning, and the end */

/* An empty one, whose first place is here. */
static struct history *open_history(struct k5sim *sim)
{
    if (sim->history == NULL) {
        sim->history = calloc(1, sizeof *sim->history);
    }
    if (sim->history != NULL) {
        sim->history->furthest = history_here(sim);
    }
    return sim->history;
}

void k5sim_history_stop(struct k5sim *sim)
{
    struct history *h = sim->history;

    if (h != NULL) {
        history_keep_points(h, 0);
        free(h->point);
        journal_free(&h->journal);
        free(h);
    }
    sim->history = NULL;
}

int k5sim_history_start(struct k5sim *sim, uint64_t interval, uint32_t most)
{
    if (!sim->booted || (sim->history != NULL && sim->history->most != 0)) {
        return machine_error(sim, K5SIM_BAD_ARGUMENT,
                             sim->booted ? "this machine has a history already"
                                         : "this machine was not booted");
    }
    struct history *h = open_history(sim);

    most = most == 0 ? MOST : most < LEAST_MOST ? LEAST_MOST : most;
    if (h == NULL || (h->point = calloc(most + UINT64_C(1), sizeof *h->point)) == NULL) {
        return history_no_memory(sim);
    }
    h->most = most;
    h->interval = interval == 0 ? INTERVAL : interval;
    return history_take_point(sim);
}

/* The past begins here, whatever was before. */
static int begin_anew(struct k5sim *sim)
{
    struct history *h = sim->history;

    history_keep_points(h, 0);
    h->journal.count = 0;
    h->journal.next = 0;
    h->furthest = history_here(sim);
    return h->most != 0 ? history_take_point(sim) : K5SIM_OK;
}

int history_booted(struct k5sim *sim)
{
    return sim->history != NULL ? begin_anew(sim) : K5SIM_OK;
}

/* ---------------------------------------------------------------- going somewhere */

/* Runs without anybody noticing. */
static int run_quietly(struct k5sim *sim, const struct run_goal *goal)
{
    uint64_t recorded = sim->recorded;
    enum k5sim_stop stop;

    ring_clear(&sim->ring);
    k5sim_record(sim, 0);
    sim->debug.quiet = true;
    stop = history_run(sim, goal);
    sim->debug.quiet = false;
    debug_pass_here(sim);
    k5sim_record(sim, recorded);
    ring_clear(&sim->ring); /* of a panic on the way */
    return stop == K5SIM_STOP_ENGINE ? K5SIM_ENGINE : K5SIM_OK;
}

static int restore_point(struct k5sim *sim, const struct point *point)
{
    struct history *h = sim->history;

    h->travelling = true;
    int result = k5sim_snapshot_restore(sim, point->snapshot);

    h->travelling = false;
    journal_seek(&h->journal, &point->at);
    return result;
}

/* The machine is at `to`, or before it and not before the last point there: it need not go back. */
static bool is_near(const struct k5sim *sim, const struct point *point, bool before)
{
    const struct k5sim_position at = history_here(sim);

    return before && position_compare(&at, &point->at) >= 0;
}

/* To the last of the first `count` points, unless the machine stands between it and the goal, which
 * `before` says it is not behind of. */
static int approach(struct k5sim *sim, uint32_t count, bool before)
{
    const struct history *h = sim->history;

    if (count == 0 && h->most == 0 && before) {
        return K5SIM_OK; /* a journal alone leads forward */
    }
    if (count == 0) {
        return machine_error(sim, K5SIM_BAD_ARGUMENT, "that is before the machine's history");
    }
    return is_near(sim, &h->point[count - 1u], before) ? K5SIM_OK
                                                       : restore_point(sim, &h->point[count - 1u]);
}

/* `exact`: to the position; otherwise to the end of its tick. */
static int go_to(struct k5sim *sim, const struct k5sim_position *to, bool exact)
{
    const struct run_goal goal = {
        .until = to->now,
        .instructions = to->instructions,
        .actions = exact ? to->actions : 0,
        .exact = exact,
    };
    struct k5sim_position at = history_here(sim);
    uint32_t count = history_points_until(sim->history, to);
    int result = approach(sim, count, position_compare(&at, to) <= 0);

    if (result == K5SIM_OK) {
        result = run_quietly(sim, &goal);
    }
    at = history_here(sim);
    if (result == K5SIM_OK && exact && position_compare(&at, to) != 0) {
        return machine_error(sim, K5SIM_BAD_ARGUMENT,
                             "this run was never at tick %llu, instruction %llu, action %llu",
                             (unsigned long long)to->now, (unsigned long long)to->instructions,
                             (unsigned long long)to->actions);
    }
    return result;
}

static int go_to_instruction(struct k5sim *sim, uint64_t instructions)
{
    const struct history *h = sim->history;
    const struct run_goal goal = {.until = h->furthest.now, .instructions = instructions};
    uint32_t count = 0;

    while (count < h->count && h->point[count].at.instructions <= instructions) {
        count++;
    }
    int result = approach(sim, count, sim->instructions <= instructions);

    return result == K5SIM_OK ? run_quietly(sim, &goal) : result;
}

int k5sim_history_goto(struct k5sim *sim, const struct k5sim_position *to)
{
    int result = need_history(sim);

    if (result != K5SIM_OK) {
        return result;
    }
    const struct k5sim_position furthest = sim->history->furthest;

    if (position_compare(to, &furthest) >= 0) {
        return go_to(sim, &furthest, true);
    }
    return go_to(sim, to, to->instructions != UINT64_MAX);
}

int k5sim_history_goto_instruction(struct k5sim *sim, uint64_t instructions)
{
    int result = need_history(sim);

    if (result != K5SIM_OK) {
        return result;
    }
    const struct k5sim_position furthest = sim->history->furthest;

    if (instructions >= furthest.instructions) {
        return go_to(sim, &furthest, true);
    }
    /* A goal inside an IT block is passed, and then the one before it is asked for. */
    for (uint64_t back = 0; back <= IT_BLOCK && back <= instructions; back++) {
        result = go_to_instruction(sim, instructions - back);
        if (result != K5SIM_OK || sim->instructions <= instructions) {
            break;
        }
    }
    return result;
}

/* A snapshot of this very past, and the machine is where it was then? */
static bool is_of_the_past(struct k5sim *sim, const struct k5sim_snapshot *snapshot)
{
    struct history *h = sim->history;
    struct k5sim_position at;

    k5sim_snapshot_position(snapshot, &at);
    if (h->count == 0 || position_compare(&at, &h->point[0].at) < 0 ||
        position_compare(&at, &h->furthest) > 0 ||
        restore_point(sim, &h->point[history_points_until(h, &at) - 1u]) != K5SIM_OK ||
        go_to(sim, &at, true) != K5SIM_OK) {
        return false;
    }
    struct k5sim_snapshot *then = k5sim_snapshot_take(sim, NULL);
    bool same = then != NULL && k5sim_snapshot_same(then, snapshot, NULL, 0);

    k5sim_snapshot_free(then);
    return same;
}

int history_restored(struct k5sim *sim, const struct k5sim_snapshot *snapshot)
{
    if (sim->history == NULL || sim->history->travelling || is_of_the_past(sim, snapshot)) {
        return K5SIM_OK;
    }
    sim->history->travelling = true;
    int result = k5sim_snapshot_restore(sim, snapshot);

    sim->history->travelling = false;
    return result == K5SIM_OK ? begin_anew(sim) : result;
}

/* ---------------------------------------------------------------- looking at it */

int k5sim_history_span(const struct k5sim *sim, struct k5sim_position *first,
                       struct k5sim_position *last)
{
    const struct history *h = sim->history;

    if (h == NULL) {
        return K5SIM_BAD_ARGUMENT;
    }
    *first = h->count != 0 ? h->point[0].at : history_here(sim);
    *last = h->furthest;
    return K5SIM_OK;
}

size_t k5sim_history_snapshots(const struct k5sim *sim, struct k5sim_position *out, size_t most)
{
    const struct history *h = sim->history;
    size_t count = h == NULL ? 0 : h->count;

    for (size_t i = 0; i < count && i < most; i++) {
        out[i] = h->point[i].at;
    }
    return count;
}

size_t k5sim_history_journal(const struct k5sim *sim, size_t first, struct k5sim_entry *out,
                             size_t most)
{
    const struct history *h = sim->history;
    size_t count = h == NULL ? 0 : h->journal.count;

    for (size_t i = 0; first < count && i < count - first && i < most; i++) {
        out[i] = h->journal.entry[first + i];
    }
    return count;
}

/* ---------------------------------------------------------------- a journal from elsewhere */

static int check_entries(struct k5sim *sim, const struct k5sim_entry *entries, size_t count)
{
    struct k5sim_position before = history_here(sim);

    for (size_t i = 0; i < count; i++) {
        int result = journal_check(sim, &entries[i], i);

        if (result != K5SIM_OK) {
            return result;
        }
        if (position_compare(&entries[i].at, &before) < 0) {
            return machine_error(sim, K5SIM_BAD_ARGUMENT,
                                 "entry %zu of the journal, at tick %llu, comes before what "
                                 "is in front of it",
                                 i, (unsigned long long)entries[i].at.now);
        }
        before = entries[i].at;
    }
    return K5SIM_OK;
}

int k5sim_history_play(struct k5sim *sim, const struct k5sim_entry *entries, size_t count)
{
    if (!sim->booted || sim->instructions != 0 ||
        (sim->history != NULL && sim->history->journal.count != 0)) {
        return machine_error(sim, K5SIM_BAD_ARGUMENT,
                             "a journal is for a machine that was just booted");
    }
    int result = check_entries(sim, entries, count);

    if (result != K5SIM_OK) {
        return result;
    }
    struct history *h = open_history(sim);

    if (h == NULL || !journal_reserve(&h->journal, count)) {
        return history_no_memory(sim);
    }
    for (size_t i = 0; i < count; i++) {
        journal_add(&h->journal, &entries[i]);
    }
    return K5SIM_OK;
}
