/* The past of a machine: wherever it goes back to, it is what it was, and does again what it did.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/k5sim_history.h"
#include "tests/sim/support/past.h"

#define STEPS  120u /* of a session */
#define EVENTS 300000u
#define GOTOS  150u
#define NEAR   64u /* ticks: a run may end so much later than it was asked to */
#define HARMED 40u /* sessions with faults */
#define MOST   12u /* snapshots: they are thinned out several times */

/* What an uninterrupted session was, place by place. */
struct place {
    struct k5sim_position at;
    uint64_t hash;
    size_t events; /* so many had been recorded */
};

struct session {
    struct place place[2 * STEPS + 1];
    size_t count;
    struct k5sim_event event[EVENTS];
    size_t event_count;
};

static struct session then, again;

static uint64_t hash_of(struct k5sim *sim)
{
    struct k5sim_snapshot *snapshot = k5sim_snapshot_take(sim, NULL);

    assert_non_null(snapshot);
    uint64_t hash = k5sim_snapshot_hash(snapshot);

    k5sim_snapshot_free(snapshot);
    return hash;
}

static struct k5sim_position position_of(struct k5sim *sim)
{
    struct k5sim_position at;

    k5sim_position(sim, &at);
    return at;
}

static bool is_at(struct k5sim *sim, const struct k5sim_position *at)
{
    struct k5sim_position here = position_of(sim);

    return here.now == at->now && here.instructions == at->instructions &&
           here.actions == at->actions;
}

static void take_events(struct k5sim *sim, struct session *session)
{
    session->event_count += k5sim_take_events(sim, session->event + session->event_count,
                                              EVENTS - session->event_count);
    assert_true(session->event_count < EVENTS);
}

static void note(struct k5sim *sim, struct session *session)
{
    take_events(sim, session);
    session->place[session->count++] = (struct place){
        .at = position_of(sim),
        .hash = hash_of(sim),
        .events = session->event_count,
    };
}

static void run(struct k5sim *sim, struct session *session, uint64_t *random)
{
    uint64_t far = past_random(random) % 4000u;
    enum k5sim_stop stop;

    do {
        if (far % 3u == 0) {
            stop = k5sim_step(sim, far, k5sim_now(sim) + 50000u, 0);
        } else {
            uint64_t kinds = far % 5u == 0 ? past_random(random) : 0;

            stop = k5sim_run(sim, k5sim_now(sim) + far, kinds);
        }
        take_events(sim, session);
    } while (stop == K5SIM_STOP_FULL);
    assert_int_not_equal(stop, K5SIM_STOP_ENGINE);
}

/* A machine with a history in which much has happened; `harmed`: and faults as well. */
static struct k5sim *live_harmed(const char *cpu, uint32_t ticks_per_insn, uint64_t seed,
                                 bool harmed)
{
    struct k5sim *sim = past_open(cpu, ticks_per_insn);
    uint64_t random = seed;

    then.count = 0;
    then.event_count = 0;
    assert_int_equal(k5sim_history_start(sim, 2000, MOST), K5SIM_OK);
    note(sim, &then);
    for (uint32_t i = 0; i < STEPS; i++) {
        run(sim, &then, &random);
        note(sim, &then);
        past_give(sim, &random);
        if (harmed) {
            past_harm(sim, &random);
        }
        note(sim, &then);
    }
    return sim;
}

static struct k5sim *live(const char *cpu, uint32_t ticks_per_insn, uint64_t seed)
{
    struct k5sim *sim = live_harmed(cpu, ticks_per_insn, seed, false);

    assert_null(k5sim_invariants(sim));
    return sim;
}

/* From place `from` of the session to its end, in pieces of any size: all is as it was. */
static void run_again(struct k5sim *sim, const struct place *from, uint64_t *random)
{
    const struct place *end = &then.place[then.count - 1u];
    uint64_t near = end->at.now - (end->at.now < NEAR ? end->at.now : NEAR);

    again.event_count = 0;
    while (k5sim_now(sim) < near) {
        uint64_t until = k5sim_now(sim) + past_random(random) % 9000u;

        k5sim_run(sim, until < near ? until : near, 0);
        take_events(sim, &again);
    }
    while (k5sim_run_to(sim, &end->at, 0) == K5SIM_STOP_FULL) {
        take_events(sim, &again);
    }
    take_events(sim, &again);
    assert_true(is_at(sim, &end->at));
    assert_true(hash_of(sim) == end->hash);
    assert_int_equal(again.event_count, then.event_count - from->events);
    assert_memory_equal(again.event, then.event + from->events,
                        again.event_count * sizeof again.event[0]);
}

struct variant {
    const char *cpu;
    uint32_t ticks_per_insn;
    uint64_t seed;
};

static const struct variant variants[] = {
    {"cortex-m33", 1, 1}, {"cortex-m33", 3, 2}, {"cortex-m33", 1, 3},
    {"rv32", 1, 4},       {"rv32", 7, 5},       {"sifive-e31", 1, 6},
};

#define FOR_EACH_VARIANT(v)                                                                        \
    for (const struct variant *v = variants; v < variants + sizeof variants / sizeof *variants; v++)

static void test_any_place_of_the_past_is_what_it_was(void **state)
{
    (void)state;
    FOR_EACH_VARIANT(v)
    {
        struct k5sim *sim = live(v->cpu, v->ticks_per_insn, v->seed);
        uint64_t random = v->seed;

        for (uint32_t i = 0; i < GOTOS; i++) {
            const struct place *place = &then.place[past_random(&random) % then.count];

            if (k5sim_history_goto(sim, &place->at) != K5SIM_OK) {
                fail_msg("%s", k5sim_error_text(sim));
            }
            assert_true(is_at(sim, &place->at));
            assert_true(hash_of(sim) == place->hash);
            assert_int_equal(k5sim_take_events(sim, again.event, EVENTS), 0);
        }
        k5sim_close(sim);
    }
}

static void test_from_any_place_it_does_again_what_it_did(void **state)
{
    (void)state;
    FOR_EACH_VARIANT(v)
    {
        struct k5sim *sim = live(v->cpu, v->ticks_per_insn, v->seed);
        uint64_t random = v->seed + 99u;

        for (uint32_t i = 0; i < 10; i++) {
            const struct place *place = &then.place[past_random(&random) % then.count];

            assert_int_equal(k5sim_history_goto(sim, &place->at), K5SIM_OK);
            run_again(sim, place, &random);
        }
        k5sim_close(sim);
    }
}

static void test_a_journal_plays_in_another_machine(void **state)
{
    static struct k5sim_entry entries[8 * STEPS];

    (void)state;
    FOR_EACH_VARIANT(v)
    {
        struct k5sim *sim = live(v->cpu, v->ticks_per_insn, v->seed);
        size_t count = k5sim_history_journal(sim, 0, entries, 8 * STEPS);
        uint64_t random = v->seed + 7u;

        assert_in_range(count, STEPS / 2, 8 * STEPS);
        k5sim_close(sim);
        for (uint32_t points = 0; points < 2; points++) {
            sim = past_open(v->cpu, v->ticks_per_insn);
            take_events(sim, &again); /* of the boot */
            assert_int_equal(k5sim_history_play(sim, entries, count), K5SIM_OK);
            if (points != 0) {
                assert_int_equal(k5sim_history_start(sim, 5000, MOST), K5SIM_OK);
            }
            run_again(sim, &then.place[0], &random);
            k5sim_close(sim);
        }
    }
}

/* Faults that last, kernel panics, registers that a debugger set, other timings: in the past they
 * are what they were. */
static void test_harm_is_part_of_the_past(void **state)
{
    static struct k5sim_entry entries[16 * STEPS];

    (void)state;
    for (uint64_t seed = 0; seed < HARMED; seed++) {
        const struct variant *v = &variants[seed % (sizeof variants / sizeof variants[0])];
        struct k5sim *sim = live_harmed(v->cpu, v->ticks_per_insn, seed, true);
        uint64_t random = seed;

        for (uint32_t i = 0; i < 20; i++) {
            const struct place *place = &then.place[past_random(&random) % then.count];

            if (k5sim_history_goto(sim, &place->at) != K5SIM_OK) {
                fail_msg("seed %u: %s", (unsigned)seed, k5sim_error_text(sim));
            }
            assert_true(is_at(sim, &place->at));
            assert_true(hash_of(sim) == place->hash);
        }
        const struct place *place = &then.place[past_random(&random) % then.count];

        assert_int_equal(k5sim_history_goto(sim, &place->at), K5SIM_OK);
        run_again(sim, place, &random);
        size_t count = k5sim_history_journal(sim, 0, entries, 16 * STEPS);

        k5sim_close(sim);
        sim = past_open(v->cpu, v->ticks_per_insn);
        take_events(sim, &again); /* of the boot */
        assert_int_equal(k5sim_history_play(sim, entries, count), K5SIM_OK);
        run_again(sim, &then.place[0], &random);
        k5sim_close(sim);
    }
}

/* Every count of instructions, also those inside of an IT block, from both directions. */
static void test_any_instruction_can_be_gone_to(void **state)
{
    (void)state;
    FOR_EACH_VARIANT(v)
    {
        struct k5sim *sim = live(v->cpu, v->ticks_per_insn, v->seed);
        uint64_t all = k5sim_instructions(sim);
        uint64_t random = v->seed;

        assert_true(all > 10000);
        for (uint32_t i = 0; i < 200; i++) {
            uint64_t goal = i < 50 ? all / 2 - i : past_random(&random) % all;

            assert_int_equal(k5sim_history_goto_instruction(sim, goal), K5SIM_OK);
            assert_in_range(k5sim_instructions(sim), goal < 4 ? 0 : goal - 4, goal);
            if (strcmp(v->cpu, "cortex-m33") != 0) {
                assert_int_equal(k5sim_instructions(sim), goal);
            }
            uint64_t back = k5sim_instructions(sim);

            if (back > 0) { /* a step back, and it is another place */
                assert_int_equal(k5sim_history_goto_instruction(sim, back - 1), K5SIM_OK);
                assert_true(k5sim_instructions(sim) < back);
            }
        }
        assert_int_equal(k5sim_history_goto_instruction(sim, UINT64_MAX), K5SIM_OK);
        assert_true(hash_of(sim) == then.place[then.count - 1u].hash);
        k5sim_close(sim);
    }
}

static void test_snapshots_are_thinned_out_and_cover_the_whole_past(void **state)
{
    struct k5sim_position points[2 * MOST], first, last;
    struct k5sim *sim = past_open("cortex-m33", 1);

    (void)state;
    assert_int_equal(k5sim_history_start(sim, 100, MOST), K5SIM_OK);
    k5sim_run(sim, 100000, 0);
    size_t count = k5sim_history_snapshots(sim, points, 2 * MOST);

    assert_in_range(count, MOST / 2, MOST);
    assert_int_equal(points[0].instructions, 0);
    uint64_t apart = points[1].instructions;
    uint64_t about = apart / 16u; /* none is inside of an IT block */

    for (size_t i = 1; i < count; i++) {
        assert_in_range(points[i].instructions - points[i - 1].instructions, apart - about,
                        apart + about);
    }
    assert_true(k5sim_instructions(sim) - points[count - 1].instructions <= apart + about);
    assert_int_equal(k5sim_history_span(sim, &first, &last), K5SIM_OK);
    assert_int_equal(first.instructions, 0);
    assert_true(is_at(sim, &last));
    k5sim_close(sim);
}

static void test_what_the_outside_does_in_the_past_starts_another_future(void **state)
{
    struct k5sim_position last, before;
    struct k5sim_entry entry[2];
    struct k5sim *sim = past_open("cortex-m33", 1);

    (void)state;
    assert_int_equal(k5sim_history_start(sim, 100, MOST), K5SIM_OK);
    k5sim_run(sim, 1000, 0);
    k5sim_line_force(sim, PAST_LINE, true);
    k5sim_run(sim, 2000, 0);
    struct k5sim_position middle = position_of(sim);

    k5sim_run(sim, 3000, 0);
    k5sim_reset(sim, K5SIM_RESET_PIN);
    k5sim_run(sim, 4000, 0);
    assert_int_equal(k5sim_history_journal(sim, 0, entry, 2), 2);
    assert_int_equal(k5sim_history_goto(sim, &middle), K5SIM_OK);
    k5sim_line_force(sim, PAST_LINE, false);
    assert_int_equal(k5sim_history_journal(sim, 1, entry, 2), 2);
    assert_int_equal(entry[0].input, K5SIM_INPUT_LINE);
    assert_int_equal(entry[0].at.now, 2000);
    k5sim_history_span(sim, &before, &last);
    assert_true(is_at(sim, &last));
    k5sim_run(sim, 4000, 0);
    uint64_t other = hash_of(sim);

    assert_int_equal(k5sim_history_goto(sim, &middle), K5SIM_OK);
    k5sim_run(sim, 4000, 0);
    assert_true(hash_of(sim) == other);
    k5sim_close(sim);
}

/* To the end of a tick, to before the first place, behind the last one, to where it never was. */
static void test_places_that_are_none(void **state)
{
    struct k5sim *sim = past_open("cortex-m33", 1);
    struct k5sim_position to = {500, UINT64_MAX, UINT64_MAX};

    (void)state;
    assert_int_equal(k5sim_history_goto(sim, &to), K5SIM_BAD_ARGUMENT);
    assert_string_equal(k5sim_error_text(sim), "this machine has no history");
    assert_int_equal(k5sim_history_goto_instruction(sim, 1), K5SIM_BAD_ARGUMENT);
    assert_int_equal(k5sim_history_span(sim, &to, &to), K5SIM_BAD_ARGUMENT);
    assert_int_equal(k5sim_history_snapshots(sim, &to, 1), 0);
    k5sim_run(sim, 100, 0);
    assert_int_equal(k5sim_history_start(sim, 0, 0), K5SIM_OK);
    assert_int_equal(k5sim_history_start(sim, 0, 0), K5SIM_BAD_ARGUMENT);
    k5sim_run(sim, 1000, 0);
    struct k5sim_position end = position_of(sim);

    assert_int_equal(k5sim_history_goto(sim, &to), K5SIM_OK);
    assert_in_range(k5sim_now(sim), 500, 503);
    to = (struct k5sim_position){5000, 1, 1};
    assert_int_equal(k5sim_history_goto(sim, &to), K5SIM_OK);
    assert_true(is_at(sim, &end));
    to.now = 20;
    assert_int_equal(k5sim_history_goto(sim, &to), K5SIM_BAD_ARGUMENT);
    assert_string_equal(k5sim_error_text(sim), "that is before the machine's history");
    assert_true(is_at(sim, &end));
    assert_int_equal(k5sim_history_goto_instruction(sim, 20), K5SIM_BAD_ARGUMENT);
    to = (struct k5sim_position){600, 600, 9999};
    assert_int_equal(k5sim_history_goto(sim, &to), K5SIM_BAD_ARGUMENT);
    assert_non_null(strstr(k5sim_error_text(sim), "this run was never at tick 600"));
    k5sim_history_stop(sim);
    assert_int_equal(k5sim_history_goto(sim, &end), K5SIM_BAD_ARGUMENT);
    k5sim_close(sim);
}

static void test_a_boot_begins_a_new_history(void **state)
{
    struct k5sim *sim = past_open("rv32", 1);
    struct k5sim_position first, last;

    (void)state;
    k5sim_history_start(sim, 100, 0);
    k5sim_line_force(sim, PAST_LINE, true);
    k5sim_run(sim, 1000, 0);
    assert_int_equal(k5sim_boot(sim), K5SIM_OK);
    assert_int_equal(k5sim_history_journal(sim, 0, NULL, 0), 0);
    k5sim_history_span(sim, &first, &last);
    assert_int_equal(last.now, 0);
    k5sim_run(sim, 1000, 0);
    assert_int_equal(k5sim_history_goto(sim, &first), K5SIM_OK);
    assert_int_equal(k5sim_now(sim), 0);
    k5sim_close(sim);
}

/* A snapshot of this past is a place in it; one of another future begins a past of its own. */
static void test_restored_snapshots_and_the_history(void **state)
{
    struct k5sim *sim = past_open("cortex-m33", 1);
    struct k5sim_position first, last;

    (void)state;
    k5sim_history_start(sim, 100, 0);
    k5sim_run(sim, 1000, 0);
    k5sim_line_force(sim, PAST_LINE, true);
    k5sim_run(sim, 1500, 0);
    struct k5sim_snapshot *snapshot = k5sim_snapshot_take(sim, NULL);
    struct k5sim_position middle = position_of(sim);
    uint64_t hash = hash_of(sim);

    k5sim_run(sim, 3000, 0);
    uint64_t end = hash_of(sim);

    assert_int_equal(k5sim_snapshot_restore(sim, snapshot), K5SIM_OK);
    assert_true(is_at(sim, &middle));
    assert_true(hash_of(sim) == hash);
    k5sim_history_span(sim, &first, &last);
    assert_int_equal(last.now, 3000);
    assert_int_equal(k5sim_history_journal(sim, 0, NULL, 0), 1);
    k5sim_run(sim, 3000, 0);
    assert_true(hash_of(sim) == end);

    first.now = 900;
    first.instructions = UINT64_MAX;
    assert_int_equal(k5sim_history_goto(sim, &first), K5SIM_OK);
    k5sim_task_kill(sim, PAST_COUNTER, 1); /* another future */
    k5sim_run(sim, 3000, 0);
    assert_int_equal(k5sim_snapshot_restore(sim, snapshot), K5SIM_OK);
    assert_true(is_at(sim, &middle));
    assert_true(hash_of(sim) == hash);
    k5sim_history_span(sim, &first, &last);
    assert_true(is_at(sim, &first) && is_at(sim, &last));
    assert_int_equal(k5sim_history_journal(sim, 0, NULL, 0), 0);
    k5sim_run(sim, 3000, 0);
    assert_true(hash_of(sim) == end);
    k5sim_snapshot_free(snapshot);
    k5sim_close(sim);
}

static struct k5sim_entry line_at(uint64_t now, uint64_t instructions, uint64_t actions)
{
    return (struct k5sim_entry){
        .at = {now, instructions, actions},
        .input = K5SIM_INPUT_LINE,
        .target = PAST_LINE,
        .value = 1,
    };
}

static void check_refused(const struct k5sim_entry *entries, size_t count, const char *why)
{
    struct k5sim *sim = past_open("cortex-m33", 1);

    assert_int_equal(k5sim_history_play(sim, entries, count), K5SIM_BAD_ARGUMENT);
    if (strstr(k5sim_error_text(sim), why) == NULL) {
        fail_msg("'%s' does not say '%s'", k5sim_error_text(sim), why);
    }
    k5sim_close(sim);
}

static void test_journals_that_are_none(void **state)
{
    struct k5sim_entry entries[] = {line_at(200, 200, 9), line_at(100, 100, 9)};
    struct k5sim *sim;

    (void)state;
    check_refused(entries, 2, "entry 1 of the journal, at tick 100, comes before");
    entries[1] = line_at(300, 300, 9);
    entries[1].bytes = 4;
    check_refused(entries, 2, "entry 1 of the journal is none: input 6 with 4 bytes");
    entries[1].input = 77;
    check_refused(entries, 2, "entry 1 of the journal is none: input 77");
    entries[1].input = K5SIM_INPUT_SERIAL;
    entries[1].bytes = 65;
    check_refused(entries, 2, "input 2 with 65 bytes");
    sim = past_open("cortex-m33", 1);
    k5sim_run(sim, 10, 0);
    assert_int_equal(k5sim_history_play(sim, entries, 1), K5SIM_BAD_ARGUMENT);
    assert_string_equal(k5sim_error_text(sim), "a journal is for a machine that was just booted");
    k5sim_close(sim);
}

/* An entry at a place that this run does not come by, and one that the machine cannot be given. */
static void test_a_journal_of_another_run(void **state)
{
    struct k5sim *sim = past_open("cortex-m33", 1);
    struct k5sim_entry entry = line_at(200, 200, 9999);

    (void)state;
    assert_int_equal(k5sim_history_play(sim, &entry, 1), K5SIM_OK);
    assert_int_equal(k5sim_run(sim, 100, 0), K5SIM_STOP_TIME);
    assert_int_equal(k5sim_run(sim, 300, 0), K5SIM_STOP_ENGINE);
    assert_non_null(strstr(k5sim_error_text(sim), "entry 0 of the journal, at tick 200"));
    k5sim_close(sim);

    sim = past_open("cortex-m33", 1);
    k5sim_run(sim, 200, 0);
    entry.at = position_of(sim);
    entry.target = 1000;
    k5sim_boot(sim);
    assert_int_equal(k5sim_history_play(sim, &entry, 1), K5SIM_OK);
    assert_int_equal(k5sim_run(sim, 300, 0), K5SIM_STOP_ENGINE);
    assert_string_equal(k5sim_error_text(sim), "entry 0 of the journal: there is no interrupt line "
                                               "1000, but 256 of them");
    k5sim_close(sim);
}

/* However it is run: it comes to the end, and never further. */
static void test_a_journal_with_an_end_stops_there(void **state)
{
    static struct k5sim_entry entries[8 * STEPS + 1];

    (void)state;
    FOR_EACH_VARIANT(v)
    {
        struct k5sim *sim = live(v->cpu, v->ticks_per_insn, v->seed);
        const struct place *end = &then.place[then.count - 1u];
        size_t count = k5sim_history_journal(sim, 0, entries, 8 * STEPS);
        uint64_t random = v->seed;
        enum k5sim_stop stop;

        k5sim_close(sim);
        entries[count] = (struct k5sim_entry){.at = end->at, .input = K5SIM_INPUT_END};
        sim = past_open(v->cpu, v->ticks_per_insn);
        assert_int_equal(k5sim_history_play(sim, entries, count + 1), K5SIM_OK);
        do {
            stop = k5sim_run(sim, k5sim_now(sim) + past_random(&random) % 999u, 0);
            take_events(sim, &again);
            again.event_count = 0;
        } while (stop != K5SIM_STOP_POSITION);
        assert_true(is_at(sim, &end->at));
        assert_true(hash_of(sim) == end->hash);
        assert_int_equal(k5sim_run(sim, UINT64_MAX, 0), K5SIM_STOP_POSITION);
        assert_true(is_at(sim, &end->at));
        k5sim_reset(sim, K5SIM_RESET_PIN); /* something else */
        assert_int_equal(k5sim_run(sim, end->at.now + 100, 0), K5SIM_STOP_TIME);
        k5sim_close(sim);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_place_of_the_past_is_what_it_was),
        cmocka_unit_test(test_from_any_place_it_does_again_what_it_did),
        cmocka_unit_test(test_a_journal_plays_in_another_machine),
        cmocka_unit_test(test_a_journal_with_an_end_stops_there),
        cmocka_unit_test(test_harm_is_part_of_the_past),
        cmocka_unit_test(test_any_instruction_can_be_gone_to),
        cmocka_unit_test(test_snapshots_are_thinned_out_and_cover_the_whole_past),
        cmocka_unit_test(test_what_the_outside_does_in_the_past_starts_another_future),
        cmocka_unit_test(test_places_that_are_none),
        cmocka_unit_test(test_a_boot_begins_a_new_history),
        cmocka_unit_test(test_restored_snapshots_and_the_history),
        cmocka_unit_test(test_journals_that_are_none),
        cmocka_unit_test(test_a_journal_of_another_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
