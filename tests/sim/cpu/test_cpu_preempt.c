/* A run stops at the exact instruction, and a run in pieces is the run in one piece. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/support/rig.h"

#define SVC 0xdf00u

/* Loads, stores, an IT block with skipped and executed slots, a loop of four passes. */
static const uint16_t code[] = {
    0x2204,         /*  0: movs r2, #4 */
    0x600a,         /*  1: str r2, [r1] */
    0x1c50,         /*  2: adds r0, r2, #1 */
    0x680b,         /*  3: ldr r3, [r1] */
    0x2a02,         /*  4: cmp r2, #2 */
    0xbfc7,         /*  5: ittee gt */
    0x1952,         /*  6: addgt r2, r2, r5 */
    0xf101, 0x0104, /*  7: addgt.w r1, r1, #4 */
    0x1964,         /*  9: addle r4, r4, r5 */
    0x3101,         /* 10: addle r1, #1 */
    0x3a01,         /* 11: subs r2, #1 */
    0xd1f3,         /* 12: bne 1 */
    0x3001,         /* 13: adds r0, #1 */
    SVC,            /* 14 */
};

#define CODE_HALVES (sizeof code / sizeof code[0])
#define IT_OPCODE   (RIG_TEXT + 2u * 5u)
#define IT_END      (RIG_TEXT + 2u * 11u)

static void start(struct rig *rig)
{
    memset(memory_host(&rig->memory, RIG_DATA, RIG_DATA_BYTES), 0, RIG_DATA_BYTES);
    rig_load(rig, code, CODE_HALVES);
    rig_start(rig, 0, RIG_DATA, 0);
}

/* Registers and pc after each instruction, one at a time. */
static uint64_t run_in_one_piece(struct rig *rig, struct cpu_registers *end)
{
    start(rig);
    assert_int_equal(rig_run(rig, 100000), CPU_STOP_SVC);
    *end = *cpu_registers(rig->cpu);
    return rig->executed;
}

/* Where a budget would end inside an IT block the run goes on to the block's end, never more. */
static void test_budget_is_exact_but_for_it_blocks(void **state)
{
    struct rig *rig = *state;
    struct cpu_registers end;
    uint64_t all = run_in_one_piece(rig, &end);
    uint64_t exact = 0;

    for (uint64_t budget = 1; budget < all; budget++) {
        start(rig);
        assert_int_equal(rig_run(rig, budget), CPU_STOP_BUDGET);
        uint32_t pc = rig_reg(rig, CPU_PC);

        assert_true(pc <= IT_OPCODE || pc >= IT_END);
        assert_in_range(rig->executed, budget, budget + 4);
        if (rig->executed != budget) {
            assert_int_equal(pc, IT_END);
        }
        exact += rig->executed == budget;
        uint64_t first = rig->executed;

        assert_int_equal(rig_run(rig, 100000), CPU_STOP_SVC);
        assert_int_equal(first + rig->executed, all);
        assert_memory_equal(cpu_registers(rig->cpu), &end, sizeof end);
    }
    assert_true(exact > all / 2);
}

static void test_steps_add_up_to_the_whole(void **state)
{
    struct rig *rig = *state;
    struct cpu_registers end;
    uint64_t all = run_in_one_piece(rig, &end);

    for (uint64_t step = 1; step < 12; step++) {
        uint64_t executed = 0;
        enum cpu_stop stop = CPU_STOP_BUDGET;

        start(rig);
        while (stop == CPU_STOP_BUDGET) {
            stop = rig_run(rig, step);
            executed += rig->executed;
        }
        assert_int_equal(stop, CPU_STOP_SVC);
        assert_int_equal(executed, all);
        assert_memory_equal(cpu_registers(rig->cpu), &end, sizeof end);
    }
}

/* A branch back to the only slot of a block must not be taken for the slot again. */
static void test_loop_onto_a_slot_is_counted(void **state)
{
    static const uint16_t loop[] = {0x2800, 0xbf08, 0xe7fe, SVC}; /* cmp r0,#0; it eq; beq . */
    struct rig *rig = *state;

    rig_load(rig, loop, 4);
    rig_start(rig, 0, 0, 0);
    assert_int_equal(rig_run(rig, 1000), CPU_STOP_BUDGET);
    assert_int_equal(rig->executed, 1000);
    assert_int_equal(rig_reg(rig, CPU_PC), RIG_TEXT + 4);
}

static void test_straight_line_stops_at_each_instruction(void **state)
{
    uint16_t line[64];
    struct rig *rig = *state;

    for (uint32_t i = 0; i < 63; i++) {
        line[i] = 0x3001; /* adds r0, #1 */
    }
    line[63] = SVC;
    for (uint32_t budget = 1; budget < 64; budget++) {
        rig_load(rig, line, 64);
        rig_start(rig, 0, 0, 0);
        assert_int_equal(rig_run(rig, budget), CPU_STOP_BUDGET);
        assert_int_equal(rig->executed, budget);
        assert_int_equal(rig_reg(rig, 0), budget);
        assert_int_equal(rig_reg(rig, CPU_PC), RIG_TEXT + 2 * budget);
    }
}

static int set_up(void **state)
{
    static struct rig rig;

    rig_open(&rig);
    *state = &rig;
    return 0;
}

static int tear_down(void **state)
{
    rig_close(*state);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_budget_is_exact_but_for_it_blocks),
        TEST(test_steps_add_up_to_the_whole),
        TEST(test_loop_onto_a_slot_is_counted),
        TEST(test_straight_line_stops_at_each_instruction),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
