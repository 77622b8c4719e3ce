/* The library's functions with arguments that a careless caller may give. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/oracle/program.h"
#include "tests/sim/support/bench.h"

static const uint16_t loop[] = {0x3001, 0xe7fd}; /* adds r0, #1; b . - 2 */
static const struct bench_program loops[] = {BENCH_PROGRAM(loop)};

static void build_loop(void)
{
    build_reset();
    build_single(10);
}

/* ---------------------------------------------------------------- boards */

static void refuse_board(const struct k5sim_board *board, const char *word)
{
    char why[256] = "";

    assert_null(k5sim_open(board, why, sizeof why));
    if (strstr(why, word) == NULL) {
        fail_msg("'%s' does not say '%s'", why, word);
    }
}

static void test_boards_that_cannot_be(void **state)
{
    struct k5sim_memory memory[9] = {{0x08000000, 1024, false}, {0x20000000, 2048, true}};
    const struct k5sim_board good = {.cpu = "cortex-m33",
                                     .memory = memory,
                                     .memory_count = 2,
                                     .mpu_regions = 8,
                                     .ticks_per_insn = 1};
    struct k5sim_board bad = good;
    char why[256];

    (void)state;
    bad.cpu = "z80";
    refuse_board(&bad, "z80");
    bad.cpu = NULL;
    refuse_board(&bad, "CPU");
    bad = good;
    bad.mpu_regions = 9;
    refuse_board(&bad, "9 MPU regions");
    bad = good;
    bad.ticks_per_insn = 0;
    refuse_board(&bad, "0 ticks");
    bad = good;
    bad.memory_count = 0;
    refuse_board(&bad, "0 memories");
    bad.memory_count = 9;
    refuse_board(&bad, "9 memories");
    memory[1].base = 0x20000001;
    refuse_board(&good, "0x20000001");
    memory[1].base = 0x08000000;
    refuse_board(&good, "0x08000000");
    memory[1].base = 0x9ffff800;
    refuse_board(&good, "0x9ffff800");
    memory[1].base = 0xfffff800;
    refuse_board(&good, "0xfffff800");
    memory[1] = (struct k5sim_memory){0x20000000, 0, true};
    refuse_board(&good, "0x20000000");
    memory[1].bytes = 2048;
    k5sim_close(k5sim_open(&good, why, sizeof why));
    k5sim_close(NULL);
}

/* ---------------------------------------------------------------- order and arguments */

static void test_calls_in_the_wrong_order(void **state)
{
    struct k5sim *sim = bench_open();
    const struct sys_header *system;
    uint32_t registers[17];

    (void)state;
    build_loop();
    system = build_finish();
    assert_int_equal(k5sim_add_task(sim, 0, "x.elf"), K5SIM_BAD_ARGUMENT);
    assert_int_equal(k5sim_boot(sim), K5SIM_BAD_ARGUMENT);
    assert_int_equal(k5sim_run(sim, 10, 0), K5SIM_STOP_ENGINE);
    assert_int_equal(k5sim_registers(sim, 0, registers), K5SIM_BAD_ARGUMENT);
    assert_int_equal(k5sim_access(sim, 0, 0x20000000, 1), 0);
    assert_null(k5sim_invariants(sim));
    assert_int_equal(k5sim_set_system(sim, system, system->total_bytes), K5SIM_OK);
    assert_int_equal(k5sim_set_system(sim, system, system->total_bytes), K5SIM_BAD_ARGUMENT);
    assert_int_equal(k5sim_boot(sim), K5SIM_BAD_ARGUMENT); /* no file for the task */
    assert_int_equal(k5sim_add_task(sim, 1, "x.elf"), K5SIM_BAD_ARGUMENT);
    k5sim_close(sim);
}

static void test_addresses_and_numbers_that_are_not_there(void **state)
{
    struct k5sim *sim;
    uint32_t registers[17];
    uint8_t byte = 0;
    size_t bytes = 0;

    (void)state;
    build_loop();
    sim = bench_boot(loops, 1);
    assert_int_equal(k5sim_read(sim, 0, &byte, 1), K5SIM_BAD_ADDRESS);
    assert_int_equal(k5sim_write(sim, FAKE_RAM_BASE - 1, &byte, 1), K5SIM_BAD_ADDRESS);
    assert_int_equal(k5sim_read(sim, FAKE_RAM_BASE, registers, 0xffffffff), K5SIM_BAD_ADDRESS);
    assert_int_equal(k5sim_read(sim, FAKE_RAM_BASE + FAKE_RAM_BYTES - 1, &byte, 1), K5SIM_OK);
    assert_int_equal(k5sim_registers(sim, 1, registers), K5SIM_BAD_ARGUMENT);
    assert_int_equal(k5sim_add_task(sim, 0, "x.elf"), K5SIM_BAD_ARGUMENT); /* booted already */
    assert_int_equal(k5sim_run(sim, 100, 0), K5SIM_STOP_TIME);             /* errors do no harm */
    assert_int_equal(k5sim_run(sim, 50, 0), K5SIM_STOP_TIME);
    assert_int_equal(k5sim_now(sim), 100);
    assert_non_null(k5sim_kernel_state(sim, &bytes));
    assert_int_equal(bytes, sizeof(struct kernel_state));
    k5sim_close(sim);
}

/* ---------------------------------------------------------------- host threads */

#define LOOP_TICKS 300000u

/* Runs its machine in slices; between them opens and closes others, which pools engines. */
static void *run_in_thread(void *argument)
{
    struct k5sim *sim = argument;

    for (uint64_t until = 0; until <= LOOP_TICKS; until += LOOP_TICKS / 20) {
        struct k5sim *other = bench_open();

        k5sim_run(sim, until, 0);
        k5sim_close(other);
    }
    return NULL;
}

static void test_machines_run_in_threads_of_their_own(void **state)
{
    struct k5sim *sim[2];
    pthread_t thread[2];

    (void)state;
    build_loop();
    for (uint32_t i = 0; i < 2; i++) {
        sim[i] = bench_boot(loops, 1);
        assert_int_equal(pthread_create(&thread[i], NULL, run_in_thread, sim[i]), 0);
    }
    for (uint32_t i = 0; i < 2; i++) {
        uint32_t registers[17];

        assert_int_equal(pthread_join(thread[i], NULL), 0);
        assert_int_equal(k5sim_now(sim[i]), LOOP_TICKS);
        assert_int_equal(k5sim_instructions(sim[i]), LOOP_TICKS);
        assert_int_equal(k5sim_registers(sim[i], 0, registers), K5SIM_OK);
        assert_int_equal(registers[0], LOOP_TICKS / 2);
        k5sim_close(sim[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_boards_that_cannot_be),
        cmocka_unit_test(test_calls_in_the_wrong_order),
        cmocka_unit_test(test_addresses_and_numbers_that_are_not_there),
        cmocka_unit_test(test_machines_run_in_threads_of_their_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
