/* Ports: a name at which a server is found, by whoever may ask for it. */
#include "kernel/name.h"

#include "kernel/system.h"
#include "tests/unit/kit.h"

#define SERVER 0u
#define CLIENT 1u
#define RIVAL  2u /* may listen and connect as well */

#define TRY   K5_FLAG_TRY
#define TIMED K5_FLAG_TIMED
#define BADGE 0x600du

static uint32_t listen_cap, serve, connect_cap, rival_listen, rival_connect, rival_serve;

static void build_named(void)
{
    kit_setup(NULL);
    for (uint32_t i = 0; i < 3; i++) {
        build_single(10);
        build_spare_slots(i, 2);
    }

    uint32_t port = build_port("files");

    listen_cap = build_cap_for(SERVER, K5_KIND_PORT, port, K5_RIGHT_LISTEN, 0);
    serve = build_cap(SERVER, build_endpoint(SERVER),
                      K5_RIGHT_RECV | K5_RIGHT_SEND | K5_RIGHT_GRANT, 0);
    connect_cap = build_cap_for(CLIENT, K5_KIND_PORT, port, K5_RIGHT_CONNECT, BADGE);
    rival_listen = build_cap_for(RIVAL, K5_KIND_PORT, port, K5_RIGHT_LISTEN, 0);
    rival_connect = build_cap_for(RIVAL, K5_KIND_PORT, port, K5_RIGHT_CONNECT, 0);
    rival_serve = build_cap(RIVAL, build_endpoint(RIVAL), K5_RIGHT_RECV | K5_RIGHT_SEND, 0);
}

static void boot_named(void)
{
    build_named();
    kit_boot();
}

static void listen_at(uint32_t who, uint32_t port, uint32_t endpoint, enum k5_error want)
{
    TURN_TO(who);
    PLAY(who, K5_SYS_LISTEN, port, endpoint);
    ASSERT_ERROR(who, want);
}

static uint32_t connect_to(uint32_t who, uint32_t port)
{
    TURN_TO(who);
    PLAY(who, K5_SYS_CONNECT, port, TRY);
    ASSERT_ERROR(who, K5_OK);
    return kit_reg(who, 1);
}

static void test_connect_gives_an_endpoint_with_the_ports_badge(void **state)
{
    (void)state;
    boot_named();
    listen_at(SERVER, listen_cap, serve, K5_OK);

    uint32_t got = connect_to(CLIENT, connect_cap);

    PLAY(CLIENT, K5_SYS_CAPS, got & 0xffffu);
    assert_int_equal(kit_reg(CLIENT, 1), got);
    assert_int_equal(kit_reg(CLIENT, 2), K5_KIND_ENDPOINT | (K5_RIGHT_SEND | K5_RIGHT_GRANT) << 8);
    assert_int_equal(kit_reg(CLIENT, 3), BADGE);
    TURN_TO(SERVER);
    PLAY(SERVER, K5_SYS_RECV, serve);
    TURN_TO(CLIENT);
    PLAY(CLIENT, K5_SYS_CALL, got, 0, 42);
    ASSERT_CURRENT(SERVER);
    assert_int_equal(kit_reg(SERVER, 2), 42);
    assert_int_equal(kit_reg(SERVER, 6), BADGE);
}

/* Grant comes only where the listener has it to give. */
static void test_connect_gives_no_more_rights_than_the_listener_has(void **state)
{
    (void)state;
    boot_named();
    listen_at(RIVAL, rival_listen, rival_serve, K5_OK);

    uint32_t got = connect_to(CLIENT, connect_cap);

    PLAY(CLIENT, K5_SYS_CAPS, got & 0xffffu);
    assert_int_equal(kit_reg(CLIENT, 2), K5_KIND_ENDPOINT | K5_RIGHT_SEND << 8);
}

static void test_connect_to_a_closed_port(void **state)
{
    (void)state;
    boot_named();
    TURN_TO(CLIENT);
    PLAY(CLIENT, K5_SYS_CONNECT, connect_cap, TRY);
    ASSERT_ERROR(CLIENT, K5_E_CLOSED);
    listen_at(SERVER, listen_cap, serve, K5_OK);
    listen_at(SERVER, listen_cap, 0, K5_OK);
    TURN_TO(CLIENT);
    PLAY(CLIENT, K5_SYS_CONNECT, connect_cap, TRY);
    ASSERT_ERROR(CLIENT, K5_E_CLOSED);
}

/* Who waits is told to try again, one after the other: there may be a slot for one and none for
 * the next. */
static void test_connect_waits_until_somebody_listens(void **state)
{
    (void)state;
    boot_named();
    TURN_TO(CLIENT);
    PLAY(CLIENT, K5_SYS_CONNECT, connect_cap, 0);
    ASSERT_STATE(CLIENT, K5_THREAD_CONNECTING);
    TURN_TO(RIVAL);
    PLAY(RIVAL, K5_SYS_CONNECT, rival_connect, 0);
    listen_at(SERVER, listen_cap, serve, K5_OK);
    ASSERT_ERROR(CLIENT, K5_E_AGAIN);
    connect_to(CLIENT, connect_cap);
    ASSERT_STATE(RIVAL, K5_THREAD_READY); /* and whoever got it wakes the next */
    ASSERT_ERROR(RIVAL, K5_E_AGAIN);
    connect_to(RIVAL, rival_connect);
}

static void test_connect_gives_up_at_its_deadline(void **state)
{
    (void)state;
    boot_named();
    kit_sleep_until(SERVER, 9000);
    kit_sleep_until(RIVAL, 9000);
    PLAY(CLIENT, K5_SYS_CONNECT, connect_cap, TIMED, kit_deadline(512));
    kit_advance_to(511);
    ASSERT_STATE(CLIENT, K5_THREAD_CONNECTING);
    kit_advance_to(512);
    ASSERT_ERROR(CLIENT, K5_E_TIMEOUT);
    PLAY(CLIENT, K5_SYS_CONNECT, connect_cap, TIMED, kit_deadline(256));
    ASSERT_ERROR(CLIENT, K5_E_TIMEOUT);
    PLAY(CLIENT, K5_SYS_CONNECT, connect_cap, TRY | TIMED, kit_deadline(1024));
    ASSERT_ERROR(CLIENT, K5_E_INVALID);
    PLAY(CLIENT, K5_SYS_CONNECT, connect_cap, 1);
    ASSERT_ERROR(CLIENT, K5_E_INVALID);
}

static void test_connect_without_a_slot(void **state)
{
    (void)state;
    build_named();
    build_spare_slots(CLIENT, 1);
    kit_boot();
    listen_at(SERVER, listen_cap, serve, K5_OK);
    connect_to(CLIENT, connect_cap);
    PLAY(CLIENT, K5_SYS_CONNECT, connect_cap, 0);
    ASSERT_ERROR(CLIENT, K5_E_SLOTS);
}

/* Nobody squats on a name that somebody listens at, or without the capability. */
static void test_listen_is_for_one_task_at_a_time(void **state)
{
    (void)state;
    boot_named();
    listen_at(SERVER, listen_cap, serve, K5_OK);
    listen_at(RIVAL, rival_listen, rival_serve, K5_E_BUSY);
    listen_at(RIVAL, rival_listen, 0, K5_E_BUSY); /* nor closes another's */
    listen_at(SERVER, listen_cap, serve, K5_OK);  /* the same again is harmless */
    listen_at(SERVER, listen_cap, 0, K5_OK);
    listen_at(RIVAL, rival_listen, rival_serve, K5_OK);
    listen_at(SERVER, listen_cap, serve, K5_E_BUSY);
}

static void test_listen_errors(void **state)
{
    (void)state;
    build_named();

    uint32_t foreign = build_cap(SERVER, 1, K5_RIGHT_SEND | K5_RIGHT_RECV, 0);
    uint32_t no_recv = build_cap(SERVER, 0, K5_RIGHT_SEND, 0);
    uint32_t no_send = build_cap(SERVER, 0, K5_RIGHT_RECV, 0);

    kit_boot();
    listen_at(SERVER, listen_cap, foreign, K5_E_RIGHTS); /* another thread receives there */
    listen_at(SERVER, listen_cap, no_recv, K5_E_RIGHTS);
    listen_at(SERVER, listen_cap, no_send, K5_E_RIGHTS);
    listen_at(SERVER, listen_cap, listen_cap, K5_E_KIND);
    listen_at(SERVER, listen_cap, 0x10020, K5_E_CPTR);
    listen_at(SERVER, listen_cap, serve + 0x10000, K5_E_STALE);
    listen_at(CLIENT, connect_cap, 0, K5_E_RIGHTS);
    listen_at(SERVER, serve, serve, K5_E_KIND);
    TURN_TO(SERVER);
    PLAY(SERVER, K5_SYS_CONNECT, listen_cap, TRY);
    ASSERT_ERROR(SERVER, K5_E_RIGHTS);
    TURN_TO(CLIENT); /* none of it opened the port */
    PLAY(CLIENT, K5_SYS_CONNECT, connect_cap, TRY);
    ASSERT_ERROR(CLIENT, K5_E_CLOSED);
}

/* A name closes with its server, and opens when its next incarnation says so. */
static void test_port_closes_when_its_server_dies(void **state)
{
    (void)state;
    boot_named();
    listen_at(SERVER, listen_cap, serve, K5_OK);

    uint32_t got = connect_to(CLIENT, connect_cap);

    TURN_TO(SERVER);
    FAULT(SERVER);
    TURN_TO(CLIENT);
    PLAY(CLIENT, K5_SYS_CONNECT, connect_cap, TRY);
    ASSERT_ERROR(CLIENT, K5_E_CLOSED);
    kit_advance(BUILD_BACKOFF);
    TURN_TO(CLIENT);
    PLAY(CLIENT, K5_SYS_SEND, got, TRY);
    ASSERT_ERROR(CLIENT, K5_E_RESTARTED); /* it reaches the new incarnation only knowingly */
    PLAY(CLIENT, K5_SYS_SEND, got, TRY);
    ASSERT_ERROR(CLIENT, K5_E_WOULD_BLOCK);
    PLAY(CLIENT, K5_SYS_CONNECT, connect_cap, 0);
    listen_at(SERVER, listen_cap, serve, K5_OK);
    ASSERT_ERROR(CLIENT, K5_E_AGAIN);
    connect_to(CLIENT, connect_cap);
}

/* It closes with the capability that it was opened with. */
static void test_port_closes_with_its_endpoint_capability(void **state)
{
    (void)state;
    boot_named();
    TURN_TO(SERVER);
    PLAY(SERVER, K5_SYS_MINT, serve, K5_RIGHT_RECV | K5_RIGHT_SEND, 0);

    uint32_t minted = kit_reg(SERVER, 1);

    listen_at(SERVER, listen_cap, minted, K5_OK);
    TURN_TO(SERVER);
    PLAY(SERVER, K5_SYS_REVOKE, serve);
    ASSERT_ERROR(SERVER, K5_OK);
    TURN_TO(CLIENT);
    PLAY(CLIENT, K5_SYS_CONNECT, connect_cap, TRY);
    ASSERT_ERROR(CLIENT, K5_E_CLOSED);
}

/* All clients at once are sent away by a revoke. */
static void test_port_clients_are_revoked_with_its_endpoint(void **state)
{
    (void)state;
    boot_named();
    listen_at(SERVER, listen_cap, serve, K5_OK);

    uint32_t got = connect_to(CLIENT, connect_cap);

    TURN_TO(SERVER);
    PLAY(SERVER, K5_SYS_REVOKE, serve);
    ASSERT_ERROR(SERVER, K5_OK);
    TURN_TO(CLIENT);
    PLAY(CLIENT, K5_SYS_SEND, got, TRY);
    ASSERT_ERROR(CLIENT, K5_E_STALE);
    connect_to(CLIENT, connect_cap); /* the port itself is open still */
}

/* Whoever waits to connect through a capability that is revoked learns of it. */
static void test_connect_ends_with_its_capability(void **state)
{
    (void)state;
    build_named();

    uint32_t ports = build_cap_for(RIVAL, K5_KIND_PORT, 0, K5_RIGHT_CONNECT | K5_RIGHT_GRANT, 0);
    uint32_t to_client = build_cap(RIVAL, build_endpoint(CLIENT), K5_RIGHT_SEND, 0);
    uint32_t take = build_cap(CLIENT, 2, K5_RIGHT_RECV, 0);

    kit_boot();
    TURN_TO(CLIENT);
    PLAY(CLIENT, K5_SYS_RECV, take);
    TURN_TO(RIVAL);
    PLAY(RIVAL, K5_SYS_SEND, to_client, K5_FLAG_CAP, 0, ports);
    TURN_TO(CLIENT);
    PLAY(CLIENT, K5_SYS_CONNECT, kit_reg(CLIENT, 3), 0);
    ASSERT_STATE(CLIENT, K5_THREAD_CONNECTING);
    TURN_TO(RIVAL);
    PLAY(RIVAL, K5_SYS_REVOKE, ports);
    ASSERT_ERROR(CLIENT, K5_E_STALE);
    ASSERT_STATE(CLIENT, K5_THREAD_READY);
}

/* A waiting client may die, or be stopped; the port forgets it. */
static void test_connecting_client_may_die(void **state)
{
    (void)state;
    build_named();

    uint32_t control = build_cap_for(SERVER, K5_KIND_TASK, CLIENT, K5_RIGHT_CONTROL, 0);

    kit_boot();
    TURN_TO(CLIENT);
    PLAY(CLIENT, K5_SYS_CONNECT, connect_cap, 0);
    TURN_TO(RIVAL);
    PLAY(RIVAL, K5_SYS_CONNECT, rival_connect, 0);
    TURN_TO(SERVER);
    PLAY(SERVER, K5_SYS_TASK_STOP, control);
    ASSERT_STATE(CLIENT, K5_THREAD_OFF);
    PLAY(SERVER, K5_SYS_LISTEN, listen_cap, serve);
    ASSERT_ERROR(RIVAL, K5_E_AGAIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        KIT_TEST(test_connect_gives_an_endpoint_with_the_ports_badge),
        KIT_TEST(test_connect_gives_no_more_rights_than_the_listener_has),
        KIT_TEST(test_connect_to_a_closed_port),
        KIT_TEST(test_connect_waits_until_somebody_listens),
        KIT_TEST(test_connect_gives_up_at_its_deadline),
        KIT_TEST(test_connect_without_a_slot),
        KIT_TEST(test_listen_is_for_one_task_at_a_time),
        KIT_TEST(test_listen_errors),
        KIT_TEST(test_port_closes_when_its_server_dies),
        KIT_TEST(test_port_closes_with_its_endpoint_capability),
        KIT_TEST(test_port_clients_are_revoked_with_its_endpoint),
        KIT_TEST(test_connect_ends_with_its_capability),
        KIT_TEST(test_connecting_client_may_die),
    };

    return cmocka_run_group_tests_name("name", tests, NULL, NULL);
}
