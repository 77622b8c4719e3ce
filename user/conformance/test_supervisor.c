/* Tests: faults as messages to the supervisor, who is the judge, and what it can do. */
#include "actors.h"
#include "k5_task.h"
#include "rogue_ways.h"
#include "suite_slots.h"

#define NOWHERE 0x60000000u /* nothing is there on any board */

static struct k5_task_status status_of(enum actor who)
{
    struct k5_task_status status = {0};

    CHECK_EQUAL(k5_task_status(task_of(who), &status), K5_OK);
    return status;
}

static void message_describes_the_fault(void)
{
    order(LEFT, DO_PEEK, NOWHERE, 0, 0);

    struct k5_fault found = fault(LEFT);

    CHECK_EQUAL(found.kind, K5_FAULT_DATA);
    CHECK_EQUAL(found.task, TASK_ID_LEFT);
    CHECK((found.flags & K5_FAULT_FLAG_PC_KNOWN) != 0);
    CHECK((found.flags & K5_FAULT_FLAG_ADDRESS_KNOWN) != 0);
    CHECK_EQUAL(found.address, NOWHERE);
    CHECK(found.pc >= report(LEFT)->text);
    CHECK(found.pc < report(LEFT)->text + 0x10000);
}

static void message_wants_no_reply(void)
{
    struct k5_message order_it = k5_short(DO_PEEK, NOWHERE, 0, 0, 0);
    struct k5_message message = {0};

    order(LEFT, ORDER_NONE, 0, 0, 0);
    CHECK_EQUAL(k5_try_send(CAP_ORDERS_LEFT, &order_it), K5_OK);
    CHECK_EQUAL(state(LEFT), K5_THREAD_FAULTED);
    CHECK_EQUAL(k5_recv(CAP_FAULTS, &message), K5_OK);
    CHECK_EQUAL(k5_kind(&message), K5_MSG_FAULT);
    CHECK_EQUAL(message.reply, 0);
    CHECK_EQUAL(message.badge, 0);
    CHECK_EQUAL(k5_label(&message), K5_FAULT_DATA);
}

static void faulted_task_is_held(void)
{
    order_recv(RIGHT);
    order_call(LEFT, RIGHT, 0, 0, 0, 0, 0);
    order(RIGHT, DO_CRIME, 0, 0, 0);
    CHECK(fault(RIGHT).kind != 0);
    CHECK_EQUAL(status_of(RIGHT).state, K5_TASK_HELD);
    CHECK_EQUAL(outcome(LEFT), WAITS);
}

static void restart_begins_anew(void)
{
    uint32_t generation = status_of(LEFT).generation;

    order(LEFT, DO_CRIME, 0, 0, 0);
    CHECK(fault(LEFT).kind != 0);
    revive(LEFT);
    CHECK_EQUAL(status_of(LEFT).generation, generation + 1);
    CHECK(can_store(LEFT, report(LEFT)->arena, 1));
}

static void stop_is_for_good(void)
{
    order_recv(RIGHT);
    order_call(LEFT, RIGHT, 0, 0, 0, 0, 0);
    order(RIGHT, DO_CRIME, 0, 0, 0);
    CHECK_EQUAL(k5_task_stop(task_of(RIGHT)), K5_OK);
    CHECK_EQUAL(outcome(LEFT), K5_E_STOPPED);
    CHECK_EQUAL(status_of(RIGHT).state, K5_TASK_STOPPED);
}

static void resume_tries_again(void)
{
    order(LEFT, DO_PEEK, NOWHERE, 0, 0);

    struct k5_fault first = fault(LEFT);

    REQUIRE((first.flags & K5_FAULT_FLAG_RESUMABLE) != 0);
    CHECK_EQUAL(k5_task_resume(task_of(LEFT)), K5_OK);
    CHECK_EQUAL(state(LEFT), K5_THREAD_FAULTED);
    CHECK_EQUAL(fault(LEFT).pc, first.pc);
    CHECK_EQUAL(fault(LEFT).address, NOWHERE);
}

/* The hand touches what left has lent: when that is back, it can go on as if nothing had been. */
static void resume_goes_on(void)
{
    uint32_t base = report(LEFT)->arena + 256;

    order_recv(RIGHT);
    order_call(LEFT, RIGHT, K5_MSG_LEND_MUT, base, 256, 0, 0);
    order(HAND, DO_PEEK, base + 4, 0, 0);
    CHECK_EQUAL(fault(LEFT).kind, K5_FAULT_DATA);
    order_reply(RIGHT, 0, 0, 0, 0, 0);
    CHECK_EQUAL(k5_task_resume(task_of(LEFT)), K5_OK);
    CHECK_EQUAL(report(HAND)->busy, 0);
    CHECK_EQUAL(report(HAND)->value, 65);
    CHECK_EQUAL(report(LEFT)->busy, 0);
}

static void panic_cannot_be_resumed(void)
{
    order(LEFT, DO_RETURN, 0, 0, 0);
    CHECK_EQUAL(fault(LEFT).kind, K5_FAULT_PANIC);
    CHECK_EQUAL(fault(LEFT).flags & K5_FAULT_FLAG_RESUMABLE, 0);
    CHECK_EQUAL(k5_task_resume(task_of(LEFT)), K5_E_STATE);
    CHECK_EQUAL(status_of(LEFT).state, K5_TASK_HELD);
}

static void faults_queue_up(void)
{
    struct k5_message crime = k5_short(DO_PEEK, NOWHERE, 0, 0, 0);
    struct k5_message message = {0};
    uint32_t tasks = 0;

    order(LEFT, ORDER_NONE, 0, 0, 0);
    order(MIDDLE, ORDER_NONE, 0, 0, 0);
    order(RIGHT, ORDER_NONE, 0, 0, 0);
    CHECK_EQUAL(k5_try_send(CAP_ORDERS_LEFT, &crime), K5_OK);
    CHECK_EQUAL(k5_try_send(CAP_ORDERS_MIDDLE, &crime), K5_OK);
    CHECK_EQUAL(k5_try_send(CAP_ORDERS_RIGHT, &crime), K5_OK);
    k5_sleep_us(LATER_US); /* their urgency, lent to the judge, may have kept them from running */
    for (uint32_t i = 0; i < 3; i++) {
        CHECK_EQUAL(k5_try_recv(CAP_FAULTS, &message), K5_OK);
        tasks |= UINT32_C(1) << k5_fault(&message).task;
        message = (struct k5_message){0};
    }
    CHECK_EQUAL(tasks, UINT32_C(1) << TASK_ID_LEFT | UINT32_C(1) << TASK_ID_MIDDLE |
                           UINT32_C(1) << TASK_ID_RIGHT);
    CHECK_EQUAL(k5_try_recv(CAP_FAULTS, &message), K5_E_WOULD_BLOCK);
}

static void restarted_before_it_is_read(void)
{
    struct k5_message crime = k5_short(DO_PEEK, NOWHERE, 0, 0, 0);
    struct k5_message message = {0};

    order(LEFT, ORDER_NONE, 0, 0, 0);
    CHECK_EQUAL(k5_try_send(CAP_ORDERS_LEFT, &crime), K5_OK);
    CHECK_EQUAL(state(LEFT), K5_THREAD_FAULTED);
    CHECK_EQUAL(k5_task_restart(task_of(LEFT)), K5_OK);
    CHECK_EQUAL(k5_try_recv(CAP_FAULTS, &message), K5_E_WOULD_BLOCK); /* nobody is left to judge */
    CHECK_EQUAL(state(LEFT), K5_THREAD_RECEIVING);
}

static void restart_limit_ends_in_stop(void)
{
    uint32_t lives = report(STRANGER)->lives;

    k5_sleep_us(2 * STRANGERS_STABLE_US); /* earlier restarts are forgotten */
    for (uint32_t i = 0; i < STRANGERS_LIMIT; i++) {
        order(STRANGER, DO_CRIME, 0, 0, 0);
        k5_sleep_us(LATER_US);
        CHECK_EQUAL(report(STRANGER)->lives, lives + i + 1);
        CHECK_EQUAL(status_of(STRANGER).restarts, i + 1);
    }
    order(STRANGER, DO_CRIME, 0, 0, 0);
    k5_sleep_us(LATER_US);
    CHECK_EQUAL(report(STRANGER)->lives, lives + STRANGERS_LIMIT);
    CHECK_EQUAL(status_of(STRANGER).state, K5_TASK_STOPPED);
    CHECK_EQUAL(k5_task_start(task_of(STRANGER)), K5_OK);
    CHECK_EQUAL(report(STRANGER)->lives, lives + STRANGERS_LIMIT + 1);
}

static void start_ends_the_back_off(void)
{
    uint32_t lives = report(STRANGER)->lives;

    order(STRANGER, DO_CRIME, 0, 0, 0);
    CHECK_EQUAL(status_of(STRANGER).state, K5_TASK_BACKOFF);
    CHECK_EQUAL(report(STRANGER)->lives, lives);
    CHECK_EQUAL(k5_task_start(task_of(STRANGER)), K5_OK);
    CHECK_EQUAL(report(STRANGER)->lives, lives + 1);
}

static void stop_ends_the_back_off(void)
{
    uint32_t lives = report(STRANGER)->lives;

    order(STRANGER, DO_CRIME, 0, 0, 0);
    CHECK_EQUAL(k5_task_stop(task_of(STRANGER)), K5_OK);
    k5_sleep_us(LATER_US);
    CHECK_EQUAL(report(STRANGER)->lives, lives);
    CHECK_EQUAL(status_of(STRANGER).state, K5_TASK_STOPPED);
}

/* One that was held while it waited for a deadline. */
static void held_through_its_deadline(void)
{
    order_syscall(RIGHT, K5_SYS_RECV, CPTR(SLOT_OWN), K5_FLAG_TIMED, 0, 0, 0, 0,
                  k5_deadline_in_us(SOON_US));
    CHECK_EQUAL(k5_task_hold(task_of(RIGHT)), K5_OK);
    k5_sleep_us(LATER_US);
    CHECK_EQUAL(report(RIGHT)->busy, 1);
    CHECK_EQUAL(k5_task_resume(task_of(RIGHT)), K5_OK);
    CHECK_EQUAL(outcome(RIGHT), K5_E_TIMEOUT);
}

static const struct test tests[] = {
    {"supervisor.message.describes_the_fault", "A fault goes to the supervisor as a message.",
     message_describes_the_fault},
    {"supervisor.message.wants_no_reply", "It awaits no reply.", message_wants_no_reply},
    {"supervisor.message.queue_up", "Faults wait until they are received.", faults_queue_up},
    {"supervisor.message.gone_with_the_task", "A fault of a life that is over is not received.",
     restarted_before_it_is_read},
    {"supervisor.hold.until_decided", "Until its supervisor decides, the task is held.",
     faulted_task_is_held},
    {"supervisor.restart.begins_anew", "The supervisor restarts it,", restart_begins_anew},
    {"supervisor.stop.for_good", "or stops it,", stop_is_for_good},
    {"supervisor.resume.tries_again", "or resumes it, at the instruction that faulted.",
     resume_tries_again},
    {"supervisor.resume.goes_on", "Which then may go through.", resume_goes_on},
    {"supervisor.resume.not_after_a_panic", "What cannot be resumed is not.",
     panic_cannot_be_resumed},
    {"supervisor.hold.through_a_deadline", "A deadline passes while a task is held.",
     held_through_its_deadline},
    {"supervisor.policy.restart_limit", "So many restarts in a row; the next is a stop.",
     restart_limit_ends_in_stop},
    {"supervisor.policy.start_ends_back_off", "task_start ends a back-off.",
     start_ends_the_back_off},
    {"supervisor.policy.stop_ends_back_off", "So does task_stop.", stop_ends_the_back_off},
};
const struct test_group supervisor_tests = GROUP(tests);
