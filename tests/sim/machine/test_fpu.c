/* Floating point: extended frames, registers of each thread its own, nothing left for the next. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arch/armv8m/frame.h"
#include "kernel/state.h"
#include "tests/sim/support/bench.h"

#define STACK_BYTES 256u

/* Fills FP registers with its argument, the address of its counter, and checks them for ever. */
static const uint16_t keeper[] = {
    0xee00, 0x0a10,         /* vmov s0, r0 */
    0xee07, 0x0a90,         /* vmov s15, r0 */
    0xee08, 0x0a10,         /* vmov s16, r0 */
    0xee0f, 0x0a90,         /* vmov s31, r0 */
    0x2101, 0x0589,         /* r1 = 1 << 22: round towards plus infinity */
    0xeee1, 0x1a10,         /* vmsr fpscr, r1 */
    0x4680,                 /* mov r8, r0 */
    0xee10, 0x2a10,         /* loop: vmov r2, s0 */
    0x4282, 0xd112,         /* cmp r2, r0; bne wrong */
    0xee17, 0x2a90,         /* vmov r2, s15 */
    0x4282, 0xd10e,         /* cmp r2, r0; bne wrong */
    0xee18, 0x2a10,         /* vmov r2, s16 */
    0x4282, 0xd10a,         /* cmp r2, r0; bne wrong */
    0xee1f, 0x2a90,         /* vmov r2, s31 */
    0x4282, 0xd106,         /* cmp r2, r0; bne wrong */
    0xeef1, 0x2a10,         /* vmrs r2, fpscr */
    0x428a, 0xd102,         /* cmp r2, r1; bne wrong */
    0x3301, 0x6003, 0xe7e8, /* adds r3, #1; str r3, [r0]; b loop */
    0xde00,                 /* wrong: udf */
};

/* A breakpoint if it finds anything in the FP registers; else dirties them and faults. */
static const uint16_t virgin[] = {
    0xeef1, 0x2a10,         /* vmrs r2, fpscr */
    0xee10, 0x3a10, 0x431a, /* vmov r3, s0; orrs r2, r3 */
    0xee13, 0x3a90, 0x431a, /* s7 */
    0xee17, 0x3a90, 0x431a, /* s15 */
    0xee18, 0x3a10, 0x431a, /* s16 */
    0xee1f, 0x3a90, 0x431a, /* s31 */
    0x2a00, 0xd112,         /* cmp r2, #0; bne found */
    0x224d,                 /* movs r2, #77 */
    0xee00, 0x2a10,         /* vmov s0, r2 */
    0xee03, 0x2a90,         /* vmov s7, r2 */
    0xee07, 0x2a90,         /* vmov s15, r2 */
    0xee08, 0x2a10,         /* vmov s16, r2 */
    0xee0f, 0x2a90,         /* vmov s31, r2 */
    0x2101, 0x0589,         /* r1 = 1 << 22 */
    0xeee1, 0x1a10,         /* vmsr fpscr, r1 */
    0x2007, 0x4683, 0xdf00, /* yield */
    0xde05,                 /* udf */
    0xbe00,                 /* found: bkpt */
};

/* vmov s0, r0; b . */
static const uint16_t user[] = {0xee00, 0x0a10, 0xe7fe};

/* A thread with room for extended frames; `place` of its task's stacks. */
static uint32_t fpu_thread(uint32_t task, uint32_t place)
{
    uint32_t id = build_thread(task, 10);
    struct sys_thread *thread = build_thread_of(id);

    thread->stack_base = FAKE_RAM_BASE + task * BUILD_TASK_BYTES + place * STACK_BYTES;
    thread->stack_top = thread->stack_base + STACK_BYTES;
    thread->flags = SYS_THREAD_FPU;
    return id;
}

static uint32_t word(struct k5sim *sim, uint32_t address)
{
    uint32_t value = 0;

    assert_int_equal(k5sim_read(sim, address, &value, 4), K5SIM_OK);
    return value;
}

static const struct armv8m_context *context_of(const struct k5sim *sim, uint32_t thread)
{
    size_t bytes;
    const struct kernel_state *state = k5sim_kernel_state(sim, &bytes);

    return &state->thread[thread].context.armv8m;
}

/* Two threads of one task and one of another, in slices that end anywhere. */
static void test_each_thread_keeps_its_own_registers(void **state)
{
    const struct bench_program programs[] = {BENCH_PROGRAM(keeper), BENCH_PROGRAM(keeper)};
    static struct k5sim_event events[BENCH_EVENTS];
    struct k5sim *sim;

    (void)state;
    build_reset();
    uint32_t pair = build_task(SYS_POLICY_STOP);

    fpu_thread(pair, 0);
    fpu_thread(pair, 1);
    fpu_thread(build_task(SYS_POLICY_STOP), 0);
    for (uint32_t i = 0; i < 3; i++) {
        build_thread_of(i)->argument = build_buffer(i / 2, i % 2);
        build_thread_of(i)->budget = 97 + i;
    }
    sim = bench_boot(programs, 2);
    assert_int_equal(k5sim_run(sim, 60000, UINT64_C(1) << K5_EVENT_FAULT), K5SIM_STOP_TIME);
    assert_int_equal(bench_take(sim, events), 1); /* BOOT */
    for (uint32_t i = 0; i < 3; i++) {
        assert_in_range(word(sim, build_buffer(i / 2, i % 2)), 1050, 1150);
    }
    k5sim_close(sim);
}

static void test_new_incarnation_finds_nothing(void **state)
{
    const struct bench_program programs[] = {BENCH_PROGRAM(virgin), BENCH_PROGRAM(virgin)};
    static struct k5sim_event events[BENCH_EVENTS];
    struct k5sim *sim;

    (void)state;
    build_reset();
    uint32_t pair = build_task(SYS_POLICY_RESTART);

    fpu_thread(pair, 0);
    fpu_thread(pair, 1);
    fpu_thread(build_task(SYS_POLICY_RESTART), 0);
    sim = bench_boot(programs, 2);
    k5sim_run(sim, 50000, 0);
    size_t count = bench_take(sim, events);
    uint32_t faults = 0;

    for (size_t i = 0; i < count; i++) {
        if (events[i].kind == K5_EVENT_FAULT) {
            assert_int_equal(events[i].code, K5_FAULT_UNDEFINED);
            faults++;
        }
    }
    assert_true(faults > 10);
    k5sim_close(sim);
}

static void test_frame_is_extended_once_the_fpu_was_used(void **state)
{
    /* vmov s0, r0 behind a yield, and a yield again */
    static const uint16_t late[] = {0x2507, 0x46ab, 0xdf00, 0xee00, 0x0a10,
                                    0x2507, 0x46ab, 0xdf00, 0xe7fe};
    const struct bench_program programs[] = {BENCH_PROGRAM(late)};
    struct k5sim *sim;

    (void)state;
    build_reset();
    uint32_t thread = fpu_thread(build_task(SYS_POLICY_STOP), 0);
    uint32_t top = build_thread_of(thread)->stack_top;

    build_thread_of(thread)->argument = 0x40490fdb;
    sim = bench_boot(programs, 1);
    assert_int_equal(context_of(sim, 0)->psp, top - FRAME_BYTES);
    k5sim_run(sim, 4, 0);
    assert_int_equal(context_of(sim, 0)->psp, top - FRAME_BYTES);
    assert_int_equal(context_of(sim, 0)->exc_return & EXC_RETURN_FTYPE, EXC_RETURN_FTYPE);
    k5sim_run(sim, 8, 0);
    assert_int_equal(context_of(sim, 0)->psp, top - FRAME_EXTENDED_BYTES);
    assert_int_equal(context_of(sim, 0)->exc_return & EXC_RETURN_FTYPE, 0);
    assert_int_equal(word(sim, top - FRAME_EXTENDED_BYTES + FRAME_BYTES), 0x40490fdb); /* s0 */
    k5sim_close(sim);
}

/* The stack has room for a standard frame, not for an extended one. */
static void test_extended_frame_without_room_is_an_overflow(void **state)
{
    static const uint16_t full[] = {0xee00, 0x0a10, 0xb0ab, 0xdf00, 0xe7fe}; /* sub sp, #172 */
    const struct bench_program programs[] = {BENCH_PROGRAM(full)};
    static struct k5sim_event events[BENCH_EVENTS];
    struct k5sim *sim;

    (void)state;
    build_reset();
    fpu_thread(build_task(SYS_POLICY_STOP), 0);
    sim = bench_boot(programs, 1);
    k5sim_run(sim, 1000, 0);
    const struct k5sim_event *fault =
        bench_find(events, bench_take(sim, events), K5_EVENT_FAULT, 0);

    assert_int_equal(fault->code, K5_FAULT_STACK_OVERFLOW);
    k5sim_close(sim);
}

/* Threads of one task: the one without the mark has no FPU, whatever its neighbour does. */
static void test_unmarked_thread_has_no_fpu(void **state)
{
    const struct bench_program programs[] = {BENCH_PROGRAM(user)};
    static struct k5sim_event events[BENCH_EVENTS];
    struct k5sim *sim;

    (void)state;
    build_reset();
    uint32_t task = build_task(SYS_POLICY_STOP);

    fpu_thread(task, 0);
    build_thread_of(fpu_thread(task, 1))->flags = 0;
    sim = bench_boot(programs, 1);
    k5sim_run(sim, 3 * BUILD_SLICE, 0);
    size_t count = bench_take(sim, events);
    const struct k5sim_event *fault = bench_find(events, count, K5_EVENT_FAULT, 0);

    assert_int_equal(fault->code, K5_FAULT_COPROCESSOR);
    assert_int_equal(fault->thread, 1);
    assert_int_equal(fault->arg[2], 0x00080000); /* NOCP */
    assert_int_equal(fault->arg[0], bench_text(0));
    k5sim_close(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_thread_keeps_its_own_registers),
        cmocka_unit_test(test_new_incarnation_finds_nothing),
        cmocka_unit_test(test_frame_is_extended_once_the_fpu_was_used),
        cmocka_unit_test(test_extended_frame_without_room_is_an_overflow),
        cmocka_unit_test(test_unmarked_thread_has_no_fpu),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
