/* Tests: notifications. Right waits for `events`; `bell` is bound to middle. */
#include "actors.h"
#include "k5_task.h"
#include "rogue_ways.h"
#include "suite_slots.h"

#define MAY_SIGNAL 0x0000ff01u /* badge of the actors' capabilities to signal events */

static int32_t signal(enum actor who, uint32_t slot, uint32_t bits)
{
    order_syscall(who, K5_SYS_SIGNAL, CPTR(slot), bits, 0, 0, 0, 0, 0);
    return outcome(who);
}

static void wait(uint32_t flags, uint32_t mask)
{
    order_syscall(RIGHT, K5_SYS_WAIT, CPTR(SLOT_WAIT), flags, mask, 0, 0, 0, 0);
}

static uint32_t taken(void)
{
    return report(RIGHT)->r[1];
}

static void waits_for_a_bit(void)
{
    wait(0, 0xff00);
    CHECK_EQUAL(outcome(RIGHT), WAITS);
    CHECK_EQUAL(state(RIGHT), K5_THREAD_WAITING);
    CHECK_EQUAL(signal(LEFT, SLOT_EVENTS, 0x100), K5_OK);
    CHECK_EQUAL(outcome(RIGHT), K5_OK);
    CHECK_EQUAL(taken(), 0x100);
}

static void bits_merge(void)
{
    CHECK_EQUAL(signal(LEFT, SLOT_EVENTS, 0x100), K5_OK);
    CHECK_EQUAL(signal(MIDDLE, SLOT_EVENTS, 0x201), K5_OK);
    CHECK_EQUAL(signal(LEFT, SLOT_EVENTS, 0x100), K5_OK);
    wait(0, 0xffffffffu);
    CHECK_EQUAL(outcome(RIGHT), K5_OK);
    CHECK_EQUAL(taken(), 0x301);
    wait(K5_FLAG_TRY, 0xffffffffu);
    CHECK_EQUAL(outcome(RIGHT), K5_E_WOULD_BLOCK);
}

static void takes_only_the_mask(void)
{
    CHECK_EQUAL(signal(LEFT, SLOT_EVENTS, 0xf01), K5_OK);
    wait(0, 0x600);
    CHECK_EQUAL(taken(), 0x600);
    wait(0, 0xffffffffu);
    CHECK_EQUAL(taken(), 0x901);
}

static void other_bits_do_not_wake(void)
{
    wait(0, 0x100);
    CHECK_EQUAL(signal(LEFT, SLOT_EVENTS, 0x200), K5_OK);
    CHECK_EQUAL(outcome(RIGHT), WAITS);
    CHECK_EQUAL(signal(LEFT, SLOT_EVENTS, 0x100), K5_OK);
    CHECK_EQUAL(taken(), 0x100);
    wait(K5_FLAG_TRY, 0x200);
    CHECK_EQUAL(taken(), 0x200);
}

static void poll_does_not_wait(void)
{
    wait(K5_FLAG_TRY, 1);
    CHECK_EQUAL(outcome(RIGHT), K5_E_WOULD_BLOCK);
    CHECK_EQUAL(signal(LEFT, SLOT_EVENTS, 1), K5_OK);
    wait(K5_FLAG_TRY, 1);
    CHECK_EQUAL(outcome(RIGHT), K5_OK);
}

static void wait_times_out(void)
{
    order_syscall(RIGHT, K5_SYS_WAIT, CPTR(SLOT_WAIT), K5_FLAG_TIMED, 1, k5_deadline_in_us(SOON_US),
                  0, 0, 0);
    CHECK_EQUAL(outcome(RIGHT), WAITS);
    k5_sleep_us(LATER_US);
    CHECK_EQUAL(outcome(RIGHT), K5_E_TIMEOUT);
    CHECK_EQUAL(signal(LEFT, SLOT_EVENTS, 1), K5_OK);
    wait(K5_FLAG_TRY, 1);
    CHECK_EQUAL(taken(), 1);
}

static void arguments_are_checked(void)
{
    wait(0, 0);
    CHECK_EQUAL(outcome(RIGHT), K5_E_INVALID);
    wait(K5_FLAG_TRY | K5_FLAG_TIMED, 1);
    CHECK_EQUAL(outcome(RIGHT), K5_E_INVALID);
    wait(K5_FLAG_RECV_BUF, 1);
    CHECK_EQUAL(outcome(RIGHT), K5_E_INVALID);
    wait(1, 1);
    CHECK_EQUAL(outcome(RIGHT), K5_E_INVALID);
}

static void badge_is_a_mask(void)
{
    CHECK_EQUAL(signal(LEFT, SLOT_EVENTS, ~MAY_SIGNAL), K5_E_RIGHTS);
    CHECK_EQUAL(signal(LEFT, SLOT_EVENTS, 0x102), K5_E_RIGHTS);
    wait(K5_FLAG_TRY, 0xffffffffu);
    CHECK_EQUAL(outcome(RIGHT), K5_E_WOULD_BLOCK);            /* nothing of it was set */
    CHECK_EQUAL(signal(LEFT, SLOT_BELL, 0x80000000u), K5_OK); /* no badge, no mask */
}

static void only_the_receiver_waits(void)
{
    order_syscall(LEFT, K5_SYS_WAIT, CPTR(SLOT_EVENTS), K5_FLAG_TRY, 1, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_E_RIGHTS);
    CHECK_EQUAL(signal(RIGHT, SLOT_WAIT, 1), K5_E_RIGHTS);
}

static void cleared_when_the_receiver_dies(void)
{
    CHECK_EQUAL(signal(LEFT, SLOT_EVENTS, 0x100), K5_OK);
    revive(RIGHT);
    wait(K5_FLAG_TRY, 0xffffffffu);
    CHECK_EQUAL(outcome(RIGHT), K5_E_WOULD_BLOCK);
    CHECK_EQUAL(signal(LEFT, SLOT_EVENTS, 0x100), K5_OK);
    wait(K5_FLAG_TRY, 0xffffffffu);
    CHECK_EQUAL(outcome(RIGHT), K5_OK);
}

static void floods_are_harmless(void)
{
    wait(0, 0x200);
    order(LEFT, DO_RUN, WAY_flood_notification, SLOT_EVENTS, 0x100);
    CHECK_EQUAL(report(LEFT)->value, 1000);
    CHECK_EQUAL(outcome(RIGHT), WAITS);
    CHECK_EQUAL(signal(LEFT, SLOT_EVENTS, 0x200), K5_OK);
    CHECK_EQUAL(taken(), 0x200);
}

/* ---------------------------------------------------------------- bound to a thread */

static void recv_returns_for_bits(void)
{
    order_recv(MIDDLE);
    CHECK_EQUAL(signal(LEFT, SLOT_BELL, 0x11), K5_OK);
    CHECK_EQUAL(outcome(MIDDLE), K5_OK);
    CHECK_EQUAL(result(MIDDLE, R_INFO), K5_MSG_NOTIFICATION);
    CHECK_EQUAL(result(MIDDLE, R_W0), 0x11);
    CHECK_EQUAL(result(MIDDLE, R_BADGE), 0);
    CHECK_EQUAL(result(MIDDLE, R_REPLY), 0);
}

static void recv_returns_for_messages(void)
{
    order_recv(MIDDLE);
    order_call(LEFT, MIDDLE, 0, 17, 0, 0, 0);
    CHECK_EQUAL(result(MIDDLE, R_INFO), K5_MSG_SHORT);
    CHECK_EQUAL(result(MIDDLE, R_W0), 17);
    order_reply(MIDDLE, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_OK);
}

/* Middle is at its orders: bits wake it there as well, so it is stopped while they come. */
static void bits_come_first(void)
{
    CHECK_EQUAL(k5_task_hold(task_of(MIDDLE)), K5_OK);
    order_call(LEFT, MIDDLE, 0, 17, 0, 0, 0);
    CHECK_EQUAL(k5_task_resume(task_of(MIDDLE)), K5_OK);
    order_recv(MIDDLE);
    CHECK_EQUAL(result(MIDDLE, R_W0), 17);
    order_syscall(MIDDLE, K5_SYS_SIGNAL, CPTR(SLOT_BELL), 4, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), WAITS);
}

static void reply_recv_returns_for_bits(void)
{
    order_recv(MIDDLE);
    order_call(LEFT, MIDDLE, 0, 0, 0, 0, 0);
    order_syscall(MIDDLE, K5_SYS_REPLY_RECV, result(MIDDLE, R_REPLY), 0, 0, 0, 0, 0,
                  CPTR(SLOT_OWN));
    CHECK_EQUAL(outcome(LEFT), K5_OK);
    CHECK_EQUAL(outcome(MIDDLE), WAITS);
    CHECK_EQUAL(signal(LEFT, SLOT_BELL, 2), K5_OK);
    CHECK_EQUAL(outcome(MIDDLE), K5_OK);
    CHECK_EQUAL(result(MIDDLE, R_INFO), K5_MSG_NOTIFICATION);
    CHECK_EQUAL(result(MIDDLE, R_W0), 2);
}

static void timed_recv_returns_for_bits(void)
{
    order_syscall(MIDDLE, K5_SYS_RECV, CPTR(SLOT_OWN), K5_FLAG_TIMED, 0, 0, 0, 0,
                  k5_deadline_in_us(SOON_US));
    CHECK_EQUAL(signal(LEFT, SLOT_BELL, 8), K5_OK);
    CHECK_EQUAL(result(MIDDLE, R_INFO), K5_MSG_NOTIFICATION);
    k5_sleep_us(LATER_US);
    CHECK_EQUAL(outcome(MIDDLE), K5_OK);
}

static const struct test tests[] = {
    {"notification.wait.for_a_bit", "wait returns when a bit of the mask is set.", waits_for_a_bit},
    {"notification.wait.takes_only_the_mask", "It takes the bits of the mask and no others.",
     takes_only_the_mask},
    {"notification.wait.other_bits", "Other bits do not wake, and are not lost.",
     other_bits_do_not_wake},
    {"notification.wait.deadline", "wait gives up at its deadline.", wait_times_out},
    {"notification.wait.arguments", "Masks of 0 and odd flags are refused.", arguments_are_checked},
    {"notification.wait.only_receiver", "Only the receiving thread waits; rights are checked.",
     only_the_receiver_waits},
    {"notification.poll.does_not_wait", "poll does not wait.", poll_does_not_wait},
    {"notification.signal.merges", "Signals merge and never wait.", bits_merge},
    {"notification.signal.badge", "A badge is the mask of the bits that may be set.",
     badge_is_a_mask},
    {"notification.signal.flood", "A flood of signals is one bit.", floods_are_harmless},
    {"notification.death.cleared", "Bits are cleared when the receiver's task dies.",
     cleared_when_the_receiver_dies},
    {"notification.bound.bits", "Bound to a thread, recv returns for bits.", recv_returns_for_bits},
    {"notification.bound.messages", "And for messages.", recv_returns_for_messages},
    {"notification.bound.after_hold", "Messages that came while it was held are received.",
     bits_come_first},
    {"notification.bound.reply_recv", "So does reply_recv.", reply_recv_returns_for_bits},
    {"notification.bound.timed", "And a timed recv.", timed_recv_returns_for_bits},
};
const struct test_group notification_tests = GROUP(tests);
