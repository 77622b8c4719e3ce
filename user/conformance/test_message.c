/* Tests: short and copy messages, replies, who may receive what. */
#include "actors.h"
#include "rogue_ways.h"
#include "k5_task.h"

#define LABEL       0xabcu
#define INFO        (LABEL << 16 | K5_MSG_SHORT)
#define LEFTS_BADGE 1

static void short_arrives_whole(void)
{
    order_recv(RIGHT);
    order_call(LEFT, RIGHT, INFO, 1, 2, 3, 4);
    CHECK_EQUAL(outcome(RIGHT), K5_OK);
    CHECK_EQUAL(result(RIGHT, R_INFO), INFO);
    CHECK_EQUAL(result(RIGHT, R_W0), 1);
    CHECK_EQUAL(result(RIGHT, R_W1), 2);
    CHECK_EQUAL(result(RIGHT, R_W2), 3);
    CHECK_EQUAL(result(RIGHT, R_W3), 4);
    CHECK_EQUAL(outcome(LEFT), WAITS);
}

static void badge_tells_clients_apart(void)
{
    order_recv(RIGHT);
    order_syscall(LEFT, K5_SYS_SEND, CPTR(SLOT_RIGHT), INFO, 0, 0, 0, 0, 0);
    CHECK_EQUAL(result(RIGHT, R_BADGE), LEFTS_BADGE);
    order_recv(RIGHT);
    order_syscall(MIDDLE, K5_SYS_SEND, CPTR(SLOT_RIGHT), INFO, 0, 0, 0, 0, 0);
    CHECK_EQUAL(result(RIGHT, R_BADGE), LEFTS_BADGE + 1);
}

static void send_wants_no_reply(void)
{
    order_recv(RIGHT);
    order_syscall(LEFT, K5_SYS_SEND, CPTR(SLOT_RIGHT), INFO, 5, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_OK);
    CHECK_EQUAL(result(RIGHT, R_W0), 5);
    CHECK_EQUAL(result(RIGHT, R_REPLY), 0);
}

static void send_waits_for_the_receiver(void)
{
    order_syscall(LEFT, K5_SYS_SEND, CPTR(SLOT_RIGHT), INFO, 5, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), WAITS);
    CHECK_EQUAL(state(LEFT), K5_THREAD_SENDING);
    order_recv(RIGHT);
    CHECK_EQUAL(outcome(LEFT), K5_OK);
    CHECK_EQUAL(result(RIGHT, R_W0), 5);
}

static void reply_arrives_whole(void)
{
    order_recv(RIGHT);
    order_call(LEFT, RIGHT, INFO, 0, 0, 0, 0);
    CHECK_EQUAL(state(LEFT), K5_THREAD_AWAITING);
    order_reply(RIGHT, 7u << 16, 11, 12, 13, 14);
    CHECK_EQUAL(outcome(RIGHT), K5_OK);
    CHECK_EQUAL(outcome(LEFT), K5_OK);
    CHECK_EQUAL(result(LEFT, R_INFO), 7 << 16);
    CHECK_EQUAL(result(LEFT, R_W0), 11);
    CHECK_EQUAL(result(LEFT, R_W1), 12);
    CHECK_EQUAL(result(LEFT, R_W2), 13);
    CHECK_EQUAL(result(LEFT, R_W3), 14);
}

static void reply_once(void)
{
    order(RIGHT, DO_RUN, WAY_reply_twice, 0, 0);
    order_call(LEFT, RIGHT, INFO, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(RIGHT), K5_OK);
    CHECK_EQUAL(report(RIGHT)->value, K5_E_STALE);
    CHECK_EQUAL(result(LEFT, R_W0), 1);
}

static void replies_in_any_order(void)
{
    uint32_t first;

    order_recv(RIGHT);
    order_call(LEFT, RIGHT, INFO, 0, 0, 0, 0);
    first = result(RIGHT, R_REPLY);
    order_recv(RIGHT);
    order_call(MIDDLE, RIGHT, INFO, 0, 0, 0, 0);
    order_reply(RIGHT, 0, 2, 0, 0, 0);
    CHECK_EQUAL(outcome(MIDDLE), K5_OK);
    CHECK_EQUAL(outcome(LEFT), WAITS);
    order_syscall(RIGHT, K5_SYS_REPLY, first, 0, 1, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_OK);
    CHECK_EQUAL(result(LEFT, R_W0), 1);
    CHECK_EQUAL(result(MIDDLE, R_W0), 2);
}

static void reply_is_the_receivers_alone(void)
{
    uint32_t reply;

    order_recv(RIGHT);
    order_call(LEFT, RIGHT, INFO, 0, 0, 0, 0);
    reply = result(RIGHT, R_REPLY);
    order_syscall(MIDDLE, K5_SYS_REPLY, reply, 0, 66, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(MIDDLE), K5_E_STALE);
    CHECK_EQUAL(outcome(LEFT), WAITS);
    order_syscall(RIGHT, K5_SYS_REPLY, reply, 0, 1, 0, 0, 0, 0);
    CHECK_EQUAL(result(LEFT, R_W0), 1);
}

static void reply_recv_does_both(void)
{
    order_recv(RIGHT);
    order_call(LEFT, RIGHT, INFO, 0, 0, 0, 0);
    order_syscall(RIGHT, K5_SYS_REPLY_RECV, result(RIGHT, R_REPLY), 0, 21, 0, 0, 0, CPTR(SLOT_OWN));
    CHECK_EQUAL(result(LEFT, R_W0), 21);
    CHECK_EQUAL(outcome(RIGHT), WAITS);
    order_call(MIDDLE, RIGHT, INFO, 22, 0, 0, 0);
    CHECK_EQUAL(outcome(RIGHT), K5_OK);
    CHECK_EQUAL(result(RIGHT, R_W0), 22);
}

static void reply_recv_does_both_or_none(void)
{
    uint32_t reply;

    order_recv(RIGHT);
    order_call(LEFT, RIGHT, INFO, 0, 0, 0, 0);
    reply = result(RIGHT, R_REPLY);
    order_syscall(RIGHT, K5_SYS_REPLY_RECV, reply, 0, 21, 0, 0, 0, CPTR(SLOT_LEFT));
    CHECK_EQUAL(outcome(RIGHT), K5_E_RIGHTS);
    CHECK_EQUAL(outcome(LEFT), WAITS);
    order_syscall(RIGHT, K5_SYS_REPLY, reply, 0, 1, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_OK);
}

static void only_the_receiver_receives(void)
{
    order(MIDDLE, DO_RUN, WAY_steal_messages, 0, 0);
    CHECK_EQUAL(report(MIDDLE)->busy, 0);
    CHECK_EQUAL(report(MIDDLE)->value, 0);
}

/* ---------------------------------------------------------------- copy messages */

static void copy(uint32_t bytes, uint32_t room)
{
    order_syscall(RIGHT, K5_SYS_RECV, CPTR(SLOT_OWN), K5_FLAG_RECV_BUF, 0, 0,
                  report(RIGHT)->arena + 512, room, 0);
    order_call(LEFT, RIGHT, K5_MSG_COPY, report(LEFT)->arena, bytes, 0, 0);
}

static void copy_arrives_whole(void)
{
    copy(256, 256);
    CHECK_EQUAL(outcome(RIGHT), K5_OK);
    CHECK_EQUAL(result(RIGHT, R_INFO), K5_MSG_COPY);
    CHECK_EQUAL(result(RIGHT, R_W0), 256);
    CHECK_EQUAL(result(RIGHT, R_W1), 256);
    order_reply(RIGHT, 0, 0, 0, 0, 0);
    CHECK_EQUAL(report(LEFT)->r[6], 256);
    CHECK_EQUAL(peek(RIGHT, report(RIGHT)->arena + 512), 0);
    CHECK_EQUAL(peek(RIGHT, report(RIGHT)->arena + 512 + 252), 63);
    CHECK_EQUAL(peek(RIGHT, report(RIGHT)->arena + 512 + 256), 128 + 64);
}

static void copy_truncation_is_seen_by_both(void)
{
    copy(100, 64);
    CHECK_EQUAL(result(RIGHT, R_INFO), K5_MSG_COPY | K5_FLAG_TRUNCATED);
    CHECK_EQUAL(result(RIGHT, R_W0), 100);
    CHECK_EQUAL(result(RIGHT, R_W1), 64);
    order_reply(RIGHT, 0, 0, 0, 0, 0);
    CHECK_EQUAL(report(LEFT)->r[6], 64);
    CHECK_EQUAL(peek(RIGHT, report(RIGHT)->arena + 512 + 64), 128 + 16);
}

static void copy_needs_no_buffer(void)
{
    order_recv(RIGHT);
    order_syscall(LEFT, K5_SYS_SEND, CPTR(SLOT_RIGHT), K5_MSG_COPY, report(LEFT)->arena, 40, 0, 0,
                  0);
    CHECK_EQUAL(result(RIGHT, R_INFO), K5_MSG_COPY | K5_FLAG_TRUNCATED);
    CHECK_EQUAL(result(RIGHT, R_W0), 40);
    CHECK_EQUAL(result(RIGHT, R_W1), 0);
    CHECK_EQUAL(outcome(LEFT), K5_OK);
    CHECK_EQUAL(result(LEFT, R_INFO), K5_FLAG_TRUNCATED);
    CHECK_EQUAL(result(LEFT, R_W0), 40);
    CHECK_EQUAL(result(LEFT, R_W1), 0);
}

static void copy_reply_fills_the_callers_buffer(void)
{
    order_recv(RIGHT);
    order_call(LEFT, RIGHT, K5_FLAG_RECV_BUF, 1, 2, report(LEFT)->arena + 256, 32);
    order_reply(RIGHT, K5_MSG_COPY, report(RIGHT)->arena, 48, 0, 0);
    CHECK_EQUAL(outcome(RIGHT), K5_OK);
    CHECK_EQUAL(result(RIGHT, R_INFO), K5_FLAG_TRUNCATED);
    CHECK_EQUAL(result(RIGHT, R_W0), 48);
    CHECK_EQUAL(result(RIGHT, R_W1), 32);
    CHECK_EQUAL(result(LEFT, R_INFO), K5_MSG_COPY | K5_FLAG_TRUNCATED);
    CHECK_EQUAL(peek(LEFT, report(LEFT)->arena + 256 + 28), 7);
    CHECK_EQUAL(peek(LEFT, report(LEFT)->arena + 256 + 32), 64 + 8);
}

static void copy_has_a_limit(void)
{
    order_syscall(LEFT, K5_SYS_SEND, CPTR(SLOT_RIGHT), K5_MSG_COPY, report(LEFT)->arena, 257, 0, 0,
                  0);
    CHECK_EQUAL(outcome(LEFT), K5_E_SIZE);
}

static void copy_from_wild_places_is_refused(void)
{
    order_recv(RIGHT);
    order(LEFT, DO_RUN, WAY_wild_pointers, SLOT_RIGHT, 0);
    CHECK_EQUAL(report(LEFT)->busy, 0);
    CHECK_EQUAL(report(LEFT)->value, 0);
    CHECK_EQUAL(outcome(RIGHT), WAITS);
}

static void buffers_must_be_writable(void)
{
    order_call(LEFT, RIGHT, K5_FLAG_RECV_BUF, 0, 0, report(LEFT)->text, 16);
    CHECK_EQUAL(outcome(LEFT), K5_E_ADDRESS);
    order_syscall(LEFT, K5_SYS_RECV, CPTR(SLOT_OWN), K5_FLAG_RECV_BUF, 0, 0, report(LEFT)->text, 16,
                  0);
    CHECK_EQUAL(outcome(LEFT), K5_E_ADDRESS);
}

/* ---------------------------------------------------------------- bad arguments */

static void result_flags_are_refused(void)
{
    order_recv(RIGHT);
    order_call(LEFT, RIGHT, K5_FLAG_TRUNCATED, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_E_INVALID);
    order_call(LEFT, RIGHT, K5_FLAG_REPLY_TRUNCATED, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_E_INVALID);
    order_call(LEFT, RIGHT, 0x8000, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_E_INVALID);
    CHECK_EQUAL(outcome(RIGHT), WAITS);
}

static void kinds_of_results_are_refused(void)
{
    order_recv(RIGHT);
    order_call(LEFT, RIGHT, K5_MSG_NOTIFICATION, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_E_INVALID);
    order_call(LEFT, RIGHT, K5_MSG_FAULT, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_E_INVALID);
    order_call(LEFT, RIGHT, 0xff, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_E_INVALID);
    CHECK_EQUAL(outcome(RIGHT), WAITS);
}

static void calling_oneself_is_a_deadlock(void)
{
    order_call(LEFT, LEFT, INFO, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_E_DEADLOCK);
}

static void calling_in_a_ring_is_a_deadlock(void)
{
    order(RIGHT, DO_RUN, WAY_call_in_circles, SLOT_LEFT, 0);
    order(MIDDLE, DO_RUN, WAY_call_in_circles, SLOT_RIGHT, 0);
    order_call(LEFT, MIDDLE, INFO, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_OK);
    CHECK_EQUAL(report(RIGHT)->value, K5_E_DEADLOCK);
    CHECK_EQUAL(report(MIDDLE)->value, K5_OK);
}

static void guessed_replies_are_refused(void)
{
    order(RIGHT, DO_RUN, WAY_reply_to_guesses, 0, 0);
    order_call(LEFT, RIGHT, INFO, 0, 0, 0, 0);
    CHECK_EQUAL(report(RIGHT)->value, 0);
    CHECK_EQUAL(outcome(RIGHT), K5_OK);
    CHECK_EQUAL(result(LEFT, R_W0), 1);
}

static void calls_survive_another_receive(void)
{
    order(RIGHT, DO_RUN, WAY_keep_all_replies, 2, 0);
    order_call(LEFT, RIGHT, INFO, 0, 0, 0, 0);
    order_call(MIDDLE, RIGHT, INFO, 0, 0, 0, 0);
    CHECK_EQUAL(report(RIGHT)->value, 2);
    CHECK_EQUAL(state(LEFT), K5_THREAD_AWAITING);
    CHECK_EQUAL(state(MIDDLE), K5_THREAD_AWAITING);
    revive(RIGHT);
    CHECK_EQUAL(outcome(LEFT), K5_E_RESTARTED);
    CHECK_EQUAL(outcome(MIDDLE), K5_E_RESTARTED);
}

static const struct test tests[] = {
    {"message.short.arrives_whole", "A short message is four words.", short_arrives_whole},
    {"message.badge.tells_clients_apart",
     "The badge of the capability that a message came through is delivered with it.",
     badge_tells_clients_apart},
    {"message.send.wants_no_reply", "send waits until the message is received, not for a reply.",
     send_wants_no_reply},
    {"message.send.waits_for_the_receiver", "send waits until the message is received.",
     send_waits_for_the_receiver},
    {"message.reply.arrives_whole", "reply answers a call through its reply capability.",
     reply_arrives_whole},
    {"message.reply.once", "A reply capability is valid once.", reply_once},
    {"message.reply.in_any_order", "Calls may be answered in any order.", replies_in_any_order},
    {"message.reply.only_by_the_receiver",
     "A reply capability is valid for the thread that received the call.",
     reply_is_the_receivers_alone},
    {"message.reply.guesses_refused", "A reply capability cannot be guessed.",
     guessed_replies_are_refused},
    {"message.reply_recv.does_both", "reply_recv replies and receives in one entry.",
     reply_recv_does_both},
    {"message.reply_recv.both_or_none", "If either half is wrong, neither happens.",
     reply_recv_does_both_or_none},
    {"message.recv.only_by_the_receiver", "An endpoint has one receiving thread.",
     only_the_receiver_receives},
    {"message.recv.leaves_calls_open",
     "Receiving again without a reply leaves the call open; its caller learns of the server's "
     "death.",
     calls_survive_another_receive},
    {"message.copy.arrives_whole", "A copy message of up to 256 bytes is copied.",
     copy_arrives_whole},
    {"message.copy.truncation_seen_by_both",
     "If the buffer is too small, both sides learn the full and the copied length.",
     copy_truncation_is_seen_by_both},
    {"message.copy.needs_no_buffer", "Without a buffer nothing is copied, and both sides know.",
     copy_needs_no_buffer},
    {"message.copy.reply", "A reply may be a copy message, into the caller's buffer.",
     copy_reply_fills_the_callers_buffer},
    {"message.copy.limit", "A copy message is at most 256 bytes.", copy_has_a_limit},
    {"message.copy.wild_pointers", "A buffer outside the sender's memory is refused.",
     copy_from_wild_places_is_refused},
    {"message.copy.buffer_must_be_writable", "A receive buffer is writable memory of the task.",
     buffers_must_be_writable},
    {"message.info.flags_of_results", "Flags of results and unknown flags are refused.",
     result_flags_are_refused},
    {"message.info.kinds_of_results", "Kinds of results and unknown kinds are refused.",
     kinds_of_results_are_refused},
    {"message.deadlock.self", "A call that would wait for its own thread is refused.",
     calling_oneself_is_a_deadlock},
    {"message.deadlock.ring", "The same through others.", calling_in_a_ring_is_a_deadlock},
};
const struct test_group message_tests = GROUP(tests);
