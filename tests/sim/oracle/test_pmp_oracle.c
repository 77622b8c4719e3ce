/* The guest CPU for RV32 and its PMP against an independent oracle, over random accesses.
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

#include "arch/rv32/pmp.h"
#include "sim/cpu/cpu.h"
#include "tests/sim/oracle/program.h"
#include "tests/sim/oracle/rv_oracle.h"
#include "tests/sim/oracle/view.h"
#include "tests/sim/support/no_bus.h"

#define PROGRAMS 1500u
#define TRIALS   24u /* with one set of entries */
#define ENTRIES  8u
#define PAGE     4096u

struct lab {
    enum cpu_model model;
    uint64_t seed;
    uint64_t random;
    uint64_t trials;
    uint64_t faults;
    struct memory memory;
    struct cpu *cpu;
    struct rv_oracle oracle;
    struct rv_program program[PROGRAMS];
    struct rv32_mpu_image image;
    uint32_t edge[2 * ENTRIES + 2]; /* addresses where something changes */
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
        rv_program_make(&lab->program[i], &lab->random);
        used += rv_program_encode(&lab->program[i], RV_FLASH_BASE + used, flash + used);
        assert_true(used + 4 * RV_OPS < RV_FLASH_BYTES);
    }
}

static void open_lab(struct lab *lab, enum cpu_model model)
{
    const char *why = "";

    memset(lab, 0, sizeof *lab);
    lab->model = model;
    lab->seed = from_environment("K5_SEED", 1);
    lab->random = lab->seed;
    assert_true(memory_add(&lab->memory, RV_FLASH_BASE, RV_FLASH_BYTES, false));
    assert_true(memory_add(&lab->memory, RV_RAM_BASE, RV_RAM_BYTES, true));
    place_programs(lab);
    lab->oracle.flash = lab->memory.range[0].host;
    lab->oracle.strict = model == CPU_SIFIVE_E31;
    for (uint32_t i = 0; i < RV_RAM_BYTES; i++) {
        lab->oracle.ram[i] = (uint8_t)random_next(&lab->random);
    }
    memcpy(lab->memory.range[1].host, lab->oracle.ram, RV_RAM_BYTES);
    lab->cpu = cpu_open(model, &lab->memory, &no_bus, RV_FLASH_BYTES, &why);
    if (lab->cpu == NULL) {
        fail_msg("%s", why);
    }
    assert_true(cpu_select(lab->cpu, 0, 0, false));
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

/* ---------------------------------------------------------------- PMP entries */

/* As the privileged manual writes them (3.7.1), not as pmp.c does. */
static void set_entry(struct lab *lab, uint32_t i, uint32_t mode, uint32_t address, uint32_t rwx)
{
    lab->image.addr[i] = address;
    lab->image.cfg[i / 4] |= (mode << 3 | rwx) << (8 * (i % 4));
}

static uint32_t random_word(struct lab *lab)
{
    uint32_t page = random_below(&lab->random, RV_RAM_BYTES / PAGE) * PAGE;

    /* Often near a page border, where the mechanisms meet. */
    if (random_below(&lab->random, 3) == 0) {
        uint32_t near = page + PAGE + random_below(&lab->random, 5) * 4 - 8;

        return near < RV_RAM_BYTES ? near : RV_RAM_BYTES - 4;
    }
    return page + random_below(&lab->random, PAGE / 4) * 4;
}

/* An entry that was set: what it allows, from and up to which byte of the RAM. */
struct extent {
    uint32_t from;
    uint32_t to;
    uint32_t rwx;
};

static struct extent make_napot(struct lab *lab, uint32_t i, uint32_t rwx)
{
    uint32_t bytes = 8u << random_below(&lab->random, 11); /* 8 to 8 KiB */
    uint32_t from = random_word(lab) & ~(bytes - 1);

    set_entry(lab, i, 3, (RV_RAM_BASE + from) >> 2 | (bytes / 8 - 1), rwx);
    return (struct extent){from, from + bytes, rwx};
}

static struct extent make_na4(struct lab *lab, uint32_t i, uint32_t rwx)
{
    uint32_t from = random_word(lab);

    set_entry(lab, i, 2, (RV_RAM_BASE + from) >> 2, rwx);
    return (struct extent){from, from + 4, rwx};
}

/* From wherever the entry before has its address, which may be behind this one's. */
static struct extent make_tor(struct lab *lab, uint32_t i, uint32_t rwx)
{
    uint32_t before = lab->image.addr[i - 1] << 2;
    uint32_t from = before < RV_RAM_BASE ? 0 : before - RV_RAM_BASE;
    uint32_t to = random_word(lab);

    set_entry(lab, i, 1, (RV_RAM_BASE + to) >> 2, rwx);
    return (struct extent){from, to, rwx};
}

static struct extent make_entry(struct lab *lab, uint32_t i)
{
    static const uint8_t kinds[] = {RV_MAY_READ | RV_MAY_WRITE, RV_MAY_READ | RV_MAY_WRITE,
                                    RV_MAY_READ, 0, RV_MAY_READ | RV_MAY_EXECUTE};
    uint32_t rwx = kinds[random_below(&lab->random, sizeof kinds)];

    switch (random_below(&lab->random, 6)) {
    case 0: /* off: its address is where the next one may begin */
        set_entry(lab, i, 0, (RV_RAM_BASE + random_word(lab)) >> 2, rwx);
        return (struct extent){0, 0, 0};
    case 1:
        return make_na4(lab, i, rwx);
    case 2:
    case 3:
        return make_napot(lab, i, rwx);
    default:
        return make_tor(lab, i, rwx);
    }
}

/* Entry 0 is the text. The oracle's bytes are painted from the last entry to the first. */
static void change_entries(struct lab *lab)
{
    struct extent extent[ENTRIES];
    uint32_t count = 2u + random_below(&lab->random, ENTRIES - 1);
    struct mpu mpu;

    memset(&lab->image, 0, sizeof lab->image);
    memset(lab->oracle.allowed, 0, sizeof lab->oracle.allowed);
    lab->edges = 0;
    set_entry(lab, 0, 3, RV_FLASH_BASE >> 2 | (RV_FLASH_BYTES / 8 - 1),
              RV_MAY_READ | RV_MAY_EXECUTE);
    for (uint32_t i = 1; i < count; i++) {
        extent[i] = make_entry(lab, i);
        lab->edge[lab->edges++] = RV_RAM_BASE + extent[i].from;
        lab->edge[lab->edges++] = RV_RAM_BASE + extent[i].to;
    }
    for (uint32_t i = count - 1; i > 0; i--) {
        for (uint32_t at = extent[i].from; at < extent[i].to && at < RV_RAM_BYTES; at++) {
            lab->oracle.allowed[at] = (uint8_t)extent[i].rwx;
        }
    }
    lab->edge[lab->edges++] = RV_RAM_BASE;
    lab->edge[lab->edges++] = RV_RAM_BASE + RV_RAM_BYTES;
    mpu_decode_pmp(&mpu, &lab->image, ENTRIES);
    cpu_set_mpu(lab->cpu, &mpu);
}

/* By the project's own code, as the kernel has it after each change of a view; false: the entries
 * do not suffice. */
static bool set_view(struct lab *lab, const struct view *view)
{
    struct mpu mpu;

    if (pmp_entries(view->region, view->count) > ENTRIES) {
        return false;
    }
    pmp_compile(view->region, view->count, &lab->image);
    view_paint(view, lab->oracle.allowed);
    lab->edges = view_edges(view, lab->edge);
    mpu_decode_pmp(&mpu, &lab->image, ENTRIES);
    cpu_set_mpu(lab->cpu, &mpu);
    return true;
}

/* ---------------------------------------------------------------- one trial */

static uint32_t random_address(struct lab *lab)
{
    static const uint32_t strange[] = {0,          4,          0x10000000, 0x9ffff000,
                                       0xa0000010, 0xffffffff, 0x40000000, RV_FLASH_BASE + 2,
                                       0x7fffffff};
    uint32_t choice = random_below(&lab->random, 32);

    if (choice == 0) {
        return strange[random_below(&lab->random, sizeof strange / sizeof strange[0])];
    }
    if (choice < 20) {
        uint32_t edge = lab->edge[random_below(&lab->random, lab->edges)];

        return edge + random_below(&lab->random, 24) - 12u;
    }
    return RV_RAM_BASE + random_below(&lab->random, RV_RAM_BYTES);
}

/* An address for the first access of the program through this register. */
static uint32_t base_for(struct lab *lab, const struct rv_program *program, uint32_t reg)
{
    uint32_t target = random_address(lab);

    if (random_below(&lab->random, 4) != 0) {
        target &= ~UINT32_C(3);
    }
    for (uint32_t i = 0; i < program->count; i++) {
        const struct rv_op *op = &program->op[i];

        if (op->base == reg) {
            return target - (uint32_t)op->offset;
        }
    }
    return target;
}

static void set_registers(struct lab *lab, const struct rv_program *program)
{
    struct rv_oracle *o = &lab->oracle;
    struct cpu_registers registers;

    for (uint32_t i = 1; i < 32; i++) {
        o->x[i] = random_next(&lab->random);
    }
    o->x[RV_BASE] = base_for(lab, program, RV_BASE);
    o->x[RV_SP] = base_for(lab, program, RV_SP);
    o->x[RV_ATOM] = base_for(lab, program, RV_ATOM);
    o->reserved = false;
    o->executed = 0;
    memcpy(registers.r, o->x, sizeof o->x);
    registers.r[CPU_X_PC] = program->op[0].pc;
    cpu_set_registers(lab->cpu, &registers);
}

static const char *difference(const struct lab *lab, uint32_t end, enum cpu_stop stop,
                              uint64_t executed)
{
    const struct rv_oracle *o = &lab->oracle;
    const struct cpu_fault *fault = cpu_fault(lab->cpu);
    const uint32_t *x = cpu_registers(lab->cpu)->r;

    if (stop != (end == RV_END_ECALL ? CPU_STOP_SVC : CPU_STOP_FAULT)) {
        return "end";
    }
    if (end != RV_END_ECALL && fault->mcause != end) {
        return "cause";
    }
    if (end != RV_END_ECALL && fault->mtval != o->fault_address) {
        return "address";
    }
    if (x[CPU_X_PC] != o->pc) {
        return "pc";
    }
    if (memcmp(x, o->x, sizeof o->x) != 0) {
        return "registers";
    }
    if (executed != o->executed) {
        return "instruction count";
    }
    return memcmp(lab->memory.range[1].host, o->ram, RV_RAM_BYTES) != 0 ? "memory" : NULL;
}

static void print_state(const struct lab *lab)
{
    const uint32_t *x = cpu_registers(lab->cpu)->r;

    for (uint32_t i = 0; i < 32; i++) {
        if (x[i] != lab->oracle.x[i]) {
            print_error("x%u: oracle %08x sim %08x\n", (unsigned)i, (unsigned)lab->oracle.x[i],
                        (unsigned)x[i]);
        }
    }
    for (uint32_t i = 0; i < RV_RAM_BYTES; i++) {
        if (lab->oracle.ram[i] != lab->memory.range[1].host[i]) {
            print_error("%08x: oracle %02x sim %02x\n", (unsigned)(RV_RAM_BASE + i),
                        lab->oracle.ram[i], lab->memory.range[1].host[i]);
        }
    }
    for (uint32_t i = 0; i < ENTRIES; i++) {
        print_error("entry %u: address %08x cfg %02x\n", (unsigned)i,
                    (unsigned)lab->image.addr[i] << 2,
                    (unsigned)(lab->image.cfg[i / 4] >> (8 * (i % 4)) & 0xff));
    }
}

static void print_failure(const struct lab *lab, const char *what, const struct rv_program *program,
                          uint32_t end, enum cpu_stop stop, uint64_t executed)
{
    const struct cpu_fault *fault = cpu_fault(lab->cpu);

    print_error("trial %llu: wrong %s\n", (unsigned long long)lab->trials, what);
    for (uint32_t i = 0; i < program->count; i++) {
        const struct rv_op *op = &program->op[i];

        print_error("%08x: kind %u bytes %u base x%u offset %d narrow %u amo %u\n",
                    (unsigned)op->pc, op->kind, op->bytes, op->base, (int)op->offset, op->narrow,
                    op->amo);
    }
    print_error("oracle: cause %u pc %08x address %08x executed %llu\n", (unsigned)end,
                (unsigned)lab->oracle.pc, (unsigned)lab->oracle.fault_address,
                (unsigned long long)lab->oracle.executed);
    print_error("sim: stop %u cause %u pc %08x address %08x executed %llu %s\n", (unsigned)stop,
                (unsigned)fault->mcause, (unsigned)cpu_registers(lab->cpu)->r[CPU_X_PC],
                (unsigned)fault->mtval, (unsigned long long)executed, cpu_failure(lab->cpu));
    print_state(lab);
    print_error("repeat with: K5_SEED=%llu ctest --preset host -R sim_test_pmp_oracle\n",
                (unsigned long long)lab->seed);
}

static void run_trial(struct lab *lab)
{
    const struct rv_program *program = &lab->program[random_below(&lab->random, PROGRAMS)];
    uint64_t executed = 0;

    set_registers(lab, program);
    enum cpu_stop stop = cpu_run(lab->cpu, 1000, &executed);
    uint32_t end = rv_oracle_run(&lab->oracle, program);
    const char *what = difference(lab, end, stop, executed);

    if (what != NULL) {
        print_failure(lab, what, program, end, stop, executed);
        fail();
    }
    cpu_exception(lab->cpu);
    lab->trials++;
    lab->faults += end != RV_END_ECALL;
}

/* One access short of the number would not do: accesses are counted, not trials. */
static void run_lab(enum cpu_model model, uint64_t wanted)
{
    static struct lab lab;

    open_lab(&lab, model);
    while (lab.oracle.accesses < wanted) {
        change_entries(&lab);
        for (uint32_t i = 0; i < TRIALS; i++) {
            run_trial(&lab);
        }
    }
    close_lab(&lab);
}

/* Regions grow, shrink and split between one access and the next; see test_mpu_oracle.c. */
static void test_views_that_change_step_by_step(void **state)
{
    static struct lab lab;
    uint64_t wanted = from_environment("K5_ACCESSES", 1200000) / 3;
    struct view view;

    (void)state;
    open_lab(&lab, CPU_RV32);
    view_reset(&view, RV_FLASH_BASE, RV_FLASH_BYTES, RV_RAM_BASE, RV_RAM_BYTES);
    assert_true(set_view(&lab, &view));
    while (lab.oracle.accesses < wanted) {
        struct view before = view;

        view_change(&view, &lab.random);
        if (!set_view(&lab, &view) || random_below(&lab.random, 8) == 0) {
            view = before;
            assert_true(set_view(&lab, &view));
        }
        for (uint32_t i = random_below(&lab.random, 4); i > 0; i--) {
            run_trial(&lab);
        }
    }
    close_lab(&lab);
}

static void test_random_accesses_end_as_on_the_chip(void **state)
{
    (void)state;
    run_lab(CPU_RV32, from_environment("K5_ACCESSES", 1200000));
}

static void test_misaligned_accesses_are_refused_where_the_core_does(void **state)
{
    (void)state;
    run_lab(CPU_SIFIVE_E31, from_environment("K5_ACCESSES", 1200000) / 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_accesses_end_as_on_the_chip),
        cmocka_unit_test(test_misaligned_accesses_are_refused_where_the_core_does),
        cmocka_unit_test(test_views_that_change_step_by_step),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
