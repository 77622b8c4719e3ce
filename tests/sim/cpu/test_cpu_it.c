/* A thread goes on inside an IT block: after a fault that was mended, after SVC in a slot. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arch/armv8m/fault.h"
#include "tests/sim/support/rig.h"

#define XPSR_IT UINT32_C(0x0600fc00)
#define NOTHING UINT32_C(0x30000000)

/* Slots that store at both ends of the block, one that is skipped. */
static const uint16_t storing[] = {
    0x2e00, 0xbf05, /* cmp r6, #0; ittet eq */
    0x6008, 0x3701, /* streq r0, [r1]; addeq r7, #1 */
    0x3708, 0x6010, /* addne r7, #8; streq r0, [r2] */
    0x3701, 0xdf00, /* adds r7, #1; svc */
};
#define STORING_INSTRUCTIONS 8u

static const uint16_t calling[] = {
    0x2e00, 0xbf0a,         /* cmp r6, #0; itet eq */
    0xdf00, 0x3708, 0x3701, /* svceq; addne r7, #8; addeq r7, #1 */
    0x3702, 0xdf00,         /* adds r7, #2; svc */
};

/* As the machine does between two runs: the registers leave the engine and come back. */
static void go_through_another_thread(struct rig *rig)
{
    struct cpu_registers mine = *cpu_registers(rig->cpu);

    cpu_exception(rig->cpu);
    assert_true(cpu_select(rig->cpu, 1, RIG_LIMIT, false));
    rig_start(rig, 1, 2, 3);
    assert_int_equal(rig_run(rig, 1), CPU_STOP_BUDGET);
    assert_true(cpu_select(rig->cpu, 0, RIG_LIMIT, false));
    cpu_set_registers(rig->cpu, &mine);
}

/* Mends register `number` after its store has faulted; returns what was executed before. */
static uint64_t mend(struct rig *rig, uint32_t number, uint32_t pc)
{
    struct cpu_registers registers;

    assert_int_equal(rig_run(rig, 100), CPU_STOP_FAULT);
    uint64_t executed = rig->executed;

    assert_int_equal(cpu_fault(rig->cpu)->mmfar, NOTHING);
    assert_int_equal(rig_reg(rig, CPU_PC), pc);
    go_through_another_thread(rig);
    registers = *cpu_registers(rig->cpu);
    registers.r[number] = RIG_DATA + 8u * number;
    cpu_set_registers(rig->cpu, &registers);
    return executed;
}

static void test_mended_fault_goes_on_in_its_slot(void **state)
{
    struct rig *rig = *state;
    uint64_t executed;

    rig_load(rig, storing, sizeof storing / 2);
    rig_start(rig, 0xabcd, NOTHING, NOTHING);
    executed = mend(rig, 1, RIG_TEXT + 4);
    assert_int_equal(executed, 2);
    executed += mend(rig, 2, RIG_TEXT + 10);
    assert_int_equal(executed, 5);
    assert_int_equal(rig_run(rig, 100), CPU_STOP_SVC);
    assert_int_equal(executed + rig->executed, STORING_INSTRUCTIONS);
    assert_int_equal(rig_reg(rig, 7), 2);
    assert_int_equal(rig_word(rig, RIG_DATA + 8), 0xabcd);
    assert_int_equal(rig_word(rig, RIG_DATA + 16), 0xabcd);
    assert_int_equal(rig_reg(rig, CPU_XPSR) & XPSR_IT, 0);
}

/* The rest of a block is not interrupted either, and is counted once. */
static void test_budget_in_a_resumed_block_ends_behind_it(void **state)
{
    struct rig *rig = *state;

    rig_load(rig, storing, sizeof storing / 2);
    rig_start(rig, 1, NOTHING, RIG_DATA);
    mend(rig, 1, RIG_TEXT + 4);
    assert_int_equal(rig_run(rig, 1), CPU_STOP_BUDGET);
    assert_int_equal(rig->executed, 4);
    assert_int_equal(rig_reg(rig, CPU_PC), RIG_TEXT + 12);
    assert_int_equal(rig_reg(rig, 7), 1);
}

static void test_svc_in_a_slot_is_exact_in_time_and_goes_on(void **state)
{
    struct rig *rig = *state;

    rig_load(rig, calling, sizeof calling / 2);
    rig_start(rig, 0, 0, 0);
    assert_int_equal(rig_run(rig, 100), CPU_STOP_SVC);
    assert_int_equal(rig->executed, 3);
    assert_int_equal(rig_reg(rig, CPU_PC), RIG_TEXT + 6);
    go_through_another_thread(rig);
    assert_int_equal(rig_run(rig, 100), CPU_STOP_SVC);
    assert_int_equal(rig->executed, 4);
    assert_int_equal(rig_reg(rig, 7), 3);

    rig_start(rig, 0, 0, 0); /* the same in the engine that stays as it is */
    assert_int_equal(rig_run(rig, 100), CPU_STOP_SVC);
    assert_int_equal(rig_run(rig, 100), CPU_STOP_SVC);
    assert_int_equal(rig->executed, 4);
    assert_int_equal(rig_reg(rig, 7), 3);
}

/* Whatever another thread of the task writes into the frame: a fault, or plain execution. */
static void test_tampered_it_state_is_no_way_out(void **state)
{
    struct rig *rig = *state;

    rig_load(rig, storing, sizeof storing / 2);
    for (uint32_t bits = 0; bits < 256; bits++) {
        struct cpu_registers registers = {.r = {1, RIG_DATA, RIG_DATA}};

        registers.r[CPU_SP] = RIG_START;
        registers.r[CPU_PC] = RIG_TEXT + 2; /* the IT instruction, which is no slot */
        registers.r[CPU_XPSR] = 0x01000000u | (bits & 0xfcu) << 8 | (bits & 3u) << 25;
        cpu_set_registers(rig->cpu, &registers);
        enum cpu_stop stop = rig_run(rig, 3);

        if (bits == 0) {
            assert_int_equal(stop, CPU_STOP_BUDGET);
        } else {
            assert_int_equal(stop, CPU_STOP_FAULT);
            assert_int_equal(cpu_fault(rig->cpu)->cfsr, CFSR_INVSTATE);
            assert_int_equal(rig->executed, 0);
        }
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

#define IT_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IT_TEST(test_mended_fault_goes_on_in_its_slot),
        IT_TEST(test_budget_in_a_resumed_block_ends_behind_it),
        IT_TEST(test_svc_in_a_slot_is_exact_in_time_and_goes_on),
        IT_TEST(test_tampered_it_state_is_no_way_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
