/* Tests: floating point. Left and right are marked in the description, middle is not. */
#include "actors.h"
#include "fpu_ways.h"
#include "k5_task.h"

static void marked_threads_compute(void)
{
    order(LEFT, DO_RUN, FPU_ADD, 0, 0);
    CHECK_EQUAL(outcome(LEFT) == DEAD, 0);
    CHECK_EQUAL(report(LEFT)->value, SUM_OF_FLOATS);
}

static void others_fault(void)
{
    order(MIDDLE, DO_RUN, FPU_ADD, 0, 0);
    CHECK_EQUAL(fault(MIDDLE).kind, K5_FAULT_COPROCESSOR);
}

static void others_fault_while_the_unit_is_in_use(void)
{
    order(LEFT, DO_RUN, FPU_CARRY, 3, 0);
    order(MIDDLE, DO_RUN, FPU_LOOK, 0, 0);
    CHECK_EQUAL(fault(MIDDLE).kind, K5_FAULT_COPROCESSOR);
    CHECK_EQUAL(report(MIDDLE)->value, 0);
}

/* Left waits with values in the registers; right, then left's return, then both. */
static void each_keeps_its_own(void)
{
    struct k5_message message = k5_short(0, 0, 0, 0, 0);

    order(LEFT, DO_RUN, FPU_CARRY, 1, 0);
    order(RIGHT, DO_RUN, FPU_CARRY, 2, 0);
    CHECK_EQUAL(k5_send(CAP_LEFT, &message), K5_OK);
    CHECK_EQUAL(report(LEFT)->busy, 0);
    CHECK_EQUAL(report(LEFT)->value, 0);
    CHECK_EQUAL(k5_send(CAP_RIGHT, &message), K5_OK);
    CHECK_EQUAL(report(RIGHT)->busy, 0);
    CHECK_EQUAL(report(RIGHT)->value, 0);
}

static void kept_while_others_run_without(void)
{
    struct k5_message message = k5_short(0, 0, 0, 0, 0);

    order(LEFT, DO_RUN, FPU_CARRY, 5, 0);
    CHECK_EQUAL(peek(MIDDLE, report(MIDDLE)->arena + 4), 1);
    k5_sleep_us(1000);
    CHECK_EQUAL(k5_send(CAP_LEFT, &message), K5_OK);
    CHECK_EQUAL(report(LEFT)->value, 0);
}

static void kept_when_preempted(void)
{
    CHECK_EQUAL(k5_thread_set_priority(thread_of(LEFT), 5), K5_OK);
    order(LEFT, DO_RUN, FPU_SPIN, 7, 50000);
    for (uint32_t i = 0; i < 5; i++) {
        k5_sleep_us(500);
        order(RIGHT, DO_RUN, FPU_LEAVE, 100 + i, 0);
    }
    CHECK_EQUAL(report(LEFT)->busy, 1); /* it was in the middle of it */
    k5_sleep_us(100000);
    CHECK_EQUAL(report(LEFT)->busy, 0);
    CHECK_EQUAL(report(LEFT)->value, 0);
}

static void nothing_leaks_to_another_task(void)
{
    order(LEFT, DO_RUN, FPU_LEAVE, 9, 0);
    order(RIGHT, DO_RUN, FPU_LOOK, 0, 0);
    CHECK_EQUAL(report(RIGHT)->value, 0);
    CHECK_EQUAL(report(RIGHT)->r[1], 0);
}

static void nothing_leaks_to_the_next_life(void)
{
    order(LEFT, DO_RUN, FPU_LEAVE, 9, 0);
    revive(LEFT);
    order(LEFT, DO_RUN, FPU_LOOK, 0, 0);
    CHECK_EQUAL(report(LEFT)->value, 0);
    CHECK_EQUAL(report(LEFT)->r[1], 0);
}

static void nothing_leaks_from_the_dead(void)
{
    order(LEFT, DO_RUN, FPU_CARRY, 11, 0);
    CHECK_EQUAL(k5_task_stop(task_of(LEFT)), K5_OK);
    order(RIGHT, DO_RUN, FPU_LOOK, 0, 0);
    CHECK_EQUAL(report(RIGHT)->value, 0);
}

static void faults_are_resumed_with_their_values(void)
{
    order(LEFT, DO_RUN, FPU_CARRY, 13, 0);
    CHECK_EQUAL(k5_task_hold(task_of(LEFT)), K5_OK);
    order(RIGHT, DO_RUN, FPU_LEAVE, 14, 0);
    CHECK_EQUAL(k5_task_resume(task_of(LEFT)), K5_OK);

    struct k5_message message = k5_short(0, 0, 0, 0, 0);

    CHECK_EQUAL(k5_send(CAP_LEFT, &message), K5_OK);
    CHECK_EQUAL(report(LEFT)->value, 0);
}

static const struct test tests[] = {
    {"fpu.marked.computes", "Threads that the description marks get the FPU.",
     marked_threads_compute},
    {"fpu.others.fault", "For the others any FPU instruction is a fault.", others_fault},
    {"fpu.others.fault_while_in_use", "Whoever has left values in it.",
     others_fault_while_the_unit_is_in_use},
    {"fpu.values.each_keeps_its_own", "Each thread keeps its registers over a wait.",
     each_keeps_its_own},
    {"fpu.values.kept_over_others", "Also while others run that have no FPU.",
     kept_while_others_run_without},
    {"fpu.values.kept_when_preempted", "And where it is preempted.", kept_when_preempted},
    {"fpu.values.kept_over_hold", "And where it is held.", faults_are_resumed_with_their_values},
    {"fpu.leak.to_another_task", "Nothing leaks to another task.", nothing_leaks_to_another_task},
    {"fpu.leak.to_the_next_life", "Nor to the next life.", nothing_leaks_to_the_next_life},
    {"fpu.leak.from_the_dead", "Nor from the dead.", nothing_leaks_from_the_dead},
};
const struct test_group fpu_tests = GROUP(tests);
