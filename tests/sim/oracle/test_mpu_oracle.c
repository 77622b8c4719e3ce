/* The guest CPU and its MPU against an independent oracle, over random accesses.
 *
 * K5_SEED and K5_ACCESSES choose another run; a failure prints how to repeat it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arch/armv8m/pmsav8.h"
#include "sim/cpu/cpu.h"
#include "tests/sim/oracle/oracle.h"
#include "tests/sim/oracle/view.h"
#include "tests/sim/support/no_bus.h"

#define PROGRAMS     1500u
#define TRIALS       24u /* with one set of regions */
#define MOST_REGIONS 8u
#define GRAIN        32u
#define FLAGS        UINT32_C(0x01000000)

struct lab {
    uint64_t seed;
    uint64_t random;
    uint64_t trials;
    uint64_t faults;
    struct memory memory;
    struct cpu *cpu;
    struct oracle oracle;
    struct program program[PROGRAMS];
    struct armv8m_mpu_image image;
    uint32_t edge[2 * MOST_REGIONS + 2]; /* addresses where something changes */
    uint32_t edges;
};

/* ---------------------------------------------------------------- set-up */

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text == NULL ? otherwise : strtoull(text, NULL, 0);
}

static void place_programs(struct lab *lab)
{
    uint8_t *flash = lab->memory.range[0].host;
    uint32_t used = 0;

    for (uint32_t i = 0; i < PROGRAMS; i++) {
        program_make(&lab->program[i], &lab->random);
        used += program_encode(&lab->program[i], ORACLE_FLASH_BASE + used, flash + used);
        assert_true(used + 4 * PROGRAM_OPS < ORACLE_FLASH_BYTES);
    }
}

static void open_lab(struct lab *lab)
{
    const char *why = "";

    lab->seed = from_environment("K5_SEED", 1);
    lab->random = lab->seed;
    assert_true(memory_add(&lab->memory, ORACLE_FLASH_BASE, ORACLE_FLASH_BYTES, false));
    assert_true(memory_add(&lab->memory, ORACLE_RAM_BASE, ORACLE_RAM_BYTES, true));
    place_programs(lab);
    lab->oracle.flash = lab->memory.range[0].host;
    for (uint32_t i = 0; i < ORACLE_RAM_BYTES; i++) {
        lab->oracle.ram[i] = (uint8_t)random_next(&lab->random);
    }
    memcpy(lab->memory.range[1].host, lab->oracle.ram, ORACLE_RAM_BYTES);
    lab->cpu = cpu_open(CPU_CORTEX_M33, &lab->memory, &no_bus, ORACLE_FLASH_BYTES, &why);
    if (lab->cpu == NULL) {
        fail_msg("%s", why);
    }
}

/* ---------------------------------------------------------------- regions */

/* Register values as the Armv8-M manual writes them (D1.2.204, D1.2.207), not as pmsav8.c does. */
static void set_region(struct lab *lab, uint32_t i, uint32_t base, uint32_t end, uint32_t allowed)
{
    uint32_t ap = (allowed & MAY_READ) == 0 ? 0u : (allowed & MAY_WRITE) != 0 ? 1u : 3u;
    uint32_t xn = (allowed & MAY_EXECUTE) != 0 ? 0u : 1u;

    lab->image.region[i].rbar = base | (ap << 1) | xn;
    lab->image.region[i].rlar = ((end - 1u) & ~UINT32_C(31)) | 1u;
}

static uint32_t random_grain(struct lab *lab)
{
    uint32_t page = random_below(&lab->random, ORACLE_RAM_BYTES / 1024u) * 1024u;

    /* Often near a page border, where the mechanisms meet. */
    if (random_below(&lab->random, 3) == 0) {
        uint32_t near = page + 1024u + random_below(&lab->random, 5) * GRAIN - 2u * GRAIN;

        return near < ORACLE_RAM_BYTES ? near : ORACLE_RAM_BYTES - GRAIN;
    }
    return page + random_below(&lab->random, 1024u / GRAIN) * GRAIN;
}

static void add_ram_region(struct lab *lab, uint32_t i, uint8_t hits[ORACLE_RAM_BYTES])
{
    static const uint8_t kinds[] = {MAY_READ | MAY_WRITE, MAY_READ | MAY_WRITE, MAY_READ, 0,
                                    MAY_READ | MAY_EXECUTE};
    uint32_t base = random_grain(lab);
    uint32_t bytes =
        (1u + random_below(&lab->random, random_below(&lab->random, 2) ? 8 : 96)) * GRAIN;
    uint32_t allowed = kinds[random_below(&lab->random, sizeof kinds)];
    uint32_t end = base + bytes < ORACLE_RAM_BYTES ? base + bytes : ORACLE_RAM_BYTES;

    set_region(lab, i, ORACLE_RAM_BASE + base, ORACLE_RAM_BASE + end, allowed);
    for (uint32_t at = base; at < end; at++) {
        hits[at]++;
        lab->oracle.allowed[at] = hits[at] == 1 ? (uint8_t)allowed : 0; /* overlap: nothing */
    }
    lab->edge[lab->edges++] = ORACLE_RAM_BASE + base;
    lab->edge[lab->edges++] = ORACLE_RAM_BASE + end;
}

static void change_regions(struct lab *lab)
{
    static uint8_t hits[ORACLE_RAM_BYTES];
    struct mpu mpu;
    uint32_t count = 1u + random_below(&lab->random, MOST_REGIONS);

    memset(hits, 0, sizeof hits);
    memset(&lab->image, 0, sizeof lab->image);
    memset(lab->oracle.allowed, 0, sizeof lab->oracle.allowed);
    lab->edges = 0;
    for (uint32_t i = 1; i < count; i++) {
        add_ram_region(lab, i, hits);
    }
    set_region(lab, 0, ORACLE_FLASH_BASE, ORACLE_FLASH_BASE + ORACLE_FLASH_BYTES,
               MAY_READ | MAY_EXECUTE);
    lab->edge[lab->edges++] = ORACLE_RAM_BASE;
    lab->edge[lab->edges++] = ORACLE_RAM_BASE + ORACLE_RAM_BYTES;
    mpu_decode_pmsav8(&mpu, &lab->image, MOST_REGIONS);
    cpu_set_mpu(lab->cpu, &mpu);
}

/* The same by the project's own code, as the kernel has it after each change of a view. */
static void set_view(struct lab *lab, const struct view *view)
{
    struct mpu mpu;

    pmsav8_compile(view->region, view->count, &lab->image);
    view_paint(view, lab->oracle.allowed);
    lab->edges = view_edges(view, lab->edge);
    mpu_decode_pmsav8(&mpu, &lab->image, MOST_REGIONS);
    cpu_set_mpu(lab->cpu, &mpu);
}

/* ---------------------------------------------------------------- one trial */

static uint32_t random_address(struct lab *lab)
{
    static const uint32_t strange[] = {0,
                                       4,
                                       0xe000ed04,
                                       0xe00ffffe,
                                       0xfffffff0,
                                       0x9ffffc00,
                                       0xa0000010,
                                       0x40000000,
                                       ORACLE_FLASH_BASE + 2,
                                       ORACLE_FLASH_BASE + ORACLE_FLASH_BYTES - 2};
    uint32_t choice = random_below(&lab->random, 32);

    if (choice == 0) {
        return strange[random_below(&lab->random, sizeof strange / sizeof strange[0])];
    }
    if (choice < 20) {
        uint32_t edge = lab->edge[random_below(&lab->random, lab->edges)];

        return edge + random_below(&lab->random, 96) - 64u;
    }
    return ORACLE_RAM_BASE + random_below(&lab->random, ORACLE_RAM_BYTES);
}

static void set_registers(struct lab *lab, const struct program *program)
{
    struct oracle *o = &lab->oracle;
    const struct op *op = &program->op[program->access];
    uint32_t target = random_address(lab);

    for (uint32_t i = 0; i < 15; i++) {
        o->r[i] = random_next(&lab->random);
    }
    o->r[REG_INDEX] = random_below(&lab->random, 600);
    o->r[REG_COND] = random_below(&lab->random, 2);
    o->r[REG_SP] = (ORACLE_RAM_BASE + ORACLE_RAM_BYTES / 2) & ~UINT32_C(7);
    if (random_below(&lab->random, 8) != 0) {
        target &= ~UINT32_C(3);
    }
    o->r[op->rn] = target - (uint32_t)op_offset(op, o->r[REG_INDEX]);
    o->r[REG_SP] &= ~UINT32_C(3); /* the core has no other */
    o->xpsr = FLAGS;
    o->monitor = false;
    o->executed = 0;

    struct cpu_registers registers = {{0}};

    memcpy(registers.r, o->r, sizeof o->r);
    registers.r[CPU_PC] = program->op[0].pc;
    registers.r[CPU_XPSR] = FLAGS;
    cpu_set_registers(lab->cpu, &registers);
}

/* What the simulator should say for each end, from the manual's bits of CFSR. */
static bool same_end(const struct lab *lab, enum oracle_end end, enum cpu_stop stop)
{
    const struct cpu_fault *fault = cpu_fault(lab->cpu);

    switch (end) {
    case END_SVC:
        return stop == CPU_STOP_SVC;
    case END_MEMORY_FAULT:
        return stop == CPU_STOP_FAULT && fault->exception == 4 && fault->cfsr == 0x82 &&
               fault->mmfar == lab->oracle.fault_address;
    case END_BUS_FAULT:
        return stop == CPU_STOP_FAULT && fault->exception == 5 && fault->cfsr == 0x8200 &&
               fault->bfar == lab->oracle.fault_address;
    case END_UNALIGNED:
        return stop == CPU_STOP_FAULT && fault->exception == 6 && fault->cfsr == 0x01000000;
    }
    return false;
}

static const char *difference(const struct lab *lab, enum oracle_end end, enum cpu_stop stop,
                              uint64_t executed)
{
    const struct oracle *o = &lab->oracle;
    const uint32_t *r = cpu_registers(lab->cpu)->r;

    if (!same_end(lab, end, stop)) {
        return "end";
    }
    if (r[CPU_PC] != o->pc) {
        return "pc";
    }
    if (memcmp(r, o->r, sizeof o->r) != 0) {
        return "registers";
    }
    if (r[CPU_XPSR] != o->xpsr) {
        return "xPSR";
    }
    if (executed != o->executed) {
        return "instruction count";
    }
    return memcmp(lab->memory.range[1].host, o->ram, ORACLE_RAM_BYTES) != 0 ? "memory" : NULL;
}

static void print_failure(const struct lab *lab, const char *what, const struct program *program,
                          enum oracle_end end, enum cpu_stop stop, uint64_t executed)
{
    const struct op *op = &program->op[program->access];
    const struct cpu_fault *fault = cpu_fault(lab->cpu);
    const uint32_t *r = cpu_registers(lab->cpu)->r;

    print_error("trial %llu: wrong %s\n", (unsigned long long)lab->trials, what);
    print_error("op kind %u size %u load %u imm %d list %04x count %u down %u wb %u narrow %u\n",
                op->kind, op->size, op->load, (int)op->imm, op->list, op->count, op->down,
                op->writeback, op->narrow);
    print_error("oracle: end %u pc %08x address %08x executed %llu xpsr %08x\n", (unsigned)end,
                (unsigned)lab->oracle.pc, (unsigned)lab->oracle.fault_address,
                (unsigned long long)lab->oracle.executed, (unsigned)lab->oracle.xpsr);
    print_error("sim: stop %u pc %08x cfsr %08x mmfar %08x bfar %08x executed %llu xpsr %08x %s\n",
                (unsigned)stop, (unsigned)r[CPU_PC], (unsigned)fault->cfsr, (unsigned)fault->mmfar,
                (unsigned)fault->bfar, (unsigned long long)executed, (unsigned)r[CPU_XPSR],
                cpu_failure(lab->cpu));
    for (uint32_t i = 0; i < 15; i++) {
        if (r[i] != lab->oracle.r[i]) {
            print_error("r%u: oracle %08x sim %08x\n", (unsigned)i, (unsigned)lab->oracle.r[i],
                        (unsigned)r[i]);
        }
    }
    for (uint32_t i = 0; i < ORACLE_RAM_BYTES; i++) {
        if (lab->oracle.ram[i] != lab->memory.range[1].host[i]) {
            print_error("%08x: oracle %02x sim %02x\n", (unsigned)(ORACLE_RAM_BASE + i),
                        lab->oracle.ram[i], lab->memory.range[1].host[i]);
        }
    }
    for (uint32_t i = 0; i < MOST_REGIONS; i++) {
        print_error("region %u: %08x %08x\n", (unsigned)i, (unsigned)lab->image.region[i].rbar,
                    (unsigned)lab->image.region[i].rlar);
    }
    print_error("repeat with: K5_SEED=%llu ctest --preset host -R sim_test_mpu_oracle\n",
                (unsigned long long)lab->seed);
}

static void run_trial(struct lab *lab)
{
    const struct program *program = &lab->program[random_below(&lab->random, PROGRAMS)];
    uint64_t executed = 0;

    set_registers(lab, program);
    enum cpu_stop stop = cpu_run(lab->cpu, 1000, &executed);
    enum oracle_end end = oracle_run(&lab->oracle, program);
    const char *what = difference(lab, end, stop, executed);

    if (what != NULL) {
        print_failure(lab, what, program, end, stop, executed);
        fail();
    }
    cpu_exception(lab->cpu);
    lab->trials++;
    lab->faults += end != END_SVC;
}

static void close_lab(struct lab *lab)
{
    print_message("seed %llu: %llu accesses in %llu programs, %llu of them ended by a fault\n",
                  (unsigned long long)lab->seed, (unsigned long long)lab->oracle.accesses,
                  (unsigned long long)lab->trials, (unsigned long long)lab->faults);
    assert_true(lab->faults > lab->trials / 10 && lab->faults < lab->trials * 9 / 10);
    cpu_close(lab->cpu);
    memory_free(&lab->memory);
}

/* One unit short of a million would not do: accesses are counted, not trials. */
static void test_random_accesses_end_as_on_the_chip(void **state)
{
    static struct lab lab;
    uint64_t wanted = from_environment("K5_ACCESSES", 1200000);

    (void)state;
    open_lab(&lab);
    assert_true(cpu_select(lab.cpu, 0, 0, true));
    while (lab.oracle.accesses < wanted) {
        change_regions(&lab);
        for (uint32_t i = 0; i < TRIALS; i++) {
            run_trial(&lab);
        }
    }
    close_lab(&lab);
}

/* What Unicorn remembers of a page must never outlive a right: regions grow, shrink and split
 * between one access and the next. Some views are changed and restored without a run between. */
static void test_views_that_change_step_by_step(void **state)
{
    static struct lab lab;
    uint64_t wanted = from_environment("K5_ACCESSES", 1200000) / 3;
    struct view view;

    (void)state;
    open_lab(&lab);
    assert_true(cpu_select(lab.cpu, 0, 0, true));
    view_reset(&view, ORACLE_FLASH_BASE, ORACLE_FLASH_BYTES, ORACLE_RAM_BASE, ORACLE_RAM_BYTES);
    while (lab.oracle.accesses < wanted) {
        struct view before = view;

        view_change(&view, &lab.random);
        set_view(&lab, &view);
        if (random_below(&lab.random, 8) == 0) {
            view = before;
            set_view(&lab, &view);
        }
        for (uint32_t i = random_below(&lab.random, 4); i > 0; i--) {
            run_trial(&lab);
        }
    }
    close_lab(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_accesses_end_as_on_the_chip),
        cmocka_unit_test(test_views_that_change_step_by_step),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
