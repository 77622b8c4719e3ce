/* Capabilities: what each number that a task can pass comes to. */
#include "kernel/cap.h"

#include <string.h>

#include "kernel/system.h"
#include "tests/unit/kit.h"

/* Two tasks of one thread each; the client holds a few capabilities to the server's endpoint. */
#define SERVER 0u
#define CLIENT 1u

static uint32_t endpoint, full, send_only, recv_only, powerless, serve;

static void build_client_and_server(void)
{
    build_single(10);
    build_single(10);
    endpoint = build_endpoint(SERVER);
    serve = build_cap(SERVER, endpoint, K5_RIGHT_RECV, 0);
    full = build_cap(CLIENT, endpoint, K5_RIGHT_SEND | K5_RIGHT_RECV | K5_RIGHT_GRANT, 0xf011);
    send_only = build_cap(CLIENT, endpoint, K5_RIGHT_SEND, 0x5e4d);
    recv_only = build_cap(CLIENT, endpoint, K5_RIGHT_RECV, 0);
    powerless = build_cap(CLIENT, endpoint, 0, 0);
    build_spare_slots(CLIENT, 2);
    build_cap(build_single(1), endpoint, K5_RIGHT_SEND, 0); /* whose table lies behind */
    kit_boot();
    TURN_TO(CLIENT);
}

/* The error that a system call of the client gives for this cptr. */
static uint32_t use(uint32_t number, uint32_t cptr)
{
    if (number == K5_SYS_REPLY_RECV) {
        /* Without a call in hand the reply half fails first: both halves must hold. */
        PLAY(CLIENT, number, 0, K5_FLAG_TRY, 0, 0, 0, 0, cptr);
    } else {
        PLAY(CLIENT, number, cptr, K5_FLAG_TRY, 0, 0, 0, 0, 0);
    }
    return kit_reg(CLIENT, 0);
}

static void test_cap_errors_of_each_call(void **state)
{
    (void)state;
    build_client_and_server();

    const struct {
        uint32_t number, cptr;
        enum k5_error want;
    } row[] = {
        {K5_SYS_SEND, full, K5_E_WOULD_BLOCK},
        {K5_SYS_SEND, send_only, K5_E_WOULD_BLOCK},
        {K5_SYS_SEND, recv_only, K5_E_RIGHTS},
        {K5_SYS_SEND, powerless, K5_E_RIGHTS},
        {K5_SYS_CALL, full, K5_E_WOULD_BLOCK},
        {K5_SYS_CALL, send_only, K5_E_WOULD_BLOCK},
        {K5_SYS_CALL, recv_only, K5_E_RIGHTS},
        {K5_SYS_CALL, powerless, K5_E_RIGHTS},
        {K5_SYS_RECV, send_only, K5_E_RIGHTS},
        {K5_SYS_RECV, powerless, K5_E_RIGHTS},
        {K5_SYS_RECV, recv_only, K5_E_RIGHTS}, /* holds the right, is not the receiver */
        {K5_SYS_RECV, full, K5_E_RIGHTS},
        {K5_SYS_SEND, full + 0x10000, K5_E_STALE}, /* a later generation */
        {K5_SYS_SEND, full - 0x10000, K5_E_STALE}, /* an earlier one */
        {K5_SYS_CALL, full ^ 0x80000000, K5_E_STALE},
        {K5_SYS_RECV, full + 0x10000, K5_E_STALE},
        {K5_SYS_SEND, 0x10004, K5_E_CPTR}, /* empty slots */
        {K5_SYS_CALL, 0x10005, K5_E_CPTR},
        {K5_SYS_RECV, 0x10005, K5_E_CPTR},
        {K5_SYS_SEND, 0x10006, K5_E_CPTR}, /* past the table */
        {K5_SYS_CALL, 0x1ffff, K5_E_CPTR},
        {K5_SYS_RECV, 0xffffffff, K5_E_CPTR},
        {K5_SYS_CALL, 0, K5_E_STALE}, /* slot 0 exists, generation 0 never does */
        {K5_SYS_REPLY_RECV, full, K5_E_STALE},
    };

    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        uint32_t got = use(row[i].number, row[i].cptr);

        if (got != (uint32_t)row[i].want) {
            fail_msg("row %zu: cptr 0x%08x gives %s, want %s", i, (unsigned)row[i].cptr,
                     kit_error_name(got), kit_error_name((uint32_t)row[i].want));
        }
        ASSERT_CURRENT(CLIENT);
    }
}

/* The second half of reply_recv looks at its cptr while the reply is not yet given. */
static void test_cap_errors_of_reply_recv_leave_the_reply_undone(void **state)
{
    static const struct {
        uint32_t cptr;
        enum k5_error want;
    } row[] = {
        {0x10001, K5_E_CPTR},
        {0x20000, K5_E_STALE},
        {0, K5_E_STALE},
        {0xffffffff, K5_E_CPTR},
    };

    (void)state;
    build_client_and_server();
    TURN_TO(SERVER);
    PLAY(SERVER, K5_SYS_RECV, serve);
    PLAY(CLIENT, K5_SYS_CALL, full, kit_info(7, 0), 1, 2, 3, 4);
    ASSERT_CURRENT(SERVER);

    uint32_t reply = kit_reg(SERVER, 7);

    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        PLAY(SERVER, K5_SYS_REPLY_RECV, reply, 0, 5, 6, 7, 8, row[i].cptr);
        ASSERT_ERROR(SERVER, row[i].want);
        ASSERT_STATE(CLIENT, K5_THREAD_AWAITING);
    }
    PLAY(SERVER, K5_SYS_REPLY_RECV, reply, 0, 5, 6, 7, 8, serve);
    ASSERT_STATE(SERVER, K5_THREAD_RECEIVING);
    ASSERT_ERROR(CLIENT, K5_OK);
    assert_int_equal(kit_reg(CLIENT, 2), 5);
}

/* Of all numbers that lie near a valid one, or anywhere, only the valid ones work. */
static void test_cap_forged_numbers_never_work(void **state)
{
    struct kit_random random = kit_random_from(kit_setting("K5_SEED", 42));
    uint32_t worked = 0;

    (void)state;
    build_client_and_server();
    for (uint32_t slot = 0; slot < 0x10000; slot++) {
        uint32_t cptr = 0x10000 | slot;

        worked += use(K5_SYS_SEND, cptr) == (uint32_t)K5_E_WOULD_BLOCK;
    }
    assert_int_equal(worked, 2); /* full and send_only */
    worked = 0;
    for (uint32_t generation = 0; generation < 0x10000; generation++) {
        worked += use(K5_SYS_SEND, generation << 16) == (uint32_t)K5_E_WOULD_BLOCK;
    }
    assert_int_equal(worked, 1); /* slot 0 in its one generation */
    for (uint32_t i = 0; i < 100000; i++) {
        uint32_t cptr = kit_random_next(&random);
        uint32_t got = use(K5_SYS_CALL, cptr);

        if (got == (uint32_t)K5_E_WOULD_BLOCK && cptr != full && cptr != send_only) {
            fail_msg("forged cptr 0x%08x works", (unsigned)cptr);
        }
    }
}

/* Each call on a capability of each other kind. */
static void test_cap_of_another_kind_is_refused(void **state)
{
    static const uint32_t number[] = {
        K5_SYS_SEND,
        K5_SYS_CALL,
        K5_SYS_RECV,
        K5_SYS_SIGNAL,
        K5_SYS_WAIT,
        K5_SYS_MAP,
        K5_SYS_UNMAP,
        K5_SYS_IRQ_ACK,
        K5_SYS_LISTEN,
        K5_SYS_CONNECT,
        K5_SYS_TASK_STATUS,
        K5_SYS_TASK_START,
        K5_SYS_TASK_STOP,
        K5_SYS_TASK_RESTART,
        K5_SYS_TASK_HOLD,
        K5_SYS_TASK_RESUME,
        K5_SYS_THREAD_STATUS,
        K5_SYS_THREAD_START,
        K5_SYS_THREAD_STOP,
        K5_SYS_THREAD_SET_PRIORITY,
        K5_SYS_THREAD_SET_BUDGET,
    };
    static const enum k5_kind wants[] = {
        K5_KIND_ENDPOINT,     K5_KIND_ENDPOINT, K5_KIND_ENDPOINT, K5_KIND_NOTIFICATION,
        K5_KIND_NOTIFICATION, K5_KIND_REGION,   K5_KIND_REGION,   K5_KIND_INTERRUPT,
        K5_KIND_PORT,         K5_KIND_PORT,     K5_KIND_TASK,     K5_KIND_TASK,
        K5_KIND_TASK,         K5_KIND_TASK,     K5_KIND_TASK,     K5_KIND_TASK,
        K5_KIND_THREAD,       K5_KIND_THREAD,   K5_KIND_THREAD,   K5_KIND_THREAD,
        K5_KIND_THREAD,
    };
    uint32_t cptr[K5_KIND_THREAD + 1];

    (void)state;
    build_single(10);
    build_endpoint(0);
    build_interrupt(5, build_notification(0), 0);
    build_port("p");
    build_object(64, SYS_READ, SYS_REGION_SHARED);
    for (uint32_t kind = K5_KIND_ENDPOINT; kind <= K5_KIND_THREAD; kind++) {
        cptr[kind] = build_cap_for(0, (enum k5_kind)kind, 0, 7, 0);
    }
    kit_boot();
    for (size_t i = 0; i < sizeof number / sizeof number[0]; i++) {
        for (uint32_t kind = K5_KIND_ENDPOINT; kind <= K5_KIND_THREAD; kind++) {
            if (kind != wants[i]) {
                kit_row("call", number[i]);
                PLAY(0, number[i], cptr[kind]);
                ASSERT_ERROR(0, K5_E_KIND);
            }
        }
    }
}

/* Generation is checked before kind and rights, so a stale number learns nothing about the slot. */
static void test_cap_checks_come_in_a_fixed_order(void **state)
{
    const uint32_t everything = CAP_NEED(K5_KIND_ENDPOINT, 0xff);
    const uint32_t other_kind = CAP_NEED(K5_KIND_NONE, 0xff);
    const uint32_t sending = CAP_NEED(K5_KIND_ENDPOINT, K5_RIGHT_SEND);
    const uint32_t nothing = CAP_NEED(K5_KIND_ENDPOINT, 0);
    struct cap *cap = NULL;

    (void)state;
    build_client_and_server();

    const struct thread *client = &k5.thread[CLIENT];

    assert_int_equal(cap_find(client, powerless + 0x10000, everything, &cap), K5_E_STALE);
    assert_int_equal(cap_find(client, powerless, other_kind, &cap), K5_E_KIND);
    assert_int_equal(cap_find(client, powerless, sending, &cap), K5_E_RIGHTS);
    assert_int_equal(cap_find(client, powerless, nothing, &cap), K5_OK);
    assert_ptr_equal(cap, &k5.slot[sys_task(CLIENT)->first_slot + 3u]);
}

static void test_caps_describes_each_slot(void **state)
{
    (void)state;
    build_client_and_server();
    PLAY(CLIENT, K5_SYS_CAPS, 0);
    ASSERT_ERROR(CLIENT, K5_OK);
    assert_int_equal(kit_reg(CLIENT, 1), full);
    assert_int_equal(kit_reg(CLIENT, 2),
                     K5_KIND_ENDPOINT | (K5_RIGHT_SEND | K5_RIGHT_RECV | K5_RIGHT_GRANT) << 8);
    assert_int_equal(kit_reg(CLIENT, 3), 0xf011);
    PLAY(CLIENT, K5_SYS_CAPS, 3);
    ASSERT_ERROR(CLIENT, K5_OK);
    assert_int_equal(kit_reg(CLIENT, 1), powerless);
    assert_int_equal(kit_reg(CLIENT, 2), K5_KIND_ENDPOINT);
    PLAY(CLIENT, K5_SYS_CAPS, 4, 0x11, 0x22, 0x33);
    ASSERT_ERROR(CLIENT, K5_E_CPTR);
    assert_int_equal(kit_reg(CLIENT, 1), 0x11);
    PLAY(CLIENT, K5_SYS_CAPS, 6);
    ASSERT_ERROR(CLIENT, K5_E_INVALID);
    PLAY(CLIENT, K5_SYS_CAPS, UINT32_MAX);
    ASSERT_ERROR(CLIENT, K5_E_INVALID);
    TURN_TO(SERVER); /* another table, other slots */
    PLAY(SERVER, K5_SYS_CAPS, 1);
    ASSERT_ERROR(SERVER, K5_E_INVALID);
    PLAY(SERVER, K5_SYS_CAPS, 0);
    assert_int_equal(kit_reg(SERVER, 1), serve);
}

static void test_cap_table_after_restart_has_the_same_cptrs(void **state)
{
    (void)state;
    build_client_and_server();

    const struct sys_task *client = sys_task(CLIENT);
    struct cap before[6];

    assert_int_equal(client->slot_count, 6);
    memcpy(before, &k5.slot[client->first_slot], sizeof before);
    FAULT(CLIENT);
    kit_advance(BUILD_BACKOFF);
    assert_int_equal(k5.task[CLIENT].state, K5_TASK_READY);
    assert_int_equal(k5.task[CLIENT].generation, 1);
    assert_memory_equal(before, &k5.slot[client->first_slot], sizeof before);
    TURN_TO(CLIENT);
    assert_int_equal(use(K5_SYS_SEND, full), (uint32_t)K5_E_WOULD_BLOCK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        KIT_TEST(test_cap_errors_of_each_call),
        KIT_TEST(test_cap_errors_of_reply_recv_leave_the_reply_undone),
        KIT_TEST(test_cap_forged_numbers_never_work),
        KIT_TEST(test_cap_of_another_kind_is_refused),
        KIT_TEST(test_cap_checks_come_in_a_fixed_order),
        KIT_TEST(test_caps_describes_each_slot),
        KIT_TEST(test_cap_table_after_restart_has_the_same_cptrs),
    };

    return cmocka_run_group_tests_name("cap", tests, NULL, NULL);
}
