/* IPC, state by event: each operation in each state that its peer can be in.
 *
 * All threads have one priority, so none preempts another and a test can let
 * them take turns by yielding.
 */
#include "kernel/ipc.h"

#include "tests/unit/kit.h"

#define SERVER 0u
#define CLIENT 1u
#define OTHER  2u /* serves an endpoint that the server uses */
#define RIVAL  3u /* a second client */
#define TRY    (uint32_t) K5_FLAG_TRY

static uint32_t serve, to_server, to_server_rival, serve_other, to_other;

static void build_four(enum sys_policy policy)
{
    for (uint32_t i = 0; i < 4; i++) {
        build_single(10);
    }
    build_task_of(SERVER)->policy = (uint8_t)policy;

    uint32_t server = build_endpoint(SERVER);
    uint32_t other = build_endpoint(OTHER);

    serve = build_cap(SERVER, server, K5_RIGHT_RECV, 0);
    to_other = build_cap(SERVER, other, K5_RIGHT_SEND, 0);
    to_server = build_cap(CLIENT, server, K5_RIGHT_SEND, 0xc11e);
    serve_other = build_cap(OTHER, other, K5_RIGHT_RECV, 0);
    to_server_rival = build_cap(RIVAL, server, K5_RIGHT_SEND, 0x41fa);
    kit_boot();
}

/* ------------------------------------------------------------ the peer's states */

enum peer {
    PEER_RECEIVING,
    PEER_READY,
    PEER_SLEEPING,
    PEER_SENDING,   /* to OTHER */
    PEER_CALLING,   /* OTHER */
    PEER_AWAITING,  /* OTHER's reply */
    PEER_BACKOFF,   /* faulted, not yet back */
    PEER_RESTARTED, /* back, nobody has used it since */
    PEER_RESTARTED_RECEIVING,
    PEER_HELD,
    PEER_STOPPED,
    PEER_COUNT,
};

static const char *const peer_name[PEER_COUNT] = {
    "receiving", "ready",     "sleeping",
    "sending",   "calling",   "awaiting",
    "backoff",   "restarted", "restarted and receiving",
    "held",      "stopped",
};

static enum sys_policy policy_for(enum peer peer)
{
    return peer == PEER_HELD      ? SYS_POLICY_HOLD
           : peer == PEER_STOPPED ? SYS_POLICY_STOP
                                  : SYS_POLICY_RESTART;
}

/* Brings the server into a state, and the client on the CPU. */
static void arrange(enum peer peer)
{
    kit_setup(NULL);
    build_four(policy_for(peer));
    TURN_TO(peer == PEER_AWAITING ? OTHER : SERVER);
    if (peer == PEER_AWAITING) {
        PLAY(OTHER, K5_SYS_RECV, serve_other);
        TURN_TO(SERVER);
    }
    switch (peer) {
    case PEER_RECEIVING:
        PLAY(SERVER, K5_SYS_RECV, serve);
        break;
    case PEER_SLEEPING:
        PLAY(SERVER, K5_SYS_SLEEP, 1000000, 0);
        break;
    case PEER_SENDING:
        PLAY(SERVER, K5_SYS_SEND, to_other);
        break;
    case PEER_CALLING:
    case PEER_AWAITING:
        PLAY(SERVER, K5_SYS_CALL, to_other);
        break;
    case PEER_BACKOFF:
    case PEER_RESTARTED:
    case PEER_RESTARTED_RECEIVING:
    case PEER_HELD:
    case PEER_STOPPED:
        FAULT(SERVER);
        break;
    case PEER_READY:
    case PEER_COUNT:
        break;
    }
    if (peer == PEER_RESTARTED || peer == PEER_RESTARTED_RECEIVING) {
        kit_advance(BUILD_BACKOFF);
    }
    if (peer == PEER_RESTARTED_RECEIVING) {
        TURN_TO(SERVER);
        PLAY(SERVER, K5_SYS_RECV, serve);
    }
    TURN_TO(CLIENT);
}

/* ------------------------------------------------------------ what a client finds */

enum outcome {
    GOES_ON,    /* done, OK, still running */
    WAITS_SEND, /* queued */
    WAITS_CALL,
    IN_SERVICE, /* the server runs with its call */
    BLOCKED,    /* E_WOULD_BLOCK */
    RESTARTED,
    STOPPED,
};

static void assert_outcome(enum outcome want)
{
    switch (want) {
    case GOES_ON:
        ASSERT_CURRENT(CLIENT);
        ASSERT_ERROR(CLIENT, K5_OK);
        ASSERT_STATE(SERVER, K5_THREAD_READY);
        assert_int_equal(kit_reg(SERVER, 6), 0xc11e);
        assert_int_equal(kit_reg(SERVER, 7), 0);
        break;
    case WAITS_SEND:
        ASSERT_STATE(CLIENT, K5_THREAD_SENDING);
        break;
    case WAITS_CALL:
        ASSERT_STATE(CLIENT, K5_THREAD_CALLING);
        break;
    case IN_SERVICE:
        ASSERT_STATE(CLIENT, K5_THREAD_AWAITING);
        ASSERT_CURRENT(SERVER);
        ASSERT_ERROR(SERVER, K5_OK);
        assert_int_equal(kit_reg(SERVER, 6), 0xc11e);
        assert_true(kit_holds_reply(SERVER, kit_reg(SERVER, 7)));
        break;
    case BLOCKED:
        ASSERT_CURRENT(CLIENT);
        ASSERT_ERROR(CLIENT, K5_E_WOULD_BLOCK);
        break;
    case RESTARTED:
        ASSERT_CURRENT(CLIENT);
        ASSERT_ERROR(CLIENT, K5_E_RESTARTED);
        break;
    case STOPPED:
        ASSERT_CURRENT(CLIENT);
        ASSERT_ERROR(CLIENT, K5_E_STOPPED);
        break;
    }
}

struct outcomes {
    enum outcome send, try_send, call, try_call;
};

static const struct outcomes first_use[PEER_COUNT] = {
    [PEER_RECEIVING] = {GOES_ON, GOES_ON, IN_SERVICE, IN_SERVICE},
    [PEER_READY] = {WAITS_SEND, BLOCKED, WAITS_CALL, BLOCKED},
    [PEER_SLEEPING] = {WAITS_SEND, BLOCKED, WAITS_CALL, BLOCKED},
    [PEER_SENDING] = {WAITS_SEND, BLOCKED, WAITS_CALL, BLOCKED},
    [PEER_CALLING] = {WAITS_SEND, BLOCKED, WAITS_CALL, BLOCKED},
    [PEER_AWAITING] = {WAITS_SEND, BLOCKED, WAITS_CALL, BLOCKED},
    [PEER_BACKOFF] = {RESTARTED, RESTARTED, RESTARTED, RESTARTED},
    [PEER_RESTARTED] = {RESTARTED, RESTARTED, RESTARTED, RESTARTED},
    [PEER_RESTARTED_RECEIVING] = {RESTARTED, RESTARTED, RESTARTED, RESTARTED},
    [PEER_HELD] = {WAITS_SEND, BLOCKED, WAITS_CALL, BLOCKED},
    [PEER_STOPPED] = {STOPPED, STOPPED, STOPPED, STOPPED},
};

/* The same capability once more, after it gave E_RESTARTED: it is armed again. */
static const struct outcomes second_use[PEER_COUNT] = {
    [PEER_BACKOFF] = {WAITS_SEND, BLOCKED, WAITS_CALL, BLOCKED},
    [PEER_RESTARTED] = {WAITS_SEND, BLOCKED, WAITS_CALL, BLOCKED},
    [PEER_RESTARTED_RECEIVING] = {GOES_ON, GOES_ON, IN_SERVICE, IN_SERVICE},
    [PEER_STOPPED] = {STOPPED, STOPPED, STOPPED, STOPPED},
};

/* Short and copy messages alike: column 0 short, 1 copy of 16 bytes. */
static void play_form(uint32_t number, uint32_t flags, uint32_t kind)
{
    uint32_t buffer = kind == K5_MSG_COPY ? build_buffer(CLIENT, 0) : 0x11;

    PLAY(CLIENT, number, to_server, kit_info(5, flags | kind), buffer, 16, 0, 0);
}

static void check_form(enum peer peer, uint32_t number, uint32_t flags, uint32_t kind,
                       enum outcome first, enum outcome second)
{
    arrange(peer);
    kit_row(peer_name[peer], number << 16 | flags | kind);
    play_form(number, flags, kind);
    assert_outcome(first);
    if (first == RESTARTED || first == STOPPED) {
        play_form(number, flags, kind);
        assert_outcome(second);
    }
}

static void test_ipc_operation_in_each_state_of_the_peer(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < PEER_COUNT; i++) {
        for (uint32_t kind = K5_MSG_SHORT; kind <= K5_MSG_COPY; kind++) {
            const struct outcomes *first = &first_use[i];
            const struct outcomes *second = &second_use[i];
            enum peer peer = (enum peer)i;

            check_form(peer, K5_SYS_SEND, 0, kind, first->send, second->send);
            check_form(peer, K5_SYS_SEND, TRY, kind, first->try_send, second->try_send);
            check_form(peer, K5_SYS_CALL, 0, kind, first->call, second->call);
            check_form(peer, K5_SYS_CALL, TRY, kind, first->try_call, second->try_call);
        }
    }
}

/* ------------------------------------------------------------ what a server finds */

static void test_ipc_recv_from_an_empty_queue(void **state)
{
    (void)state;
    build_four(SYS_POLICY_RESTART);
    TURN_TO(SERVER);
    PLAY(SERVER, K5_SYS_RECV, serve, TRY);
    ASSERT_CURRENT(SERVER);
    ASSERT_ERROR(SERVER, K5_E_WOULD_BLOCK);
    PLAY(SERVER, K5_SYS_RECV, serve, 0);
    ASSERT_STATE(SERVER, K5_THREAD_RECEIVING);
    assert_int_equal(k5.endpoint[0].waiting, 1);
}

static void test_ipc_recv_takes_a_queued_sender_and_lets_it_go_on(void **state)
{
    (void)state;
    for (uint32_t flags = 0; flags <= TRY; flags += TRY) {
        arrange(PEER_READY);
        PLAY(CLIENT, K5_SYS_SEND, to_server, kit_info(9, 0), 1, 2, 3, 4);
        TURN_TO(SERVER);
        PLAY(SERVER, K5_SYS_RECV, serve, flags);
        ASSERT_CURRENT(SERVER);
        ASSERT_ERROR(SERVER, K5_OK);
        assert_int_equal(kit_reg(SERVER, 1), kit_info(9, 0));
        assert_int_equal(kit_reg(SERVER, 5), 4);
        assert_int_equal(kit_reg(SERVER, 7), 0);
        ASSERT_STATE(CLIENT, K5_THREAD_READY);
        ASSERT_ERROR(CLIENT, K5_OK);
    }
}

static void test_ipc_recv_takes_a_queued_caller_who_then_awaits(void **state)
{
    (void)state;
    for (uint32_t flags = 0; flags <= TRY; flags += TRY) {
        arrange(PEER_READY);
        PLAY(CLIENT, K5_SYS_CALL, to_server, kit_info(9, 0), 1, 2, 3, 4);
        TURN_TO(SERVER);
        PLAY(SERVER, K5_SYS_RECV, serve, flags);
        ASSERT_CURRENT(SERVER);
        ASSERT_ERROR(SERVER, K5_OK);
        ASSERT_STATE(CLIENT, K5_THREAD_AWAITING);
        assert_true(kit_holds_reply(SERVER, kit_reg(SERVER, 7)));
    }
}

static void test_ipc_queue_is_first_come_first_served_among_equals(void **state)
{
    (void)state;
    arrange(PEER_READY);
    PLAY(CLIENT, K5_SYS_SEND, to_server, 0, 1);
    TURN_TO(RIVAL);
    PLAY(RIVAL, K5_SYS_CALL, to_server_rival, 0, 2);
    TURN_TO(SERVER);
    PLAY(SERVER, K5_SYS_RECV, serve);
    assert_int_equal(kit_reg(SERVER, 6), 0xc11e);
    PLAY(SERVER, K5_SYS_RECV, serve);
    assert_int_equal(kit_reg(SERVER, 6), 0x41fa);
    assert_int_equal(kit_reg(SERVER, 2), 2);
}

static void test_ipc_queue_is_by_priority_first(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 4; i++) {
        build_single(i == RIVAL ? 12 : 10);
    }

    uint32_t endpoint = build_endpoint(SERVER);

    serve = build_cap(SERVER, endpoint, K5_RIGHT_RECV, 0);
    to_server = build_cap(CLIENT, endpoint, K5_RIGHT_SEND, 1);
    to_server_rival = build_cap(RIVAL, endpoint, K5_RIGHT_SEND, 2);
    kit_boot();
    PLAY(RIVAL, K5_SYS_SLEEP, 500, 0);
    TURN_TO(SERVER);
    PLAY(SERVER, K5_SYS_SLEEP, 600, 0);
    TURN_TO(CLIENT);
    PLAY(CLIENT, K5_SYS_SEND, to_server); /* first, but less urgent */
    kit_advance_to(500);
    ASSERT_CURRENT(RIVAL);
    PLAY(RIVAL, K5_SYS_SEND, to_server_rival);
    kit_advance_to(600);
    ASSERT_CURRENT(SERVER); /* boosted by the rival, above OTHER */
    PLAY(SERVER, K5_SYS_RECV, serve, TRY);
    assert_int_equal(kit_reg(SERVER, 6), 2);
}

/* ------------------------------------------------------------ what happens to those who wait */

enum wait { WAIT_SENDING, WAIT_CALLING, WAIT_AWAITING, WAIT_COUNT };

/* The client waits for the server in one of the three ways; then the server runs. */
static void arrange_wait(enum wait wait, enum sys_policy policy)
{
    kit_setup(NULL);
    build_four(policy);
    TURN_TO(CLIENT);
    PLAY(CLIENT, wait == WAIT_SENDING ? K5_SYS_SEND : K5_SYS_CALL, to_server, kit_info(3, 0), 7);
    TURN_TO(SERVER);
    if (wait == WAIT_AWAITING) {
        PLAY(SERVER, K5_SYS_RECV, serve);
        ASSERT_STATE(CLIENT, K5_THREAD_AWAITING);
    }
    ASSERT_CURRENT(SERVER);
}

static void test_ipc_who_waits_is_told_of_the_restart_once(void **state)
{
    (void)state;
    for (uint32_t wait = 0; wait < WAIT_COUNT; wait++) {
        arrange_wait((enum wait)wait, SYS_POLICY_RESTART);
        FAULT(SERVER);
        ASSERT_ERROR(CLIENT, K5_E_RESTARTED);
        assert_int_equal(kit_reg(CLIENT, 1), 0); /* no message came */
        ASSERT_STATE(CLIENT, K5_THREAD_READY);
        TURN_TO(CLIENT);
        /* That error re-armed the capability: no second one, neither in back-off nor after. */
        PLAY(CLIENT, K5_SYS_CALL, to_server, TRY);
        ASSERT_ERROR(CLIENT, K5_E_WOULD_BLOCK);
        kit_advance(BUILD_BACKOFF);
        TURN_TO(CLIENT);
        PLAY(CLIENT, K5_SYS_CALL, to_server, TRY);
        ASSERT_ERROR(CLIENT, K5_E_WOULD_BLOCK);
        PLAY(CLIENT, K5_SYS_CALL, to_server, 0, 8);
        ASSERT_STATE(CLIENT, K5_THREAD_CALLING);
        TURN_TO(SERVER);
        PLAY(SERVER, K5_SYS_RECV, serve);
        ASSERT_ERROR(SERVER, K5_OK);
        assert_int_equal(kit_reg(SERVER, 2), 8);
    }
}

/* Each further restart is told anew, once. */
static void test_ipc_each_restart_is_told_once(void **state)
{
    (void)state;
    arrange(PEER_READY);
    for (uint32_t i = 0; i < 5; i++) {
        TURN_TO(SERVER);
        FAULT(SERVER);
        kit_advance(BUILD_BACKOFF_MAX);
        TURN_TO(CLIENT);
        PLAY(CLIENT, K5_SYS_CALL, to_server, TRY);
        ASSERT_ERROR(CLIENT, K5_E_RESTARTED);
        PLAY(CLIENT, K5_SYS_CALL, to_server, TRY);
        ASSERT_ERROR(CLIENT, K5_E_WOULD_BLOCK);
        assert_int_equal(k5.task[SERVER].generation, i + 1);
    }
}

/* A client that restarts after its server did starts from scratch: it has nothing to be told. */
static void test_ipc_restarted_client_is_told_nothing_old(void **state)
{
    (void)state;
    arrange(PEER_RESTARTED);
    FAULT(CLIENT);
    kit_advance(BUILD_BACKOFF);
    TURN_TO(CLIENT);
    PLAY(CLIENT, K5_SYS_CALL, to_server, TRY);
    ASSERT_ERROR(CLIENT, K5_E_WOULD_BLOCK);
}

static void test_ipc_who_waits_is_told_of_the_stop(void **state)
{
    (void)state;
    for (uint32_t wait = 0; wait < WAIT_COUNT; wait++) {
        arrange_wait((enum wait)wait, SYS_POLICY_STOP);
        FAULT(SERVER);
        ASSERT_ERROR(CLIENT, K5_E_STOPPED);
        TURN_TO(CLIENT);
        PLAY(CLIENT, K5_SYS_SEND, to_server);
        ASSERT_ERROR(CLIENT, K5_E_STOPPED);
        kit_advance(10 * BUILD_BACKOFF_MAX);
        assert_int_equal(k5.task[SERVER].state, K5_TASK_STOPPED);
        TURN_TO(CLIENT);
        PLAY(CLIENT, K5_SYS_CALL, to_server);
        ASSERT_ERROR(CLIENT, K5_E_STOPPED);
    }
}

static void test_ipc_who_waits_for_a_held_server_goes_on_waiting(void **state)
{
    static const enum k5_thread_state want[] = {K5_THREAD_SENDING, K5_THREAD_CALLING,
                                                K5_THREAD_AWAITING};

    (void)state;
    for (uint32_t wait = 0; wait < WAIT_COUNT; wait++) {
        arrange_wait((enum wait)wait, SYS_POLICY_HOLD);
        FAULT(SERVER);
        kit_advance(10 * BUILD_BACKOFF_MAX);
        ASSERT_STATE(CLIENT, want[wait]);
        ASSERT_STATE(SERVER, K5_THREAD_HELD);
    }
}

/* All at once: some queued, one in service, one whose call is held without donation. */
static void test_ipc_all_who_wait_are_told_in_one_entry(void **state)
{
    (void)state;
    arrange(PEER_READY);
    PLAY(CLIENT, K5_SYS_CALL, to_server);
    TURN_TO(SERVER);
    PLAY(SERVER, K5_SYS_RECV, serve); /* the client's call: held, and left aside */
    TURN_TO(RIVAL);
    PLAY(RIVAL, K5_SYS_CALL, to_server_rival);
    TURN_TO(SERVER);
    PLAY(SERVER, K5_SYS_RECV, serve);
    ASSERT_STATE(CLIENT, K5_THREAD_AWAITING);
    ASSERT_STATE(RIVAL, K5_THREAD_AWAITING);
    FAULT(SERVER);
    ASSERT_ERROR(CLIENT, K5_E_RESTARTED);
    ASSERT_ERROR(RIVAL, K5_E_RESTARTED);
}

static void test_ipc_a_receiver_that_waits_learns_nothing_of_a_dead_client(void **state)
{
    (void)state;
    arrange(PEER_RECEIVING);
    FAULT(CLIENT);
    ASSERT_STATE(SERVER, K5_THREAD_RECEIVING);
    kit_advance(BUILD_BACKOFF);
    TURN_TO(CLIENT);
    PLAY(CLIENT, K5_SYS_CALL, to_server, 0, 3);
    ASSERT_CURRENT(SERVER);
    assert_int_equal(kit_reg(SERVER, 2), 3);
}

/* ------------------------------------------------------------ cycles */

/* Threads 0 .. n-1 in a ring: each calls the next one's endpoint, the last the first's. */
static void check_ring(uint32_t n, bool received)
{
    uint32_t own[8];
    uint32_t next[8];

    kit_setup(NULL);
    for (uint32_t i = 0; i < n; i++) {
        build_single(10);
    }
    for (uint32_t i = 0; i < n; i++) {
        build_endpoint(i);
    }
    for (uint32_t i = 0; i < n; i++) {
        own[i] = build_cap(i, i, K5_RIGHT_RECV, 0);
        next[i] = build_cap(i, (i + 1) % n, K5_RIGHT_SEND, 0);
    }
    kit_boot();
    for (uint32_t i = 1; received && i < n; i++) {
        TURN_TO(i);
        PLAY(i, K5_SYS_RECV, own[i]);
    }
    for (uint32_t i = 0; i + 1 < n; i++) {
        TURN_TO(i);
        PLAY(i, K5_SYS_CALL, next[i]);
        ASSERT_STATE(i, received ? K5_THREAD_AWAITING : K5_THREAD_CALLING);
    }
    TURN_TO(n - 1);
    PLAY(n - 1, K5_SYS_CALL, next[n - 1]);
    ASSERT_ERROR(n - 1, K5_E_DEADLOCK);
    PLAY(n - 1, K5_SYS_SEND, next[n - 1]);
    ASSERT_ERROR(n - 1, K5_E_DEADLOCK);
    PLAY(n - 1, K5_SYS_CALL, next[n - 1], K5_FLAG_TRY);
    ASSERT_ERROR(n - 1, K5_E_DEADLOCK);
    ASSERT_CURRENT(n - 1);
}

static void test_ipc_call_that_closes_a_cycle_is_refused(void **state)
{
    (void)state;
    for (uint32_t n = 1; n <= 8; n++) {
        check_ring(n, false);
        check_ring(n, true);
    }
}

/* A server that left a call aside still keeps its caller waiting: that edge counts too. */
static void test_ipc_cycle_through_a_call_left_aside_is_refused(void **state)
{
    (void)state;
    kit_setup(NULL);
    build_single(10);
    build_single(10);

    uint32_t first = build_endpoint(0);
    uint32_t second = build_endpoint(1);
    uint32_t recv0 = build_cap(0, first, K5_RIGHT_RECV, 0);
    uint32_t send0 = build_cap(0, second, K5_RIGHT_SEND, 0);
    uint32_t send1 = build_cap(1, first, K5_RIGHT_SEND, 0);

    kit_boot();
    TURN_TO(0);
    PLAY(0, K5_SYS_RECV, recv0);
    PLAY(1, K5_SYS_CALL, send1);
    ASSERT_CURRENT(0);
    PLAY(0, K5_SYS_RECV, recv0, TRY); /* the call is left aside */
    ASSERT_ERROR(0, K5_E_WOULD_BLOCK);
    PLAY(0, K5_SYS_CALL, send0);
    ASSERT_ERROR(0, K5_E_DEADLOCK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        KIT_TEST(test_ipc_operation_in_each_state_of_the_peer),
        KIT_TEST(test_ipc_recv_from_an_empty_queue),
        KIT_TEST(test_ipc_recv_takes_a_queued_sender_and_lets_it_go_on),
        KIT_TEST(test_ipc_recv_takes_a_queued_caller_who_then_awaits),
        KIT_TEST(test_ipc_queue_is_first_come_first_served_among_equals),
        KIT_TEST(test_ipc_queue_is_by_priority_first),
        KIT_TEST(test_ipc_who_waits_is_told_of_the_restart_once),
        KIT_TEST(test_ipc_each_restart_is_told_once),
        KIT_TEST(test_ipc_restarted_client_is_told_nothing_old),
        KIT_TEST(test_ipc_who_waits_is_told_of_the_stop),
        KIT_TEST(test_ipc_who_waits_for_a_held_server_goes_on_waiting),
        KIT_TEST(test_ipc_all_who_wait_are_told_in_one_entry),
        KIT_TEST(test_ipc_a_receiver_that_waits_learns_nothing_of_a_dead_client),
        KIT_TEST(test_ipc_call_that_closes_a_cycle_is_refused),
        KIT_TEST(test_ipc_cycle_through_a_call_left_aside_is_refused),
    };

    return cmocka_run_group_tests_name("ipc states", tests, NULL, NULL);
}
