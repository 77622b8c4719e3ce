/* The past of a machine: snapshots to go back to, and the journal that leads forward again.
 *
 * A place in the past is reached from the nearest snapshot before it. On the way the
 * journal gives the machine what it got then, each at its position, so that it does again
 * what it did. A run at the front and a run through the past are one and the same loop.
 */
#include <string.h>

#include "sim/past/history_internal.h"

/* ---------------------------------------------------------------- snapshots on the way */

void history_keep_points(struct history *h, uint32_t count)
{
    while (h->count > count) {
        k5sim_snapshot_free(h->point[--h->count].snapshot);
    }
}

uint32_t history_points_until(const struct history *h, const struct k5sim_position *at)
{
    uint32_t low = 0;

    for (uint32_t high = h->count; low < high;) {
        uint32_t middle = low + (high - low) / 2u;

        if (position_compare(&h->point[middle].at, at) <= 0) {
            low = middle + 1u;
        } else {
            high = middle;
        }
    }
    return low;
}

static void thin_out(struct history *h)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < h->count; i++) {
        if (i % 2u == 0) {
            h->point[kept++] = h->point[i];
        } else {
            k5sim_snapshot_free(h->point[i].snapshot);
        }
    }
    h->count = kept;
    h->interval *= 2u;
}

int history_take_point(struct k5sim *sim)
{
    struct history *h = sim->history;
    struct k5sim_snapshot *snapshot = k5sim_snapshot_take(sim, NULL);

    if (snapshot == NULL) {
        return history_no_memory(sim);
    }
    h->point[h->count++] = (struct point){history_here(sim), snapshot};
    if (h->count > h->most) {
        thin_out(h);
    }
    return K5SIM_OK;
}

/* Where the next snapshot is due, in instructions. */
static uint64_t next_point(const struct history *h)
{
    if (h->count == 0) {
        return UINT64_MAX;
    }
    uint64_t last = h->point[h->count - 1u].at.instructions;

    return h->interval < UINT64_MAX - last ? last + h->interval : UINT64_MAX;
}

/* ---------------------------------------------------------------- what comes from outside */

/* The outside does something else than it did then: what was to come will never be. */
static void begin_future(struct k5sim *sim)
{
    struct history *h = sim->history;

    h->journal.count = h->journal.next;
    h->furthest = history_here(sim);
    history_keep_points(h, history_points_until(h, &h->furthest));
}

int history_input(struct k5sim *sim, const struct k5sim_entry *what, const void *data,
                  uint32_t bytes)
{
    struct history *h = sim->history;
    uint32_t pieces = journal_pieces(bytes);

    if (h == NULL || h->applying) {
        sim->actions += pieces;
        return K5SIM_OK;
    }
    begin_future(sim);
    if (!journal_reserve(&h->journal, pieces)) {
        return history_no_memory(sim);
    }
    for (uint32_t k = 0; k < pieces; k++) {
        struct k5sim_entry piece;

        journal_piece(&piece, what, data, bytes, k);
        piece.at = history_here(sim);
        journal_add(&h->journal, &piece);
        sim->actions++;
    }
    h->journal.next = h->journal.count;
    h->furthest = history_here(sim);
    return K5SIM_OK;
}

/* The next entry of the journal, or NULL. */
static const struct k5sim_entry *next_entry(const struct history *h)
{
    return h->journal.next < h->journal.count ? &h->journal.entry[h->journal.next] : NULL;
}

/* May an entry be given, should the machine come by before the goal ends the run? */
static bool is_before(const struct k5sim_entry *entry, const struct run_goal *goal)
{
    const struct k5sim_position end = {goal->until, goal->instructions, goal->actions};

    if (goal->exact) {
        return position_compare(&entry->at, &end) < 0;
    }
    return entry->input != K5SIM_INPUT_IDLE || journal_idle_tick(entry) <= goal->until;
}

/* Gives the machine an entry that it stands at. */
static bool give(struct k5sim *sim)
{
    struct history *h = sim->history;
    const struct k5sim_entry *entry = next_entry(h);

    h->applying = true;
    int result = journal_apply(sim, entry);

    h->applying = false;
    h->journal.next++;
    if (result < 0) {
        char why[SIM_ERROR_BYTES];

        memcpy(why, sim->error, sizeof why);
        machine_error(sim, result, "entry %zu of the journal: %.400s", h->journal.next - 1u, why);
    }
    return result >= 0;
}

static enum k5sim_stop off_the_run(struct k5sim *sim, const struct k5sim_entry *entry)
{
    machine_error(
        sim, K5SIM_ENGINE,
        "entry %zu of the journal, at tick %llu and instruction %llu, is not of this run: "
        "the system, its build, its board or the seed are others",
        sim->history->journal.next, (unsigned long long)entry->at.now,
        (unsigned long long)entry->at.instructions);
    return K5SIM_STOP_ENGINE;
}

/* ---------------------------------------------------------------- running */

static void note_furthest(struct k5sim *sim)
{
    struct k5sim_position at = history_here(sim);

    if (position_compare(&at, &sim->history->furthest) > 0) {
        sim->history->furthest = at;
    }
}

/* Does the journal say something here, before the goal? */
static bool has_entry_here(const struct k5sim *sim, const struct run_goal *goal)
{
    const struct k5sim_entry *entry = next_entry(sim->history);
    const struct k5sim_position at = history_here(sim);

    return entry != NULL && position_compare(&entry->at, &at) == 0 && is_before(entry, goal);
}

/* The next entry lies where the machine has not come by. */
static bool has_missed(const struct k5sim *sim)
{
    const struct k5sim_entry *entry = next_entry(sim->history);
    const struct k5sim_position at = history_here(sim);

    return entry != NULL && position_compare(&entry->at, &at) < 0;
}

/* All that the journal says here. 0, or why the machine stops. */
static int give_all(struct k5sim *sim, const struct run_goal *goal)
{
    while (has_entry_here(sim, goal)) {
        if (next_entry(sim->history)->input == K5SIM_INPUT_END) {
            return K5SIM_STOP_POSITION;
        }
        if (ring_is_full(&sim->ring)) {
            return K5SIM_STOP_FULL;
        }
        if (!give(sim)) {
            return K5SIM_STOP_ENGINE;
        }
    }
    return 0;
}

/* The machine runs to the goal, or to where something is to be done before: at the next entry of
 * the journal, or behind so many instructions that a snapshot is due. */
static enum k5sim_stop run_leg(struct k5sim *sim, const struct run_goal *goal, bool *point)
{
    const struct k5sim_entry *entry = next_entry(sim->history);
    const struct k5sim_position end = {goal->until, goal->instructions, goal->actions};
    struct run_goal leg = *goal;

    leg.pass = goal->exact ? &end : NULL;
    if (entry != NULL && is_before(entry, goal)) {
        leg.pass = &entry->at;
    }
    *point = next_point(sim->history) < goal->instructions;
    if (*point) {
        leg.instructions = next_point(sim->history);
        leg.exact = false;
    }
    return machine_run(sim, &leg);
}

static bool is_at_goal(const struct k5sim *sim, const struct run_goal *goal)
{
    const struct k5sim_position end = {goal->until, goal->instructions, goal->actions};
    const struct k5sim_position at = history_here(sim);

    return goal->exact && position_compare(&at, &end) == 0;
}

/* The run has ended by itself where the journal says something: does it go on behind that? */
static bool goes_on(const struct k5sim *sim, const struct run_goal *goal)
{
    return goal->exact || machine_now(sim) < goal->until;
}

static enum k5sim_stop run_on(struct k5sim *sim, const struct run_goal *goal)
{
    for (;;) {
        bool point = false;
        int refused = give_all(sim, goal);
        enum k5sim_stop stop = refused != 0 ? (enum k5sim_stop)refused : run_leg(sim, goal, &point);
        if (refused != 0) {
            return stop;
        }
        bool over = stop == K5SIM_STOP_TIME || stop == K5SIM_STOP_HALT || stop == K5SIM_STOP_PANIC;

        if (!over && stop != K5SIM_STOP_POSITION) {
            return stop;
        }
        if (has_missed(sim)) {
            return off_the_run(sim, next_entry(sim->history));
        }
        if (has_entry_here(sim, goal)) {
            if (over && !goes_on(sim, goal)) {
                refused = give_all(sim, goal);
                return refused != 0 ? (enum k5sim_stop)refused : stop;
            }
        } else if (over || !point || is_at_goal(sim, goal)) {
            return stop;
        } else if (history_take_point(sim) != K5SIM_OK) {
            return K5SIM_STOP_ENGINE;
        }
    }
}

enum k5sim_stop history_run(struct k5sim *sim, const struct run_goal *goal)
{
    enum k5sim_stop stop = run_on(sim, goal);

    note_furthest(sim);
    return stop;
}
