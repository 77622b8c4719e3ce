/* Tests: a supervisor that dies, and the last resort when it is gone for good. Right is left's
 * supervisor here, by the endpoint `wards`; right itself has none, and a restart limit.
 */
#include "actors.h"
#include "k5_task.h"
#include "rogue_ways.h"
#include "suite_slots.h"

static enum k5_task_state state_of(enum actor who)
{
    struct k5_task_status status = {0};

    CHECK_EQUAL(k5_task_status(task_of(who), &status), K5_OK);
    return status.state;
}

static void receive_ward(uint32_t flags)
{
    order_syscall(RIGHT, K5_SYS_RECV, CPTR(SLOT_WARDS), flags, 0, 0, 0, 0, 0);
}

static void ward_waits_for_its_supervisor(void)
{
    order(LEFT, DO_CRIME, 0, 0, 0);
    k5_sleep_us(LATER_US);
    CHECK_EQUAL(state(LEFT), K5_THREAD_FAULTED);
    receive_ward(0);
    CHECK_EQUAL(outcome(RIGHT), K5_OK);
    CHECK_EQUAL(result(RIGHT, R_INFO) & 0xff, K5_MSG_FAULT);
    CHECK_EQUAL(result(RIGHT, R_W0) & 0xff, TASK_ID_LEFT);
    order_syscall(RIGHT, K5_SYS_TASK_RESTART, CPTR(SLOT_WARD), 0, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(RIGHT), K5_OK);
    CHECK_EQUAL(state_of(LEFT), K5_TASK_READY);
}

static void next_incarnation_is_told(void)
{
    order(LEFT, DO_CRIME, 0, 0, 0);
    revive(RIGHT);
    CHECK_EQUAL(state_of(LEFT), K5_TASK_HELD);
    receive_ward(K5_FLAG_TRY);
    CHECK_EQUAL(outcome(RIGHT), K5_OK);
    CHECK_EQUAL(result(RIGHT, R_W0) & 0xff, TASK_ID_LEFT);
}

static void told_again_if_it_dies_over_it(void)
{
    order(LEFT, DO_CRIME, 0, 0, 0);
    receive_ward(K5_FLAG_TRY);
    CHECK_EQUAL(outcome(RIGHT), K5_OK);
    revive(RIGHT);
    receive_ward(K5_FLAG_TRY);
    CHECK_EQUAL(outcome(RIGHT), K5_OK);
    CHECK_EQUAL(result(RIGHT, R_W0) & 0xff, TASK_ID_LEFT);
}

static void restarting_supervisor_is_waited_for(void)
{
    order(RIGHT, DO_CRIME, 0, 0, 0);
    CHECK_EQUAL(state_of(RIGHT), K5_TASK_BACKOFF);
    order(LEFT, DO_CRIME, 0, 0, 0);
    CHECK_EQUAL(state_of(LEFT), K5_TASK_HELD);
    k5_sleep_us(LATER_US);
    CHECK_EQUAL(state_of(RIGHT), K5_TASK_READY);
    CHECK_EQUAL(state_of(LEFT), K5_TASK_HELD);
    receive_ward(K5_FLAG_TRY);
    CHECK_EQUAL(outcome(RIGHT), K5_OK);
}

/* Crashes more often in a row than its limit allows. */
static void crash_loop(void)
{
    for (uint32_t i = 0; i <= RIGHTS_LIMIT; i++) {
        order(RIGHT, DO_CRIME, 0, 0, 0);
        k5_sleep_us(LATER_US);
        if (state_of(RIGHT) == K5_TASK_STOPPED) {
            return;
        }
    }
    CHECK_EQUAL(state_of(RIGHT), K5_TASK_STOPPED);
}

/* From here on left is without supervisor: these two tests are the last ones. */
static void wards_follow_their_own_policy(void)
{
    uint32_t lives = report(LEFT)->lives;

    order(LEFT, DO_CRIME, 0, 0, 0);
    CHECK_EQUAL(state_of(LEFT), K5_TASK_HELD);
    crash_loop();
    k5_sleep_us(LATER_US);
    CHECK_EQUAL(report(LEFT)->lives, lives + 1); /* the fault that was waiting */
    CHECK_EQUAL(state_of(LEFT), K5_TASK_READY);
}

static void and_from_then_on(void)
{
    uint32_t lives = report(LEFT)->lives;

    CHECK_EQUAL(k5_task_stop(task_of(RIGHT)), K5_OK);
    order(LEFT, DO_CRIME, 0, 0, 0);
    k5_sleep_us(LATER_US);
    CHECK_EQUAL(report(LEFT)->lives, lives + 1);
}

static const struct test tests[] = {
    {"last.ward.waits", "A fault waits until the supervisor receives.",
     ward_waits_for_its_supervisor},
    {"last.restart.next_incarnation_is_told", "While it restarts, faults wait for its next life.",
     next_incarnation_is_told},
    {"last.restart.told_again", "If it dies over a fault its next life is told again.",
     told_again_if_it_dies_over_it},
    {"last.restart.is_waited_for", "A fault during its back-off waits, too.",
     restarting_supervisor_is_waited_for},
    {"last.resort.policy", "When it is gone for good its wards follow their own policy at once.",
     wards_follow_their_own_policy},
    {"last.resort.from_then_on", "And from then on.", and_from_then_on},
};
const struct test_group last_tests = GROUP(tests);
