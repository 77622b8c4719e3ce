/* Mistakes that other kernels made, each a test here (DESIGN: "Mistakes others made").
 *
 * Those of the MPU's last byte are also in tests/arch/, those of the emulator in tests/sim/.
 */
#include <string.h>

#include "arch/armv8m/pmsav8.h"
#include "kernel/config.h"
#include "kernel/region.h"
#include "kernel/system.h"
#include "tests/unit/kit.h"

#define FOREVER UINT32_MAX, UINT32_MAX

/* A server and its client, with an endpoint between them and a capability of each in slot 0. */
static void build_service(uint32_t server_priority, uint32_t client_priority)
{
    build_single(server_priority);
    build_single(client_priority);
    build_endpoint(0);
    build_cap(0, 0, K5_RIGHT_RECV, 0);
    build_cap(1, 0, K5_RIGHT_SEND, 0xc11e);
}

#define SERVER 0u
#define CLIENT 1u
#define CPTR0  0x10000u

static void charge_now(void)
{
    kernel_timer();
    KIT_CHECK();
}

/* K5 in Rust, Hubris, Tock: the MPU's end register held the exclusive end, 32 bytes too many. */
static void test_mistake_mpu_region_is_32_bytes_too_long(void **state)
{
    (void)state;
    uint32_t task = build_single(10);

    build_region(task, 0x20008000, 32, SYS_READ | SYS_WRITE);
    kit_boot();
    for (uint32_t i = 0; i < sys_task(task)->region_count; i++) {
        const struct sys_region *region = build_region_of(task, i);
        uint32_t last = region->base + region->bytes - 1;

        assert_int_equal(pmsav8_first_byte(k5.task[task].mpu.armv8m.region[i].rbar), region->base);
        assert_int_equal(pmsav8_last_byte(k5.task[task].mpu.armv8m.region[i].rlar), last);
        assert_true(region_check(task, last, 1, region->access));
        if (i != BUILD_STACKS) { /* which touches the next region */
            assert_false(region_check(task, last, 2, region->access));
        }
    }
}

struct attempt {
    uint32_t number;
    uint32_t argument[7];
};

static void attempt(void *argument)
{
    const struct attempt *it = argument;

    memcpy(k5.thread[k5.current].reg, it->argument, sizeof it->argument);
    k5.thread[k5.current].reg[7] = it->number;
    kernel_syscall();
}

/* K5 in Rust: a bad capability number, or a message kind not yet written, stopped the kernel. */
static void test_mistake_bad_number_or_kind_stops_the_kernel(void **state)
{
    static const uint32_t odd[] = {0,          1,          2,          0xff,
                                   0x100,      0xffff,     0x10000,    0x1ffff,
                                   0x7fffffff, 0x80000000, 0xfffffffe, UINT32_MAX};
    const size_t odds = sizeof odd / sizeof odd[0];

    (void)state;
    build_service(10, 10);
    kit_boot();
    for (uint32_t number = 0; number <= K5_SYS_COUNT; number++) {
        for (size_t i = 0; i < odds * odds; i++) {
            struct attempt it = {number,
                                 {odd[i % odds], odd[i / odds], odd[i % 5], odd[i % 7], odd[i % 11],
                                  odd[i % 3], odd[i / odds]}};

            if (k5.current == NO_THREAD) {
                kit_boot();
            }
            assert_false(fake_machine_panics(&kit_machine, attempt, &it));
            KIT_CHECK();
        }
    }
}

/* K5 in Rust: a preempted thread was never queued again. */
static void test_mistake_preempted_thread_is_forgotten(void **state)
{
    (void)state;
    build_single(20);
    build_single(10);
    build_single(10);
    kit_boot();
    for (uint32_t i = 1; i <= 50; i++) {
        PLAY(0, K5_SYS_SLEEP, i * 100, 0);
        kit_advance_to(i * 100);
        ASSERT_CURRENT(0);
    }
    charge_now();
    /* Both went on after each of the 50 preemptions: 5,000 ticks, shared fairly to a slice. */
    assert_int_equal(k5.thread[1].consumed + k5.thread[2].consumed, 5000);
    assert_true(k5.thread[1].consumed >= 2000 && k5.thread[2].consumed >= 2000);
}

/* K5 in Rust: after a send that switched, the kernel billed the thread that had run before. */
static void test_mistake_send_that_switches_bills_the_wrong_thread(void **state)
{
    (void)state;
    build_service(20, 10);
    kit_boot();
    PLAY(SERVER, K5_SYS_RECV, CPTR0);
    kit_advance(100);
    PLAY(CLIENT, K5_SYS_SEND, CPTR0, 0, 1);
    ASSERT_CURRENT(SERVER); /* more urgent, and it has its message */
    kit_advance(30);
    charge_now();
    assert_int_equal(k5.thread[CLIENT].consumed, 100);
    assert_int_equal(k5.thread[SERVER].consumed, 30);
    PLAY(SERVER, K5_SYS_SLEEP, FOREVER);
    kit_advance(7);
    charge_now();
    assert_int_equal(k5.thread[CLIENT].consumed, 107);
    assert_int_equal(k5.thread[SERVER].consumed, 30);
}

/* K5 in Rust: a call lent the caller's time to whoever was next in the queue, not to the callee. */
static void test_mistake_call_lends_to_whoever_is_next(void **state)
{
    (void)state;
    build_service(10, 10);
    build_single(10); /* next in the queue of ready threads */
    kit_boot();
    TURN_TO(SERVER);
    PLAY(SERVER, K5_SYS_RECV, CPTR0);
    TURN_TO(CLIENT);

    uint64_t before = k5.thread[CLIENT].consumed;

    PLAY(CLIENT, K5_SYS_CALL, CPTR0);
    ASSERT_CURRENT(SERVER); /* not thread 2, which is ready and as urgent */
    assert_int_equal(k5.thread[SERVER].payer, CLIENT);
    assert_int_equal(k5.thread[2].payer, 2);
    kit_advance(50);
    charge_now();
    assert_int_equal(k5.thread[CLIENT].consumed - before, 50);
    assert_int_equal(k5.thread[2].consumed, 0);
}

/* The same for a copy message, which never takes the fast path. */
static void test_mistake_slow_call_lends_to_whoever_is_next(void **state)
{
    (void)state;
    build_service(10, 10);
    build_single(10);
    kit_boot();
    TURN_TO(SERVER);
    PLAY(SERVER, K5_SYS_RECV, CPTR0);
    TURN_TO(CLIENT);
    PLAY(CLIENT, K5_SYS_CALL, CPTR0, K5_MSG_COPY, build_buffer(CLIENT, 0), 8);
    ASSERT_CURRENT(SERVER);
    assert_int_equal(k5.thread[SERVER].payer, CLIENT);
}

/* K5 in Rust: a send or receive that failed lost the message. */
static void test_mistake_failed_operation_loses_the_message(void **state)
{
    (void)state;
    build_service(10, 10);
    kit_boot();
    TURN_TO(CLIENT);
    PLAY(CLIENT, K5_SYS_CALL, CPTR0, kit_info(1, 0), 11, 22, 33, 44);
    TURN_TO(SERVER);
    PLAY(SERVER, K5_SYS_RECV, CPTR0, K5_FLAG_RECV_BUF, 0, 0, 0xfffffff0, 64);
    ASSERT_ERROR(SERVER, K5_E_ADDRESS);
    PLAY(SERVER, K5_SYS_RECV, CPTR0 + 1);
    ASSERT_ERROR(SERVER, K5_E_CPTR);
    PLAY(SERVER, K5_SYS_RECV, CPTR0, 0xf0);
    ASSERT_ERROR(SERVER, K5_E_INVALID);
    ASSERT_STATE(CLIENT, K5_THREAD_CALLING);
    PLAY(SERVER, K5_SYS_RECV, CPTR0);
    ASSERT_ERROR(SERVER, K5_OK);
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(kit_reg(SERVER, 2 + i), 11 * (i + 1));
    }
}

/* K5, FreeRTOS: a stale handle reached the successor of a restarted task. */
static void test_mistake_stale_handle_reaches_the_successor(void **state)
{
    (void)state;
    build_service(10, 10);
    kit_boot();
    TURN_TO(SERVER);
    FAULT(SERVER);
    kit_advance(BUILD_BACKOFF);
    TURN_TO(SERVER);
    PLAY(SERVER, K5_SYS_RECV, CPTR0);
    TURN_TO(CLIENT);
    PLAY(CLIENT, K5_SYS_SEND, CPTR0, 0, 0xdead);
    ASSERT_ERROR(CLIENT, K5_E_RESTARTED); /* told first, so that it can start over too */
    ASSERT_STATE(SERVER, K5_THREAD_RECEIVING);
    assert_int_not_equal(kit_reg(SERVER, 2), 0xdead);
}

/* Hubris: a task that faults at once was restarted at once, again and again. */
static void test_mistake_restart_loop_without_backoff(void **state)
{
    (void)state;
    build_single(20);
    build_single(1);
    kit_boot();
    while (kit_now() < 1000000) {
        if (k5.current == 0) {
            FAULT(0); /* its first instruction */
        }
        kit_advance_to(k5.task[0].restart_at);
    }
    /* 1, 2, 4, then 6 milliseconds each: some 170 lives in a second, not a million. */
    assert_in_range(k5.task[0].generation, 100, 200);
    charge_now();
    assert_int_equal(k5.thread[1].consumed, k5.charged_at); /* all the rest is the other's */
}

/* seL4: budget was amplified through passive servers. (At length in test_donation.c.) */
static void test_mistake_passive_server_amplifies_the_budget(void **state)
{
    (void)state;
    build_service(30, 20);
    build_thread_of(SERVER)->budget = 0;
    build_thread_of(SERVER)->overrun = 10;
    build_thread_of(CLIENT)->budget = 100;
    build_thread_of(CLIENT)->cooldown = 900;
    build_single(1);
    kit_boot();
    PLAY(CLIENT, K5_SYS_CALL, CPTR0);
    PLAY(SERVER, K5_SYS_RECV, CPTR0);
    while (kit_now() < 100000) { /* in turn: a call, its answer, and never a pause */
        kit_advance(9);
        if (k5.current == SERVER) {
            PLAY(SERVER, K5_SYS_REPLY_RECV, kit_reg(SERVER, 7), 0, 0, 0, 0, 0, CPTR0);
        } else if (k5.current == CLIENT) {
            PLAY(CLIENT, K5_SYS_CALL, CPTR0);
        }
    }
    charge_now();
    assert_int_equal(k5.thread[SERVER].consumed, 0);
    assert_in_range(k5.thread[CLIENT].consumed, 9000, 100 * (1 + 100000 / 1000) + 10);
    assert_int_equal(k5.thread[CLIENT].consumed + k5.thread[2].consumed, k5.charged_at);
}

/* Microkit: with the smallest budget there is a thread made no progress. */
static void test_mistake_minimal_budget_makes_no_progress(void **state)
{
    (void)state;
    build_single(20);
    build_thread_of(0)->budget = 1;
    build_thread_of(0)->cooldown = 1;
    build_single(1);
    kit_boot();
    for (uint32_t tick = 0; tick < 1000; tick++) {
        ASSERT_CURRENT(tick % 2);
        kit_advance(1);
    }
    charge_now();
    assert_int_equal(k5.thread[0].consumed, 500);
    assert_int_equal(k5.thread[1].consumed, 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        KIT_TEST(test_mistake_mpu_region_is_32_bytes_too_long),
        KIT_TEST(test_mistake_bad_number_or_kind_stops_the_kernel),
        KIT_TEST(test_mistake_preempted_thread_is_forgotten),
        KIT_TEST(test_mistake_send_that_switches_bills_the_wrong_thread),
        KIT_TEST(test_mistake_call_lends_to_whoever_is_next),
        KIT_TEST(test_mistake_slow_call_lends_to_whoever_is_next),
        KIT_TEST(test_mistake_failed_operation_loses_the_message),
        KIT_TEST(test_mistake_stale_handle_reaches_the_successor),
        KIT_TEST(test_mistake_restart_loop_without_backoff),
        KIT_TEST(test_mistake_passive_server_amplifies_the_budget),
        KIT_TEST(test_mistake_minimal_budget_makes_no_progress),
    };

    return cmocka_run_group_tests_name("mistakes", tests, NULL, NULL);
}
