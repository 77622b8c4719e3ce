/* Chains of five servers under stress: a link restarts, time runs out, a deadline passes. */
#include "kernel/donation.h"

#include "kernel/system.h"
#include "tests/unit/kit.h"

#define CLIENT     0u /* calls server 1, which calls server 2, ... */
#define LAST       5u
#define CONTROLLER 6u /* the most urgent: restarts a link */
#define HOG        7u /* more urgent than the servers, less than the client */

#define CLIENT_PRIORITY 20u
#define BUDGET          1000u
#define COOLDOWN        9000u
#define OVERRUN         100u

static uint32_t call_cap[LAST], serve_cap[LAST + 1], reply[LAST + 1], control[LAST + 1];

static void build_chain_of_five(bool passive)
{
    kit_setup(NULL);
    build_single(CLIENT_PRIORITY);
    build_thread_of(CLIENT)->budget = BUDGET;
    build_thread_of(CLIENT)->cooldown = COOLDOWN;
    for (uint32_t i = 1; i <= LAST; i++) {
        build_single(i);
        build_thread_of(i)->overrun = OVERRUN;
        if (passive) {
            build_thread_of(i)->budget = 0;
        }
    }
    build_single(30);
    build_single(10);
    for (uint32_t i = 1; i <= LAST; i++) {
        uint32_t endpoint = build_endpoint(i);

        serve_cap[i] = build_cap(i, endpoint, K5_RIGHT_RECV, 0);
        call_cap[i - 1] = build_cap(i - 1, endpoint, K5_RIGHT_SEND, 0);
    }
    for (uint32_t i = 0; i <= LAST; i++) {
        control[i] = build_cap_for(CONTROLLER, K5_KIND_TASK, i, K5_RIGHT_CONTROL, 0);
    }
}

/* Down to the last one, which runs for the client. The controller sleeps until `wake`. */
static void call_down(bool passive, uint64_t wake)
{
    build_chain_of_five(passive);
    kit_boot();
    PLAY(CONTROLLER, K5_SYS_SLEEP, (uint32_t)wake, 0);
    for (uint32_t i = 0; i < LAST; i++) {
        PLAY(i, K5_SYS_CALL, call_cap[i], 0, i);
        ASSERT_CURRENT(i + 1);
        PLAY(i + 1, K5_SYS_RECV, serve_cap[i + 1]);
        reply[i + 1] = kit_reg(i + 1, 7);
    }
    for (uint32_t i = 1; i <= LAST; i++) {
        assert_int_equal(k5.thread[i].effective, CLIENT_PRIORITY);
        assert_int_equal(k5.thread[i].payer, CLIENT);
    }
}

/* Link `broken` restarts while the last one works: its caller learns of it and goes on for the
 * client; those behind it finish for nobody, on the client's time, and then are on their own. */
static void test_chain_survives_the_restart_of_each_link(void **state)
{
    (void)state;
    for (uint32_t passive = 0; passive < 2; passive++) {
        for (uint32_t broken = 1; broken <= LAST; broken++) {
            call_down(passive != 0, 100);
            kit_row("link", broken);
            kit_advance_to(100);
            ASSERT_CURRENT(CONTROLLER);
            PLAY(CONTROLLER, K5_SYS_TASK_RESTART, control[broken]);
            ASSERT_ERROR(CONTROLLER, K5_OK);
            PLAY(CONTROLLER, K5_SYS_SLEEP, UINT32_MAX, UINT32_MAX);
            ASSERT_ERROR(broken - 1, K5_E_RESTARTED);
            assert_int_equal(k5.task[broken].generation, 1);
            assert_int_equal(k5.thread[broken].client, NO_THREAD);
            assert_int_equal(k5.thread[CLIENT].consumed, 100);
            for (uint32_t i = broken + 1; i <= LAST; i++) { /* what was lent stays */
                assert_int_equal(k5.thread[i].effective, CLIENT_PRIORITY);
                assert_int_equal(k5.thread[i].payer, CLIENT);
            }
            /* From the last up to the gap, where the reply meets nobody. */
            for (uint32_t i = LAST; i > broken + 1; i--) {
                TURN_TO(i);
                PLAY(i, K5_SYS_REPLY_RECV, reply[i], 0, 0, 0, 0, 0, serve_cap[i]);
                assert_int_equal(k5.thread[i].effective, i);
            }
            if (broken < LAST) {
                TURN_TO(broken + 1);
                PLAY(broken + 1, K5_SYS_REPLY, reply[broken + 1]);
                ASSERT_ERROR(broken + 1, K5_E_STALE);
                PLAY(broken + 1, K5_SYS_RECV, serve_cap[broken + 1]);
                assert_int_equal(k5.thread[broken + 1].effective, broken + 1);
            }
            /* And from the gap up to the client. */
            for (uint32_t i = broken - 1; i > 0; i--) {
                ASSERT_CURRENT(i);
                PLAY(i, K5_SYS_REPLY_RECV, reply[i], 0, 0, 0, 0, 0, serve_cap[i]);
            }
            ASSERT_CURRENT(CLIENT);
            ASSERT_ERROR(CLIENT, broken == 1 ? K5_E_RESTARTED : K5_OK);
        }
    }
}

/* The client dies: the whole chain finishes what it has begun, on its time and urgency. */
static void test_chain_finishes_for_a_client_that_died(void **state)
{
    (void)state;
    call_down(true, 100);
    kit_advance_to(100);
    PLAY(CONTROLLER, K5_SYS_TASK_STOP, control[0]);
    ASSERT_ERROR(CONTROLLER, K5_OK);
    ASSERT_STATE(CLIENT, K5_THREAD_OFF);
    PLAY(CONTROLLER, K5_SYS_SLEEP, UINT32_MAX, UINT32_MAX);
    for (uint32_t i = LAST; i > 0; i--) {
        ASSERT_CURRENT(i); /* before the hog */
        assert_int_equal(k5.thread[i].payer, CLIENT);
        kit_advance(10);
        PLAY(i, K5_SYS_REPLY_RECV, reply[i], K5_FLAG_TRY, 0, 0, 0, 0, serve_cap[i]);
        ASSERT_ERROR(i, i == 1 ? K5_E_STALE : K5_E_WOULD_BLOCK);
    }
    assert_int_equal(k5.thread[CLIENT].consumed, 150);
    PLAY(1, K5_SYS_RECV, serve_cap[1]); /* now it is free of it */
    ASSERT_CURRENT(HOG);
}

/* The budget ends in the middle of the chain, wherever its work is: each server has its declared
 * overrun, the first to exceed it takes the fault, and the error goes up link by link. */
static void test_chain_that_exhausts_its_client_fails_from_its_end(void **state)
{
    (void)state;
    for (uint32_t passive = 0; passive < 2; passive++) {
        call_down(passive != 0, UINT32_MAX);
        kit_advance_to(BUDGET);
        ASSERT_CURRENT(LAST);
        assert_true(k5.thread[CLIENT].cooling);
        kit_advance_to(BUDGET + OVERRUN - 1);
        ASSERT_CURRENT(LAST);
        kit_advance_to(BUDGET + OVERRUN);

        const struct k5_event *fault = fake_machine_last(&kit_machine, K5_EVENT_FAULT);

        assert_int_equal(fault->code, K5_FAULT_TIMEOUT);
        assert_int_equal(fault->thread, LAST);
        ASSERT_ERROR(LAST - 1, K5_E_RESTARTED);
        for (uint32_t i = LAST - 1; i > 0; i--) {
            ASSERT_CURRENT(i); /* each has its own overrun to clean up with */
            kit_advance(OVERRUN / 2);
            PLAY(i, K5_SYS_REPLY_RECV, reply[i], 0, 0, 0, 0, 0, serve_cap[i]);
        }
        ASSERT_ERROR(CLIENT, K5_OK);
        ASSERT_STATE(CLIENT, K5_THREAD_EXHAUSTED);
        assert_int_equal(k5.thread[CLIENT].consumed, BUDGET + OVERRUN + 4 * (OVERRUN / 2));
        assert_int_equal(k5.thread[CLIENT].budget_left,
                         -(int32_t)(OVERRUN + 4 * (OVERRUN / 2))); /* all of it is owed */
    }
}

/* No more time comes out of a chain than its client has, but for one overrun of each server. */
static void test_chain_amplifies_no_budget(void **state)
{
    const uint32_t periods = 100, overrun = 5000;

    (void)state;
    build_chain_of_five(true);
    for (uint32_t i = 1; i <= LAST; i++) {
        build_thread_of(i)->overrun = overrun; /* servers may take their time */
    }
    kit_boot();
    PLAY(CONTROLLER, K5_SYS_SLEEP, UINT32_MAX, UINT32_MAX);
    for (uint32_t i = 0; i < LAST; i++) {
        PLAY(i, K5_SYS_CALL, call_cap[i], 0, i);
        PLAY(i + 1, K5_SYS_RECV, serve_cap[i + 1]);
    }
    kit_advance_to(periods * (BUDGET + COOLDOWN));
    assert_true(k5.thread[CLIENT].consumed <= (periods + 1) * BUDGET + LAST * overrun);
    assert_true(k5.thread[HOG].consumed >= periods * COOLDOWN - BUDGET - LAST * overrun);
    for (uint32_t i = 1; i <= LAST; i++) {
        assert_int_equal(k5.thread[i].consumed, 0);
    }
}

/* A deadline in the middle: the second call of the chain gives up in the queue; the chain above
 * it never notices more than an error of its server. */
static void test_chain_with_a_deadline_in_the_middle(void **state)
{
    (void)state;
    build_chain_of_five(false);
    kit_boot();
    PLAY(CONTROLLER, K5_SYS_SLEEP, UINT32_MAX, UINT32_MAX);
    PLAY(CLIENT, K5_SYS_CALL, call_cap[0], 0, 0);
    PLAY(1, K5_SYS_RECV, serve_cap[1]);
    reply[1] = kit_reg(1, 7);
    PLAY(1, K5_SYS_CALL, call_cap[1], K5_FLAG_TIMED, 0, 0, 0, 0, kit_deadline(512));
    ASSERT_CURRENT(2); /* boosted, but it does not receive */
    kit_advance_to(511);
    ASSERT_STATE(1, K5_THREAD_CALLING);
    assert_int_equal(k5.thread[2].effective, CLIENT_PRIORITY);
    kit_advance_to(512);
    ASSERT_ERROR(1, K5_E_TIMEOUT);
    ASSERT_CURRENT(1);
    assert_int_equal(k5.thread[2].effective, 2);
    PLAY(1, K5_SYS_REPLY_RECV, reply[1], 0, 7, 0, 0, 0, serve_cap[1]);
    ASSERT_CURRENT(CLIENT);
    ASSERT_ERROR(CLIENT, K5_OK);
    assert_int_equal(kit_reg(CLIENT, 2), 7);
}

/* The smallest budget that may be set still makes progress, against the whole machine's load. */
static void test_chain_of_a_minimal_budget_makes_progress(void **state)
{
    (void)state;
    build_chain_of_five(false);
    build_thread_of(CLIENT)->budget = BUILD_BUDGET_LEAST;
    build_thread_of(CLIENT)->cooldown = 90;
    kit_boot();
    PLAY(CONTROLLER, K5_SYS_SLEEP, UINT32_MAX, UINT32_MAX);
    for (uint32_t i = 1; i <= 50; i++) {
        kit_advance_to(100 * i - 1);
        assert_int_equal(k5.thread[CLIENT].consumed, BUILD_BUDGET_LEAST * i);
        kit_advance_to(100 * i);
        ASSERT_CURRENT(CLIENT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        KIT_TEST(test_chain_survives_the_restart_of_each_link),
        KIT_TEST(test_chain_finishes_for_a_client_that_died),
        KIT_TEST(test_chain_that_exhausts_its_client_fails_from_its_end),
        KIT_TEST(test_chain_amplifies_no_budget),
        KIT_TEST(test_chain_with_a_deadline_in_the_middle),
        KIT_TEST(test_chain_of_a_minimal_budget_makes_progress),
    };

    return cmocka_run_group_tests_name("chain", tests, NULL, NULL);
}
