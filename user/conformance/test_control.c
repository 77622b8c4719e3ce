/* Tests: control of tasks and threads. */
#include "actors.h"
#include "k5_task.h"
#include "rogue_ways.h"
#include "suite_slots.h"

static struct k5_task_status status_of(enum actor who)
{
    struct k5_task_status status = {0};

    CHECK_EQUAL(k5_task_status(task_of(who), &status), K5_OK);
    return status;
}

static struct k5_thread_status thread_status_of(enum actor who)
{
    struct k5_thread_status status = {0};

    CHECK_EQUAL(k5_thread_status(thread_of(who), &status), K5_OK);
    return status;
}

/* ---------------------------------------------------------------- tasks */

static void status_shows_state_and_generation(void)
{
    struct k5_task_status before = status_of(LEFT);

    CHECK_EQUAL(before.state, K5_TASK_READY);
    revive(LEFT);
    CHECK_EQUAL(status_of(LEFT).generation, before.generation + 1);
    CHECK_EQUAL(k5_task_hold(task_of(LEFT)), K5_OK);
    CHECK_EQUAL(status_of(LEFT).state, K5_TASK_HELD);
    CHECK_EQUAL(k5_task_stop(task_of(LEFT)), K5_OK);
    CHECK_EQUAL(status_of(LEFT).state, K5_TASK_STOPPED);
}

static void restart_makes_it_pristine(void)
{
    uint32_t lives = report(LEFT)->lives;

    CHECK(can_store(LEFT, report(LEFT)->arena, 0xbad));
    CHECK_EQUAL(k5_task_restart(task_of(LEFT)), K5_OK);
    CHECK_EQUAL(report(LEFT)->lives, lives + 1);
    revive(LEFT);
    CHECK_EQUAL(peek(LEFT, report(LEFT)->arena), 0);
}

static void restart_is_told_to_who_waits(void)
{
    order_call(LEFT, RIGHT, 0, 0, 0, 0, 0); /* in the queue */
    revive(RIGHT);
    CHECK_EQUAL(outcome(LEFT), K5_E_RESTARTED);
    acquaint(LEFT);
    order_recv(RIGHT);
    order_call(LEFT, RIGHT, 0, 0, 0, 0, 0); /* received */
    revive(RIGHT);
    CHECK_EQUAL(outcome(LEFT), K5_E_RESTARTED);
}

static void stop_is_told_to_who_waits(void)
{
    order_call(LEFT, RIGHT, 0, 0, 0, 0, 0);
    order_syscall(MIDDLE, K5_SYS_SEND, CPTR(SLOT_RIGHT), 0, 0, 0, 0, 0, 0);
    CHECK_EQUAL(k5_task_stop(task_of(RIGHT)), K5_OK);
    CHECK_EQUAL(outcome(LEFT), K5_E_STOPPED);
    CHECK_EQUAL(outcome(MIDDLE), K5_E_STOPPED);
    order_call(LEFT, RIGHT, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_E_STOPPED);
    order_call(LEFT, RIGHT, K5_FLAG_TRY, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_E_STOPPED);
}

static void stopped_can_be_started(void)
{
    uint32_t lives = report(RIGHT)->lives;
    struct k5_task_status before = status_of(RIGHT);

    CHECK_EQUAL(k5_task_stop(task_of(RIGHT)), K5_OK);
    CHECK_EQUAL(k5_task_start(task_of(RIGHT)), K5_OK);
    CHECK_EQUAL(report(RIGHT)->lives, lives + 1);
    CHECK(status_of(RIGHT).generation > before.generation);
    order_call(LEFT, RIGHT, K5_FLAG_TRY, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_E_RESTARTED);
    order_call(LEFT, RIGHT, K5_FLAG_TRY, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_E_WOULD_BLOCK);
    CHECK_EQUAL(k5_task_start(task_of(RIGHT)), K5_E_STATE);
}

static void held_does_not_run(void)
{
    order_recv(RIGHT);
    CHECK_EQUAL(k5_task_hold(task_of(RIGHT)), K5_OK);
    order_call(LEFT, RIGHT, 0, 3, 0, 0, 0);
    CHECK_EQUAL(report(RIGHT)->busy, 1);
    CHECK_EQUAL(outcome(LEFT), WAITS);
    CHECK_EQUAL(k5_task_resume(task_of(RIGHT)), K5_OK);
    CHECK_EQUAL(outcome(RIGHT), K5_OK);
    CHECK_EQUAL(result(RIGHT, R_W0), 3);
    order_reply(RIGHT, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_OK);
}

static void hold_and_resume_need_a_state(void)
{
    CHECK_EQUAL(k5_task_resume(task_of(RIGHT)), K5_E_STATE);
    CHECK_EQUAL(k5_task_hold(task_of(RIGHT)), K5_OK);
    CHECK_EQUAL(k5_task_hold(task_of(RIGHT)), K5_E_STATE);
    CHECK_EQUAL(k5_task_start(task_of(RIGHT)), K5_E_STATE);
    CHECK_EQUAL(k5_task_resume(task_of(RIGHT)), K5_OK);
    CHECK_EQUAL(k5_task_stop(task_of(RIGHT)), K5_OK);
    CHECK_EQUAL(k5_task_hold(task_of(RIGHT)), K5_E_STATE);
    CHECK_EQUAL(k5_task_resume(task_of(RIGHT)), K5_E_STATE);
    CHECK_EQUAL(k5_task_stop(task_of(RIGHT)), K5_OK); /* it is */
}

static void stops_itself(void)
{
    order_syscall(LEFT, K5_SYS_TASK_STOP, CPTR(SLOT_SELF), 0, 0, 0, 0, 0, 0);
    CHECK_EQUAL(status_of(LEFT).state, K5_TASK_STOPPED);
    CHECK_EQUAL(state(LEFT), K5_THREAD_OFF);
}

static void restarts_itself(void)
{
    uint32_t lives = report(LEFT)->lives;

    order_syscall(LEFT, K5_SYS_TASK_RESTART, CPTR(SLOT_SELF), 0, 0, 0, 0, 0, 0);
    CHECK_EQUAL(report(LEFT)->lives, lives + 1);
    CHECK_EQUAL(status_of(LEFT).state, K5_TASK_READY);
}

static void holds_itself(void)
{
    order_syscall(LEFT, K5_SYS_TASK_HOLD, CPTR(SLOT_SELF), 0, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), WAITS);
    CHECK_EQUAL(k5_task_resume(task_of(LEFT)), K5_OK);
    CHECK_EQUAL(outcome(LEFT), K5_OK);
}

static void rights_are_checked(void)
{
    static const uint8_t control[] = {K5_SYS_TASK_START, K5_SYS_TASK_STOP, K5_SYS_TASK_RESTART,
                                      K5_SYS_TASK_HOLD, K5_SYS_TASK_RESUME};

    for (uint32_t i = 0; i < COUNT_OF(control); i++) {
        order_syscall(LEFT, (enum k5_syscall)control[i], CPTR(SLOT_WATCH), 0, 0, 0, 0, 0, 0);
        CHECK_EQUAL(outcome(LEFT), K5_E_RIGHTS);
    }
    order_syscall(LEFT, K5_SYS_TASK_STATUS, CPTR(SLOT_WATCH), 0, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_OK);
    CHECK_EQUAL(report(LEFT)->r[1], K5_TASK_READY);
    order_syscall(LEFT, K5_SYS_TASK_STATUS, CPTR(SLOT_SELF), 0, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_E_RIGHTS);
}

/* ---------------------------------------------------------------- threads */

static void thread_states_are_shown(void)
{
    CHECK_EQUAL(state(LEFT), K5_THREAD_RECEIVING);
    order_syscall(LEFT, K5_SYS_SEND, CPTR(SLOT_RIGHT), 0, 0, 0, 0, 0, 0);
    CHECK_EQUAL(state(LEFT), K5_THREAD_SENDING);
    order_call(MIDDLE, RIGHT, 0, 0, 0, 0, 0);
    CHECK_EQUAL(state(MIDDLE), K5_THREAD_CALLING);
    order_recv(RIGHT);
    CHECK_EQUAL(state(LEFT), K5_THREAD_RECEIVING);
    order_recv(RIGHT);
    CHECK_EQUAL(state(MIDDLE), K5_THREAD_AWAITING);
    order_syscall(RIGHT, K5_SYS_SLEEP, 0xffffffffu, 0xffffffffu, 0, 0, 0, 0, 0);
    CHECK_EQUAL(state(RIGHT), K5_THREAD_SLEEPING);
}

static void priority_is_changed(void)
{
    struct k5_thread_status status = thread_status_of(LEFT);

    CHECK_EQUAL(status.priority, 20);
    CHECK_EQUAL(status.effective, 20);
    CHECK_EQUAL(k5_thread_set_priority(thread_of(LEFT), 5), K5_OK);
    order(LEFT, DO_POKE, report(LEFT)->arena, 1, 0);
    CHECK_EQUAL(report(LEFT)->busy, 0); /* the judge, now more urgent, has not let it run */
    CHECK(report(LEFT)->order != DO_POKE);
    k5_sleep_us(LATER_US);
    CHECK_EQUAL(report(LEFT)->order, DO_POKE);
    CHECK_EQUAL(k5_thread_set_priority(thread_of(LEFT), 20), K5_OK);
}

static void priority_has_limits(void)
{
    CHECK_EQUAL(k5_thread_set_priority(thread_of(LEFT), 32), K5_E_INVALID);
    CHECK_EQUAL(k5_thread_set_priority(thread_of(LEFT), 255), K5_E_INVALID);
    CHECK_EQUAL(k5_thread_set_priority(thread_of(LEFT), JUDGES_MOST + 1), K5_E_INVALID);
    CHECK_EQUAL(thread_status_of(LEFT).priority, 20);
    CHECK_EQUAL(k5_thread_set_priority(thread_of(LEFT), JUDGES_MOST), K5_OK);
    CHECK_EQUAL(thread_status_of(LEFT).priority, JUDGES_MOST);
    CHECK_EQUAL(k5_thread_set_priority(thread_of(LEFT), 20), K5_OK);
}

static void priority_holds_across_restarts(void)
{
    CHECK_EQUAL(k5_thread_set_priority(thread_of(LEFT), 21), K5_OK);
    revive(LEFT);
    CHECK_EQUAL(thread_status_of(LEFT).priority, 21);
    CHECK_EQUAL(k5_thread_set_priority(thread_of(LEFT), 20), K5_OK);
}

static void priority_moves_it_in_a_queue(void)
{
    order_call(LEFT, RIGHT, 0, 1, 0, 0, 0);
    order_call(MIDDLE, RIGHT, 0, 2, 0, 0, 0);
    CHECK_EQUAL(k5_thread_set_priority(thread_of(MIDDLE), 22), K5_OK);
    CHECK_EQUAL(thread_status_of(RIGHT).effective, 22);
    order_recv(RIGHT);
    CHECK_EQUAL(result(RIGHT, R_W0), 2);
    CHECK_EQUAL(k5_thread_set_priority(thread_of(MIDDLE), 20), K5_OK);
    CHECK_EQUAL(thread_status_of(RIGHT).effective, 20);
}

static void budget_is_changed(void)
{
    uint32_t tick_hz;

    (void)k5_sys_time(&tick_hz);
    CHECK_EQUAL(k5_thread_set_budget(thread_of(LEFT), tick_hz, 0), K5_OK);
    CHECK_EQUAL(k5_thread_set_budget(thread_of(LEFT), 1, 0), K5_E_INVALID);
    CHECK_EQUAL(k5_thread_set_budget(thread_of(LEFT), 0, 0), K5_E_INVALID);
    CHECK_EQUAL(k5_thread_set_budget(thread_of(LEFT), 0xffffffffu, 0xffffffffu), K5_E_INVALID);
}

static void time_is_charged(void)
{
    uint64_t lefts = thread_status_of(LEFT).consumed;
    uint64_t before = k5_time();

    order(LEFT, DO_CRIME + 100, 0, 0, 0); /* nothing, but it runs */
    CHECK(thread_status_of(LEFT).consumed > lefts);
    CHECK(thread_status_of(LEFT).consumed - lefts < k5_time() - before);
}

static void thread_rights_are_checked(void)
{
    order_syscall(LEFT, K5_SYS_THREAD_STOP, CPTR(SLOT_WATCH_THREAD), 0, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_E_RIGHTS);
    order_syscall(LEFT, K5_SYS_THREAD_SET_PRIORITY, CPTR(SLOT_WATCH_THREAD), 1, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_E_RIGHTS);
    order_syscall(LEFT, K5_SYS_THREAD_SET_BUDGET, CPTR(SLOT_WATCH_THREAD), 1000000, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_E_RIGHTS);
    order_syscall(LEFT, K5_SYS_THREAD_STATUS, CPTR(SLOT_WATCH_THREAD), 0, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_OK);
}

static const struct test tests[] = {
    {"control.task.status", "task_status shows state and generation.",
     status_shows_state_and_generation},
    {"control.task.restart_is_pristine", "A restarted task begins with pristine data.",
     restart_makes_it_pristine},
    {"control.task.restart_is_told", "Who waits for it gets E_RESTARTED.",
     restart_is_told_to_who_waits},
    {"control.task.stop_is_told", "Who waits for a stopped one gets E_STOPPED; that stays.",
     stop_is_told_to_who_waits},
    {"control.task.start", "A stopped task can be started, as a new incarnation.",
     stopped_can_be_started},
    {"control.task.hold", "A held task does not run; its peers go on waiting.", held_does_not_run},
    {"control.task.states", "hold, resume and start need a task in the right state.",
     hold_and_resume_need_a_state},
    {"control.task.stops_itself", "A task may stop itself.", stops_itself},
    {"control.task.restarts_itself", "A task may restart itself.", restarts_itself},
    {"control.task.holds_itself", "A task may hold itself, and be resumed.", holds_itself},
    {"control.task.rights", "STATUS and CONTROL are rights of their own.", rights_are_checked},
    {"control.thread.states", "thread_status shows what a thread waits for.",
     thread_states_are_shown},
    {"control.thread.priority", "A thread's priority can be changed, and counts at once.",
     priority_is_changed},
    {"control.thread.priority_limit", "Up to what the capability allows.", priority_has_limits},
    {"control.thread.priority_stays", "It holds across restarts.", priority_holds_across_restarts},
    {"control.thread.priority_in_queue", "And moves a thread that waits in a queue.",
     priority_moves_it_in_a_queue},
    {"control.thread.budget", "A budget that pays for entering the kernel only is refused.",
     budget_is_changed},
    {"control.thread.consumed", "Time is charged to who runs.", time_is_charged},
    {"control.thread.rights", "STATUS and CONTROL are rights of their own.",
     thread_rights_are_checked},
};
const struct test_group control_tests = GROUP(tests);
