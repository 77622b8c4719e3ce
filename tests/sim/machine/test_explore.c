/* Forced timings: what the kernel's rules allow here, and that nothing else changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/k5sim_explore.h"
#include "sim/k5sim_history.h"
#include "sim/k5sim_snapshot.h"
#include "tests/sim/support/bench.h"

#define LINE      9u
#define NEVER     UINT64_MAX
#define ALL_KINDS UINT64_MAX
#define PRIORITY  10u
#define COOLDOWN  300u

#define SYSCALL(number) (uint16_t)(0x2000u | (number)), 0x4683, 0xdf00

/* Counts in its RAM for ever: the address of the counter is its argument. */
static const uint16_t counter[] = {
    0x2300,         /* movs r3, #0 */
    0x3301,         /* loop: adds r3, #1 */
    0x6003, 0xe7fc, /* str r3, [r0]; b loop */
};

/* Sleeps until each hundredth tick. */
static const uint16_t sleeper[] = {
    0x2700,                     /* movs r7, #0 */
    0x3764,     0x1c3c, 0x2500, /* loop: adds r7, #100; r4 = r7; movs r5, #0 */
    SYSCALL(6),                 /* sleep */
    0xe7f8,                     /* b loop */
};

/* Acknowledges and waits, for ever. */
static const uint16_t driver[] = {
    0x2401, 0x0424, 0x2112, 0x468b, 0xdf00,                                         /* irq_ack */
    0x2401, 0x0424, 0x3401, 0x2500, 0x2600, 0x43f6, 0x2700, 0x210c, 0x468b, 0xdf00, /* wait */
    0xe7ef,                                                                         /* b . - 30 */
};

static const struct k5sim_forces all = {.preempt = true, .early = NEVER};
static const struct k5sim_forces preemptions = {.preempt = true};

static struct k5sim_force force_of(uint32_t kind, uint32_t where)
{
    return (struct k5sim_force){kind, where, 0};
}

static void must(struct k5sim *sim, uint32_t kind, uint32_t where)
{
    struct k5sim_force force = force_of(kind, where);

    if (k5sim_force(sim, &force) != K5SIM_OK) {
        fail_msg("%s", k5sim_error_text(sim));
    }
    assert_null(k5sim_invariants(sim));
}

static void refused(struct k5sim *sim, uint32_t kind, uint32_t where, const char *why)
{
    struct k5sim_force force = force_of(kind, where);

    assert_int_equal(k5sim_force(sim, &force), K5SIM_BAD_ARGUMENT);
    assert_string_equal(k5sim_error_text(sim), why);
}

static uint32_t choices(struct k5sim *sim, const struct k5sim_forces *wanted,
                        struct k5sim_force *first)
{
    struct k5sim_force out[8] = {{0}};
    uint32_t count = k5sim_forces(sim, wanted, out, 8);

    *first = out[0];
    return count;
}

static void step(struct k5sim *sim, uint64_t count)
{
    assert_int_equal(k5sim_step(sim, count, NEVER, 0), K5SIM_STOP_POSITION);
}

static uint32_t counted(struct k5sim *sim, uint32_t task)
{
    uint32_t value = 0;

    assert_int_equal(k5sim_read(sim, build_buffer(task, 0), &value, 4), K5SIM_OK);
    return value;
}

/* ---------------------------------------------------------------- ends of turns */

/* `tasks` tasks of one priority that count for ever; slices, unless `cooldown` is more than 0. */
static struct k5sim *boot_counters(uint32_t tasks, uint32_t cooldown)
{
    static const struct bench_program programs[] = {BENCH_PROGRAM(counter), BENCH_PROGRAM(counter)};

    build_reset();
    for (uint32_t i = 0; i < tasks; i++) {
        build_single(PRIORITY);
        build_thread_of(i)->argument = build_buffer(i, 0);
        build_thread_of(i)->cooldown = cooldown;
    }
    return bench_boot(programs, tasks);
}

static void test_turn_ends_and_each_goes_on_where_it_was(void **state)
{
    struct k5sim *sim = boot_counters(2, 0);
    struct k5sim_force force;

    (void)state;
    step(sim, 30); /* one before its loop, then nine rounds and two */
    assert_int_equal(k5sim_running(sim), 0);
    assert_int_equal(choices(sim, &preemptions, &force), 1);
    assert_int_equal(force.kind, K5SIM_FORCE_PREEMPT);
    assert_int_equal(force.where, 0);
    must(sim, K5SIM_FORCE_PREEMPT, 0);
    assert_int_equal(k5sim_instructions(sim), 30);
    assert_int_equal(k5sim_now(sim), 30);
    assert_int_equal(k5sim_running(sim), 1);
    step(sim, 30);
    must(sim, K5SIM_FORCE_PREEMPT, 1);
    step(sim, 2);
    assert_int_equal(k5sim_running(sim), 0);
    assert_int_equal(counted(sim, 0), 10);
    assert_int_equal(counted(sim, 1), 10);
    k5sim_close(sim);
}

/* The slice is 1,000 ticks: 970 of it are left at tick 30, and stay. */
static void test_rest_of_a_slice_is_kept(void **state)
{
    struct k5sim *sim = boot_counters(2, 0);

    (void)state;
    step(sim, 30);
    must(sim, K5SIM_FORCE_PREEMPT, 0);
    step(sim, 0);
    must(sim, K5SIM_FORCE_PREEMPT, 1);
    step(sim, BUILD_SLICE - 30 - 1);
    assert_int_equal(k5sim_running(sim), 0);
    step(sim, 1);
    assert_int_equal(k5sim_running(sim), 1);
    k5sim_close(sim);
}

static void test_turn_ends_for_an_equal_alone(void **state)
{
    struct k5sim *sim = boot_counters(1, 0);
    struct k5sim_force force;

    (void)state;
    step(sim, 30);
    assert_int_equal(choices(sim, &all, &force), 0);
    refused(sim, K5SIM_FORCE_PREEMPT, 0, "its slice ends for nobody: no equal of it is ready");
    refused(sim, K5SIM_FORCE_PREEMPT, 1, "another thread runs");
    refused(sim, 5, 0, "there is no such kind");
    k5sim_close(sim);
}

static void test_budget_ends_and_cools_down(void **state)
{
    struct k5sim *sim = boot_counters(1, COOLDOWN);

    (void)state;
    step(sim, 30);
    must(sim, K5SIM_FORCE_PREEMPT, 0);
    refused(sim, K5SIM_FORCE_TIMER, 0, "no thread is about to run");
    step(sim, 0);
    assert_int_equal(k5sim_now(sim), 30 + COOLDOWN);
    assert_int_equal(k5sim_instructions(sim), 30);
    k5sim_close(sim);
}

/* ---------------------------------------------------------------- timers */

static struct k5sim *boot_sleeper(uint32_t priority)
{
    static const struct bench_program programs[] = {BENCH_PROGRAM(sleeper), BENCH_PROGRAM(counter)};

    build_reset();
    build_single(priority);
    build_single(PRIORITY);
    build_thread_of(1)->argument = build_buffer(1, 0);
    return bench_boot(programs, 2);
}

static void test_timer_comes_early_and_the_next_one_in_time(void **state)
{
    struct k5sim *sim = boot_sleeper(20);
    uint64_t awake;

    (void)state;
    assert_int_equal(k5sim_run(sim, 50, 0), K5SIM_STOP_TIME);
    assert_int_equal(k5sim_running(sim), 1);
    must(sim, K5SIM_FORCE_TIMER, 0);
    assert_int_equal(k5sim_running(sim), 0);
    step(sim, 20); /* it has gone to sleep again, until 200 */
    assert_int_equal(k5sim_running(sim), 1);
    assert_int_equal(k5sim_run(sim, 199, 0), K5SIM_STOP_TIME);
    assert_int_equal(k5sim_running(sim), 1);
    awake = k5sim_instructions(sim);
    step(sim, 1);
    assert_int_equal(k5sim_running(sim), 0);
    assert_int_equal(k5sim_instructions(sim), awake + 1);
    k5sim_close(sim);
}

static void test_timer_comes_late_and_the_next_one_in_time(void **state)
{
    struct k5sim *sim = boot_sleeper(20);
    const struct k5sim_forces wanted = {.early = 30};
    struct k5sim_force out[2] = {{0}}, never = {K5SIM_FORCE_LATE, 0, 0};

    (void)state;
    assert_int_equal(k5sim_run(sim, 98, 0), K5SIM_STOP_TIME);
    assert_int_equal(k5sim_forces(sim, &wanted, out, 2), 1);
    step(sim, 1); /* the last instruction before it wakes */
    assert_int_equal(k5sim_now(sim), 99);
    assert_int_equal(k5sim_forces(sim, &wanted, out, 2), 2);
    assert_int_equal(out[1].kind, K5SIM_FORCE_LATE);
    assert_int_equal(out[1].where, 0);
    assert_int_equal(out[1].ticks, 30);
    assert_int_equal(k5sim_force(sim, &never), K5SIM_BAD_ARGUMENT);
    assert_string_equal(k5sim_error_text(sim), "it would be late by nothing");
    assert_int_equal(k5sim_force(sim, &out[1]), K5SIM_OK);
    assert_null(k5sim_invariants(sim));
    step(sim, 30);
    assert_int_equal(k5sim_now(sim), 129);
    assert_int_equal(k5sim_running(sim), 1);
    step(sim, 1);
    assert_int_equal(k5sim_running(sim), 0);
    assert_int_equal(k5sim_run(sim, 199, 0), K5SIM_STOP_TIME);
    assert_int_equal(k5sim_running(sim), 1);
    step(sim, 1);
    assert_int_equal(k5sim_running(sim), 0);
    k5sim_close(sim);
}

static void test_timers_within_reach_count(void **state)
{
    struct k5sim *sim = boot_sleeper(20);
    struct k5sim_forces wanted = {.early = 49};
    struct k5sim_force force;

    (void)state;
    assert_int_equal(k5sim_run(sim, 50, 0), K5SIM_STOP_TIME);
    assert_int_equal(choices(sim, &wanted, &force), 0);
    wanted.early = 50;
    assert_int_equal(choices(sim, &wanted, &force), 1);
    assert_int_equal(force.kind, K5SIM_FORCE_TIMER);
    assert_int_equal(force.where, 0);
    refused(sim, K5SIM_FORCE_TIMER, 1, "it waits for no time");
    refused(sim, K5SIM_FORCE_TIMER, 2, "there is no such thread");
    k5sim_close(sim);
}

/* Who is not more urgent does not run at once: a choice where the running thread begins, alone. */
static void test_less_urgent_sleeper_counts_at_the_first_instruction(void **state)
{
    struct k5sim *equals = boot_sleeper(PRIORITY);
    struct k5sim_force force;

    (void)state;
    step(equals, 8); /* the first one goes to sleep after 7 */
    assert_int_equal(k5sim_running(equals), 1);
    assert_int_equal(choices(equals, &all, &force), 0);
    k5sim_close(equals);
    equals = boot_sleeper(PRIORITY);
    step(equals, 7);
    assert_int_equal(k5sim_running(equals), 1);
    assert_int_equal(choices(equals, &all, &force), 1);
    assert_int_equal(force.kind, K5SIM_FORCE_TIMER);
    k5sim_close(equals);
}

static void test_walk_stops_where_something_can_be_forced(void **state)
{
    struct k5sim *sim = boot_sleeper(20);
    const struct k5sim_forces wanted = {.early = 3};

    (void)state;
    assert_int_equal(k5sim_walk(sim, &wanted, NEVER, 0), K5SIM_STOP_POSITION);
    assert_int_equal(k5sim_now(sim), 97);
    assert_int_equal(k5sim_walk(sim, &wanted, NEVER, 0), K5SIM_STOP_POSITION);
    assert_int_equal(k5sim_now(sim), 98);
    assert_int_equal(k5sim_walk(sim, &preemptions, 150, 0), K5SIM_STOP_TIME);
    assert_int_equal(k5sim_now(sim), 150);
    k5sim_close(sim);
}

/* ---------------------------------------------------------------- interrupts */

static struct k5sim *boot_driver(void)
{
    static const struct bench_program programs[] = {BENCH_PROGRAM(driver), BENCH_PROGRAM(counter)};

    build_reset();
    build_single(20);
    build_single(PRIORITY);
    build_thread_of(1)->argument = build_buffer(1, 0);
    uint32_t bits = build_notification(0);

    build_cap_for(0, K5_KIND_INTERRUPT, build_interrupt(LINE, bits, 3), K5_RIGHT_ACK, 0);
    build_cap_for(0, K5_KIND_NOTIFICATION, bits, K5_RIGHT_WAIT, 0);
    return bench_boot(programs, 2);
}

static void test_line_fires_once_and_only_unmasked(void **state)
{
    struct k5sim *sim = boot_driver();
    const struct k5sim_forces wanted = {.line_count = 1, .line = {LINE}};
    static struct k5sim_event events[BENCH_EVENTS];
    struct k5sim_force force;
    size_t count, fired = 0;

    (void)state;
    refused(sim, K5SIM_FORCE_LINE, LINE, "nobody has unmasked it");
    assert_int_equal(k5sim_run(sim, 50, 0), K5SIM_STOP_TIME);
    assert_int_equal(choices(sim, &wanted, &force), 1);
    assert_int_equal(force.kind, K5SIM_FORCE_LINE);
    assert_int_equal(force.where, LINE);
    refused(sim, K5SIM_FORCE_LINE, LINE + 1, "nobody has unmasked it");
    refused(sim, K5SIM_FORCE_LINE, 1u << 20, "nobody has unmasked it");
    k5sim_record(sim, ALL_KINDS);
    must(sim, K5SIM_FORCE_LINE, LINE);
    assert_int_equal(k5sim_running(sim), 0);
    assert_int_equal(choices(sim, &wanted, &force), 0); /* masked, until it is acknowledged */
    assert_int_equal(k5sim_run(sim, 500, 0), K5SIM_STOP_TIME);
    count = bench_take(sim, events);
    for (size_t i = 0; i < count; i++) {
        fired += events[i].kind == K5_EVENT_INTERRUPT;
    }
    assert_int_equal(fired, 1);
    k5sim_close(sim);
}

/* ---------------------------------------------------------------- repeated */

static uint64_t hash_of(struct k5sim *sim)
{
    struct k5sim_snapshot *snapshot = k5sim_snapshot_take(sim, NULL);

    assert_non_null(snapshot);
    uint64_t hash = k5sim_snapshot_hash(snapshot);

    k5sim_snapshot_free(snapshot);
    return hash;
}

static void test_forced_is_a_function_of_the_machine(void **state)
{
    struct k5sim *sim = boot_counters(2, 0);
    struct k5sim_snapshot *before;
    uint64_t hash;

    (void)state;
    step(sim, 333);
    before = k5sim_snapshot_take(sim, NULL);
    must(sim, K5SIM_FORCE_PREEMPT, 0);
    step(sim, 5000);
    hash = hash_of(sim);
    assert_int_equal(k5sim_snapshot_restore(sim, before), K5SIM_OK);
    step(sim, 5000);
    assert_true(hash_of(sim) != hash);
    assert_int_equal(k5sim_snapshot_restore(sim, before), K5SIM_OK);
    must(sim, K5SIM_FORCE_PREEMPT, 0);
    step(sim, 5000);
    assert_true(hash_of(sim) == hash);
    k5sim_snapshot_free(before);
    k5sim_close(sim);
}

static void test_history_knows_what_was_forced(void **state)
{
    struct k5sim *sim = boot_sleeper(20);
    struct k5sim_position start, end;
    uint64_t hash;

    (void)state;
    assert_int_equal(k5sim_history_start(sim, 0, 0), K5SIM_OK);
    k5sim_position(sim, &start);
    step(sim, 60);
    must(sim, K5SIM_FORCE_TIMER, 0);
    step(sim, 500);
    k5sim_position(sim, &end);
    hash = hash_of(sim);
    assert_int_equal(k5sim_history_goto(sim, &start), K5SIM_OK);
    assert_int_equal(k5sim_run_to(sim, &end, 0), K5SIM_STOP_POSITION);
    assert_true(hash_of(sim) == hash);
    k5sim_close(sim);
}

/* Two that differ only in where a turn ended meet again, once both have gone to sleep. */
static void test_schedules_meet_again(void **state)
{
    static const struct bench_program programs[] = {BENCH_PROGRAM(sleeper), BENCH_PROGRAM(sleeper)};
    uint64_t hash[2];

    (void)state;
    for (uint32_t i = 0; i < 2; i++) {
        struct k5sim *sim;

        build_reset();
        build_single(PRIORITY);
        build_single(PRIORITY);
        sim = bench_boot(programs, 2);
        step(sim, 2 + i);
        must(sim, K5SIM_FORCE_PREEMPT, 0);
        assert_int_equal(k5sim_run(sim, 99, 0), K5SIM_STOP_TIME);
        hash[i] = hash_of(sim);
        k5sim_close(sim);
    }
    assert_true(hash[0] == hash[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_turn_ends_and_each_goes_on_where_it_was),
        cmocka_unit_test(test_rest_of_a_slice_is_kept),
        cmocka_unit_test(test_turn_ends_for_an_equal_alone),
        cmocka_unit_test(test_budget_ends_and_cools_down),
        cmocka_unit_test(test_timer_comes_early_and_the_next_one_in_time),
        cmocka_unit_test(test_timer_comes_late_and_the_next_one_in_time),
        cmocka_unit_test(test_timers_within_reach_count),
        cmocka_unit_test(test_less_urgent_sleeper_counts_at_the_first_instruction),
        cmocka_unit_test(test_walk_stops_where_something_can_be_forced),
        cmocka_unit_test(test_line_fires_once_and_only_unmasked),
        cmocka_unit_test(test_forced_is_a_function_of_the_machine),
        cmocka_unit_test(test_history_knows_what_was_forced),
        cmocka_unit_test(test_schedules_meet_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
