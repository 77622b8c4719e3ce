/* The guest CPU for RV32: each way in which a run ends, stops at every instruction, and code from
 * chance. Expected values are those of QEMU's virt for user mode, and where QEMU is wrong (code
 * past a region's end, the cause of refused AMOs) the manual's.
 *
 * K5_SEED and K5_PROGRAMS choose another run of the last; a failure prints how to repeat it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/system.h"
#include "sim/cpu/cpu.h"
#include "tests/sim/oracle/program.h"
#include "tests/sim/support/no_bus.h"

#define TEXT       UINT32_C(0x80000000) /* 4 KiB, and nothing behind it */
#define TEXT_BYTES 4096u
#define DATA       UINT32_C(0x80010000) /* read and write; ends inside a page */
#define DATA_BYTES 0x124u
#define CONST      UINT32_C(0x80011000) /* a page, read only */
#define RAM_BYTES  12288u
#define NOTHING    UINT32_C(0x80012000) /* RAM that no region allows */

#define ECALL  0x00000073u
#define EBREAK 0x00100073u
#define INC    0x00158593u /* addi a1, a1, 1 */
#define C_INC  0x0585u     /* c.addi a1, 1 */
#define A0     10u
#define A1     11u

struct rig {
    struct memory memory;
    struct cpu *cpu;
    uint64_t executed;
};

static struct mpu regions(uint32_t text_bytes)
{
    return (struct mpu){
        .count = 3,
        .grain = MPU_PMP_GRAIN,
        .region =
            {
                {TEXT, TEXT + text_bytes - 1u, SYS_READ | SYS_EXECUTE},
                {DATA, DATA + DATA_BYTES - 1u, SYS_READ | SYS_WRITE},
                {CONST, CONST + 4095u, SYS_READ},
            },
    };
}

static void open_rig(struct rig *rig, enum cpu_model model)
{
    struct mpu mpu = regions(TEXT_BYTES);
    const char *why = "";

    memset(rig, 0, sizeof *rig);
    assert_true(memory_add(&rig->memory, TEXT, TEXT_BYTES, false));
    assert_true(memory_add(&rig->memory, DATA, RAM_BYTES, true));
    rig->cpu = cpu_open(model, &rig->memory, &no_bus, TEXT_BYTES, &why);
    if (rig->cpu == NULL) {
        fail_msg("%s", why);
    }
    cpu_set_mpu(rig->cpu, &mpu);
    assert_true(cpu_select(rig->cpu, 0, 0, false));
}

static void close_rig(struct rig *rig)
{
    cpu_close(rig->cpu);
    memory_free(&rig->memory);
}

static void load_at(struct rig *rig, uint32_t address, const void *code, uint32_t bytes)
{
    memcpy(memory_host(&rig->memory, address, bytes), code, bytes);
    cpu_code_written(rig->cpu, address, bytes);
}

static void start_at(struct rig *rig, uint32_t pc, uint32_t a0, uint32_t a1)
{
    struct cpu_registers registers = {{0}};

    registers.r[A0] = a0;
    registers.r[A1] = a1;
    registers.r[CPU_X_SP] = DATA + DATA_BYTES;
    registers.r[CPU_X_PC] = pc;
    cpu_set_registers(rig->cpu, &registers);
}

static enum cpu_stop run(struct rig *rig, uint64_t budget)
{
    return cpu_run(rig->cpu, budget, &rig->executed);
}

static uint32_t reg(const struct rig *rig, uint32_t number)
{
    return cpu_registers(rig->cpu)->r[number];
}

/* ---------------------------------------------------------------- ends of a run */

struct sequence {
    const char *name;
    uint32_t code[4];
    uint32_t a0;
    uint32_t executed;
    uint32_t pc;
    uint32_t mcause; /* 0: the sequence ends with its ECALL */
    uint32_t mtval;
};

#define LW     0x00052583u /* lw a1, 0(a0) */
#define LH     0x00051583u
#define LBU    0x00054583u
#define SW     0x00b52023u
#define SB     0x00b50023u
#define LR     0x100525afu /* lr.w a1, (a0) */
#define SC     0x18b525afu /* sc.w a1, a1, (a0) */
#define AMOADD 0x00b525afu
#define JR     0x00050067u /* jr a0 */
#define TO(n)  (TEXT + 4u * (n))
#define END    (DATA + DATA_BYTES)

static const struct sequence sequences[] = {
    {"ecall", {INC, ECALL}, 0, 2, TO(2), 0, 0},
    {"fence, fence.i", {0x0ff0000f, 0x0000100f, ECALL}, 0, 3, TO(3), 0, 0},

    /* data accesses */
    {"load of nothing", {INC, LW}, 0, 1, TO(1), 5, 0},
    {"load behind a region", {LBU}, END, 0, TO(0), 5, END},
    {"store behind a region", {SW}, END, 0, TO(0), 7, END},
    {"store across its end", {SW}, END - 2, 0, TO(0), 7, END},
    {"last word", {LW, SW, ECALL}, END - 4, 3, TO(3), 0, 0},
    {"misaligned load", {LW, ECALL}, DATA + 1, 2, TO(2), 0, 0},
    {"store to constants", {SB}, CONST + 1, 0, TO(0), 7, CONST + 1},
    {"store to text", {SW}, TEXT, 0, TO(0), 7, TEXT},
    {"load of text", {LH, ECALL}, TEXT, 2, TO(2), 0, 0},
    {"RAM of others", {LW}, NOTHING, 0, TO(0), 5, NOTHING},
    {"the simulator's own page", {LW}, 0x9ffff000, 0, TO(0), 5, 0x9ffff000},
    {"its second view of memory", {SW}, 0xa0000000, 0, TO(0), 7, 0xa0000000},
    {"the last byte", {LW}, 0xffffffff, 0, TO(0), 5, 0xffffffff},

    /* atomics */
    {"add to constants", {AMOADD}, CONST, 0, TO(0), 7, CONST},
    {"add to nothing", {AMOADD}, NOTHING, 0, TO(0), 7, NOTHING},
    {"misaligned add", {AMOADD}, DATA + 2, 0, TO(0), 6, DATA + 2},
    {"misaligned reservation", {LR}, DATA + 1, 0, TO(0), 4, DATA + 1},
    {"reservation of nothing", {LR}, NOTHING, 0, TO(0), 5, NOTHING},
    {"store to reserved constants", {LR, SC}, CONST, 1, TO(1), 7, CONST},
    {"store without reservation", {SC, ECALL}, NOTHING, 2, TO(2), 0, 0},

    /* fetches */
    {"jump to data", {JR}, DATA, 1, DATA, 1, DATA},
    {"jump to 0", {JR}, 0, 1, 0, 1, 0},
    {"jump near 0", {JR}, 0x10, 1, 0x10, 1, 0x10},
    {"jump to nothing", {INC, JR}, 0x40000000, 2, 0x40000000, 1, 0x40000000},
    {"jump to the simulator's page", {JR}, 0x9ffff000, 1, 0x9ffff000, 1, 0x9ffff000},
    {"jump behind the text", {JR}, TEXT + TEXT_BYTES, 1, TEXT + TEXT_BYTES, 1, TEXT + TEXT_BYTES},
    {"bit 0 of a target is none", {JR, 0, ECALL}, TO(2) + 1, 2, TO(3), 0, 0},

    /* instructions */
    {"ebreak", {INC, EBREAK}, 0, 1, TO(1), 3, TO(1)},
    {"c.ebreak", {0x9002}, 0, 0, TO(0), 3, TO(0)},
    {"zeros", {INC, 0}, 0, 1, TO(1), 2, 0},
    {"ones", {0xffffffff}, 0, 0, TO(0), 2, 0xffffffff},
    {"reserved 16 bits", {0x00008002}, 0, 0, TO(0), 2, 0x8002},
    {"cycle", {0xc0002573}, 7, 0, TO(0), 2, 0xc0002573},
    {"time", {0xc0102573}, 7, 0, TO(0), 2, 0xc0102573},
    {"instret", {0xc0202573}, 7, 0, TO(0), 2, 0xc0202573},
    {"cycleh", {0xc8002573}, 7, 0, TO(0), 2, 0xc8002573},
    {"hpmcounter3", {0xc0302573}, 7, 0, TO(0), 2, 0xc0302573},
    {"mstatus", {0x30002573}, 7, 0, TO(0), 2, 0x30002573},
    {"write pmpcfg0", {0x3a051073}, 7, 0, TO(0), 2, 0x3a051073},
    {"mret", {0x30200073}, 0, 0, TO(0), 2, 0x30200073},
    {"sret", {0x10200073}, 0, 0, TO(0), 2, 0x10200073},
    {"wfi", {0x10500073}, 0, 0, TO(0), 2, 0x10500073},
    {"sfence.vma", {0x12000073}, 0, 0, TO(0), 2, 0x12000073},
    {"flw", {0x00052007}, DATA, 0, TO(0), 2, 0x00052007},
    {"fadd.s", {0x00007053}, 0, 0, TO(0), 2, 0x00007053},
    {"c.flw", {0x00006100}, DATA, 0, TO(0), 2, 0x6100},
    {"divide by zero", {0x02054533, ECALL}, 5, 2, TO(2), 0, 0},
};

static void check_end(struct rig *rig, const struct sequence *s)
{
    const struct cpu_fault *fault = cpu_fault(rig->cpu);
    enum cpu_stop stop = run(rig, 100);

    if (stop == CPU_STOP_ENGINE) {
        fail_msg("%s: %s", s->name, cpu_failure(rig->cpu));
    }
    assert_int_equal(stop, s->mcause == 0 ? CPU_STOP_SVC : CPU_STOP_FAULT);
    assert_int_equal(reg(rig, CPU_X_PC), s->pc);
    assert_int_equal(rig->executed, s->executed);
    if (s->mcause != 0) {
        assert_int_equal(fault->mcause, s->mcause);
        assert_int_equal(fault->mtval, s->mtval);
        assert_int_equal(reg(rig, A0), s->a0);
    }
}

static void test_each_sequence_ends_as_on_the_chip(void **state)
{
    struct rig *rig = *state;

    for (size_t i = 0; i < sizeof sequences / sizeof sequences[0]; i++) {
        print_message("  %s\n", sequences[i].name);
        load_at(rig, TEXT, sequences[i].code, sizeof sequences[i].code);
        start_at(rig, TEXT, sequences[i].a0, 0);
        check_end(rig, &sequences[i]);
        cpu_exception(rig->cpu);
    }
}

static void test_strict_core_refuses_misaligned_accesses(void **state)
{
    static const struct sequence strict[] = {
        {"word at 2", {LW}, DATA + 2, 0, TO(0), 4, DATA + 2},
        {"halfword at 1", {LH}, DATA + 1, 0, TO(0), 4, DATA + 1},
        {"store at 3", {SW}, DATA + 3, 0, TO(0), 6, DATA + 3},
        {"before protection", {SW}, NOTHING + 1, 0, TO(0), 6, NOTHING + 1},
        {"c.sw at 2", {0xc10c}, DATA + 2, 0, TO(0), 6, DATA + 2},
        {"bytes are never", {SB, LBU, ECALL}, DATA + 3, 3, TO(3), 0, 0},
        {"aligned", {SW, LW, ECALL}, DATA + 4, 3, TO(3), 0, 0},
    };
    struct rig rig;

    (void)state;
    open_rig(&rig, CPU_SIFIVE_E31);
    for (size_t i = 0; i < sizeof strict / sizeof strict[0]; i++) {
        load_at(&rig, TEXT, strict[i].code, sizeof strict[i].code);
        start_at(&rig, TEXT, strict[i].a0, 0);
        check_end(&rig, &strict[i]);
    }
    close_rig(&rig);
}

/* ---------------------------------------------------------------- ends of the text */

/* Fills the text with one 16-bit and then only 32-bit instructions, which so lie across words. */
static void fill_across_words(struct rig *rig)
{
    static const uint32_t inc = INC;
    static const uint16_t c_inc = C_INC;
    uint8_t text[TEXT_BYTES];

    memcpy(text, &c_inc, 2);
    for (uint32_t at = 2; at < TEXT_BYTES; at += 4) {
        memcpy(text + at, &inc, TEXT_BYTES - at < 4 ? 2 : 4);
    }
    load_at(rig, TEXT, text, sizeof text);
}

/* The region's end cuts an instruction in two: its second half is refused. */
static void test_text_ends_exact_to_four_bytes(void **state)
{
    struct rig *rig = *state;

    fill_across_words(rig);
    for (uint32_t bytes = 8; bytes <= 400; bytes += 4) {
        struct mpu mpu = regions(bytes);

        cpu_set_mpu(rig->cpu, &mpu);
        start_at(rig, TEXT, 0, 0);
        assert_int_equal(run(rig, 1000), CPU_STOP_FAULT);
        assert_int_equal(cpu_fault(rig->cpu)->mcause, 1);
        assert_int_equal(reg(rig, CPU_X_PC), TEXT + bytes - 2);
        assert_int_equal(cpu_fault(rig->cpu)->mtval, TEXT + bytes);
        assert_int_equal(rig->executed, bytes / 4);
        assert_int_equal(reg(rig, A1), bytes / 4);
    }
}

/* Behind the memory there is nothing to translate; what lies before must run all the same. */
static void test_instruction_across_the_memory_s_end(void **state)
{
    struct rig *rig = *state;
    uint32_t last = TEXT + TEXT_BYTES - 2;

    fill_across_words(rig);
    start_at(rig, last - 12, 0, 7);
    assert_int_equal(run(rig, 1000), CPU_STOP_FAULT);
    assert_int_equal(cpu_fault(rig->cpu)->mcause, 1);
    assert_int_equal(cpu_fault(rig->cpu)->mtval, last + 2);
    assert_int_equal(reg(rig, CPU_X_PC), last);
    assert_int_equal(reg(rig, A1), 10);
    assert_int_equal(rig->executed, 3);
}

/* ---------------------------------------------------------------- stops */

/* A loop of three passes with both widths, loads, stores, an AMO. */
static const uint16_t loop_code[] = {
    0x428d,         /*  0: c.li t0, 3 */
    0x2023, 0x00b5, /*  2: sw a1, 0(a0) */
    0x0585,         /*  6: c.addi a1, 1 */
    0x262f, 0x00b5, /*  8: amoadd.w a2, a1, (a0) */
    0x4114,         /* 12: c.lw a3, 0(a0) */
    0x2703, 0x0005, /* 14: lw a4, 0(a0) */
    0x12fd,         /* 18: c.addi t0, -1 */
    0x97e3, 0xfe02, /* 20: bnez t0, 2 */
    0x0073, 0x0000, /* 24: ecall */
};

static void start_loop(struct rig *rig)
{
    load_at(rig, TEXT, loop_code, sizeof loop_code);
    memset(memory_host(&rig->memory, DATA, 16), 0, 16);
    start_at(rig, TEXT, DATA, 5);
}

static void test_run_stops_at_each_instruction_and_goes_on(void **state)
{
    struct rig *rig = *state;
    struct cpu_registers end;

    start_loop(rig);
    assert_int_equal(run(rig, 1000), CPU_STOP_SVC);
    end = *cpu_registers(rig->cpu);
    uint64_t all = rig->executed;

    assert_int_equal(all, 1 + 3 * 7 + 1);
    for (uint64_t budget = 1; budget < all; budget++) {
        start_loop(rig);
        assert_int_equal(run(rig, budget), CPU_STOP_BUDGET);
        assert_int_equal(rig->executed, budget);
        assert_int_equal(run(rig, 1000), CPU_STOP_SVC);
        assert_int_equal(rig->executed, all - budget);
        assert_memory_equal(cpu_registers(rig->cpu), &end, sizeof end);
    }
}

/* A stop of the simulator does not show; a trap ends the reservation. */
static void test_reservation_ends_with_a_trap_only(void **state)
{
    static const uint32_t code[] = {LR, 0x00158593, SC, ECALL};
    struct rig *rig = *state;

    load_at(rig, TEXT, code, sizeof code);
    for (uint64_t stop = 1; stop < 3; stop++) {
        for (unsigned trap = 0; trap < 2; trap++) {
            memset(memory_host(&rig->memory, DATA, 4), 0, 4);
            start_at(rig, TEXT, DATA, 0);
            assert_int_equal(run(rig, stop), CPU_STOP_BUDGET);
            if (trap != 0) {
                cpu_exception(rig->cpu);
            }
            assert_int_equal(run(rig, 10), CPU_STOP_SVC);
            assert_int_equal(reg(rig, A1), trap);
            assert_int_equal(*memory_host(&rig->memory, DATA, 1), trap == 0);
            assert_int_equal(reg(rig, A0), DATA);
            cpu_exception(rig->cpu);
        }
    }
}

static void test_lost_region_is_lost_at_once(void **state)
{
    static const uint32_t code[] = {SW, ECALL};
    struct rig *rig = *state;
    struct mpu less = regions(TEXT_BYTES);

    less.region[1].last = DATA + 3;
    load_at(rig, TEXT, code, sizeof code);
    start_at(rig, TEXT, DATA + 4, 1);
    assert_int_equal(run(rig, 10), CPU_STOP_SVC);
    cpu_set_mpu(rig->cpu, &less);
    start_at(rig, TEXT, DATA + 4, 1);
    assert_int_equal(run(rig, 10), CPU_STOP_FAULT);
    assert_int_equal(cpu_fault(rig->cpu)->mcause, 7);
}

/* ---------------------------------------------------------------- code from chance */

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text == NULL ? otherwise : strtoull(text, NULL, 0);
}

/* More loads, stores, atomics, system and floating-point instructions than by chance. */
static uint32_t random_word(uint64_t *random)
{
    static const uint8_t opcode[] = {0x03, 0x23, 0x2f, 0x73, 0x07, 0x27, 0x63, 0x0f};
    uint32_t any = random_next(random) ^ random_next(random) << 16;

    return random_below(random, 3) == 0 ? any : (any & ~0x7fu) | opcode[random_below(random, 8)];
}

static void start_soup(struct rig *rig, uint64_t *random)
{
    static const uint32_t near[] = {DATA, END, CONST, NOTHING, TEXT, TEXT + TEXT_BYTES, 0};
    struct cpu_registers registers;
    uint32_t code[32];

    for (uint32_t i = 0; i < 32; i++) {
        code[i] = random_word(random);
    }
    load_at(rig, TEXT, code, sizeof code);
    for (uint32_t i = 1; i < 32; i++) {
        registers.r[i] = near[random_below(random, 7)] + random_below(random, 64) - 32u;
    }
    registers.r[0] = 0;
    registers.r[CPU_X_PC] = TEXT;
    cpu_set_registers(rig->cpu, &registers);
}

static void check_soup(const struct rig *rig, enum cpu_stop stop, const uint8_t *before)
{
    const uint8_t *ram = rig->memory.range[1].host;

    if (stop == CPU_STOP_ENGINE) {
        fail_msg("%s", cpu_failure(rig->cpu));
    }
    if (stop == CPU_STOP_FAULT) {
        assert_in_range(cpu_fault(rig->cpu)->mcause, 1, 7);
    }
    assert_int_equal(reg(rig, CPU_X_PC) & 1u, 0);
    assert_int_equal(reg(rig, 0), 0);
    assert_memory_equal(ram + DATA_BYTES, before + DATA_BYTES, RAM_BYTES - DATA_BYTES);
}

static void test_random_code_ends_in_a_known_way(void **state)
{
    uint64_t seed = from_environment("K5_SEED", 1);
    uint64_t programs = from_environment("K5_PROGRAMS", 20000);
    uint64_t random = seed;
    struct rig *rig = *state;
    static uint8_t before[RAM_BYTES];

    for (uint64_t i = 0; i < programs; i++) {
        start_soup(rig, &random);
        memcpy(before, rig->memory.range[1].host, RAM_BYTES);
        struct cpu_registers from = *cpu_registers(rig->cpu);
        enum cpu_stop stop = run(rig, 300);
        uint64_t executed = rig->executed;
        struct cpu_registers to = *cpu_registers(rig->cpu);

        check_soup(rig, stop, before);
        cpu_exception(rig->cpu);

        /* Once more, with a stop on the way: nothing of it shows. */
        memcpy(rig->memory.range[1].host, before, RAM_BYTES);
        cpu_set_registers(rig->cpu, &from);
        if (executed > 1) {
            assert_int_equal(run(rig, executed / 2), CPU_STOP_BUDGET);
            assert_int_equal(run(rig, 300 - executed / 2), stop);
            assert_memory_equal(cpu_registers(rig->cpu), &to, sizeof to);
        }
        cpu_exception(rig->cpu);
    }
    print_message("K5_SEED=%llu K5_PROGRAMS=%llu\n", (unsigned long long)seed,
                  (unsigned long long)programs);
}

static int set_up(void **state)
{
    static struct rig rig;

    open_rig(&rig, CPU_RV32);
    *state = &rig;
    return 0;
}

static int tear_down(void **state)
{
    close_rig(*state);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_each_sequence_ends_as_on_the_chip),
        TEST(test_strict_core_refuses_misaligned_accesses),
        TEST(test_text_ends_exact_to_four_bytes),
        TEST(test_instruction_across_the_memory_s_end),
        TEST(test_run_stops_at_each_instruction_and_goes_on),
        TEST(test_reservation_ends_with_a_trap_only),
        TEST(test_lost_region_is_lost_at_once),
        TEST(test_random_code_ends_in_a_known_way),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
