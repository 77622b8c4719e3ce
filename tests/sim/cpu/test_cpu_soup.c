/* Random halfwords as code: whatever a task executes, it ends in one of the known ways, no byte
 * outside its regions changes, and stops on the way do not show.
 *
 * K5_SEED and K5_PROGRAMS choose another run; a failure prints how to repeat it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/oracle/program.h"
#include "tests/sim/support/rig.h"

#define BUDGET   500u
#define HALVES   64u
#define RAM_SIZE (RIG_RAM_END - RIG_DATA)

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text == NULL ? otherwise : strtoull(text, NULL, 0);
}

/* Halves of loads, stores, FP and DSP instructions, IT, hints, exclusives: more than by chance. */
static uint16_t random_half(uint64_t *random)
{
    static const uint16_t first[] = {0xe840, 0xe8c0, 0xe900, 0xf840, 0xf990, 0xec00,
                                     0xee00, 0xfa80, 0xfb90, 0xbf00, 0xf3bf, 0xf3ef,
                                     0xf380, 0xb400, 0xc800, 0x4780};
    uint16_t any = (uint16_t)random_next(random);

    switch (random_below(random, 3)) {
    case 0:
        return any;
    case 1:
        return (uint16_t)(first[random_below(random, 16)] | (any & 0x7f));
    default:
        return (uint16_t)(any & 0x7fff); /* mostly 16-bit instructions */
    }
}

static uint32_t random_value(uint64_t *random)
{
    static const uint32_t near[] = {
        RIG_DATA, RIG_DATA + RIG_DATA_BYTES, RIG_STACK, RIG_STACK_TOP, RIG_CONST,  RIG_RAM_END,
        RIG_TEXT, RIG_TEXT + 1024,           0,         0xe000ed00,    0xfffffff0, 0x9ffffc00};

    return random_below(random, 4) == 0
               ? random_next(random)
               : near[random_below(random, 12)] + random_below(random, 64) - 32u;
}

/* Loads a random program; returns the registers to start it with. */
static struct cpu_registers start(struct rig *rig, uint64_t *random)
{
    struct cpu_registers registers;
    uint16_t code[HALVES];

    for (uint32_t i = 0; i < HALVES; i++) {
        code[i] = random_half(random);
    }
    rig_load(rig, code, HALVES);
    for (uint32_t i = 0; i < 15; i++) {
        registers.r[i] = random_value(random);
    }
    registers.r[CPU_SP] = RIG_STACK + random_below(random, 0xc00 / 4) * 4;
    registers.r[CPU_PC] = RIG_TEXT;
    registers.r[CPU_XPSR] = 0x01000000u | (random_next(random) & 0xf80f0000u);
    return registers;
}

static bool may_change(uint32_t address)
{
    return (address >= RIG_DATA && address < RIG_DATA + RIG_DATA_BYTES) ||
           (address >= RIG_STACK && address < RIG_STACK_TOP);
}

static void check(const struct rig *rig, enum cpu_stop stop, const uint8_t *before,
                  const uint8_t *text)
{
    const uint8_t *ram = rig->memory.range[1].host;

    if (stop == CPU_STOP_ENGINE) {
        fail_msg("%s", cpu_failure(rig->cpu));
    }
    if (stop == CPU_STOP_FAULT) {
        assert_in_range(cpu_fault(rig->cpu)->exception, 3, 6);
        assert_true(cpu_fault(rig->cpu)->cfsr != 0 || cpu_fault(rig->cpu)->hfsr != 0);
        assert_int_not_equal(cpu_fault(rig->cpu)->cfsr, 2); /* a data fault without its address */
    }
    assert_int_equal(rig_reg(rig, CPU_PC) & 1u, 0);
    assert_memory_equal(rig->memory.range[0].host, text, 4096);
    for (uint32_t i = 0; i < RAM_SIZE; i++) {
        if (ram[i] != before[i] && !may_change(RIG_DATA + i)) {
            fail_msg("0x%08x changed, pc 0x%08x", (unsigned)(RIG_DATA + i),
                     (unsigned)rig_reg(rig, CPU_PC));
        }
    }
}

struct result {
    enum cpu_stop stop;
    uint64_t executed;
    struct cpu_registers registers;
    struct cpu_fault fault;
    uint8_t ram[RAM_SIZE];
};

/* Runs from these registers and this memory, in steps of random length or in one piece. */
static void run(struct rig *rig, const struct cpu_registers *from, const uint8_t *ram,
                uint64_t *random, struct result *result)
{
    memset(result, 0, sizeof *result);
    memcpy(rig->memory.range[1].host, ram, RAM_SIZE);
    cpu_set_registers(rig->cpu, from);
    result->stop = CPU_STOP_BUDGET;
    while (result->stop == CPU_STOP_BUDGET && result->executed < BUDGET) {
        uint64_t left = BUDGET - result->executed;
        uint64_t step = random == NULL ? left : 1 + random_below(random, 9);

        result->stop = rig_run(rig, step < left ? step : left);
        result->executed += rig->executed;
    }
    result->registers = *cpu_registers(rig->cpu);
    if (result->stop == CPU_STOP_FAULT) {
        result->fault = *cpu_fault(rig->cpu);
    }
    memcpy(result->ram, rig->memory.range[1].host, RAM_SIZE);
    cpu_exception(rig->cpu);
}

static void test_any_code_ends_in_a_known_way(void **state)
{
    static uint8_t before[RAM_SIZE];
    static uint8_t text[4096];
    static struct result whole, pieces;
    static struct rig rig;
    uint64_t seed = from_environment("K5_SEED", 1);
    uint64_t programs = from_environment("K5_PROGRAMS", 20000);
    uint64_t random = seed;
    uint32_t stops[4] = {0};

    (void)state;
    print_message("repeat with: K5_SEED=%llu ctest --preset host -R sim_test_cpu_soup\n",
                  (unsigned long long)seed);
    rig_open(&rig);
    for (uint64_t i = 0; i < programs; i++) {
        assert_true(cpu_select(rig.cpu, (uint32_t)(i & 1u), RIG_LIMIT, (i & 1u) != 0));
        struct cpu_registers from = start(&rig, &random);

        memcpy(before, rig.memory.range[1].host, RAM_SIZE);
        memcpy(text, rig.memory.range[0].host, sizeof text);
        run(&rig, &from, before, NULL, &whole);
        check(&rig, whole.stop, before, text);
        if ((i & 1u) == 0) { /* the FP registers are not set anew */
            run(&rig, &from, before, &random, &pieces);
            assert_memory_equal(&whole, &pieces, sizeof whole);
        }
        stops[whole.stop]++;
    }
    assert_true(stops[CPU_STOP_FAULT] > programs / 4);
    assert_true(stops[CPU_STOP_SVC] > programs / 1000);
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_code_ends_in_a_known_way),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
