/* What arrives: words, labels, badges, bytes; truncation, bad buffers, bad arguments. */
#include "kernel/config.h"
#include "kernel/ipc.h"
#include "tests/unit/kit.h"

#define SERVER 0u
#define CLIENT 1u
#define COPY   K5_MSG_COPY
#define BUF    K5_FLAG_RECV_BUF
#define TRY    (uint32_t) K5_FLAG_TRY
#define CAP    (uint32_t) K5_FLAG_CAP
#define BADGE  0xbad9eu

static uint32_t serve, send_cap, client_out, client_in, server_out, server_in;

static void build_pair(void)
{
    kit_setup(NULL);
    build_single(10);
    build_single(10);

    uint32_t endpoint = build_endpoint(SERVER);

    serve = build_cap(SERVER, endpoint, K5_RIGHT_RECV, 0);
    send_cap = build_cap(CLIENT, endpoint, K5_RIGHT_SEND, BADGE);
    kit_boot();
    client_out = build_buffer(CLIENT, 0);
    client_in = build_buffer(CLIENT, 1);
    server_out = build_buffer(SERVER, 0);
    server_in = build_buffer(SERVER, 1);
}

/* Whether the server waits before the client sends, or finds the message queued. */
enum order { SERVER_FIRST, CLIENT_FIRST, ORDERS };

/* One message of the client to the server, in either order; then the server is current or ready. */
static void exchange(enum order order, uint32_t number, const uint32_t message[7],
                     const uint32_t receive[7])
{
    if (order == SERVER_FIRST) {
        TURN_TO(SERVER);
        kit_play(SERVER, K5_SYS_RECV, receive);
        TURN_TO(CLIENT);
        kit_play(CLIENT, number, message);
    } else {
        TURN_TO(CLIENT);
        kit_play(CLIENT, number, message);
        TURN_TO(SERVER);
        kit_play(SERVER, K5_SYS_RECV, receive);
    }
}

/* ------------------------------------------------------------ short messages */

static void test_ipc_short_message_arrives_whole(void **state)
{
    static const uint32_t number[] = {K5_SYS_SEND, K5_SYS_CALL};

    (void)state;
    for (uint32_t i = 0; i < 2 * ORDERS; i++) {
        build_pair();
        exchange((enum order)(i / 2), number[i % 2],
                 (const uint32_t[7]){send_cap, kit_info(0xabcd, 0), 11, 22, 33, 44},
                 (const uint32_t[7]){serve, BUF, 0, 0, server_in, 16});
        ASSERT_ERROR(SERVER, K5_OK);
        assert_int_equal(kit_reg(SERVER, 1), kit_info(0xabcd, K5_MSG_SHORT));
        for (uint32_t word = 0; word < 4; word++) {
            assert_int_equal(kit_reg(SERVER, 2 + word), 11 * (word + 1));
        }
        assert_int_equal(kit_reg(SERVER, 6), BADGE);
        assert_true((kit_reg(SERVER, 7) != 0) == (number[i % 2] == K5_SYS_CALL));
    }
}

/* A caller that gives a reply buffer with a short message sends two words; its pointers stay its
 * own. */
static void test_ipc_short_message_with_reply_buffer_has_two_words(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < ORDERS; i++) {
        build_pair();
        exchange((enum order)i, K5_SYS_CALL,
                 (const uint32_t[7]){send_cap, kit_info(1, BUF), 11, 22, client_in, 64},
                 (const uint32_t[7]){serve, BUF, 0, 0, server_in, 64});
        assert_int_equal(kit_reg(SERVER, 1), kit_info(1, K5_MSG_SHORT));
        assert_int_equal(kit_reg(SERVER, 2), 11);
        assert_int_equal(kit_reg(SERVER, 3), 22);
        assert_int_equal(kit_reg(SERVER, 4), 0);
        assert_int_equal(kit_reg(SERVER, 5), 0);
    }
}

static void test_ipc_send_leaves_the_senders_other_registers(void **state)
{
    (void)state;
    build_pair();
    exchange(SERVER_FIRST, K5_SYS_SEND,
             (const uint32_t[7]){send_cap, kit_info(3, 0), 1, 2, 3, 4, 5},
             (const uint32_t[7]){serve});
    ASSERT_ERROR(CLIENT, K5_OK);
    for (uint32_t i = 3; i < 7; i++) {
        assert_int_equal(kit_reg(CLIENT, i), i - 1);
    }
    assert_int_equal(kit_reg(CLIENT, 7), K5_SYS_SEND);
}

static void test_ipc_short_reply_arrives_whole(void **state)
{
    static const uint32_t number[] = {K5_SYS_REPLY, K5_SYS_REPLY_RECV};

    (void)state;
    for (uint32_t i = 0; i < 2; i++) {
        build_pair();
        exchange(SERVER_FIRST, K5_SYS_CALL, (const uint32_t[7]){send_cap, 0, 1, 2, 3, 4},
                 (const uint32_t[7]){serve});
        PLAY(SERVER, number[i], kit_reg(SERVER, 7), kit_info(0x77, 0), 55, 66, 77, 88, serve);
        ASSERT_ERROR(CLIENT, K5_OK);
        assert_int_equal(kit_reg(CLIENT, 1), kit_info(0x77, K5_MSG_SHORT));
        for (uint32_t word = 0; word < 4; word++) {
            assert_int_equal(kit_reg(CLIENT, 2 + word), 55 + 11 * word);
        }
        assert_int_equal(kit_reg(CLIENT, 6), 0); /* copied: the request had no bytes */
        ASSERT_STATE(SERVER, i == 0 ? K5_THREAD_RUNNING : K5_THREAD_RECEIVING);
    }
}

/* ------------------------------------------------------------ copy messages */

/* Lengths of message and buffer; what fits is copied, and both sides know. */
static const struct {
    uint32_t sent, room;
} lengths[] = {
    {0, 0},     {0, 16},    {1, 1},     {1, 0},   {16, 16}, {16, 15},   {16, 17},
    {255, 256}, {256, 256}, {256, 255}, {256, 1}, {256, 0}, {256, 512}, {7, 3},
};

#define LENGTHS (sizeof lengths / sizeof lengths[0])

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static uint32_t truncated(uint32_t full, uint32_t copied)
{
    return copied < full ? (uint32_t)K5_FLAG_TRUNCATED : 0;
}

/* The buffer holds the first bytes of the message, and nothing behind them was touched. */
static void assert_received(uint32_t buffer, uint32_t copied)
{
    kit_assert_filled(buffer, copied, 1);
    if (copied < 300) {
        uint8_t untouched = *fake_machine_memory(&kit_machine, buffer + copied, 1);

        assert_int_equal(untouched, 0xee);
    }
}

static void paint(uint32_t buffer)
{
    uint8_t *memory = fake_machine_memory(&kit_machine, buffer, 301);

    for (uint32_t i = 0; i < 301; i++) {
        memory[i] = 0xee;
    }
}

static void check_copy(uint32_t number, enum order order, uint32_t sent, uint32_t room)
{
    uint32_t copied = smaller(sent, room);

    build_pair();
    kit_row("sent << 16 | room", sent << 16 | room);
    kit_fill(client_out, sent, 1);
    paint(server_in);
    exchange(order, number, (const uint32_t[7]){send_cap, kit_info(4, COPY), client_out, sent},
             (const uint32_t[7]){serve, BUF, 0, 0, server_in, room});
    ASSERT_ERROR(SERVER, K5_OK);
    assert_int_equal(kit_reg(SERVER, 1), kit_info(4, COPY | truncated(sent, copied)));
    assert_int_equal(kit_reg(SERVER, 2), sent);
    assert_int_equal(kit_reg(SERVER, 3), copied);
    assert_int_equal(kit_reg(SERVER, 4), 0);
    assert_int_equal(kit_reg(SERVER, 5), 0);
    assert_received(server_in, copied);
    if (number == K5_SYS_SEND) {
        ASSERT_ERROR(CLIENT, K5_OK);
        assert_int_equal(kit_reg(CLIENT, 1), truncated(sent, copied));
        assert_int_equal(kit_reg(CLIENT, 2), sent);
        assert_int_equal(kit_reg(CLIENT, 3), copied);
        return;
    }
    TURN_TO(SERVER);
    PLAY(SERVER, K5_SYS_REPLY, kit_reg(SERVER, 7), kit_info(9, 0), 5);
    ASSERT_ERROR(CLIENT, K5_OK);
    assert_int_equal(kit_reg(CLIENT, 6), copied); /* the result `copied` */
}

static void test_ipc_copy_truncation_is_visible_to_both_sides(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTHS; i++) {
        for (uint32_t order = 0; order < ORDERS; order++) {
            check_copy(K5_SYS_SEND, (enum order)order, lengths[i].sent, lengths[i].room);
            check_copy(K5_SYS_CALL, (enum order)order, lengths[i].sent, lengths[i].room);
        }
    }
}

static void check_copy_reply(uint32_t number, uint32_t sent, uint32_t room)
{
    uint32_t copied = smaller(sent, room);

    build_pair();
    kit_row("reply: sent << 16 | room", sent << 16 | room);
    kit_fill(server_out, sent, 1);
    paint(client_in);
    exchange(SERVER_FIRST, K5_SYS_CALL, (const uint32_t[7]){send_cap, BUF, 1, 2, client_in, room},
             (const uint32_t[7]){serve});
    PLAY(SERVER, number, kit_reg(SERVER, 7), kit_info(8, COPY), server_out, sent, server_in, 300,
         serve);
    ASSERT_ERROR(CLIENT, K5_OK);
    assert_int_equal(kit_reg(CLIENT, 1), kit_info(8, COPY | truncated(sent, copied)));
    assert_int_equal(kit_reg(CLIENT, 2), sent);
    assert_int_equal(kit_reg(CLIENT, 3), copied);
    assert_received(client_in, copied);
    if (number == K5_SYS_REPLY) {
        ASSERT_ERROR(SERVER, K5_OK);
        assert_int_equal(kit_reg(SERVER, 1), truncated(sent, copied));
        assert_int_equal(kit_reg(SERVER, 2), sent);
        assert_int_equal(kit_reg(SERVER, 3), copied);
        return;
    }
    /* The next message tells the server of its last reply, also by the fast path. */
    TURN_TO(CLIENT);
    PLAY(CLIENT, K5_SYS_CALL, send_cap, kit_info(6, 0), 1, 2, 3, 4);
    ASSERT_CURRENT(SERVER);
    assert_int_equal(kit_reg(SERVER, 1),
                     kit_info(6, copied < sent ? (uint32_t)K5_FLAG_REPLY_TRUNCATED : 0));
}

static void test_ipc_copy_reply_truncation_is_visible_to_both_sides(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTHS; i++) {
        check_copy_reply(K5_SYS_REPLY, lengths[i].sent, lengths[i].room);
        check_copy_reply(K5_SYS_REPLY_RECV, lengths[i].sent, lengths[i].room);
    }
}

static void test_ipc_copy_call_may_give_a_reply_buffer_too(void **state)
{
    (void)state;
    build_pair();
    kit_fill(client_out, 32, 1);
    kit_fill(server_out, 48, 2);
    exchange(SERVER_FIRST, K5_SYS_CALL,
             (const uint32_t[7]){send_cap, COPY, client_out, 32, client_in, 48},
             (const uint32_t[7]){serve, BUF, 0, 0, server_in, 20});
    kit_assert_filled(server_in, 20, 1);
    PLAY(SERVER, K5_SYS_REPLY, kit_reg(SERVER, 7), COPY, server_out, 48);
    kit_assert_filled(client_in, 48, 2);
    assert_int_equal(kit_reg(CLIENT, 6), 20);
    assert_int_equal(kit_reg(CLIENT, 3), 48);
}

static void test_ipc_copy_longer_than_the_limit_is_refused(void **state)
{
    static const uint32_t number[] = {K5_SYS_SEND, K5_SYS_CALL, K5_SYS_REPLY, K5_SYS_REPLY_RECV};
    static const uint32_t bytes[] = {CFG_COPY_BYTES + 1, 0x10000, INT32_MAX, UINT32_MAX};

    (void)state;
    build_pair();
    TURN_TO(CLIENT);
    for (uint32_t i = 0; i < 16; i++) {
        PLAY(CLIENT, number[i / 4], send_cap, COPY, client_out, bytes[i % 4], 0, 0, send_cap);
        ASSERT_ERROR(CLIENT, K5_E_SIZE);
        ASSERT_CURRENT(CLIENT);
    }
}

/* ------------------------------------------------------------ bad buffers */

static void test_ipc_bad_buffer_is_refused_at_entry(void **state)
{
    (void)state;
    build_pair();
    TURN_TO(CLIENT);

    uint32_t end = FAKE_RAM_BASE + 2 * BUILD_TASK_BYTES; /* of the client's RAM */
    uint32_t text = FAKE_FLASH_BASE + BUILD_TASK_BYTES;
    const struct {
        uint32_t number, info, w0, w1, w2, w3;
        enum k5_error want;
    } row[] = {
        {K5_SYS_SEND, TRY | COPY, end - 16, 17, 0, 0, K5_E_ADDRESS},
        {K5_SYS_SEND, TRY | COPY, end - 16, 16, 0, 0, K5_E_WOULD_BLOCK},
        {K5_SYS_SEND, TRY | COPY, end, 1, 0, 0, K5_E_ADDRESS},
        {K5_SYS_SEND, TRY | COPY, server_out, 16, 0, 0, K5_E_ADDRESS}, /* another task's */
        {K5_SYS_SEND, TRY | COPY, 0xfffffff0, 32, 0, 0, K5_E_ADDRESS}, /* wraps around */
        {K5_SYS_SEND, TRY | COPY, 0, 16, 0, 0, K5_E_ADDRESS},
        {K5_SYS_SEND, TRY | COPY, text, 16, 0, 0, K5_E_WOULD_BLOCK},      /* may be read */
        {K5_SYS_SEND, TRY | COPY, 0xffffffff, 0, 0, 0, K5_E_WOULD_BLOCK}, /* no byte, no error */
        {K5_SYS_CALL, TRY | COPY, end - 16, 17, client_in, 16, K5_E_ADDRESS},
        {K5_SYS_CALL, TRY | COPY, client_out, 16, end - 8, 9, K5_E_ADDRESS},
        {K5_SYS_CALL, TRY | BUF, 1, 2, text, 4, K5_E_ADDRESS}, /* must not be written */
        {K5_SYS_CALL, TRY | BUF, 1, 2, client_in, UINT32_MAX, K5_E_ADDRESS},
        {K5_SYS_CALL, TRY | BUF, 1, 2, client_in, 512, K5_E_WOULD_BLOCK},
        {K5_SYS_RECV, TRY | BUF, 0, 0, text, 4, K5_E_ADDRESS},
        {K5_SYS_RECV, TRY | BUF, 0, 0, server_in, 4, K5_E_ADDRESS},
        {K5_SYS_RECV, TRY | BUF, 0, 0, 0xfffffffc, 8, K5_E_ADDRESS},
        {K5_SYS_REPLY, COPY, end, 4, 0, 0, K5_E_ADDRESS},
        {K5_SYS_REPLY_RECV, COPY, end, 4, 0, 0, K5_E_ADDRESS},
    };

    for (uint32_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        kit_row("bad buffer", i);
        PLAY(CLIENT, row[i].number, send_cap, row[i].info, row[i].w0, row[i].w1, row[i].w2,
             row[i].w3, send_cap);
        ASSERT_ERROR(CLIENT, row[i].want);
        ASSERT_CURRENT(CLIENT);
    }
}

/* reply_recv whose receive buffer is bad leaves the call unanswered. */
static void test_ipc_bad_receive_buffer_leaves_the_reply_undone(void **state)
{
    (void)state;
    build_pair();
    exchange(SERVER_FIRST, K5_SYS_CALL, (const uint32_t[7]){send_cap}, (const uint32_t[7]){serve});

    uint32_t reply = kit_reg(SERVER, 7);

    PLAY(SERVER, K5_SYS_REPLY_RECV, reply, BUF, 1, 2, client_in, 4, serve);
    ASSERT_ERROR(SERVER, K5_E_ADDRESS);
    ASSERT_STATE(CLIENT, K5_THREAD_AWAITING);
    PLAY(SERVER, K5_SYS_REPLY, reply, 0, 1, 2);
    ASSERT_ERROR(SERVER, K5_OK);
    ASSERT_STATE(CLIENT, K5_THREAD_READY);
}

/* Takes the buffers away from a task, as a lend_mut or an unmap does, and gives it back. */
static void take_buffers(uint32_t task)
{
    kit_view_of(task, BUILD_BUFFERS)->access = 0;
}

static void give_buffers(uint32_t task)
{
    kit_view_of(task, BUILD_BUFFERS)->access = SYS_READ | SYS_WRITE;
}

/* The sender's buffer went bad while it was queued: its error, and the server is not disturbed. */
static void test_ipc_sender_whose_buffer_went_bad_gets_the_error(void **state)
{
    static const uint32_t number[] = {K5_SYS_SEND, K5_SYS_CALL};

    (void)state;
    for (uint32_t i = 0; i < 2; i++) {
        build_pair();
        TURN_TO(CLIENT);
        PLAY(CLIENT, number[i], send_cap, COPY, client_out, 16);
        TURN_TO(SERVER);
        take_buffers(CLIENT);
        paint(server_in);
        PLAY(SERVER, K5_SYS_RECV, serve, TRY | BUF, 0, 0, server_in, 64);
        ASSERT_ERROR(SERVER, K5_E_WOULD_BLOCK);
        ASSERT_STATE(CLIENT, K5_THREAD_READY);
        ASSERT_ERROR(CLIENT, K5_E_ADDRESS);
        assert_received(server_in, 0);
    }
}

/* The receiver's buffer went bad while it waited: its error, and the message is not lost. */
static void test_ipc_message_survives_a_receiver_whose_buffer_went_bad(void **state)
{
    static const uint32_t number[] = {K5_SYS_SEND, K5_SYS_CALL};
    static const enum k5_thread_state waits[] = {K5_THREAD_SENDING, K5_THREAD_CALLING};

    (void)state;
    for (uint32_t i = 0; i < 2; i++) {
        build_pair();
        TURN_TO(SERVER);
        PLAY(SERVER, K5_SYS_RECV, serve, BUF, 0, 0, server_in, 64);
        kit_fill(client_out, 16, 1);
        paint(server_in);
        take_buffers(SERVER);
        PLAY(CLIENT, number[i], send_cap, kit_info(2, COPY), client_out, 16);
        ASSERT_CURRENT(SERVER);
        ASSERT_ERROR(SERVER, K5_E_ADDRESS);
        ASSERT_STATE(CLIENT, waits[i]);
        give_buffers(SERVER);
        PLAY(SERVER, K5_SYS_RECV, serve, BUF, 0, 0, server_in, 64);
        ASSERT_ERROR(SERVER, K5_OK);
        assert_received(server_in, 16);
    }
}

/* A try_ form never waits, also not behind a receiver whose buffer went bad. */
static void test_ipc_try_form_does_not_wait_for_a_receiver_whose_buffer_went_bad(void **state)
{
    static const uint32_t number[] = {K5_SYS_SEND, K5_SYS_CALL};

    (void)state;
    for (uint32_t i = 0; i < 2; i++) {
        build_pair();
        TURN_TO(SERVER);
        PLAY(SERVER, K5_SYS_RECV, serve, BUF, 0, 0, server_in, 64);
        take_buffers(SERVER);
        PLAY(CLIENT, number[i], send_cap, TRY | COPY, client_out, 16);
        ASSERT_CURRENT(CLIENT);
        ASSERT_ERROR(CLIENT, K5_E_WOULD_BLOCK);
        ASSERT_STATE(SERVER, K5_THREAD_READY);
        ASSERT_ERROR(SERVER, K5_E_ADDRESS);
    }
}

/* The caller's reply buffer went bad: the error is the caller's, and the server has done its part.
 */
static void test_ipc_caller_whose_reply_buffer_went_bad_gets_the_error(void **state)
{
    (void)state;
    build_pair();
    exchange(SERVER_FIRST, K5_SYS_CALL, (const uint32_t[7]){send_cap, BUF, 1, 2, client_in, 64},
             (const uint32_t[7]){serve});
    paint(client_in);
    take_buffers(CLIENT);
    PLAY(SERVER, K5_SYS_REPLY, kit_reg(SERVER, 7), COPY, server_out, 16);
    ASSERT_ERROR(SERVER, K5_OK);
    assert_int_equal(kit_reg(SERVER, 1), K5_FLAG_TRUNCATED);
    assert_int_equal(kit_reg(SERVER, 3), 0);
    ASSERT_ERROR(CLIENT, K5_E_ADDRESS);
    assert_received(client_in, 0);
}

/* ------------------------------------------------------------ bad arguments */

static void test_ipc_unknown_kind_is_an_error_code(void **state)
{
    static const uint32_t number[] = {K5_SYS_SEND, K5_SYS_CALL, K5_SYS_REPLY, K5_SYS_REPLY_RECV};

    (void)state;
    build_pair();
    TURN_TO(CLIENT);
    for (uint32_t kind = K5_MSG_NOTIFICATION; kind <= 0xff; kind++) {
        for (uint32_t i = 0; i < 4; i++) {
            PLAY(CLIENT, number[i], send_cap, kit_info(0, kind), 0, 0, 0, 0, send_cap);
            ASSERT_ERROR(CLIENT, K5_E_INVALID);
            ASSERT_CURRENT(CLIENT);
        }
    }
}

/* Each flag bit alone: only those that the call names are let through. */
static void test_ipc_unknown_flag_is_an_error_code(void **state)
{
    static const struct {
        uint32_t number, allowed;
    } row[] = {
        {K5_SYS_SEND, TRY | CAP},  {K5_SYS_CALL, TRY | BUF | CAP},       {K5_SYS_RECV, TRY | BUF},
        {K5_SYS_REPLY, TRY | CAP}, {K5_SYS_REPLY_RECV, TRY | BUF | CAP},
    };

    (void)state;
    build_pair();
    TURN_TO(CLIENT);
    for (uint32_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        for (uint32_t flag = 0x100; flag < 0x10000; flag <<= 1) {
            PLAY(CLIENT, row[i].number, send_cap, flag | TRY, 0, 0, 0, 0, send_cap);
            if ((flag & row[i].allowed) != 0) {
                assert_int_not_equal(kit_reg(CLIENT, 0), (uint32_t)K5_E_INVALID);
            } else {
                kit_row("flag", row[i].number << 16 | flag);
                ASSERT_ERROR(CLIENT, K5_E_INVALID);
            }
        }
    }
}

static void test_ipc_recv_takes_no_kind_and_no_label(void **state)
{
    (void)state;
    build_pair();
    TURN_TO(SERVER);
    PLAY(SERVER, K5_SYS_RECV, serve, TRY | COPY, 0, 0, server_in, 16);
    ASSERT_ERROR(SERVER, K5_E_INVALID);
    PLAY(SERVER, K5_SYS_RECV, serve, kit_info(1, TRY));
    ASSERT_ERROR(SERVER, K5_E_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        KIT_TEST(test_ipc_short_message_arrives_whole),
        KIT_TEST(test_ipc_short_message_with_reply_buffer_has_two_words),
        KIT_TEST(test_ipc_send_leaves_the_senders_other_registers),
        KIT_TEST(test_ipc_short_reply_arrives_whole),
        KIT_TEST(test_ipc_copy_truncation_is_visible_to_both_sides),
        KIT_TEST(test_ipc_copy_reply_truncation_is_visible_to_both_sides),
        KIT_TEST(test_ipc_copy_call_may_give_a_reply_buffer_too),
        KIT_TEST(test_ipc_copy_longer_than_the_limit_is_refused),
        KIT_TEST(test_ipc_bad_buffer_is_refused_at_entry),
        KIT_TEST(test_ipc_bad_receive_buffer_leaves_the_reply_undone),
        KIT_TEST(test_ipc_sender_whose_buffer_went_bad_gets_the_error),
        KIT_TEST(test_ipc_message_survives_a_receiver_whose_buffer_went_bad),
        KIT_TEST(test_ipc_try_form_does_not_wait_for_a_receiver_whose_buffer_went_bad),
        KIT_TEST(test_ipc_caller_whose_reply_buffer_went_bad_gets_the_error),
        KIT_TEST(test_ipc_unknown_kind_is_an_error_code),
        KIT_TEST(test_ipc_unknown_flag_is_an_error_code),
        KIT_TEST(test_ipc_recv_takes_no_kind_and_no_label),
    };

    return cmocka_run_group_tests_name("ipc messages", tests, NULL, NULL);
}
