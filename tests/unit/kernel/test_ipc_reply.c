/* Reply capabilities: one-shot, bound to holder, caller and call, impossible to forge. */
#include "kernel/ipc.h"

#include "tests/unit/kit.h"

#define SERVER 0u
#define CLIENT 1u
#define RIVAL  2u /* a second client */
#define SPY    3u /* another server */

static uint32_t serve, to_server, rival_to_server, spy_serve;

static void build_four(void)
{
    kit_setup(NULL);
    for (uint32_t i = 0; i < 4; i++) {
        build_single(10);
    }

    uint32_t endpoint = build_endpoint(SERVER);
    uint32_t other = build_endpoint(SPY);

    serve = build_cap(SERVER, endpoint, K5_RIGHT_RECV, 0);
    to_server = build_cap(CLIENT, endpoint, K5_RIGHT_SEND, 1);
    rival_to_server = build_cap(RIVAL, endpoint, K5_RIGHT_SEND, 2);
    spy_serve = build_cap(SPY, other, K5_RIGHT_RECV, 0);
    kit_boot();
}

/* The client's call is in the server's hands; the server is current. Returns the capability. */
static uint32_t arrange_call(void)
{
    build_four();
    TURN_TO(SERVER);
    PLAY(SERVER, K5_SYS_RECV, serve);
    TURN_TO(CLIENT);
    PLAY(CLIENT, K5_SYS_CALL, to_server, 0, 1, 2, 3, 4);
    ASSERT_CURRENT(SERVER);
    return kit_reg(SERVER, 7);
}

static void assert_reply_is_stale(uint32_t who, uint32_t reply)
{
    PLAY(who, K5_SYS_REPLY, reply, 0, 9);
    ASSERT_ERROR(who, K5_E_STALE);
    PLAY(who, K5_SYS_REPLY_RECV, reply, 0, 9, 9, 9, 9, who == SPY ? spy_serve : serve);
    ASSERT_ERROR(who, K5_E_STALE);
    ASSERT_CURRENT(who); /* also the receive half was not done */
}

static void test_reply_works_once(void **state)
{
    (void)state;
    uint32_t reply = arrange_call();

    PLAY(SERVER, K5_SYS_REPLY, reply, kit_info(5, 0), 6);
    ASSERT_ERROR(SERVER, K5_OK);
    ASSERT_STATE(CLIENT, K5_THREAD_READY);
    assert_int_equal(kit_reg(CLIENT, 2), 6);
    assert_reply_is_stale(SERVER, reply);
    assert_int_equal(kit_reg(CLIENT, 2), 6);
}

static void test_reply_of_an_earlier_call_does_not_answer_the_next(void **state)
{
    (void)state;
    uint32_t reply = arrange_call();

    PLAY(SERVER, K5_SYS_REPLY_RECV, reply, 0, 1, 2, 3, 4, serve);
    TURN_TO(CLIENT);
    PLAY(CLIENT, K5_SYS_CALL, to_server);
    ASSERT_CURRENT(SERVER);
    assert_int_not_equal(kit_reg(SERVER, 7), reply);
    assert_reply_is_stale(SERVER, reply);
    ASSERT_STATE(CLIENT, K5_THREAD_AWAITING);
}

static void test_reply_of_another_holder_is_refused(void **state)
{
    (void)state;
    uint32_t reply = arrange_call();

    TURN_TO(SPY);
    assert_reply_is_stale(SPY, reply);
    TURN_TO(RIVAL);
    PLAY(RIVAL, K5_SYS_REPLY, reply);
    ASSERT_ERROR(RIVAL, K5_E_STALE);
    ASSERT_STATE(CLIENT, K5_THREAD_AWAITING);
    TURN_TO(SERVER);
    PLAY(SERVER, K5_SYS_REPLY, reply);
    ASSERT_ERROR(SERVER, K5_OK);
}

/* The caller itself is runnable only after the reply, and then has nothing to answer. */
static void test_reply_by_the_caller_is_refused(void **state)
{
    (void)state;
    uint32_t reply = arrange_call();

    PLAY(SERVER, K5_SYS_REPLY, reply);
    TURN_TO(CLIENT);
    PLAY(CLIENT, K5_SYS_REPLY, reply);
    ASSERT_ERROR(CLIENT, K5_E_STALE);
}

static void test_reply_without_any_call_is_refused(void **state)
{
    (void)state;
    build_four();
    TURN_TO(SERVER);
    assert_reply_is_stale(SERVER, 0);
    assert_reply_is_stale(SERVER, ipc_reply_cap(CLIENT)); /* of call number 0 */
    assert_reply_is_stale(SERVER, UINT32_MAX);
    TURN_TO(CLIENT);
    PLAY(CLIENT, K5_SYS_CALL, to_server); /* queued, not received: nothing to answer yet */
    TURN_TO(SERVER);
    assert_reply_is_stale(SERVER, ipc_reply_cap(CLIENT));
}

/* All threads there could be, with every call number near; then numbers from anywhere. */
static void test_reply_forged_numbers_never_work(void **state)
{
    (void)state;
    uint32_t reply = arrange_call();
    struct kit_random random = kit_random_from(kit_setting("K5_SEED", 7));

    for (uint32_t low = 0; low < 0x10000; low++) {
        if (low != reply) {
            PLAY(SERVER, K5_SYS_REPLY, low);
            ASSERT_ERROR(SERVER, K5_E_STALE);
        }
    }
    for (uint32_t bit = 0; bit < 32; bit++) {
        PLAY(SERVER, K5_SYS_REPLY, reply ^ 1u << bit);
        ASSERT_ERROR(SERVER, K5_E_STALE);
    }
    for (uint32_t i = 0; i < 100000; i++) {
        uint32_t forged = kit_random_next(&random);

        if (forged != reply) {
            PLAY(SERVER, K5_SYS_REPLY, forged);
            ASSERT_ERROR(SERVER, K5_E_STALE);
        }
    }
    ASSERT_STATE(CLIENT, K5_THREAD_AWAITING);
    PLAY(SERVER, K5_SYS_REPLY, reply);
    ASSERT_ERROR(SERVER, K5_OK);
}

static void test_reply_dies_with_its_holder(void **state)
{
    (void)state;
    uint32_t reply = arrange_call();

    FAULT(SERVER);
    ASSERT_ERROR(CLIENT, K5_E_RESTARTED);
    kit_advance(BUILD_BACKOFF);
    TURN_TO(SERVER);
    assert_reply_is_stale(SERVER, reply);
    assert_int_not_equal(kit_reg(CLIENT, 2), 9);
}

static void test_reply_capabilities_may_be_used_in_any_order(void **state)
{
    (void)state;
    uint32_t first = arrange_call();

    PLAY(SERVER, K5_SYS_RECV, serve); /* the client's call is left aside */
    TURN_TO(RIVAL);
    PLAY(RIVAL, K5_SYS_CALL, rival_to_server, 0, 20);
    ASSERT_CURRENT(SERVER);

    uint32_t second = kit_reg(SERVER, 7);

    assert_int_not_equal(first, second);
    PLAY(SERVER, K5_SYS_REPLY, first, 0, 100);
    ASSERT_ERROR(SERVER, K5_OK);
    ASSERT_STATE(CLIENT, K5_THREAD_READY);
    ASSERT_STATE(RIVAL, K5_THREAD_AWAITING);
    PLAY(SERVER, K5_SYS_REPLY, second, 0, 200);
    ASSERT_ERROR(SERVER, K5_OK);
    assert_int_equal(kit_reg(CLIENT, 2), 100);
    assert_int_equal(kit_reg(RIVAL, 2), 200);
}

/* reply_recv with a call left aside answers that one and takes the next message in one entry. */
static void test_reply_recv_takes_the_next_message_at_once(void **state)
{
    (void)state;
    uint32_t reply = arrange_call();

    TURN_TO(RIVAL);
    PLAY(RIVAL, K5_SYS_CALL, rival_to_server, kit_info(3, 0), 20);
    TURN_TO(SERVER);
    PLAY(SERVER, K5_SYS_REPLY_RECV, reply, 0, 1, 0, 0, 0, serve);
    ASSERT_CURRENT(SERVER);
    ASSERT_ERROR(SERVER, K5_OK);
    assert_int_equal(kit_reg(SERVER, 2), 20);
    assert_int_equal(kit_reg(SERVER, 6), 2);
    ASSERT_STATE(RIVAL, K5_THREAD_AWAITING);
    ASSERT_STATE(CLIENT, K5_THREAD_READY);
}

/* E_WOULD_BLOCK is the one error of reply_recv after which the reply has been given. */
static void test_reply_recv_that_would_block_has_replied(void **state)
{
    (void)state;
    uint32_t reply = arrange_call();

    PLAY(SERVER, K5_SYS_REPLY_RECV, reply, K5_FLAG_TRY, 1, 0, 0, 0, serve);
    ASSERT_CURRENT(SERVER);
    ASSERT_ERROR(SERVER, K5_E_WOULD_BLOCK);
    ASSERT_STATE(CLIENT, K5_THREAD_READY);
    ASSERT_ERROR(CLIENT, K5_OK);
    assert_reply_is_stale(SERVER, reply);
}

/* Call numbers have 24 bits; after the last comes 1, so that a capability is never 0. */
static void test_reply_numbers_skip_zero_when_they_wrap(void **state)
{
    (void)state;
    arrange_call();
    PLAY(SERVER, K5_SYS_REPLY_RECV, kit_reg(SERVER, 7), 0, 0, 0, 0, 0, serve);
    k5.thread[CLIENT].sequence = IPC_SEQUENCE_MAX - 1;
    for (uint32_t i = 0; i < 3; i++) {
        static const uint32_t want[] = {IPC_SEQUENCE_MAX, 1, 2};

        TURN_TO(CLIENT);
        PLAY(CLIENT, K5_SYS_CALL, to_server);
        ASSERT_CURRENT(SERVER);
        assert_int_equal(kit_reg(SERVER, 7), want[i] << 8 | CLIENT);
        PLAY(SERVER, K5_SYS_REPLY_RECV, kit_reg(SERVER, 7), 0, 0, 0, 0, 0, serve);
    }
}

/* ------------------------------------------------------------ a client that dies */

#define DYING_TASK 1u
#define DYING      1u /* its call is in the server's hands */
#define ACCOMPLICE 2u /* its second thread, which commits the fault */

static uint32_t arrange_dying_client(void)
{
    kit_setup(NULL);
    build_single(10);
    build_task(SYS_POLICY_RESTART);
    build_thread(DYING_TASK, 10);
    build_thread(DYING_TASK, 10);

    uint32_t endpoint = build_endpoint(SERVER);

    serve = build_cap(SERVER, endpoint, K5_RIGHT_RECV, 0);
    to_server = build_cap(DYING_TASK, endpoint, K5_RIGHT_SEND, 1);
    kit_boot();
    TURN_TO(SERVER);
    PLAY(SERVER, K5_SYS_RECV, serve);
    TURN_TO(DYING);
    PLAY(DYING, K5_SYS_CALL, to_server);
    ASSERT_CURRENT(SERVER);
    return kit_reg(SERVER, 7);
}

static void test_reply_to_a_client_that_died_is_stale(void **state)
{
    (void)state;
    uint32_t reply = arrange_dying_client();

    TURN_TO(ACCOMPLICE);
    FAULT(ACCOMPLICE);
    ASSERT_STATE(DYING, K5_THREAD_OFF);
    ASSERT_CURRENT(SERVER);
    assert_reply_is_stale(SERVER, reply);
}

static void test_reply_does_not_reach_the_successor_of_a_dead_client(void **state)
{
    (void)state;
    uint32_t reply = arrange_dying_client();

    TURN_TO(ACCOMPLICE);
    FAULT(ACCOMPLICE);
    kit_advance(BUILD_BACKOFF);
    TURN_TO(DYING);
    PLAY(DYING, K5_SYS_CALL, to_server, 0, 77);
    TURN_TO(SERVER);
    assert_reply_is_stale(SERVER, reply);
    PLAY(SERVER, K5_SYS_RECV, serve);
    assert_int_equal(kit_reg(SERVER, 2), 77);
    assert_reply_is_stale(SERVER, reply);
    ASSERT_STATE(DYING, K5_THREAD_AWAITING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        KIT_TEST(test_reply_works_once),
        KIT_TEST(test_reply_of_an_earlier_call_does_not_answer_the_next),
        KIT_TEST(test_reply_of_another_holder_is_refused),
        KIT_TEST(test_reply_by_the_caller_is_refused),
        KIT_TEST(test_reply_without_any_call_is_refused),
        KIT_TEST(test_reply_forged_numbers_never_work),
        KIT_TEST(test_reply_dies_with_its_holder),
        KIT_TEST(test_reply_capabilities_may_be_used_in_any_order),
        KIT_TEST(test_reply_recv_takes_the_next_message_at_once),
        KIT_TEST(test_reply_recv_that_would_block_has_replied),
        KIT_TEST(test_reply_numbers_skip_zero_when_they_wrap),
        KIT_TEST(test_reply_to_a_client_that_died_is_stale),
        KIT_TEST(test_reply_does_not_reach_the_successor_of_a_dead_client),
    };

    return cmocka_run_group_tests_name("ipc reply", tests, NULL, NULL);
}
