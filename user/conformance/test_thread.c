/* Tests: several threads in a task. HAND is left's second one. */
#include "actors.h"
#include "k5_task.h"
#include "rogue_ways.h"
#include "suite_slots.h"

static void same_memory(void)
{
    CHECK(can_store(LEFT, report(LEFT)->arena, 77));
    CHECK_EQUAL(peek(HAND, report(LEFT)->arena), 77);
    CHECK(can_store(HAND, report(LEFT)->arena, 78));
    CHECK_EQUAL(peek(LEFT, report(LEFT)->arena), 78);
}

static void same_protection(void)
{
    CHECK(!can_load(HAND, report(MIDDLE)->arena));
}

static void same_capabilities(void)
{
    order_syscall(LEFT, K5_SYS_MINT, CPTR(SLOT_MIDDLE), K5_RIGHT_SEND, 1, 0, 0, 0, 0);
    order_syscall(HAND, K5_SYS_SEND, report(LEFT)->r[1], K5_FLAG_TRY, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(HAND), K5_E_WOULD_BLOCK);
}

static void each_waits_for_itself(void)
{
    order_call(LEFT, RIGHT, 0, 1, 0, 0, 0);
    order_call(HAND, MIDDLE, 0, 2, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), WAITS);
    order_recv(MIDDLE);
    order_reply(MIDDLE, 0, 3, 0, 0, 0);
    CHECK_EQUAL(outcome(HAND), K5_OK);
    CHECK_EQUAL(outcome(LEFT), WAITS);
}

static void they_call_each_other(void)
{
    order_recv(LEFT);
    order_call(HAND, LEFT, 0, 5, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_OK);
    CHECK_EQUAL(result(LEFT, R_W0), 5);
    order_reply(LEFT, 0, 6, 0, 0, 0);
    CHECK_EQUAL(result(HAND, R_W0), 6);
}

static void receives_only_its_own(void)
{
    order_syscall(HAND, K5_SYS_RECV, CPTR(SLOT_OWN), K5_FLAG_TRY, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(HAND), K5_E_RIGHTS);
}

static void reply_is_the_threads(void)
{
    order_recv(LEFT);
    order_call(MIDDLE, LEFT, 0, 0, 0, 0, 0);
    order_syscall(HAND, K5_SYS_REPLY, result(LEFT, R_REPLY), 0, 1, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(HAND), K5_E_STALE);
    order_reply(LEFT, 0, 2, 0, 0, 0);
    CHECK_EQUAL(result(MIDDLE, R_W0), 2);
}

/* The guard below an extra thread's stack is nobody's: an overflow is a fault. */
static void stack_has_a_guard(void)
{
    order(HAND, DO_RUN, WAY_recurse, 0, 0);
    CHECK(fault(LEFT).kind == K5_FAULT_STACK_OVERFLOW || fault(LEFT).kind == K5_FAULT_DATA);
    CHECK_EQUAL(k5_task_resume(task_of(LEFT)),
                (fault(LEFT).flags & K5_FAULT_FLAG_RESUMABLE) != 0 ? K5_OK : K5_E_STATE);
}

static void main_stack_has_a_guard(void)
{
    order(LEFT, DO_RUN, WAY_recurse, 0, 0);
    CHECK(fault(LEFT).kind == K5_FAULT_STACK_OVERFLOW || fault(LEFT).kind == K5_FAULT_DATA);
}

static void stacks_are_apart(void)
{
    uint32_t lefts = report(LEFT)->stack;
    uint32_t hands = report(HAND)->stack;

    CHECK((lefts > hands ? lefts - hands : hands - lefts) > 512);
}

static void fault_stops_all(void)
{
    order(HAND, DO_CRIME, 0, 0, 0);
    CHECK(fault(LEFT).kind != 0);

    struct k5_message message = k5_short(ORDER_NONE, 0, 0, 0, 0);

    CHECK_EQUAL(k5_try_send(CAP_ORDERS_LEFT, &message), K5_OK); /* it was waiting, */
    CHECK_EQUAL(state(LEFT), K5_THREAD_HELD);                   /* but does not run */
    CHECK_EQUAL(state(HAND), K5_THREAD_HELD);
}

static void restart_restarts_all(void)
{
    uint32_t lives = report(HAND)->lives;

    revive(LEFT);
    CHECK_EQUAL(report(HAND)->lives, lives + 1);
}

static void stopped_alone(void)
{
    uint32_t lives = report(HAND)->lives;

    CHECK_EQUAL(k5_thread_stop(thread_of(HAND)), K5_OK);
    CHECK_EQUAL(state(HAND), K5_THREAD_OFF);
    CHECK_EQUAL(state(LEFT), K5_THREAD_RECEIVING);
    CHECK(can_store(LEFT, report(LEFT)->arena, 5));
    CHECK_EQUAL(k5_thread_start(thread_of(HAND)), K5_OK);
    CHECK_EQUAL(report(HAND)->lives, lives + 1);
    CHECK_EQUAL(peek(HAND, report(LEFT)->arena), 5); /* its task's data is not new */
}

static void stop_is_told_to_its_callers(void)
{
    struct k5_message message = k5_short(ORDER_NONE, 0, 0, 0, 0);

    CHECK_EQUAL(k5_thread_stop(thread_of(HAND)), K5_OK);
    CHECK_EQUAL(k5_try_send(CAP_ORDERS_HAND, &message), K5_E_WOULD_BLOCK);
    CHECK_EQUAL(k5_thread_start(thread_of(HAND)), K5_OK);
    order_recv(LEFT);
    order_call(MIDDLE, LEFT, 0, 0, 0, 0, 0);
    CHECK_EQUAL(k5_thread_stop(thread_of(LEFT)), K5_OK);
    CHECK_EQUAL(outcome(MIDDLE), K5_E_STOPPED);
}

static void stops_itself(void)
{
    order_syscall(HAND, K5_SYS_THREAD_STOP, CPTR(SLOT_HAND), 0, 0, 0, 0, 0, 0);
    CHECK_EQUAL(state(HAND), K5_THREAD_OFF);
    CHECK_EQUAL(state(LEFT), K5_THREAD_RECEIVING);
    CHECK_EQUAL(k5_thread_start(thread_of(HAND)), K5_OK);
    CHECK_EQUAL(state(HAND), K5_THREAD_RECEIVING);
}

static void start_needs_a_thread_that_is_off(void)
{
    CHECK_EQUAL(k5_thread_start(thread_of(HAND)), K5_E_STATE);
    CHECK_EQUAL(k5_task_stop(task_of(LEFT)), K5_OK);
    CHECK_EQUAL(k5_thread_start(thread_of(HAND)), K5_E_STATE);
}

static void returning_ends_it(void)
{
    order(HAND, DO_RETURN, 0, 0, 0);
    CHECK_EQUAL(state(HAND), K5_THREAD_OFF);
    CHECK_EQUAL(fault(LEFT).kind, 0);
    CHECK_EQUAL(k5_thread_start(thread_of(HAND)), K5_OK);
    CHECK_EQUAL(state(HAND), K5_THREAD_RECEIVING);
}

static void returning_from_main_is_a_panic(void)
{
    order(MIDDLE, DO_RETURN, 0, 0, 0);
    CHECK_EQUAL(fault(MIDDLE).kind, K5_FAULT_PANIC);
    CHECK_EQUAL(fault(MIDDLE).address, K5_PANIC_EXIT | MIDDLE);
}

static void stopped_in_the_middle_of_a_loan(void)
{
    uint32_t base = report(LEFT)->arena + 256;

    order_recv(RIGHT);
    order_call(HAND, RIGHT, K5_MSG_LEND_MUT, base, 256, 0, 0);
    CHECK_EQUAL(k5_thread_stop(thread_of(HAND)), K5_OK);
    CHECK_EQUAL(state(HAND), K5_THREAD_LENDING);
    CHECK_EQUAL(k5_thread_start(thread_of(HAND)), K5_E_BUSY);
    CHECK(can_store(RIGHT, base, 3));
    order_reply(RIGHT, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(RIGHT), K5_E_STALE);
    CHECK_EQUAL(state(HAND), K5_THREAD_OFF);
    CHECK_EQUAL(peek(LEFT, base), 3);
}

static const struct test tests[] = {
    {"thread.memory.same", "Threads of a task share its memory.", same_memory},
    {"thread.memory.same_protection", "And its protection.", same_protection},
    {"thread.caps.same", "And its capabilities.", same_capabilities},
    {"thread.ipc.each_waits_for_itself", "Each waits for itself.", each_waits_for_itself},
    {"thread.ipc.between_them", "They may call each other.", they_call_each_other},
    {"thread.ipc.receives_only_its_own", "An endpoint has one receiving thread.",
     receives_only_its_own},
    {"thread.ipc.reply_is_the_threads",
     "A reply capability is valid for the thread that received the call.", reply_is_the_threads},
    {"thread.stack.guard", "A guard makes stack overflow a fault: extra thread.",
     stack_has_a_guard},
    {"thread.stack.main_guard", "A guard makes stack overflow a fault: main thread.",
     main_stack_has_a_guard},
    {"thread.stack.apart", "Each thread has its own stack.", stacks_are_apart},
    {"thread.life.fault_stops_all", "A fault of one thread stops all of its task.",
     fault_stops_all},
    {"thread.life.restart_restarts_all", "A restart begins all of them anew.",
     restart_restarts_all},
    {"thread.life.stopped_alone", "A thread can be stopped and started by itself.", stopped_alone},
    {"thread.life.stop_is_told", "Who waits for it gets E_STOPPED.", stop_is_told_to_its_callers},
    {"thread.life.stops_itself", "A thread may stop itself.", stops_itself},
    {"thread.life.start_needs_off", "Only a thread that is off can be started.",
     start_needs_a_thread_that_is_off},
    {"thread.life.returning_ends_it", "A thread that returns is off.", returning_ends_it},
    {"thread.life.main_returning", "Returning from main is a panic.",
     returning_from_main_is_a_panic},
    {"thread.life.stopped_while_lending", "What a stopped thread has lent stays lent.",
     stopped_in_the_middle_of_a_loan},
};
const struct test_group thread_tests = GROUP(tests);
