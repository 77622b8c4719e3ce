/* Each way in which a run of the guest CPU ends, one instruction sequence each.
 *
 * The expected values are those that QEMU's mps2-an505 showed for unprivileged
 * code, and where QEMU is wrong (execution past a region's end) the manual's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/support/no_bus.h"
#include "tests/sim/support/rig.h"

#define SVC 0xdf00u
#define ADD 0x3201u /* adds r2, #1 */

#define IACCVIOL  UINT32_C(0x00000001)
#define DATA      UINT32_C(0x00000082) /* DACCVIOL, MMARVALID */
#define BUS       UINT32_C(0x00008200) /* PRECISERR, BFARVALID */
#define UNDEFINED UINT32_C(0x00010000)
#define INVSTATE  UINT32_C(0x00020000)
#define NOCP      UINT32_C(0x00080000)
#define STKOF     UINT32_C(0x00100000)
#define UNALIGNED UINT32_C(0x01000000)
#define DIVIDE    UINT32_C(0x02000000)

#define AT(halfwords) (RIG_TEXT + 2u * (halfwords))

struct sequence {
    const char *name;
    uint16_t code[12];
    uint32_t r0;
    uint32_t r1;
    uint32_t executed;
    uint32_t pc;
    uint32_t exception; /* 0: the sequence ends with its SVC */
    uint32_t cfsr;
    uint32_t address;
};

static const struct sequence sequences[] = {
    {"svc", {ADD, SVC}, 0, 0, 2, AT(2), 0, 0, 0},
    {"wfi, wfe, yield, sev are nothing",
     {0xbf30, ADD, 0xbf20, ADD, 0xbf10, 0xbf40, SVC},
     0,
     0,
     7,
     AT(7),
     0,
     0,
     0},
    {"32-bit hints as well", {0xf3af, 0x8003, 0xf3af, 0x8002, ADD, SVC}, 0, 0, 4, AT(6), 0, 0, 0},

    /* data accesses */
    {"load of nothing", {ADD, 0x6808, SVC}, 0, 0, 1, AT(1), 4, DATA, 0},
    {"store behind a region", {0x6008, SVC}, 1, 0x20000120, 0, AT(0), 4, DATA, 0x20000120},
    {"store across a region's end", {0x6008, SVC}, 1, 0x2000011e, 0, AT(0), 4, DATA, 0x20000120},
    {"halfword load across it", {0x8808, SVC}, 0, 0x2000011f, 0, AT(0), 4, DATA, 0x20000120},
    {"unaligned load, all refused", {0x6808, SVC}, 0, 0x20000202, 0, AT(0), 4, DATA, 0x20000202},
    {"store to constants", {0x7008, SVC}, 1, 0x20001801, 0, AT(0), 4, DATA, 0x20001801},
    {"load of constants", {0x6808, SVC}, 0, 0x20001800, 2, AT(2), 0, 0, 0},
    {"store to text", {0x6008, SVC}, 1, RIG_TEXT, 0, AT(0), 4, DATA, RIG_TEXT},
    {"table branch", {0xe8d1, 0xf000, SVC}, 3, 0x20000200, 0, AT(0), 4, DATA, 0x20000203},
    {"halfword table branch", {0xe8d1, 0xf010, SVC}, 3, 0x20000200, 0, AT(0), 4, DATA, 0x20000206},
    {"ldrt", {0xf851, 0x0e04, SVC}, 0, 0x20000200, 0, AT(0), 4, DATA, 0x20000204},
    {"preload of nothing is nothing", {0xf891, 0xf000, SVC}, 0, 0, 2, AT(3), 0, 0, 0},
    {"private peripheral bus", {0x6808, SVC}, 0, 0xe000ed04, 0, AT(0), 5, BUS, 0xe000ed04},
    {"store there", {0x6008, SVC}, 0, 0xe000e010, 0, AT(0), 5, BUS, 0xe000e010},
    {"the simulator's own pages", {0x6808, SVC}, 0, 0x9ffffc00, 0, AT(0), 4, DATA, 0x9ffffc00},
    {"its second view of memory", {0x6808, SVC}, 0, 0xa0000000, 0, AT(0), 4, DATA, 0xa0000000},

    /* fetches */
    {"branch to data", {0x4708, SVC}, 0, RIG_DATA | 1, 1, RIG_DATA, 4, IACCVIOL, 0},
    {"branch to nothing", {0x4708, SVC}, 0, 1, 1, 0, 4, IACCVIOL, 0},
    {"branch to the peripheral bus", {0x4708, SVC}, 0, 0xe000e011, 1, 0xe000e010, 4, IACCVIOL, 0},
    {"branch to set-up code", {0x4708, SVC}, 0, 0x9ffffc01, 1, 0x9ffffc00, 4, IACCVIOL, 0},
    {"branch behind the text", {0x4708, SVC}, 0, AT(512) | 1, 1, AT(512), 4, IACCVIOL, 0},
    {"branch to EXC_RETURN", {0x4708, SVC}, 0, 0xffffffbd, 1, 0xffffffbc, 4, IACCVIOL, 0},
    {"branch to FNC_RETURN", {0x4708, SVC}, 0, 0xfeffffff, 1, 0xfefffffe, 4, IACCVIOL, 0},
    {"branch to Arm state", {0x4708, SVC}, 0, AT(4), 1, AT(4), 6, INVSTATE, 0},

    /* instructions */
    {"undefined", {ADD, 0xde01}, 0, 0, 1, AT(1), 6, UNDEFINED, 0},
    {"undefined, 32 bits", {0xf7f0, 0xa000}, 0, 0, 0, AT(0), 6, UNDEFINED, 0},
    {"bxns", {0x470c}, 0, AT(4), 0, AT(0), 6, UNDEFINED, 0},
    {"breakpoint", {ADD, 0xbe00}, 0, 0, 1, AT(1), 3, 0, 0},
    {"semihosting is a breakpoint", {0xbeab}, 0, 0, 0, AT(0), 3, 0, 0},
    {"fpu load", {0xed91, 0x0a00}, 0, RIG_DATA, 0, AT(0), 6, NOCP, 0},
    {"fpu arithmetic", {ADD, 0xee30, 0x0a00}, 0, 0, 1, AT(1), 6, NOCP, 0},
    {"coprocessor 0", {0xee00, 0x0010}, 0, 0, 0, AT(0), 6, NOCP, 0},
    {"divide by zero", {0xfbb0, 0xf0f1, SVC}, 5, 0, 0, AT(0), 6, DIVIDE, 0},
    {"signed divide by zero", {0xfb90, 0xf0f1, SVC}, 5, 0, 0, AT(0), 6, DIVIDE, 0},
    {"divide", {0xfbb0, 0xf0f1, SVC}, 6, 3, 2, AT(3), 0, 0, 0},
    {"unaligned ldrd", {0xe9d1, 0x0200, SVC}, 0, RIG_DATA + 2, 0, AT(0), 6, UNALIGNED, 0},
    {"unaligned ldm", {0xc904, SVC}, 0, RIG_DATA + 1, 0, AT(0), 6, UNALIGNED, 0},
    {"unaligned ldrex", {0xe851, 0x0f00, SVC}, 0, RIG_DATA + 2, 0, AT(0), 6, UNALIGNED, 0},
    {"unaligned ldrexh", {0xe8d1, 0x0f5f, SVC}, 0, RIG_DATA + 1, 0, AT(0), 6, UNALIGNED, 0},
    {"alignment comes before protection",
     {0xe9d1, 0x0200, SVC},
     0,
     0x20000202,
     0,
     AT(0),
     6,
     UNALIGNED,
     0},
    {"unaligned ldr is fine", {0x6808, SVC}, 0, RIG_DATA + 1, 2, AT(2), 0, 0, 0},
    {"msr to special registers is ignored",
     {0xf380, 0x8814, 0xf380, 0x880b, 0xf380, 0x8810, 0xb672, ADD, SVC},
     0,
     0,
     6,
     AT(9),
     0,
     0,
     0},

    /* stack limit */
    {"push below the limit", {0x468d, 0xb401, SVC}, 1, RIG_LIMIT, 1, AT(1), 6, STKOF, 0},
    {"sub sp below the limit", {0x468d, 0xb081, SVC}, 1, RIG_LIMIT, 1, AT(1), 6, STKOF, 0},
    {"push down to the limit", {0x468d, 0xb401, SVC}, 1, RIG_LIMIT + 4, 3, AT(3), 0, 0, 0},

    /* IT blocks; r0 is compared with 1, so EQ holds for r0 = 1 */
    {"skipped slots count", {0x2801, 0xbf1e, ADD, ADD, ADD, SVC}, 1, 0, 6, AT(6), 0, 0, 0},
    {"executed slots count", {0x2801, 0xbf1e, ADD, ADD, ADD, SVC}, 2, 0, 6, AT(6), 0, 0, 0},
    {"skipped fault", {0x2801, 0xbf14, ADD, 0x6008, SVC}, 2, 0x20000200, 5, AT(5), 0, 0, 0},
    {"second slot refused",
     {0x2801, 0xbf04, ADD, 0x6008, SVC},
     1,
     0x20000200,
     3,
     AT(3),
     4,
     DATA,
     0x20000200},
    {"first of three, mixed page",
     {0x2801, 0xbf02, 0x6008, ADD, ADD, SVC},
     1,
     0x20000200,
     2,
     AT(2),
     4,
     DATA,
     0x20000200},
    {"first of three, refused page",
     {0x2801, 0xbf02, 0x6008, ADD, ADD, SVC},
     1,
     0x20001d00,
     2,
     AT(2),
     4,
     DATA,
     0x20001d00},
    {"division in a slot",
     {0x2801, 0xbf02, ADD, 0xfbb0, 0xf0f1, ADD, SVC},
     1,
     0,
     3,
     AT(3),
     6,
     DIVIDE,
     0},
    {"fpu in a slot",
     {0x2801, 0xbf02, ADD, 0xed91, 0x0a00, 0x6008, SVC},
     1,
     RIG_DATA,
     3,
     AT(3),
     6,
     NOCP,
     0},
    {"undefined in a slot", {0x2801, 0xbf04, ADD, 0xde00, SVC}, 1, 0, 3, AT(3), 6, UNDEFINED, 0},
    {"skipped undefined", {0x2801, 0xbf14, ADD, 0xde00, SVC}, 2, 0, 5, AT(5), 0, 0, 0},
};

static void check_fault(const struct rig *rig, const struct sequence *s)
{
    const struct cpu_fault *fault = cpu_fault(rig->cpu);
    uint32_t address = (s->cfsr & BUS) != 0 ? fault->bfar : fault->mmfar;

    assert_int_equal(fault->exception, s->exception);
    assert_int_equal(fault->cfsr, s->cfsr);
    assert_int_equal(fault->hfsr, s->exception == 3 ? 0x80000000u : 0);
    assert_int_equal(address, s->address);
}

static void test_each_sequence_ends_as_on_the_chip(void **state)
{
    struct rig *rig = *state;

    for (size_t i = 0; i < sizeof sequences / sizeof sequences[0]; i++) {
        const struct sequence *s = &sequences[i];

        print_message("  %s\n", s->name);
        rig_load(rig, s->code, 12);
        rig_start(rig, s->r0, s->r1, 0);
        enum cpu_stop stop = rig_run(rig, 100);

        assert_int_equal(stop, s->exception == 0 ? CPU_STOP_SVC : CPU_STOP_FAULT);
        assert_int_equal(rig->executed, s->executed);
        assert_int_equal(rig_reg(rig, CPU_PC), s->pc);
        if (s->exception != 0) {
            check_fault(rig, s);
        }
    }
}

/* The first bytes of a store across two pages were already in the first one. */
static void test_refused_straddle_writes_nothing(void **state)
{
    static const uint16_t code[] = {0x6008, SVC};
    struct rig *rig = *state;

    rig_load(rig, code, 2);
    rig_set_word(rig, RIG_STACK_TOP - 4, 0x11223344);
    rig_start(rig, 0xffffffff, RIG_STACK_TOP - 2, 0);
    assert_int_equal(rig_run(rig, 10), CPU_STOP_FAULT);
    assert_int_equal(cpu_fault(rig->cpu)->mmfar, RIG_STACK_TOP);
    assert_int_equal(rig_word(rig, RIG_STACK_TOP - 4), 0x11223344);
    assert_int_equal(rig_word(rig, RIG_STACK_TOP), 0);
}

static void test_refused_store_multiple_keeps_words_below_and_base(void **state)
{
    static const uint16_t code[] = {0xc10d, SVC}; /* stmia r1!, {r0, r2, r3} */
    struct rig *rig = *state;

    rig_load(rig, code, 2);
    rig_set_word(rig, RIG_DATA + RIG_DATA_BYTES, 0);
    rig_start(rig, 0xaaaaaaaa, RIG_DATA + RIG_DATA_BYTES - 8, 0xbbbbbbbb);
    assert_int_equal(rig_run(rig, 10), CPU_STOP_FAULT);
    assert_int_equal(cpu_fault(rig->cpu)->mmfar, RIG_DATA + RIG_DATA_BYTES);
    assert_int_equal(rig_word(rig, RIG_DATA + RIG_DATA_BYTES - 8), 0xaaaaaaaa);
    assert_int_equal(rig_word(rig, RIG_DATA + RIG_DATA_BYTES - 4), 0xbbbbbbbb);
    assert_int_equal(rig_reg(rig, 1), RIG_DATA + RIG_DATA_BYTES - 8);
}

/* The last instruction whose second half lies behind the region must not run. */
static void test_code_ends_with_its_region(void **state)
{
    static const uint16_t wide[] = {0xf102, 0x0201}; /* add.w r2, r2, #1 */
    static const uint16_t narrow[] = {ADD};
    struct rig *rig = *state;
    uint32_t last = RIG_TEXT_BYTES / 2u - 1u;
    uint16_t code[RIG_TEXT_BYTES / 2u];

    for (uint32_t i = 0; i <= last; i++) {
        code[i] = ADD;
    }
    code[last] = wide[0];
    rig_load(rig, code, last + 1);
    memcpy(memory_host(&rig->memory, RIG_TEXT + RIG_TEXT_BYTES, 2), &wide[1], 2);
    rig_start(rig, 0, 0, 0);
    assert_int_equal(rig_run(rig, 10000), CPU_STOP_FAULT);
    assert_int_equal(cpu_fault(rig->cpu)->cfsr, IACCVIOL);
    assert_int_equal(rig_reg(rig, CPU_PC), AT(last));
    assert_int_equal(rig->executed, last);

    code[last] = narrow[0];
    rig_load(rig, code, last + 1);
    rig_start(rig, 0, 0, 0);
    assert_int_equal(rig_run(rig, 10000), CPU_STOP_FAULT);
    assert_int_equal(rig_reg(rig, CPU_PC), AT(last + 1));
    assert_int_equal(rig->executed, last + 1);
}

/* An exception between LDREX and STREX makes the store fail. */
static void test_exception_clears_the_exclusive_monitor(void **state)
{
    static const uint16_t code[] = {0xe851, 0x0f00, SVC, 0xe841, 0x0200, SVC};
    struct rig *rig = *state;

    rig_load(rig, code, 6);
    rig_set_word(rig, RIG_DATA, 7);
    rig_start(rig, 0, RIG_DATA, 99);
    assert_int_equal(rig_run(rig, 10), CPU_STOP_SVC);
    cpu_exception(rig->cpu);
    assert_int_equal(rig_run(rig, 10), CPU_STOP_SVC);
    assert_int_equal(rig_reg(rig, 2), 1);
    assert_int_equal(rig_reg(rig, 0), 7);
}

static void test_svc_in_an_it_block_goes_on_in_it(void **state)
{
    static const uint16_t code[] = {0x2801, 0xbf02, SVC, ADD, 0x3210, SVC}; /* cmp; ittt eq */
    struct rig *rig = *state;

    rig_load(rig, code, 6);
    rig_start(rig, 1, 0, 0);
    assert_int_equal(rig_run(rig, 10), CPU_STOP_SVC);
    assert_int_equal(rig_reg(rig, CPU_PC), AT(3));
    uint64_t first = rig->executed;

    cpu_exception(rig->cpu);
    assert_int_equal(rig_run(rig, 10), CPU_STOP_SVC);
    assert_int_equal(rig_reg(rig, 2), 0x11);
    assert_int_equal(first + rig->executed, 6);
}

/* xPSR of a fault says where in the block it was: the frame needs it. */
static void test_fault_in_an_it_block_has_its_it_state(void **state)
{
    static const uint16_t code[] = {0x2801, 0xbf02, ADD, 0x6008, ADD, SVC};
    struct rig *rig = *state;

    rig_load(rig, code, 6);
    rig_start(rig, 1, 0x20000200, 0);
    assert_int_equal(rig_run(rig, 10), CPU_STOP_FAULT);
    assert_int_equal(rig_reg(rig, CPU_XPSR) & 0x0600fc00u, 0x00000400u); /* ITSTATE 0x04 */
}

static void test_ge_flags_are_in_xpsr(void **state)
{
    static const uint16_t code[] = {0xfa80, 0xf340, SVC, 0xfaa1, 0xf280, SVC};
    struct rig *rig = *state; /* uadd8 r3, r0, r0; sel r2, r1, r0 */

    rig_load(rig, code, 6);
    rig_start(rig, 0xff00ff00, 0x11223344, 0);
    assert_int_equal(rig_run(rig, 10), CPU_STOP_SVC);
    assert_int_equal(rig_reg(rig, CPU_XPSR) & 0x000f0000u, 0x000a0000u);

    struct cpu_registers none = *cpu_registers(rig->cpu);

    none.r[CPU_XPSR] &= ~0x000f0000u;
    cpu_set_registers(rig->cpu, &none);
    assert_int_equal(rig_run(rig, 10), CPU_STOP_SVC);
    assert_int_equal(rig_reg(rig, 2), 0xff00ff00);
}

/* A frame without the Thumb bit: the first instruction faults, as BX to an even address does. */
static void test_xpsr_without_thumb_bit_is_an_invalid_state(void **state)
{
    static const uint16_t code[] = {ADD, SVC};
    struct rig *rig = *state;

    rig_load(rig, code, 2);
    rig_start(rig, 0, 0, 0);
    struct cpu_registers arm = *cpu_registers(rig->cpu);

    arm.r[CPU_XPSR] = 0;
    cpu_set_registers(rig->cpu, &arm);
    assert_int_equal(rig_run(rig, 10), CPU_STOP_FAULT);
    assert_int_equal(cpu_fault(rig->cpu)->cfsr, INVSTATE);
    assert_int_equal(rig_reg(rig, CPU_PC), RIG_TEXT);
    assert_int_equal(rig->executed, 0);
}

static void test_changed_code_runs_as_changed(void **state)
{
    static const uint16_t before[] = {0x2201, SVC};
    static const uint16_t after[] = {0x2202, SVC};
    struct rig *rig = *state;

    rig_load(rig, before, 2);
    rig_start(rig, 0, 0, 0);
    rig_run(rig, 10);
    rig_load(rig, after, 2);
    rig_start(rig, 0, 0, 0);
    rig_run(rig, 10);
    assert_int_equal(rig_reg(rig, 2), 2);
}

/* Regions that shrink take access away at once, whatever was translated or cached. */
static void test_lost_region_is_lost_at_once(void **state)
{
    static const uint16_t code[] = {0x6008, SVC};
    const struct mpu less = {
        1, MPU_PMSAV8_GRAIN, {{RIG_TEXT, RIG_TEXT + RIG_TEXT_BYTES - 1u, 5}}, 1};
    struct rig *rig = *state;

    rig_load(rig, code, 2);
    rig_start(rig, 1, RIG_STACK + 0x400, 0);
    assert_int_equal(rig_run(rig, 10), CPU_STOP_SVC);
    cpu_set_mpu(rig->cpu, &less);
    rig_start(rig, 2, RIG_STACK + 0x400, 0);
    assert_int_equal(rig_run(rig, 10), CPU_STOP_FAULT);
    assert_int_equal(rig_word(rig, RIG_STACK + 0x400), 1);
}

/* Two threads of one task share the engine; each has its stack limit and FP registers. */
static void test_threads_of_a_task_keep_their_limits(void **state)
{
    static const uint16_t code[] = {0x468d, 0xb401, SVC}; /* mov sp, r1; push {r0} */
    struct rig *rig = *state;

    rig_load(rig, code, 3);
    for (uint32_t turn = 0; turn < 3; turn++) {
        assert_true(cpu_select(rig->cpu, 1, RIG_STACK + 0x200, false));
        rig_start(rig, 1, RIG_STACK + 0x200, 0);
        assert_int_equal(rig_run(rig, 10), CPU_STOP_FAULT);
        assert_int_equal(cpu_fault(rig->cpu)->cfsr, STKOF);
        assert_true(cpu_select(rig->cpu, 0, RIG_LIMIT, false));
        rig_start(rig, 1, RIG_STACK + 0x200, 0);
        assert_int_equal(rig_run(rig, 10), CPU_STOP_SVC);
    }
}

/* Far more code than the smallest translation buffer holds, several times over. */
static void test_translations_that_overflow_their_buffer(void **state)
{
    const uint32_t bytes = 65536;
    const struct mpu mpu = {1, MPU_PMSAV8_GRAIN, {{RIG_TEXT, RIG_TEXT + bytes - 1u, 5}}, 1};
    struct memory memory = {.count = 0};
    struct cpu_registers registers = {.r = {0}};
    const char *why = "";
    uint64_t executed = 0;

    (void)state;
    assert_true(memory_add(&memory, RIG_TEXT, bytes, false));
    for (uint32_t i = 0; i < bytes; i += 2) {
        const uint16_t half = i == bytes - 2 ? SVC : ADD;

        memcpy(memory.range[0].host + i, &half, 2);
    }
    struct cpu *cpu = cpu_open(CPU_CORTEX_M33, &memory, &no_bus, 0, &why);

    assert_non_null(cpu);
    cpu_set_mpu(cpu, &mpu);
    assert_true(cpu_select(cpu, 0, 0, false));
    registers.r[CPU_XPSR] = 0x01000000u;
    for (uint32_t pass = 1; pass <= 10; pass++) {
        registers.r[2] = 0;
        registers.r[CPU_PC] = RIG_TEXT;
        cpu_set_registers(cpu, &registers);
        assert_int_equal(cpu_run(cpu, bytes, &executed), CPU_STOP_SVC);
        assert_int_equal(executed, bytes / 2);
        assert_int_equal(cpu_registers(cpu)->r[2], bytes / 2 - 1);
    }
    cpu_close(cpu);
    memory_free(&memory);
}

/* What the manual calls unpredictable in an IT block must not run half a block. */
static void test_it_blocks_that_no_assembler_makes_are_undefined(void **state)
{
    static const uint16_t blocks[][6] = {
        {0x2801, 0xbf04, 0xbf04, ADD, ADD, SVC},    /* IT in a slot */
        {0x2801, 0xbf04, 0xd0fe, ADD, SVC},         /* conditional branch */
        {0x2801, 0xbf08, 0xb100, ADD, SVC},         /* cbz */
        {0x2801, 0xbf04, 0xe000, ADD, SVC},         /* branch before the last slot */
        {0x2801, 0xbf04, 0x4770, ADD, SVC},         /* bx lr */
        {0x2801, 0xbf04, 0xbd00, ADD, SVC},         /* pop {pc} */
        {0x2801, 0xbf04, 0x4687, ADD, SVC},         /* mov pc, r0 */
        {0x2801, 0xbf04, 0xf000, 0xf800, ADD, SVC}, /* bl */
        {0x2801, 0xbf04, 0xf851, 0xf000, ADD, SVC}, /* ldr pc, [r1] */
        {0x2801, 0xbf04, 0xe891, 0x8001, ADD, SVC}, /* ldm r1, {r0, pc} */
        {0x2801, 0xbf04, 0xe8d1, 0xf000, ADD, SVC}, /* tbb */
    };
    struct rig *rig = *state;

    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        rig_load(rig, blocks[i], 6);
        rig_start(rig, 1, RIG_DATA, 0);
        assert_int_equal(rig_run(rig, 100), CPU_STOP_FAULT);
        assert_int_equal(cpu_fault(rig->cpu)->cfsr, UNDEFINED);
        assert_int_equal(rig_reg(rig, CPU_PC), AT(1));
        assert_int_equal(rig->executed, 1);
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
        TEST(test_each_sequence_ends_as_on_the_chip),
        TEST(test_refused_straddle_writes_nothing),
        TEST(test_refused_store_multiple_keeps_words_below_and_base),
        TEST(test_code_ends_with_its_region),
        TEST(test_exception_clears_the_exclusive_monitor),
        TEST(test_svc_in_an_it_block_goes_on_in_it),
        TEST(test_fault_in_an_it_block_has_its_it_state),
        TEST(test_ge_flags_are_in_xpsr),
        TEST(test_xpsr_without_thumb_bit_is_an_invalid_state),
        TEST(test_translations_that_overflow_their_buffer),
        TEST(test_it_blocks_that_no_assembler_makes_are_undefined),
        TEST(test_changed_code_runs_as_changed),
        TEST(test_lost_region_is_lost_at_once),
        TEST(test_threads_of_a_task_keep_their_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
