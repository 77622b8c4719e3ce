/* Tests: try_ forms, deadlines, sleep. */
#include "actors.h"
#include "k5_task.h"

static k5_deadline_t soon(void)
{
    return k5_deadline_in_us(SOON_US);
}

static void until_later(void)
{
    k5_sleep_us(LATER_US);
}

static void try_send_does_not_wait(void)
{
    order_syscall(LEFT, K5_SYS_SEND, CPTR(SLOT_RIGHT), K5_FLAG_TRY, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_E_WOULD_BLOCK);
}

static void try_call_waits_for_the_reply_only(void)
{
    order_call(LEFT, RIGHT, K5_FLAG_TRY, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_E_WOULD_BLOCK);
    order_recv(RIGHT);
    order_call(LEFT, RIGHT, K5_FLAG_TRY, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), WAITS);
    order_reply(RIGHT, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_OK);
}

static void try_recv_does_not_wait(void)
{
    order_syscall(LEFT, K5_SYS_RECV, CPTR(SLOT_OWN), K5_FLAG_TRY, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_E_WOULD_BLOCK);
}

static void try_reply_recv_gives_the_reply(void)
{
    order_recv(RIGHT);
    order_call(LEFT, RIGHT, 0, 0, 0, 0, 0);
    order_syscall(RIGHT, K5_SYS_REPLY_RECV, result(RIGHT, R_REPLY), K5_FLAG_TRY, 5, 0, 0, 0,
                  CPTR(SLOT_OWN));
    CHECK_EQUAL(outcome(RIGHT), K5_E_WOULD_BLOCK);
    CHECK_EQUAL(result(LEFT, R_W0), 5);
}

static void send_times_out(void)
{
    order_syscall(LEFT, K5_SYS_SEND, CPTR(SLOT_RIGHT), K5_FLAG_TIMED, 0, 0, 0, 0, soon());
    CHECK_EQUAL(outcome(LEFT), WAITS);
    until_later();
    CHECK_EQUAL(outcome(LEFT), K5_E_TIMEOUT);
    /* and nothing of it is left in the queue */
    order_syscall(RIGHT, K5_SYS_RECV, CPTR(SLOT_OWN), K5_FLAG_TRY, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(RIGHT), K5_E_WOULD_BLOCK);
}

static void call_times_out_until_received(void)
{
    order_call(LEFT, RIGHT, 0, 0, 0, 0, 0);
    order_syscall(MIDDLE, K5_SYS_CALL, CPTR(SLOT_RIGHT), K5_FLAG_TIMED, 0, 0, 0, 0, soon());
    CHECK_EQUAL(outcome(MIDDLE), WAITS);
    until_later();
    CHECK_EQUAL(outcome(MIDDLE), K5_E_TIMEOUT);
    CHECK_EQUAL(outcome(LEFT), WAITS);
}

static void call_received_is_past_its_deadline(void)
{
    order_recv(RIGHT);
    order_syscall(LEFT, K5_SYS_CALL, CPTR(SLOT_RIGHT), K5_FLAG_TIMED, 0, 0, 0, 0, soon());
    until_later();
    CHECK_EQUAL(outcome(LEFT), WAITS);
    CHECK_EQUAL(state(LEFT), K5_THREAD_AWAITING);
    order_reply(RIGHT, 0, 9, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_OK);
    CHECK_EQUAL(result(LEFT, R_W0), 9);
}

static void recv_times_out(void)
{
    order_syscall(RIGHT, K5_SYS_RECV, CPTR(SLOT_OWN), K5_FLAG_TIMED, 0, 0, 0, 0, soon());
    CHECK_EQUAL(outcome(RIGHT), WAITS);
    until_later();
    CHECK_EQUAL(outcome(RIGHT), K5_E_TIMEOUT);
    order_syscall(LEFT, K5_SYS_SEND, CPTR(SLOT_RIGHT), K5_FLAG_TRY, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_E_WOULD_BLOCK);
}

static void message_in_time_is_received(void)
{
    order_syscall(RIGHT, K5_SYS_RECV, CPTR(SLOT_OWN), K5_FLAG_TIMED, 0, 0, 0, 0, soon());
    order_syscall(LEFT, K5_SYS_SEND, CPTR(SLOT_RIGHT), K5_FLAG_TIMED, 8, 0, 0, 0, soon());
    CHECK_EQUAL(outcome(LEFT), K5_OK);
    CHECK_EQUAL(outcome(RIGHT), K5_OK);
    until_later(); /* the deadlines are forgotten */
    order_syscall(RIGHT, K5_SYS_RECV, CPTR(SLOT_OWN), 0, 0, 0, 0, 0, 0);
    until_later();
    CHECK_EQUAL(outcome(RIGHT), WAITS);
}

static void passed_deadline_is_a_timeout_at_once(void)
{
    until_later();
    order_syscall(LEFT, K5_SYS_SEND, CPTR(SLOT_RIGHT), K5_FLAG_TIMED, 0, 0, 0, 0, k5_deadline(0));
    CHECK_EQUAL(outcome(LEFT), K5_E_TIMEOUT);
    order_syscall(LEFT, K5_SYS_CALL, CPTR(SLOT_RIGHT), K5_FLAG_TIMED, 0, 0, 0, 0, k5_deadline(0));
    CHECK_EQUAL(outcome(LEFT), K5_E_TIMEOUT);
    order_syscall(LEFT, K5_SYS_RECV, CPTR(SLOT_OWN), K5_FLAG_TIMED, 0, 0, 0, 0, k5_deadline(0));
    CHECK_EQUAL(outcome(LEFT), K5_E_TIMEOUT);
}

static void passed_deadline_does_what_needs_no_waiting(void)
{
    until_later();
    order_recv(RIGHT);
    order_syscall(LEFT, K5_SYS_SEND, CPTR(SLOT_RIGHT), K5_FLAG_TIMED, 4, 0, 0, 0, k5_deadline(0));
    CHECK_EQUAL(outcome(LEFT), K5_OK);
    CHECK_EQUAL(result(RIGHT, R_W0), 4);
}

static void deadline_and_try_exclude_each_other(void)
{
    order_recv(RIGHT);
    order_syscall(LEFT, K5_SYS_SEND, CPTR(SLOT_RIGHT), K5_FLAG_TIMED | K5_FLAG_TRY, 0, 0, 0, 0,
                  soon());
    CHECK_EQUAL(outcome(LEFT), K5_E_INVALID);
    order_syscall(LEFT, K5_SYS_RECV, CPTR(SLOT_OWN), K5_FLAG_TIMED | K5_FLAG_TRY, 0, 0, 0, 0,
                  soon());
    CHECK_EQUAL(outcome(LEFT), K5_E_INVALID);
}

static void reply_recv_has_no_deadline(void)
{
    order_recv(RIGHT);
    order_call(LEFT, RIGHT, 0, 0, 0, 0, 0);
    order_syscall(RIGHT, K5_SYS_REPLY_RECV, result(RIGHT, R_REPLY), K5_FLAG_TIMED, 5, 0, 0, 0,
                  CPTR(SLOT_OWN));
    CHECK_EQUAL(outcome(RIGHT), K5_E_INVALID);
    CHECK_EQUAL(outcome(LEFT), WAITS);
}

static void earlier_deadline_first(void)
{
    order_syscall(LEFT, K5_SYS_SEND, CPTR(SLOT_RIGHT), K5_FLAG_TIMED, 0, 0, 0, 0,
                  k5_deadline_in_us(4 * LATER_US));
    order_syscall(MIDDLE, K5_SYS_SEND, CPTR(SLOT_RIGHT), K5_FLAG_TIMED, 0, 0, 0, 0, soon());
    until_later();
    CHECK_EQUAL(outcome(MIDDLE), K5_E_TIMEOUT);
    CHECK_EQUAL(outcome(LEFT), WAITS);
    k5_sleep_us(4 * LATER_US);
    CHECK_EQUAL(outcome(LEFT), K5_E_TIMEOUT);
}

static void nobody_gives_up_early(void)
{
    uint64_t before = k5_time_us();
    struct k5_message message = k5_short(0, 0, 0, 0, 0);

    CHECK_EQUAL(k5_send_until(CAP_RIGHT, &message, k5_deadline_us(before + SOON_US)), K5_E_TIMEOUT);
    CHECK(k5_time_us() >= before + SOON_US);
}

static void sleepers_wake_in_time(void)
{
    uint64_t before = k5_time_us();

    k5_sleep_until_us(before + SOON_US);
    CHECK(k5_time_us() >= before + SOON_US);
    CHECK(k5_time_us() < before + LATER_US);
    k5_sleep_until_us(before); /* has passed */
    CHECK(k5_time_us() < before + LATER_US);
}

static void deadline_counts_up_to_hours(void)
{
    uint32_t tick_hz;
    uint64_t now = k5_sys_time(&tick_hz);

    CHECK_EQUAL(k5_deadline(0), 0);
    CHECK_EQUAL(k5_deadline(1), 1);
    CHECK_EQUAL(k5_deadline(256), 1);
    CHECK_EQUAL(k5_deadline(257), 2);
    /* The farthest one is not taken for one that has passed. */
    order_syscall(LEFT, K5_SYS_SEND, CPTR(SLOT_RIGHT), K5_FLAG_TIMED, 0, 0, 0, 0,
                  k5_deadline_in_us(UINT64_MAX));
    CHECK_EQUAL(outcome(LEFT), WAITS);
    order_syscall(MIDDLE, K5_SYS_SEND, CPTR(SLOT_RIGHT), K5_FLAG_TIMED, 0, 0, 0, 0,
                  k5_deadline(now) - 0x7fffff00u);
    CHECK_EQUAL(outcome(MIDDLE), K5_E_TIMEOUT);
}

static const struct test tests[] = {
    {"timeout.try.send", "The try_ forms never wait: send.", try_send_does_not_wait},
    {"timeout.try.call", "The try_ forms never wait for the other side to be ready: call.",
     try_call_waits_for_the_reply_only},
    {"timeout.try.recv", "The try_ forms never wait: recv.", try_recv_does_not_wait},
    {"timeout.try.reply_recv", "try_reply_recv gives the reply in any case.",
     try_reply_recv_gives_the_reply},
    {"timeout.deadline.send", "A send that nobody receives by its deadline is taken back.",
     send_times_out},
    {"timeout.deadline.call", "A call that nobody receives by its deadline is taken back.",
     call_times_out_until_received},
    {"timeout.deadline.received_call", "A call that was received waits for its reply.",
     call_received_is_past_its_deadline},
    {"timeout.deadline.recv", "A recv gives up at its deadline.", recv_times_out},
    {"timeout.deadline.in_time", "What comes in time ends the deadline.",
     message_in_time_is_received},
    {"timeout.deadline.passed", "A deadline that has passed is a timeout at once.",
     passed_deadline_is_a_timeout_at_once},
    {"timeout.deadline.passed_but_ready", "What needs no waiting is done, deadline or not.",
     passed_deadline_does_what_needs_no_waiting},
    {"timeout.deadline.not_with_try", "TRY and TIMED exclude each other.",
     deadline_and_try_exclude_each_other},
    {"timeout.deadline.not_for_reply_recv", "reply_recv has no timed form.",
     reply_recv_has_no_deadline},
    {"timeout.deadline.order", "Each waits for its own deadline.", earlier_deadline_first},
    {"timeout.deadline.not_early", "Nobody gives up early.", nobody_gives_up_early},
    {"timeout.deadline.range", "A deadline is the point nearest to now that has its bits.",
     deadline_counts_up_to_hours},
    {"timeout.sleep.in_time", "Nobody wakes early; a tick that has passed is no sleep.",
     sleepers_wake_in_time},
};
const struct test_group timeout_tests = GROUP(tests);
