/* Who runs: fixed priorities, round robin, yield, sleep. Budgets: test_budget.c. */
#include "kernel/sched.h"

#include "kernel/port.h"
#include "tests/unit/kit.h"

/* ------------------------------------------------------------ priorities */

static void test_sched_highest_priority_runs_first(void **state)
{
    static const uint32_t priority[] = {3, 31, 0, 17, 30};
    static const uint32_t order[] = {1, 4, 3, 0, 2};

    (void)state;
    for (uint32_t i = 0; i < 5; i++) {
        build_single(priority[i]);
    }
    kit_boot();
    for (uint32_t i = 0; i < 5; i++) {
        ASSERT_CURRENT(order[i]);
        PLAY(order[i], K5_SYS_SLEEP, UINT32_MAX, UINT32_MAX);
    }
    ASSERT_CURRENT(NO_THREAD);
}

/* Each pair of priorities: of all 32 x 32 the higher one runs, of equals the first. */
static void test_sched_every_pair_of_priorities(void **state)
{
    (void)state;
    for (uint32_t first = 0; first < CFG_PRIORITIES; first++) {
        for (uint32_t second = 0; second < CFG_PRIORITIES; second++) {
            kit_setup(NULL);
            build_single(first);
            build_single(second);
            kit_boot();
            ASSERT_CURRENT(second > first ? 1 : 0);
        }
    }
}

/* The choice looks at one word, whatever is ready: random sets against a plain search. */
static void test_sched_pick_agrees_with_a_search(void **state)
{
    struct kit_random random = kit_random_from(kit_setting("K5_SEED", 3));

    (void)state;
    for (uint32_t round = 0; round < 300; round++) {
        uint32_t count = 1 + kit_random_below(&random, CFG_TASKS);
        uint32_t priority[CFG_TASKS];
        bool gone[CFG_TASKS] = {false};

        kit_setup(NULL);
        for (uint32_t i = 0; i < count; i++) {
            priority[i] = kit_random_below(&random, CFG_PRIORITIES);
            build_single(priority[i]);
        }
        kit_boot();
        for (uint32_t n = 0; n < count; n++) {
            uint32_t best = NO_THREAD;

            for (uint32_t i = 0; i < count; i++) {
                if (!gone[i] && (best == NO_THREAD || priority[i] > priority[best])) {
                    best = i;
                }
            }
            ASSERT_CURRENT(best);
            gone[best] = true;
            PLAY(best, K5_SYS_SLEEP, UINT32_MAX, UINT32_MAX);
        }
    }
}

/* ------------------------------------------------------------ round robin */

static void build_equals(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        build_single(10);
    }
    kit_boot();
}

static void test_sched_equals_take_turns_of_one_slice(void **state)
{
    (void)state;
    build_equals(3);
    for (uint32_t turn = 0; turn < 9; turn++) {
        ASSERT_CURRENT(turn % 3);
        kit_advance(BUILD_SLICE - 1);
        ASSERT_CURRENT(turn % 3); /* one tick short of the end */
        kit_advance(1);
    }
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(k5.thread[i].consumed, 3 * BUILD_SLICE);
    }
}

static void test_sched_lone_thread_keeps_running_over_its_slices(void **state)
{
    (void)state;
    build_equals(1);
    kit_advance(10 * BUILD_SLICE + 5);
    ASSERT_CURRENT(0);
    kit_advance_to(11 * BUILD_SLICE);
    assert_int_equal(k5.thread[0].consumed, 11 * BUILD_SLICE);
}

static void test_sched_yield_goes_behind_equals_only(void **state)
{
    (void)state;
    build_single(10);
    build_single(10);
    build_single(9);
    kit_boot();
    PLAY(0, K5_SYS_YIELD, 0);
    ASSERT_CURRENT(1);
    PLAY(1, K5_SYS_YIELD, 0);
    ASSERT_CURRENT(0); /* never the one below */
    ASSERT_ERROR(1, K5_OK);
    PLAY(0, K5_SYS_SLEEP, UINT32_MAX, UINT32_MAX);
    PLAY(1, K5_SYS_YIELD, 0);
    ASSERT_CURRENT(1); /* nobody of its rank: goes on */
}

/* A preempted thread goes on before its equals, with the rest of its slice. */
static void test_sched_preempted_thread_keeps_its_place(void **state)
{
    (void)state;
    build_single(10);
    build_single(10);
    build_single(20);
    kit_boot();
    PLAY(2, K5_SYS_SLEEP, 300, 0);
    ASSERT_CURRENT(0);
    kit_advance_to(300);
    ASSERT_CURRENT(2);
    kit_advance(500); /* of the urgent thread's time, not of the other's slice */
    PLAY(2, K5_SYS_SLEEP, UINT32_MAX, UINT32_MAX);
    ASSERT_CURRENT(0);
    kit_advance(BUILD_SLICE - 300 - 1);
    ASSERT_CURRENT(0);
    kit_advance(1);
    ASSERT_CURRENT(1);
}

/* ------------------------------------------------------------ sleep and time */

static void test_sched_sleep_ends_at_its_tick(void **state)
{
    (void)state;
    build_single(10);
    build_single(5);
    kit_boot();
    PLAY(0, K5_SYS_SLEEP, 777, 0);
    ASSERT_CURRENT(1);
    kit_advance_to(776);
    ASSERT_CURRENT(1);
    ASSERT_STATE(0, K5_THREAD_SLEEPING);
    kit_advance_to(777);
    ASSERT_CURRENT(0);
    ASSERT_ERROR(0, K5_OK);
}

static void test_sched_sleep_until_the_past_returns_at_once(void **state)
{
    (void)state;
    build_single(10);
    kit_boot_at(UINT64_C(0x500000000));
    PLAY(0, K5_SYS_SLEEP, 0, 5); /* now */
    ASSERT_CURRENT(0);
    ASSERT_ERROR(0, K5_OK);
    PLAY(0, K5_SYS_SLEEP, UINT32_MAX, 4);
    ASSERT_CURRENT(0);
    PLAY(0, K5_SYS_SLEEP, 0, 0);
    ASSERT_CURRENT(0);
}

/* Absolute ticks have 64 bits: sleeps beyond 2^32 end where they say. */
static void test_sched_sleep_counts_64_bits(void **state)
{
    (void)state;
    build_single(10);
    kit_boot_at(UINT32_MAX - UINT64_C(10));
    PLAY(0, K5_SYS_SLEEP, 5, 1);
    kit_advance_to(UINT64_C(0x100000004));
    ASSERT_CURRENT(NO_THREAD);
    kit_advance_to(UINT64_C(0x100000005));
    ASSERT_CURRENT(0);
}

static void test_sched_many_sleepers_wake_in_order(void **state)
{
    struct kit_random random = kit_random_from(kit_setting("K5_SEED", 5));
    uint32_t wake[16];

    (void)state;
    for (uint32_t i = 0; i < 16; i++) {
        build_single(10);
    }
    kit_boot();
    for (uint32_t i = 0; i < 16; i++) {
        wake[i] = 1 + kit_random_below(&random, 900);
        kit_sleep_until(i, wake[i]);
    }
    for (uint32_t tick = 0; tick <= 900; tick++) {
        kit_advance_to(tick);
        for (uint32_t i = 0; i < 16; i++) {
            bool asleep = k5.thread[i].state == K5_THREAD_SLEEPING;

            assert_true(asleep == (wake[i] > tick));
        }
    }
}

static void test_sched_idle_time_is_nobodys(void **state)
{
    (void)state;
    build_single(10);
    kit_boot();
    kit_advance(40);
    PLAY(0, K5_SYS_SLEEP, 1040, 0);
    kit_advance_to(1040);
    ASSERT_CURRENT(0);
    assert_int_equal(k5.thread[0].consumed, 40);
    assert_int_equal(k5.idle, 1000);
}

static void test_sched_halts_when_nothing_will_ever_be_ready(void **state)
{
    (void)state;
    build_single(10);
    kit_boot();
    PLAY(0, K5_SYS_SLEEP, 100, 0);
    ASSERT_CURRENT(NO_THREAD);
    kit_advance_to(100);
    assert_false(kit_machine.port.halted); /* a timer was armed */
    assert_int_equal(fake_machine_count(&kit_machine, K5_EVENT_HALT), 0);
    PLAY(0, K5_SYS_SLEEP, UINT32_MAX, UINT32_MAX);
    ASSERT_CURRENT(NO_THREAD);
    assert_true(kit_machine.port.halted);
    assert_int_equal(fake_machine_count(&kit_machine, K5_EVENT_HALT), 1);
    assert_true(kit_machine.port.deadline == PORT_NEVER);
}

/* An early or spurious timer changes nothing but the account. */
static void test_sched_early_timer_is_harmless(void **state)
{
    (void)state;
    build_equals(2);
    for (uint32_t i = 0; i < 100; i++) {
        kit_elapse(3);
        kernel_timer();
        KIT_CHECK();
        ASSERT_CURRENT(0);
        assert_int_equal(kit_machine.port.deadline, BUILD_SLICE);
    }
    kernel_timer();
    assert_int_equal(k5.thread[0].consumed, 300);
}

/* A late timer bills the time that really passed. */
static void test_sched_late_timer_bills_what_passed(void **state)
{
    (void)state;
    build_equals(2);
    kit_elapse(BUILD_SLICE + 250);
    kernel_timer();
    KIT_CHECK();
    ASSERT_CURRENT(1);
    assert_int_equal(k5.thread[0].consumed, BUILD_SLICE + 250);
    assert_int_equal(k5.thread[1].consumed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        KIT_TEST(test_sched_highest_priority_runs_first),
        KIT_TEST(test_sched_every_pair_of_priorities),
        KIT_TEST(test_sched_pick_agrees_with_a_search),
        KIT_TEST(test_sched_equals_take_turns_of_one_slice),
        KIT_TEST(test_sched_lone_thread_keeps_running_over_its_slices),
        KIT_TEST(test_sched_yield_goes_behind_equals_only),
        KIT_TEST(test_sched_preempted_thread_keeps_its_place),
        KIT_TEST(test_sched_sleep_ends_at_its_tick),
        KIT_TEST(test_sched_sleep_until_the_past_returns_at_once),
        KIT_TEST(test_sched_sleep_counts_64_bits),
        KIT_TEST(test_sched_many_sleepers_wake_in_order),
        KIT_TEST(test_sched_idle_time_is_nobodys),
        KIT_TEST(test_sched_halts_when_nothing_will_ever_be_ready),
        KIT_TEST(test_sched_early_timer_is_harmless),
        KIT_TEST(test_sched_late_timer_bills_what_passed),
    };

    return cmocka_run_group_tests_name("sched", tests, NULL, NULL);
}
