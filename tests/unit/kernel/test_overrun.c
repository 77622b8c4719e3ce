/* A client can never crash a server: whose fault it is when a payer runs dry. */
#include "kernel/sched.h"

#include "tests/unit/kit.h"

/* A poor client: a small budget, then a long cooldown. */
static uint32_t poor_client(uint32_t priority, uint32_t budget)
{
    uint32_t id = build_single(priority);

    build_thread_of(id)->budget = budget;
    build_thread_of(id)->cooldown = 1000;
    return id;
}

static uint32_t passive_server(uint32_t priority, uint32_t overrun)
{
    uint32_t id = build_single(priority);

    build_thread_of(id)->budget = 0;
    build_thread_of(id)->overrun = overrun;
    return id;
}

static uint32_t faults(void)
{
    return fake_machine_count(&kit_machine, K5_EVENT_FAULT);
}

/* The server's start code takes longer than a client's budget: it gets there in several of them. */
static void test_queued_client_cannot_crash_a_server_that_starts(void **state)
{
    (void)state;
    uint32_t client = poor_client(10, 100);
    uint32_t server = passive_server(10, 5);
    uint32_t endpoint = build_endpoint(server);
    uint32_t send = build_cap(client, endpoint, K5_RIGHT_SEND, 0);
    uint32_t recv = build_cap(server, endpoint, K5_RIGHT_RECV, 0);

    kit_boot();
    ASSERT_STATE(server, K5_THREAD_UNFUNDED);
    kit_advance(40);
    PLAY(client, K5_SYS_CALL, send, kit_info(1, 0));
    ASSERT_CURRENT(server);
    kit_advance(60); /* the client's budget ends, and with it what its place in the queue lends */
    ASSERT_STATE(server, K5_THREAD_UNFUNDED);
    kit_advance(999);
    ASSERT_STATE(server, K5_THREAD_UNFUNDED);
    kit_advance(1);
    ASSERT_CURRENT(server); /* the cooldown is over: on with the start code */
    kit_advance(50);
    PLAY(server, K5_SYS_RECV, recv, 0);
    ASSERT_ERROR(server, K5_OK);
    ASSERT_CURRENT(server);
    assert_int_equal(faults(), 0);
    kit_advance(50 + 4); /* received: from here on the overrun counts */
    assert_int_equal(faults(), 0);
    kit_advance(1);
    assert_int_equal(faults(), 1);
}

/* A second client with time takes over at once where the first one's ends. */
static void test_queued_clients_fund_a_server_one_after_another(void **state)
{
    (void)state;
    uint32_t first = poor_client(12, 100);
    uint32_t second = poor_client(11, 100);
    uint32_t server = passive_server(10, 0);
    uint32_t endpoint = build_endpoint(server);
    uint32_t from_first = build_cap(first, endpoint, K5_RIGHT_SEND, 0);
    uint32_t from_second = build_cap(second, endpoint, K5_RIGHT_SEND, 0);

    kit_boot();
    PLAY(first, K5_SYS_CALL, from_first, kit_info(1, 0));
    ASSERT_CURRENT(server); /* with the first one's priority, so before the second */
    kit_advance(100);
    ASSERT_STATE(server, K5_THREAD_UNFUNDED);
    ASSERT_CURRENT(second);
    PLAY(second, K5_SYS_CALL, from_second, kit_info(1, 0));
    ASSERT_CURRENT(server); /* still as urgent as the first, now on the second's time */
    assert_int_equal(k5.thread[server].payer, second);
    assert_int_equal(k5.thread[server].effective, 12);
    kit_advance(99);
    ASSERT_CURRENT(server);
    assert_int_equal(faults(), 0);
}

/* A server deep in its overrun calls another one, whose own overrun begins with its own work. */
static void test_server_in_overrun_cannot_crash_the_next_server(void **state)
{
    (void)state;
    uint32_t client = poor_client(20, 100);
    uint32_t middle = passive_server(10, 300);
    uint32_t last = passive_server(10, 50);
    uint32_t to_middle = build_endpoint(middle);
    uint32_t to_last = build_endpoint(last);
    uint32_t call_middle = build_cap(client, to_middle, K5_RIGHT_SEND, 0);
    uint32_t recv_middle = build_cap(middle, to_middle, K5_RIGHT_RECV, 0);
    uint32_t call_last = build_cap(middle, to_last, K5_RIGHT_SEND, 0);
    uint32_t recv_last = build_cap(last, to_last, K5_RIGHT_RECV, 0);

    kit_boot();
    PLAY(client, K5_SYS_CALL, call_middle, kit_info(1, 0));
    PLAY(middle, K5_SYS_RECV, recv_middle, 0);
    PLAY(middle, K5_SYS_CALL, call_last, kit_info(1, 0));
    PLAY(last, K5_SYS_RECV, recv_last, 0); /* first time round within the budget */
    PLAY(last, K5_SYS_REPLY_RECV, kit_reg(last, 7), kit_info(1, 0), 0, 0, 0, 0, recv_last);
    ASSERT_CURRENT(middle);
    kit_advance(100 + 200);
    PLAY(middle, K5_SYS_CALL, call_last, kit_info(1, 0));
    ASSERT_CURRENT(last);
    kit_advance(49);
    assert_int_equal(faults(), 0);
    PLAY(last, K5_SYS_REPLY_RECV, kit_reg(last, 7), kit_info(1, 0), 0, 0, 0, 0, recv_last);
    ASSERT_CURRENT(middle);
    kit_advance(99); /* of its 300 it has used 200 */
    assert_int_equal(faults(), 0);
    kit_advance(1);
    assert_int_equal(faults(), 1);
    assert_int_equal(k5.task[k5.thread[middle].task].generation, 1);
    assert_int_equal(k5.task[k5.thread[last].task].generation, 0);
}

/* An overrun is counted against the payer who is dry; when another one pays, it begins at nothing.
 */
static void test_overrun_ends_when_another_payer_takes_over(void **state)
{
    (void)state;
    uint32_t client = poor_client(20, 100);
    uint32_t starting = passive_server(10, 50); /* lives on the client's place in its queue */
    uint32_t middle = poor_client(10, 300);
    uint32_t last = passive_server(10, 2000);
    uint32_t to_starting = build_endpoint(starting);
    uint32_t to_middle = build_endpoint(middle);
    uint32_t to_last = build_endpoint(last);
    uint32_t call_starting = build_cap(client, to_starting, K5_RIGHT_SEND, 0);
    uint32_t call_middle = build_cap(starting, to_middle, K5_RIGHT_SEND, 0);
    uint32_t recv_middle = build_cap(middle, to_middle, K5_RIGHT_RECV, 0);
    uint32_t call_last = build_cap(middle, to_last, K5_RIGHT_SEND, 0);
    uint32_t recv_last = build_cap(last, to_last, K5_RIGHT_RECV, 0);

    kit_boot();
    PLAY(client, K5_SYS_CALL, call_starting, kit_info(1, 0));
    PLAY(starting, K5_SYS_CALL, call_middle, kit_info(1, 0));
    PLAY(middle, K5_SYS_RECV, recv_middle, 0);
    PLAY(middle, K5_SYS_CALL, call_last, kit_info(1, 0));
    PLAY(last, K5_SYS_RECV, recv_last, 0);
    assert_int_equal(k5.thread[last].payer, client);
    kit_advance(100); /* the client is dry: from here on the middle pays */
    assert_int_equal(k5.thread[last].payer, middle);
    kit_advance(300 + 500); /* and is dry, too */
    kernel_timer();
    KIT_CHECK();
    assert_int_equal(k5.thread[last].overrun_used, 500);
    kit_advance(200); /* the client's cooldown is over */
    assert_int_equal(k5.thread[last].payer, client);
    assert_int_equal(k5.thread[last].overrun_used, 0);
    assert_int_equal(faults(), 0);
}

static void test_plain_send_to_a_passive_server_is_refused(void **state)
{
    (void)state;
    uint32_t client = build_single(20);
    uint32_t server = passive_server(10, 50);
    uint32_t endpoint = build_endpoint(server);
    uint32_t send = build_cap(client, endpoint, K5_RIGHT_SEND, 0);

    kit_boot();
    PLAY(client, K5_SYS_SEND, send, kit_info(1, 0));
    ASSERT_ERROR(client, K5_E_INVALID);
    ASSERT_STATE(server, K5_THREAD_UNFUNDED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        KIT_TEST(test_queued_client_cannot_crash_a_server_that_starts),
        KIT_TEST(test_queued_clients_fund_a_server_one_after_another),
        KIT_TEST(test_server_in_overrun_cannot_crash_the_next_server),
        KIT_TEST(test_overrun_ends_when_another_payer_takes_over),
        KIT_TEST(test_plain_send_to_a_passive_server_is_refused),
    };

    return cmocka_run_group_tests_name("overrun", tests, NULL, NULL);
}
