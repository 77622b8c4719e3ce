/* Waiting: deadlines of messages, and messages that wait without their sender. */
#include "kernel/wait.h"

#include "kernel/system.h"
#include "tests/unit/kit.h"

#define SERVER 0u
#define CLIENT 1u
#define OTHER  2u

#define TRY   K5_FLAG_TRY
#define TIMED K5_FLAG_TIMED

static uint32_t serve, to_server, others;

static void build_pair(uint32_t places)
{
    kit_setup(NULL);
    for (uint32_t i = 0; i < 3; i++) {
        build_single(10);
    }

    uint32_t endpoint = build_endpoint(SERVER);

    if (places != 0) {
        build_queue(endpoint, places);
    }
    serve = build_cap(SERVER, endpoint, K5_RIGHT_RECV, 0);
    to_server = build_cap(CLIENT, endpoint, K5_RIGHT_SEND, 0xc);
    others = build_cap(OTHER, endpoint, K5_RIGHT_SEND, 0xd);
}

static void boot_pair_at(uint64_t now)
{
    build_pair(0);
    kit_boot_at(now);
}

/* ------------------------------------------------------------ deadlines */

static void test_timed_message_is_given_up_at_its_deadline(void **state)
{
    static const uint32_t number[] = {K5_SYS_SEND, K5_SYS_CALL};
    static const enum k5_thread_state waits[] = {K5_THREAD_SENDING, K5_THREAD_CALLING};

    (void)state;
    for (uint32_t i = 0; i < 2; i++) {
        boot_pair_at(0);
        kit_sleep_until(SERVER, 90000);
        kit_sleep_until(OTHER, 90000);
        PLAY(CLIENT, number[i], to_server, TIMED, 1, 2, 3, 4, kit_deadline(1024));
        kit_advance_to(1023);
        ASSERT_STATE(CLIENT, waits[i]);
        kit_advance_to(1024);
        ASSERT_ERROR(CLIENT, K5_E_TIMEOUT);
        ASSERT_CURRENT(CLIENT);
        assert_int_equal(k5.thread[SERVER].queued, 0);
        assert_non_null(fake_machine_last(&kit_machine, K5_EVENT_TIMEOUT));
        assert_int_equal(fake_machine_last(&kit_machine, K5_EVENT_TIMEOUT)->code, number[i]);
    }
}

static void test_timed_recv_is_given_up_at_its_deadline(void **state)
{
    (void)state;
    boot_pair_at(0);
    kit_sleep_until(CLIENT, 3000);
    kit_sleep_until(OTHER, 90000);
    PLAY(SERVER, K5_SYS_RECV, serve, TIMED, 0, 0, 0, 0, kit_deadline(1024));
    kit_advance_to(1023);
    ASSERT_STATE(SERVER, K5_THREAD_RECEIVING);
    kit_advance_to(1024);
    ASSERT_ERROR(SERVER, K5_E_TIMEOUT);
    assert_int_equal(k5.endpoint[0].waiting, 0);
    PLAY(SERVER, K5_SYS_RECV, serve, 0);
    kit_advance_to(3000);
    ASSERT_STATE(SERVER, K5_THREAD_RECEIVING); /* the next one has no deadline */
    PLAY(CLIENT, K5_SYS_SEND, to_server, TIMED, 1, 2, 3, 4, kit_deadline(256));
    ASSERT_ERROR(CLIENT, K5_OK); /* who is awaited needs no time */
}

/* The tick of a deadline is rounded up: never too early. */
static void test_deadline_is_never_early(void **state)
{
    (void)state;
    for (uint32_t at = 1000; at <= 1030; at += 3) {
        boot_pair_at(0);
        kit_sleep_until(SERVER, 90000);
        kit_sleep_until(OTHER, 90000);
        PLAY(CLIENT, K5_SYS_SEND, to_server, TIMED, 1, 2, 3, 4, kit_deadline(at));
        kit_advance_to(at - 1);
        ASSERT_STATE(CLIENT, K5_THREAD_SENDING);
        kit_advance_to(at + 256);
        ASSERT_ERROR(CLIENT, K5_E_TIMEOUT);
    }
}

/* A word has 40 bits of ticks: the nearest point of time is meant, before and after now. */
static void test_deadline_is_the_nearest_point_of_time(void **state)
{
    static const uint64_t boots[] = {0, UINT64_C(0xfffffff800), UINT64_C(0x7ffffffff00),
                                     UINT64_C(0xffffff00)};

    (void)state;
    for (size_t i = 0; i < sizeof boots / sizeof boots[0]; i++) {
        uint64_t now = boots[i] + 4096;

        boot_pair_at(now);
        kit_row("boot", i);
        kit_sleep_until(SERVER, now + 90000);
        kit_sleep_until(OTHER, now + 90000);
        PLAY(CLIENT, K5_SYS_SEND, to_server, TIMED, 1, 2, 3, 4, kit_deadline(now - 256));
        ASSERT_ERROR(CLIENT, K5_E_TIMEOUT);
        PLAY(CLIENT, K5_SYS_SEND, to_server, TIMED, 1, 2, 3, 4, kit_deadline(now));
        ASSERT_ERROR(CLIENT, K5_E_TIMEOUT);
        PLAY(CLIENT, K5_SYS_SEND, to_server, TIMED, 1, 2, 3, 4, kit_deadline(now + 0x1000));
        ASSERT_STATE(CLIENT, K5_THREAD_SENDING);
        kit_advance_to(now + 0xfff);
        ASSERT_STATE(CLIENT, K5_THREAD_SENDING);
        kit_advance_to(now + 0x1000);
        ASSERT_ERROR(CLIENT, K5_E_TIMEOUT);
    }
}

static void test_deadline_far_away_is_far_away(void **state)
{
    const uint64_t far = UINT64_C(0x7fffffff) << 8;

    (void)state;
    boot_pair_at(0);
    kit_sleep_until(SERVER, 2 * far);
    kit_sleep_until(OTHER, 2 * far);
    PLAY(CLIENT, K5_SYS_SEND, to_server, TIMED, 1, 2, 3, 4, kit_deadline(far));
    kit_advance_to(far - 1);
    ASSERT_STATE(CLIENT, K5_THREAD_SENDING);
    kit_advance_to(far);
    ASSERT_ERROR(CLIENT, K5_E_TIMEOUT);
}

/* A call that was received is past its deadline. */
static void test_deadline_does_not_cut_a_call_that_was_received(void **state)
{
    (void)state;
    boot_pair_at(0);
    TURN_TO(CLIENT);
    PLAY(CLIENT, K5_SYS_CALL, to_server, TIMED, 1, 2, 3, 4, kit_deadline(1024));
    TURN_TO(SERVER);
    PLAY(SERVER, K5_SYS_RECV, serve);

    uint32_t reply = kit_reg(SERVER, 7);

    kit_sleep_until(OTHER, 90000);
    kit_advance_to(5000);
    ASSERT_STATE(CLIENT, K5_THREAD_AWAITING);
    PLAY(SERVER, K5_SYS_REPLY, reply, 0, 9);
    ASSERT_ERROR(CLIENT, K5_OK);
    assert_int_equal(kit_reg(CLIENT, 2), 9);
}

static void test_deadline_with_other_flags(void **state)
{
    (void)state;
    boot_pair_at(0);
    TURN_TO(CLIENT);
    for (uint32_t number = K5_SYS_SEND; number <= K5_SYS_CALL; number++) {
        PLAY(CLIENT, number, to_server, TIMED | TRY, 1, 2, 3, 4, kit_deadline(1024));
        ASSERT_ERROR(CLIENT, K5_E_INVALID);
    }
    TURN_TO(SERVER);
    PLAY(SERVER, K5_SYS_RECV, serve, TIMED | TRY, 1, 2, 3, 4, kit_deadline(1024));
    ASSERT_ERROR(SERVER, K5_E_INVALID);
    PLAY(SERVER, K5_SYS_RECV, serve, 0);
    TURN_TO(CLIENT);
    PLAY(CLIENT, K5_SYS_CALL, to_server, 0, 1);

    uint32_t reply = kit_reg(SERVER, 7);

    PLAY(SERVER, K5_SYS_REPLY, reply, TIMED);
    ASSERT_ERROR(SERVER, K5_E_INVALID);
    PLAY(SERVER, K5_SYS_REPLY_RECV, reply, TIMED, 0, 0, 0, 0, serve); /* it has no deadline */
    ASSERT_ERROR(SERVER, K5_E_INVALID);
    ASSERT_STATE(CLIENT, K5_THREAD_AWAITING);
}

/* Its receive buffer stays as it was, and so do its words. */
static void test_timed_recv_returns_nothing(void **state)
{
    (void)state;
    boot_pair_at(0);
    kit_sleep_until(CLIENT, 90000);
    kit_sleep_until(OTHER, 90000);
    PLAY(SERVER, K5_SYS_RECV, serve, TIMED | K5_FLAG_RECV_BUF, 0x11, 0x22, build_buffer(SERVER, 0),
         64, kit_deadline(1024));
    kit_advance_to(1024);
    ASSERT_ERROR(SERVER, K5_E_TIMEOUT);
    assert_int_equal(kit_reg(SERVER, 2), 0x11);
    assert_int_equal(kit_reg(SERVER, 3), 0x22);
}

/* ------------------------------------------------------------ queued endpoints */

static void send_number(uint32_t who, uint32_t cptr, uint32_t n, enum k5_error want)
{
    TURN_TO(who);
    PLAY(who, K5_SYS_SEND, cptr, kit_info(n, 0), n, n + 1, n + 2, n + 3);
    ASSERT_ERROR(who, want);
    ASSERT_CURRENT(who);
}

static void receive_number(uint32_t n, uint32_t badge)
{
    TURN_TO(SERVER);
    PLAY(SERVER, K5_SYS_RECV, serve, TRY);
    ASSERT_ERROR(SERVER, K5_OK);
    assert_int_equal(kit_reg(SERVER, 1), kit_info(n, 0));
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(kit_reg(SERVER, 2 + i), n + i);
    }
    assert_int_equal(kit_reg(SERVER, 6), badge);
    assert_int_equal(kit_reg(SERVER, 7), 0);
}

static void test_queue_holds_messages_in_order(void **state)
{
    (void)state;
    build_pair(3);
    kit_boot();
    for (uint32_t round = 0; round < 5; round++) { /* over the end of its places and on */
        for (uint32_t n = 0; n < 3; n++) {
            send_number(n == 1 ? OTHER : CLIENT, n == 1 ? others : to_server, 10 * round + n,
                        K5_OK);
        }
        send_number(CLIENT, to_server, 99, K5_E_FULL);
        send_number(OTHER, others, 99, K5_E_FULL);
        for (uint32_t n = 0; n < 3; n++) {
            receive_number(10 * round + n, n == 1 ? 0xd : 0xc);
            if (n == 0) {
                send_number(CLIENT, to_server, 70, K5_OK); /* there is room again */
            }
        }
        receive_number(70, 0xc);
        TURN_TO(SERVER);
        PLAY(SERVER, K5_SYS_RECV, serve, TRY);
        ASSERT_ERROR(SERVER, K5_E_WOULD_BLOCK);
    }
}

static void test_queue_is_not_used_while_the_receiver_waits(void **state)
{
    (void)state;
    build_pair(1);
    kit_boot();
    TURN_TO(SERVER);
    PLAY(SERVER, K5_SYS_RECV, serve);
    send_number(CLIENT, to_server, 5, K5_OK);
    ASSERT_STATE(SERVER, K5_THREAD_READY);
    assert_int_equal(kit_reg(SERVER, 2), 5);
    assert_int_equal(k5.endpoint[0].held, 0);
}

/* Messages that need their sender wait with it, behind those in the queue. */
static void test_queue_is_for_short_messages_of_send(void **state)
{
    (void)state;
    build_pair(2);
    kit_boot();
    TURN_TO(CLIENT);
    PLAY(CLIENT, K5_SYS_SEND, to_server, K5_MSG_COPY, build_buffer(CLIENT, 0), 16);
    ASSERT_STATE(CLIENT, K5_THREAD_SENDING);
    send_number(OTHER, others, 7, K5_OK);
    PLAY(OTHER, K5_SYS_CALL, others, 0, 1);
    ASSERT_STATE(OTHER, K5_THREAD_CALLING);
    receive_number(7, 0xd); /* first what is in the queue */
    PLAY(SERVER, K5_SYS_RECV, serve);
    assert_int_equal(kit_reg(SERVER, 1), K5_MSG_COPY | K5_FLAG_TRUNCATED); /* it gave no buffer */
    PLAY(SERVER, K5_SYS_RECV, serve);
    assert_int_not_equal(kit_reg(SERVER, 7), 0);
}

/* A full queue is an error also to those who would wait, or have a deadline. */
static void test_queue_that_is_full_never_waits(void **state)
{
    static const uint32_t flags[] = {0, TRY, TIMED};

    (void)state;
    build_pair(1);
    kit_boot();
    send_number(CLIENT, to_server, 1, K5_OK);
    for (uint32_t i = 0; i < 3; i++) {
        PLAY(CLIENT, K5_SYS_SEND, to_server, flags[i], 1, 2, 3, 4, kit_deadline(1024));
        ASSERT_ERROR(CLIENT, K5_E_FULL);
    }
    receive_number(1, 0xc);
    TURN_TO(CLIENT);
    PLAY(CLIENT, K5_SYS_SEND, to_server, TRY, 1, 2, 3, 4);
    ASSERT_ERROR(CLIENT, K5_OK);
}

static void test_queue_is_emptied_when_the_receiver_dies(void **state)
{
    (void)state;
    build_pair(2);
    kit_boot();
    send_number(CLIENT, to_server, 1, K5_OK);
    send_number(CLIENT, to_server, 2, K5_OK);
    TURN_TO(SERVER);
    FAULT(SERVER);
    kit_advance(BUILD_BACKOFF);
    TURN_TO(SERVER);
    PLAY(SERVER, K5_SYS_RECV, serve, TRY);
    ASSERT_ERROR(SERVER, K5_E_WOULD_BLOCK);
    TURN_TO(CLIENT);
    PLAY(CLIENT, K5_SYS_SEND, to_server, 0, 3);
    ASSERT_ERROR(CLIENT, K5_E_RESTARTED);
    send_number(CLIENT, to_server, 4, K5_OK);
    send_number(CLIENT, to_server, 5, K5_OK);
    send_number(CLIENT, to_server, 6, K5_E_FULL);
    receive_number(4, 0xc);
}

/* The message is the endpoint's now: its sender may die. */
static void test_queue_outlives_the_sender(void **state)
{
    (void)state;
    build_pair(2);
    kit_boot();
    send_number(CLIENT, to_server, 8, K5_OK);
    FAULT(CLIENT);
    receive_number(8, 0xc);
}

static void test_queue_is_emptied_by_reply_recv_as_well(void **state)
{
    (void)state;
    build_pair(2);
    kit_boot();
    TURN_TO(SERVER);
    PLAY(SERVER, K5_SYS_RECV, serve);
    TURN_TO(CLIENT);
    PLAY(CLIENT, K5_SYS_CALL, to_server, 0, 1);

    uint32_t reply = kit_reg(SERVER, 7);

    send_number(OTHER, others, 30, K5_OK);
    TURN_TO(SERVER);
    PLAY(SERVER, K5_SYS_REPLY_RECV, reply, 0, 0, 0, 0, 0, serve);
    ASSERT_ERROR(SERVER, K5_OK);
    assert_int_equal(kit_reg(SERVER, 2), 30);
    assert_int_equal(kit_reg(SERVER, 6), 0xd);
    ASSERT_ERROR(CLIENT, K5_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        KIT_TEST(test_timed_message_is_given_up_at_its_deadline),
        KIT_TEST(test_timed_recv_is_given_up_at_its_deadline),
        KIT_TEST(test_deadline_is_never_early),
        KIT_TEST(test_deadline_is_the_nearest_point_of_time),
        KIT_TEST(test_deadline_far_away_is_far_away),
        KIT_TEST(test_deadline_does_not_cut_a_call_that_was_received),
        KIT_TEST(test_deadline_with_other_flags),
        KIT_TEST(test_timed_recv_returns_nothing),
        KIT_TEST(test_queue_holds_messages_in_order),
        KIT_TEST(test_queue_is_not_used_while_the_receiver_waits),
        KIT_TEST(test_queue_is_for_short_messages_of_send),
        KIT_TEST(test_queue_that_is_full_never_waits),
        KIT_TEST(test_queue_is_emptied_when_the_receiver_dies),
        KIT_TEST(test_queue_outlives_the_sender),
        KIT_TEST(test_queue_is_emptied_by_reply_recv_as_well),
    };

    return cmocka_run_group_tests_name("wait", tests, NULL, NULL);
}
