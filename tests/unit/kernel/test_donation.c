/* Donation: whose time a server runs on, and how urgently, while others wait for it. */
#include "kernel/donation.h"

#include "tests/unit/kit.h"

#define LONGEST 5u
#define HOG     15u /* priority of a thread that nobody waits for */

static uint32_t endpoint_of[CFG_THREADS];
static uint32_t recv_cap[CFG_THREADS];

/* A task with one thread and an endpoint that it receives from. */
static uint32_t server(uint32_t priority, bool passive)
{
    uint32_t id = build_single(priority);

    if (passive) {
        build_thread_of(id)->budget = 0;
    }
    endpoint_of[id] = build_endpoint(id);
    recv_cap[id] = build_cap(id, endpoint_of[id], K5_RIGHT_RECV, 0);
    return id;
}

/* `from` may call `to`. */
static uint32_t edge(uint32_t from, uint32_t to)
{
    return build_cap(from, endpoint_of[to], K5_RIGHT_SEND, from);
}

static void assert_lent(uint32_t id, uint32_t payer, uint32_t effective)
{
    if (k5.thread[id].payer != payer || k5.thread[id].effective != effective) {
        fail_msg("thread %u has payer %u and priority %u, want %u and %u", id, k5.thread[id].payer,
                 k5.thread[id].effective, payer, effective);
    }
}

static void charge_now(void)
{
    kernel_timer();
    KIT_CHECK();
}

static uint64_t consumed(uint32_t id)
{
    charge_now();
    return k5.thread[id].consumed;
}

/* ------------------------------------------------------------ chains */

/* Client 0 calls server 1, which calls 2, ... up to `length` servers, all below the hog. */
static uint32_t chain_cap[LONGEST + 1];
static uint32_t chain_reply[LONGEST + 1];

static void build_chain(uint32_t length, bool passive)
{
    build_single(20); /* the client */
    build_thread_of(0)->budget = 1000000;
    for (uint32_t i = 1; i <= length; i++) {
        server(i, passive);
    }
    build_single(HOG);
    for (uint32_t i = 0; i < length; i++) {
        chain_cap[i] = edge(i, i + 1);
    }
    kit_boot();
}

/* Each link is queued before its server gets time: it is what makes the server run. */
static void call_down(uint32_t length)
{
    for (uint32_t i = 0; i < length; i++) {
        ASSERT_CURRENT(i);
        PLAY(i, K5_SYS_CALL, chain_cap[i]);
        ASSERT_CURRENT(i + 1);
        assert_lent(i + 1, k5.thread[i + 1].own_payer == NO_THREAD ? 0 : i + 1, 20);
        PLAY(i + 1, K5_SYS_RECV, recv_cap[i + 1]);
        assert_lent(i + 1, 0, 20);
        chain_reply[i + 1] = kit_reg(i + 1, 7);
    }
}

static void test_donation_reaches_through_chains(void **state)
{
    (void)state;
    for (uint32_t length = 2; length <= LONGEST; length++) {
        for (uint32_t passive = 0; passive < 2; passive++) {
            kit_setup(NULL);
            build_chain(length, passive != 0);
            call_down(length);
            kit_advance(100); /* all of it is the client's, and the hog gets nothing */
            ASSERT_CURRENT(length);
            assert_int_equal(consumed(0), 100);
            for (uint32_t i = 1; i <= length + 1; i++) {
                assert_int_equal(k5.thread[i].consumed, 0);
            }
        }
    }
}

static void test_donation_ends_link_by_link(void **state)
{
    (void)state;
    build_chain(LONGEST, true);
    call_down(LONGEST);
    for (uint32_t i = LONGEST; i > 0; i--) {
        ASSERT_CURRENT(i);
        PLAY(i, K5_SYS_REPLY_RECV, chain_reply[i], 0, 0, 0, 0, 0, recv_cap[i]);
        assert_lent(i, NO_THREAD, i);
        assert_lent(i - 1, 0, 20);
    }
    ASSERT_CURRENT(0);
}

/* After a reply without recv the server is on its own again: its own time and priority. */
static void test_donation_ends_with_the_reply(void **state)
{
    (void)state;
    build_chain(1, false);
    call_down(1);
    PLAY(1, K5_SYS_REPLY, kit_reg(1, 7));
    ASSERT_CURRENT(0);
    assert_lent(1, 1, 1);
    ASSERT_STATE(1, K5_THREAD_READY);
}

/* Receiving again without a reply ends the donation, not the call. */
static void test_donation_ends_when_the_server_receives_again(void **state)
{
    (void)state;
    build_chain(1, false);
    call_down(1);

    uint32_t reply = kit_reg(1, 7);

    PLAY(1, K5_SYS_RECV, recv_cap[1], K5_FLAG_TRY);
    ASSERT_ERROR(1, K5_E_WOULD_BLOCK);
    assert_lent(1, 1, 1);
    ASSERT_STATE(0, K5_THREAD_AWAITING);
    ASSERT_CURRENT(2); /* the hog: the client's urgency no longer reaches the server */
    PLAY(2, K5_SYS_SLEEP, UINT32_MAX, UINT32_MAX);
    PLAY(1, K5_SYS_REPLY, reply, 0, 99);
    ASSERT_CURRENT(0);
    assert_int_equal(kit_reg(0, 2), 99);
}

/* ------------------------------------------------------------ queued callers */

#define SERVER 0u
#define MIDDLE 1u
#define URGENT 2u

static uint32_t urgent_cap, middle_cap;

/* A busy server of priority 5 below a thread of 10; an urgent client sleeps until tick 100. */
static void boot_inversion(void)
{
    server(5, false);
    build_single(10);
    build_single(20);
    middle_cap = edge(MIDDLE, SERVER);
    urgent_cap = edge(URGENT, SERVER);
    kit_boot();
    PLAY(URGENT, K5_SYS_SLEEP, 100, 0);
    ASSERT_CURRENT(MIDDLE);
}

static void test_donation_queued_caller_boosts_the_receiver(void **state)
{
    (void)state;
    boot_inversion();
    kit_advance_to(100);
    ASSERT_CURRENT(URGENT);
    PLAY(URGENT, K5_SYS_CALL, urgent_cap);
    ASSERT_CURRENT(SERVER);          /* not MIDDLE: that would be priority inversion */
    assert_lent(SERVER, SERVER, 20); /* its own time as yet: the call is not received */
    PLAY(SERVER, K5_SYS_RECV, recv_cap[SERVER]);
    assert_lent(SERVER, URGENT, 20);
    PLAY(SERVER, K5_SYS_REPLY, kit_reg(SERVER, 7));
    ASSERT_CURRENT(URGENT);
    assert_lent(SERVER, SERVER, 5);
}

static void test_donation_boost_ends_when_the_queued_caller_dies(void **state)
{
    (void)state;
    /* The urgent client's task has a second thread, which will commit the fault. */
    server(5, false);
    build_single(10);

    uint32_t task = build_task(SYS_POLICY_RESTART);

    build_thread(task, 20);
    build_thread(task, 19);
    urgent_cap = edge(task, SERVER);
    kit_boot();
    PLAY(2, K5_SYS_SLEEP, 100, 0);
    PLAY(3, K5_SYS_SLEEP, 200, 0);
    kit_advance_to(100);
    PLAY(2, K5_SYS_CALL, urgent_cap);
    ASSERT_CURRENT(SERVER);
    PLAY(SERVER, K5_SYS_SLEEP, 300, 0); /* or it would run before thread 3 */
    kit_advance_to(200);
    ASSERT_CURRENT(3);
    assert_lent(SERVER, SERVER, 20);
    FAULT(3);
    assert_lent(SERVER, SERVER, 5);
    ASSERT_CURRENT(MIDDLE);
}

/* A queued sender whose buffer went bad is sent away, and its boost with it. */
static void test_donation_boost_ends_when_the_queued_message_fails(void **state)
{
    (void)state;
    boot_inversion();
    kit_advance_to(100);
    PLAY(URGENT, K5_SYS_SEND, urgent_cap, K5_MSG_COPY, build_buffer(URGENT, 0), 8);
    ASSERT_CURRENT(SERVER);
    assert_lent(SERVER, SERVER, 20);
    kit_view_of(URGENT, BUILD_BUFFERS)->access = 0;
    PLAY(SERVER, K5_SYS_RECV, recv_cap[SERVER]);
    ASSERT_STATE(SERVER, K5_THREAD_RECEIVING);
    assert_lent(SERVER, SERVER, 5);
    ASSERT_CURRENT(URGENT);
    ASSERT_ERROR(URGENT, K5_E_ADDRESS);
}

/* The boost passes on to whom the server itself waits for. */
static void test_donation_boost_reaches_whom_the_server_waits_for(void **state)
{
    (void)state;
    server(5, false); /* 0: the server */
    build_single(10); /* 1: middle */
    build_single(20); /* 2: urgent */
    server(3, false); /* 3: the server's server */
    urgent_cap = edge(URGENT, SERVER);

    uint32_t down = edge(SERVER, 3);

    kit_boot();
    PLAY(URGENT, K5_SYS_SLEEP, 100, 0);
    PLAY(MIDDLE, K5_SYS_SLEEP, 50, 0);
    ASSERT_CURRENT(SERVER);
    PLAY(SERVER, K5_SYS_CALL, down);
    ASSERT_CURRENT(3);
    assert_lent(3, 3, 5);
    kit_advance_to(50);
    ASSERT_CURRENT(MIDDLE);
    kit_advance_to(100);
    PLAY(URGENT, K5_SYS_CALL, urgent_cap);
    ASSERT_CURRENT(3);
    assert_lent(3, 3, 20);
    PLAY(3, K5_SYS_RECV, recv_cap[3]);
    assert_lent(3, SERVER, 20);
    PLAY(3, K5_SYS_REPLY, kit_reg(3, 7));
    ASSERT_CURRENT(SERVER);
    assert_lent(SERVER, SERVER, 20);
    assert_lent(3, 3, 3);
}

/* Of several queued callers the most urgent counts, and the next one after it is served. */
static void test_donation_boost_follows_the_best_of_the_queue(void **state)
{
    static const uint32_t priority[] = {8, 12, 18};

    (void)state;
    server(2, false);
    for (uint32_t i = 0; i < 3; i++) {
        build_single(priority[i]);
        edge(1 + i, SERVER);
    }
    kit_boot();
    for (uint32_t i = 3; i > 0; i--) { /* the most urgent runs first: let it come last */
        PLAY(i, K5_SYS_SLEEP, 100 * i, 0);
    }
    ASSERT_CURRENT(SERVER);
    for (uint32_t i = 1; i <= 3; i++) {
        kit_advance_to(100 * i);
        ASSERT_CURRENT(i);
        PLAY(i, K5_SYS_CALL, 0x10000);
        assert_lent(SERVER, SERVER, priority[i - 1]);
    }
    for (uint32_t i = 3; i > 0; i--) {
        PLAY(SERVER, K5_SYS_RECV, recv_cap[SERVER]);
        assert_lent(SERVER, i, priority[i - 1]);
        assert_int_equal(kit_reg(SERVER, 6), i);
        PLAY(SERVER, K5_SYS_REPLY, kit_reg(SERVER, 7));
        assert_lent(SERVER, SERVER, i > 1 ? priority[i - 2] : 2);
        PLAY(i, K5_SYS_SLEEP, UINT32_MAX, UINT32_MAX);
    }
}

/* ------------------------------------------------------------ passive servers */

static void test_donation_passive_server_without_a_client_never_runs(void **state)
{
    (void)state;
    server(31, true);
    build_single(1);
    kit_boot();
    ASSERT_CURRENT(1);
    kit_advance(100000);
    ASSERT_CURRENT(1);
    ASSERT_STATE(SERVER, K5_THREAD_UNFUNDED);
    assert_int_equal(consumed(SERVER), 0);
}

/* A queued caller lends its time to a passive server that serves nobody: it must get to recv. */
static void test_donation_queued_caller_funds_a_passive_server(void **state)
{
    (void)state;
    server(5, true);
    build_single(10);
    middle_cap = edge(MIDDLE, SERVER);
    kit_boot();
    ASSERT_CURRENT(MIDDLE);
    PLAY(MIDDLE, K5_SYS_CALL, middle_cap);
    ASSERT_CURRENT(SERVER);
    assert_lent(SERVER, MIDDLE, 10);
    kit_advance(30);
    assert_int_equal(consumed(MIDDLE), 30);
    PLAY(SERVER, K5_SYS_RECV, recv_cap[SERVER]);
    assert_lent(SERVER, MIDDLE, 10);
    PLAY(SERVER, K5_SYS_REPLY, kit_reg(SERVER, 7));
    ASSERT_CURRENT(MIDDLE);
    ASSERT_STATE(SERVER, K5_THREAD_UNFUNDED); /* it replied: no time until the next client */
    assert_lent(SERVER, NO_THREAD, 5);
}

/* The best queued caller pays; when a better one comes, that one does. */
static void test_donation_best_queued_caller_funds_a_passive_server(void **state)
{
    (void)state;
    server(1, true);
    build_single(10);
    build_single(20);
    middle_cap = edge(MIDDLE, SERVER);
    urgent_cap = edge(URGENT, SERVER);
    kit_boot();
    PLAY(URGENT, K5_SYS_SLEEP, 100, 0);
    PLAY(MIDDLE, K5_SYS_CALL, middle_cap);
    ASSERT_CURRENT(SERVER);
    kit_advance_to(100);
    assert_int_equal(k5.thread[MIDDLE].consumed, 100);
    PLAY(URGENT, K5_SYS_CALL, urgent_cap);
    ASSERT_CURRENT(SERVER);
    assert_lent(SERVER, URGENT, 20);
    kit_advance(50);
    assert_int_equal(consumed(URGENT), 50);
    assert_int_equal(k5.thread[MIDDLE].consumed, 100);
    PLAY(SERVER, K5_SYS_RECV, recv_cap[SERVER]);
    assert_int_equal(kit_reg(SERVER, 6), URGENT);
}

/* A passive server polled its endpoint: it stops until somebody comes. */
static void test_donation_passive_server_that_polls_waits_for_time(void **state)
{
    (void)state;
    server(5, true);
    build_single(10);
    middle_cap = edge(MIDDLE, SERVER);
    kit_boot();
    PLAY(MIDDLE, K5_SYS_CALL, middle_cap);
    PLAY(SERVER, K5_SYS_RECV, recv_cap[SERVER]);
    PLAY(SERVER, K5_SYS_REPLY_RECV, kit_reg(SERVER, 7), K5_FLAG_TRY, 0, 0, 0, 0, recv_cap[SERVER]);
    ASSERT_ERROR(SERVER, K5_E_WOULD_BLOCK);
    ASSERT_STATE(SERVER, K5_THREAD_UNFUNDED);
    ASSERT_CURRENT(MIDDLE);
    PLAY(MIDDLE, K5_SYS_CALL, middle_cap);
    ASSERT_CURRENT(SERVER);
    PLAY(SERVER, K5_SYS_RECV, recv_cap[SERVER]);
    ASSERT_ERROR(SERVER, K5_OK);
}

/* A server with time of its own, called by a passive one whose funding dies, runs on its own. */
static void test_donation_server_outlives_the_funding_of_its_client(void **state)
{
    uint32_t task;

    (void)state;
    server(20, true); /* 0: passive, in the middle */
    server(5, false); /* 1: has time of its own */
    task = build_task(SYS_POLICY_STOP);
    build_thread(task, 10); /* 2: its call, still queued, funds thread 0 */
    build_thread(task, 25); /* 3: its sister commits the fault */
    urgent_cap = edge(task, 0);
    middle_cap = edge(0, 1);
    kit_boot();
    PLAY(3, K5_SYS_SLEEP, 100, 0);
    PLAY(2, K5_SYS_CALL, urgent_cap);
    ASSERT_CURRENT(0);
    PLAY(0, K5_SYS_CALL, middle_cap); /* without having received */
    ASSERT_CURRENT(1);
    PLAY(1, K5_SYS_RECV, recv_cap[1]);
    assert_lent(1, 2, 20);
    kit_advance_to(100);
    FAULT(3);
    ASSERT_CURRENT(1);
    assert_lent(0, NO_THREAD, 20);
    assert_lent(1, 1, 20);
    PLAY(1, K5_SYS_REPLY_RECV, kit_reg(1, 7), 0, 0, 0, 0, 0, recv_cap[1]);
    ASSERT_STATE(1, K5_THREAD_RECEIVING);
    ASSERT_STATE(0, K5_THREAD_UNFUNDED);
    ASSERT_CURRENT(NO_THREAD);
}

/* ------------------------------------------------------------ a client that dies */

/* Its time and priority last until the server replies or receives. */
static void test_donation_of_a_dead_client_lasts(void **state)
{
    uint32_t task;

    (void)state;
    server(5, true);
    build_single(10);
    task = build_task(SYS_POLICY_RESTART);
    build_task_of(task)->backoff_ticks = 10000;
    build_thread(task, 20);
    build_thread(task, 25);
    urgent_cap = edge(task, SERVER);
    kit_boot();
    PLAY(3, K5_SYS_SLEEP, 100, 0);
    PLAY(2, K5_SYS_CALL, urgent_cap);
    PLAY(SERVER, K5_SYS_RECV, recv_cap[SERVER]);
    kit_advance_to(100);
    FAULT(3);
    ASSERT_STATE(2, K5_THREAD_OFF);
    ASSERT_CURRENT(SERVER); /* finishes its work before MIDDLE gets on */
    assert_lent(SERVER, 2, 20);
    kit_advance(50);
    assert_int_equal(consumed(2), 150);
    PLAY(SERVER, K5_SYS_RECV, recv_cap[SERVER]);
    ASSERT_CURRENT(MIDDLE);
    assert_lent(SERVER, NO_THREAD, 5);
}

/* The orphaned server and the client's next incarnation draw on one budget, even to its end. */
static void test_donation_of_a_dead_client_may_spend_its_successors_budget(void **state)
{
    uint32_t task;

    (void)state;
    server(30, true);
    build_thread_of(SERVER)->overrun = 1000;
    build_single(10);
    task = build_task(SYS_POLICY_RESTART);
    build_task_of(task)->backoff_ticks = 10;
    build_thread(task, 20);
    build_thread(task, 25);
    build_thread_of(2)->budget = 500;
    build_thread_of(2)->cooldown = 5000;
    urgent_cap = edge(task, SERVER);
    kit_boot();
    PLAY(3, K5_SYS_SLEEP, 100, 0);
    PLAY(2, K5_SYS_CALL, urgent_cap);
    PLAY(SERVER, K5_SYS_RECV, recv_cap[SERVER]);
    PLAY(SERVER, K5_SYS_SLEEP, 200, 0);
    ASSERT_CURRENT(MIDDLE);
    kit_advance_to(100);
    FAULT(3); /* the sister's */
    kit_advance_to(110);
    ASSERT_CURRENT(3); /* both threads of the new incarnation */
    PLAY(3, K5_SYS_SLEEP, 0, 1);
    ASSERT_CURRENT(2);
    kit_advance_to(200); /* 90 ticks on, the orphan wakes and preempts it */
    ASSERT_CURRENT(SERVER);
    assert_lent(SERVER, 2, 30);
    kit_advance_to(609);
    ASSERT_STATE(2, K5_THREAD_READY);
    kit_advance_to(610); /* 90 + 410: the budget is spent while its owner is ready */
    ASSERT_STATE(2, K5_THREAD_EXHAUSTED);
    ASSERT_CURRENT(SERVER);
    assert_int_equal(consumed(2), 500);
}

/* A server that dies gives back what it was lent; its client goes on. */
static void test_donation_ends_with_the_server(void **state)
{
    (void)state;
    build_chain(2, true);
    call_down(2);
    FAULT(2);
    ASSERT_CURRENT(1);
    ASSERT_ERROR(1, K5_E_RESTARTED);
    assert_lent(1, 0, 20);
    assert_lent(2, NO_THREAD, 2);
}

/* ------------------------------------------------------------ the account */

/* Clients of a passive server share it; all of them together get no more than their budgets. */
static void test_donation_passive_servers_amplify_no_budget(void **state)
{
    enum { CLIENTS = 4, ROUNDS = 20000 };
    struct kit_random random = kit_random_from(kit_setting("K5_SEED", 11));

    (void)state;
    server(30, true);
    for (uint32_t i = 1; i <= CLIENTS; i++) {
        build_single(20 + i % 2);
        build_thread_of(i)->budget = 100;
        build_thread_of(i)->cooldown = 900;
        edge(i, SERVER);
    }
    build_thread_of(SERVER)->overrun = 40;
    kit_boot();
    for (uint32_t round = 0; round < ROUNDS; round++) {
        uint32_t who = k5.current;

        kit_advance(kit_random_below(&random, 30));
        if (k5.current != who || who == NO_THREAD) {
            continue;
        }
        if (who != SERVER) {
            PLAY(who, K5_SYS_CALL, 0x10000);
        } else if (k5.thread[who].client != NO_THREAD) {
            PLAY(who, K5_SYS_REPLY_RECV, kit_reg(who, 7), 0, 0, 0, 0, 0, recv_cap[SERVER]);
        } else {
            PLAY(who, K5_SYS_RECV, recv_cap[SERVER]);
        }
    }
    charge_now();

    uint64_t worked = k5.charged_at - k5.idle;
    uint64_t periods = 1 + k5.charged_at / 900;

    assert_int_equal(k5.thread[SERVER].consumed, 0);
    assert_true(worked > 10 * CLIENTS * 100); /* they did work */
    assert_true(worked <= CLIENTS * (100 * periods + 40));
    for (uint32_t i = 1; i <= CLIENTS; i++) {
        assert_true(k5.thread[i].consumed <= 100 * periods + 40);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        KIT_TEST(test_donation_reaches_through_chains),
        KIT_TEST(test_donation_ends_link_by_link),
        KIT_TEST(test_donation_ends_with_the_reply),
        KIT_TEST(test_donation_ends_when_the_server_receives_again),
        KIT_TEST(test_donation_queued_caller_boosts_the_receiver),
        KIT_TEST(test_donation_boost_ends_when_the_queued_caller_dies),
        KIT_TEST(test_donation_boost_ends_when_the_queued_message_fails),
        KIT_TEST(test_donation_boost_reaches_whom_the_server_waits_for),
        KIT_TEST(test_donation_boost_follows_the_best_of_the_queue),
        KIT_TEST(test_donation_passive_server_without_a_client_never_runs),
        KIT_TEST(test_donation_queued_caller_funds_a_passive_server),
        KIT_TEST(test_donation_best_queued_caller_funds_a_passive_server),
        KIT_TEST(test_donation_passive_server_that_polls_waits_for_time),
        KIT_TEST(test_donation_server_outlives_the_funding_of_its_client),
        KIT_TEST(test_donation_of_a_dead_client_lasts),
        KIT_TEST(test_donation_of_a_dead_client_may_spend_its_successors_budget),
        KIT_TEST(test_donation_ends_with_the_server),
        KIT_TEST(test_donation_passive_servers_amplify_no_budget),
    };

    return cmocka_run_group_tests_name("donation", tests, NULL, NULL);
}
