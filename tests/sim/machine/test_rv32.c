/* Machines whose tasks are RV32, alone and beside one of Armv8-M. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "k5_abi.h"
#include "tests/sim/support/bench.h"

#define X_SP   2
#define X_T0   5
#define X_A0   10
#define X_PC   32
#define X_ALL  33
#define RISCV  243
#define FAULT  K5_EVENT_FAULT
#define SLICES 10u

/* c.addi t0, 1; c.j back to it */
static const uint16_t rv_counter[] = {0x0285, 0xbffd};
/* adds r0, #1; b back to it */
static const uint16_t arm_counter[] = {0x3001, 0xe7fd};
/* sw t0, 0(a0); then as above */
static const uint16_t rv_store[] = {0x2023, 0x0055, 0xa001};

static struct k5sim *open_rv(const char *cpu, uint32_t flash_bytes, char why[256])
{
    const struct k5sim_memory memory[] = {
        {FAKE_FLASH_BASE, flash_bytes, false},
        {FAKE_RAM_BASE, FAKE_RAM_BYTES, true},
    };
    const struct k5sim_board board = {
        .cpu = cpu,
        .memory = memory,
        .memory_count = 2,
        .mpu_regions = 8,
        .ticks_per_insn = 1,
    };

    return k5sim_open(&board, why, 256);
}

static struct k5sim *open_good(void)
{
    char why[256] = "";
    struct k5sim *sim = open_rv("rv32", FAKE_FLASH_BYTES, why);

    if (sim == NULL) {
        fail_msg("%s", why);
    }
    return sim;
}

static void must(struct k5sim *sim, int result)
{
    if (result != K5SIM_OK) {
        fail_msg("%s", k5sim_error_text(sim));
    }
}

static int add_task(struct k5sim *sim, uint32_t task, uint16_t machine, const uint16_t *code,
                    size_t halfwords)
{
    struct elf_file file;

    elf_file_make(&file, bench_text(task), code, halfwords);
    file.head.e_machine = machine;
    const char *path = elf_file_write(&file);
    int result = k5sim_add_task(sim, task, path);

    elf_file_remove(path);
    return result;
}

/* Boots the system that was built; each of its tasks is this code. */
static struct k5sim *boot_rv(uint32_t tasks, const uint16_t *code, size_t halfwords)
{
    const struct sys_header *system = build_finish();
    struct k5sim *sim = open_good();

    must(sim, k5sim_set_system(sim, system, system->total_bytes));
    for (uint32_t i = 0; i < tasks; i++) {
        must(sim, add_task(sim, i, RISCV, code, halfwords));
    }
    must(sim, k5sim_boot(sim));
    return sim;
}

static void build_two_counters(void)
{
    build_reset();
    build_single(10);
    build_single(10);
    build_thread_of(0)->argument = 0x11111111;
    build_thread_of(1)->argument = 0x22222222;
}

static void check_counter(struct k5sim *sim, uint32_t thread)
{
    uint32_t x[X_ALL];

    must(sim, k5sim_registers(sim, thread, x));
    assert_int_equal(x[0], 0);
    assert_int_equal(x[X_T0], SLICES / 2 * BUILD_SLICE / 2);
    assert_int_equal(x[X_A0], build_thread_of(thread)->argument);
    assert_int_equal(x[X_SP], build_thread_of(thread)->stack_top);
    assert_int_equal(x[X_PC], bench_text(thread));
}

static void test_threads_share_the_core_by_slices(void **state)
{
    (void)state;
    build_two_counters();
    struct k5sim *sim = boot_rv(2, rv_counter, 2);

    assert_int_equal(k5sim_run(sim, SLICES * BUILD_SLICE, 0), K5SIM_STOP_TIME);
    assert_int_equal(k5sim_instructions(sim), SLICES * BUILD_SLICE);
    check_counter(sim, 0);
    check_counter(sim, 1);
    assert_null(k5sim_invariants(sim));
    k5sim_close(sim);
}

/* addi xi, a0, i for all others, then a jump to itself. */
static size_t fill_all_registers(uint16_t code[64])
{
    size_t halves = 0;

    for (uint32_t i = 1; i < 32; i++) {
        uint32_t word = i << 20 | X_A0 << 15 | i << 7 | 0x13u;

        if (i != X_A0) {
            code[halves++] = (uint16_t)word;
            code[halves++] = (uint16_t)(word >> 16);
        }
    }
    code[halves++] = 0xa001;
    return halves;
}

static void check_all_registers(struct k5sim *sim, uint32_t thread)
{
    uint32_t base = build_thread_of(thread)->argument;
    uint32_t x[X_ALL];

    must(sim, k5sim_registers(sim, thread, x));
    for (uint32_t i = 1; i < 32; i++) {
        assert_int_equal(x[i], base + (i == X_A0 ? 0 : i));
    }
    assert_int_equal(x[X_PC], bench_text(0) + 4 * 30);
}

/* Two threads of one task take turns in one engine: each finds all of its registers again. */
static void test_every_register_survives_a_switch(void **state)
{
    uint16_t code[64];
    size_t halves = fill_all_registers(code);

    (void)state;
    build_reset();
    build_task(SYS_POLICY_STOP);
    build_thread(0, 10);
    build_thread(0, 10);
    build_thread_of(0)->argument = 0x1000;
    build_thread_of(1)->argument = 0x22222000;
    struct k5sim *sim = boot_rv(1, code, halves);

    for (uint64_t slice = 2; slice < 6; slice++) {
        assert_int_equal(k5sim_run(sim, slice * BUILD_SLICE + 100, 0), K5SIM_STOP_TIME);
        check_all_registers(sim, 0);
        check_all_registers(sim, 1);
    }
    k5sim_close(sim);
}

/* Into the other task's memory: the record says where, and nothing has changed. */
/* Reservations of two threads that share an engine: a slice that ends in between loses nothing. */
static void test_reserved_additions_of_two_threads_add_up(void **state)
{
    static const uint16_t adder[] = {
        0x4481,                                         /* li s1, 0 */
        0x22af, 0x1005, 0x0285,                         /* loop: lr.w t0, (a0); addi t0, t0, 1 */
        0x232f, 0x1855, 0x1be3, 0xfe03, 0x0485, 0xbfc5, /* sc.w; again if refused; addi s1 */
    };
    uint32_t counter;
    uint32_t x[2][X_ALL];

    (void)state;
    build_reset();
    uint32_t task = build_task(SYS_POLICY_STOP);

    for (uint32_t i = 0; i < 2; i++) {
        build_thread(task, 10);
        build_thread_of(i)->argument = build_buffer(0, 0);
        build_thread_of(i)->budget = 11 + 2 * i;
    }
    struct k5sim *sim = boot_rv(1, adder, sizeof adder / 2);

    assert_int_equal(k5sim_run(sim, 30000, 0), K5SIM_STOP_TIME);
    must(sim, k5sim_registers(sim, 0, x[0]));
    must(sim, k5sim_registers(sim, 1, x[1]));
    must(sim, k5sim_read(sim, build_buffer(0, 0), &counter, 4));
    assert_true(x[0][9] > 1000 && x[1][9] > 1000);
    assert_in_range(counter - x[0][9] - x[1][9], 0, 2);
    k5sim_close(sim);
}

static void test_store_to_another_task_is_its_end(void **state)
{
    struct k5sim_event events[BENCH_EVENTS];
    uint32_t word = 1;

    (void)state;
    build_reset();
    build_task(SYS_POLICY_STOP);
    build_thread(0, 10);
    build_single(5);
    uint32_t target = build_buffer(1, 0);

    build_thread_of(0)->argument = target;
    build_thread_of(1)->argument = target;
    struct k5sim *sim = boot_rv(2, rv_store, 3);

    assert_int_equal(k5sim_access(sim, 0, target, 4), 0);
    assert_int_equal(k5sim_access(sim, 1, target, 4), SYS_READ | SYS_WRITE);
    assert_int_equal(k5sim_run(sim, 100, UINT64_C(1) << FAULT), K5SIM_STOP_EVENT);
    const struct k5sim_event *fault = bench_find(events, bench_take(sim, events), FAULT, 0);

    assert_int_equal(fault->code, K5_FAULT_DATA);
    assert_int_equal(fault->arg[0], bench_text(0));
    assert_int_equal(fault->arg[1], target);
    assert_int_equal(fault->arg[2], 7);
    assert_int_equal(fault->arg[4], build_thread_of(0)->stack_top);
    must(sim, k5sim_read(sim, target, &word, 4));
    assert_int_equal(word, 0);
    assert_int_equal(k5sim_run(sim, 100, 0), K5SIM_STOP_TIME);
    k5sim_close(sim);
}

/* Turn by turn in one process, neither notices the other. */
static void test_two_instruction_sets_run_side_by_side(void **state)
{
    static const struct bench_program programs[] = {BENCH_PROGRAM(arm_counter),
                                                    BENCH_PROGRAM(arm_counter)};
    uint32_t r[17];

    (void)state;
    build_two_counters();
    struct k5sim *arm = bench_boot(programs, 2);
    struct k5sim *rv = boot_rv(2, rv_counter, 2);

    for (uint64_t at = 7; at < SLICES * BUILD_SLICE; at += 13) {
        assert_int_equal(k5sim_run(arm, at, 0), K5SIM_STOP_TIME);
        assert_int_equal(k5sim_run(rv, at, 0), K5SIM_STOP_TIME);
    }
    assert_int_equal(k5sim_run(arm, SLICES * BUILD_SLICE, 0), K5SIM_STOP_TIME);
    assert_int_equal(k5sim_run(rv, SLICES * BUILD_SLICE, 0), K5SIM_STOP_TIME);
    for (uint32_t i = 0; i < 2; i++) {
        check_counter(rv, i);
        must(arm, k5sim_registers(arm, i, r));
        assert_int_equal(r[0], build_thread_of(i)->argument + SLICES / 2 * BUILD_SLICE / 2);
    }
    k5sim_close(arm);
    k5sim_close(rv);
}

static void test_file_for_the_other_instruction_set_is_refused(void **state)
{
    (void)state;
    build_reset();
    build_single(10);
    const struct sys_header *system = build_finish();
    struct k5sim *rv = open_good();
    struct k5sim *arm = bench_open();

    must(rv, k5sim_set_system(rv, system, system->total_bytes));
    must(arm, k5sim_set_system(arm, system, system->total_bytes));
    assert_int_equal(add_task(rv, 0, EM_ARM, rv_counter, 2), K5SIM_BAD_ELF);
    assert_non_null(strstr(k5sim_error_text(rv), "RISC-V (243"));
    assert_int_equal(add_task(arm, 0, RISCV, rv_counter, 2), K5SIM_BAD_ELF);
    assert_non_null(strstr(k5sim_error_text(arm), "Arm (40"));
    k5sim_close(rv);
    k5sim_close(arm);
}

/* Regions that are no powers of two take two entries each: 3 + 3 * 2 of 8. */
static void test_regions_that_need_too_many_entries_are_refused(void **state)
{
    (void)state;
    build_reset();
    build_single(10);
    for (uint32_t i = 0; i < 3; i++) {
        build_region(0, FAKE_RAM_BASE + 0x8000 + i * 0x100, 96, SYS_READ);
    }
    const struct sys_header *system = build_finish();
    struct k5sim *rv = open_good();
    struct k5sim *arm = bench_open();

    must(arm, k5sim_set_system(arm, system, system->total_bytes));
    assert_int_equal(k5sim_set_system(rv, system, system->total_bytes), K5SIM_BAD_SYSTEM);
    assert_non_null(strstr(k5sim_error_text(rv), "take 9 entries"));
    k5sim_close(rv);
    k5sim_close(arm);

    /* Neighbours share a border, 7 entries in all; but the kernel reckons with each for itself. */
    build_reset();
    build_single(10);
    for (uint32_t i = 0; i < 3; i++) {
        build_region(0, FAKE_RAM_BASE + 0x8000 + i * 96, 96, i == 1 ? SYS_READ : SYS_READ | 2u);
    }
    rv = open_good();
    system = build_finish();
    assert_int_equal(k5sim_set_system(rv, system, system->total_bytes), K5SIM_BAD_SYSTEM);
    assert_non_null(strstr(k5sim_error_text(rv), "take 9 entries"));
    k5sim_close(rv);
}

static void test_boards_that_cannot_be(void **state)
{
    char why[256] = "";

    (void)state;
    assert_null(open_rv("rv64", FAKE_FLASH_BYTES, why));
    assert_non_null(strstr(why, "'rv64'"));
    assert_null(open_rv("rv32", FAKE_FLASH_BYTES + 1024, why));
    assert_non_null(strstr(why, "4 KiB"));
    struct k5sim *strict = open_rv("sifive-e31", FAKE_FLASH_BYTES, why);

    assert_non_null(strict);
    k5sim_close(strict);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads_share_the_core_by_slices),
        cmocka_unit_test(test_every_register_survives_a_switch),
        cmocka_unit_test(test_reserved_additions_of_two_threads_add_up),
        cmocka_unit_test(test_store_to_another_task_is_its_end),
        cmocka_unit_test(test_two_instruction_sets_run_side_by_side),
        cmocka_unit_test(test_file_for_the_other_instruction_set_is_refused),
        cmocka_unit_test(test_regions_that_need_too_many_entries_are_refused),
        cmocka_unit_test(test_boards_that_cannot_be),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
