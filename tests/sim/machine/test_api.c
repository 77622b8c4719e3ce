/* The library's functions with arguments that a careless caller may give. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/config.h"
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
    const struct k5sim_board good = {"cortex-m33", memory, 2, 8, 1, NULL, 0};
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

/* ---------------------------------------------------------------- boot tables */

static int set_system(const void *blob, size_t bytes)
{
    struct k5sim *sim = bench_open();
    int result = k5sim_set_system(sim, blob, bytes);

    if (result != K5SIM_OK) {
        assert_true(strlen(k5sim_error_text(sim)) > 10);
    }
    k5sim_close(sim);
    return result;
}

static struct {
    uint64_t align;
    uint8_t bytes[65536];
} copy;

static struct sys_header *fresh_copy(void)
{
    const struct sys_header *system = build_finish();

    assert_true(system->total_bytes <= sizeof copy.bytes);
    memcpy(copy.bytes, system, system->total_bytes);
    return (struct sys_header *)(void *)copy.bytes;
}

/* Sets one field of a good system to a value and expects a refusal. */
#define REFUSE(expression)                                                                         \
    do {                                                                                           \
        struct sys_header *h = fresh_copy();                                                       \
        size_t bytes = h->total_bytes;                                                             \
        struct sys_task *task = (void *)(copy.bytes + h->tasks_offset);                            \
        struct sys_thread *thread = (void *)(copy.bytes + h->threads_offset);                      \
        struct sys_endpoint *endpoint = (void *)(copy.bytes + h->endpoints_offset);                \
        struct sys_cap *cap = (void *)(copy.bytes + h->caps_offset);                               \
        struct sys_region *region = (void *)(copy.bytes + h->regions_offset);                      \
        (void)task, (void)thread, (void)endpoint, (void)cap, (void)region;                         \
        expression;                                                                                \
        if (set_system(copy.bytes, bytes) != K5SIM_BAD_SYSTEM) {                                   \
            fail_msg("taken although " #expression);                                               \
        }                                                                                          \
    } while (0)

static void build_pair(void)
{
    build_reset();
    build_single(10);
    build_single(11);
    uint32_t endpoint = build_endpoint(1);

    build_cap(0, endpoint, K5_RIGHT_SEND, 1);
    build_cap(1, endpoint, K5_RIGHT_RECV, 0);
}

static void test_headers_that_lie(void **state)
{
    (void)state;
    build_pair();
    assert_int_equal(set_system(fresh_copy(), fresh_copy()->total_bytes), K5SIM_OK);
    REFUSE(h->magic++);
    REFUSE(h->version++);
    REFUSE(h->header_bytes = 48);
    REFUSE(h->total_bytes--);
    REFUSE(bytes--);
    REFUSE(bytes = 10);
    REFUSE(bytes = 0);
    REFUSE(h->tick_hz = 0);
    REFUSE(h->task_count = 0);
    REFUSE(h->task_count = CFG_TASKS + 1);
    REFUSE(h->thread_count = CFG_THREADS + 1);
    REFUSE(h->endpoint_count = CFG_ENDPOINTS + 1);
    REFUSE(h->slot_count = CFG_SLOTS + 1);
    REFUSE(h->mpu_regions = 9);
    REFUSE(h->tasks_offset += 2);
    REFUSE(h->tasks_offset = 4);
    REFUSE(h->threads_offset = h->total_bytes);
    REFUSE(h->regions_offset = 0xfffffffc);
    REFUSE(h->region_count = 0xffff);
    REFUSE(h->cap_count = 0xffff);
}

static void test_tables_that_do_not_fit_each_other(void **state)
{
    (void)state;
    build_pair();
    REFUSE(task[1].first_region = 100);
    REFUSE(task[0].region_count = 9);
    REFUSE(task[1].first_cap = 2);
    REFUSE(task[0].cap_count = 2);
    REFUSE(task[1].first_slot = 9);
    REFUSE(task[1].first_slot = 0); /* one table for two tasks */
    REFUSE(task[1].first_thread = 2);
    REFUSE(task[1].thread_count = 2);
    REFUSE(task[0].thread_count = 2); /* claims the other's thread */
    REFUSE(task[0].policy = 3);
    REFUSE(thread[0].task = 1);
    REFUSE(thread[0].task = 7);
    REFUSE(thread[0].priority = 32);
    REFUSE(thread[0].budget = 0x80000000);
    REFUSE(thread[0].overrun = 0x80000000);
    REFUSE(thread[0].stack_top += 4);
    REFUSE(thread[0].stack_base += 4);
    REFUSE(thread[0].stack_base = thread[0].stack_top);
    REFUSE(thread[0].stack_base = thread[0].stack_top + 8);
    REFUSE(thread[0].stack_top = bench_text(0) + 64);
    REFUSE(thread[0].stack_base = thread[1].stack_base);
    REFUSE(endpoint[0].receiver = 2);
    REFUSE(cap[0].object = 1);
    REFUSE(cap[0].kind = 77);
}

static void test_regions_that_the_board_has_not(void **state)
{
    (void)state;
    build_pair();
    REFUSE(region[0].base += 16);
    REFUSE(region[0].bytes += 16);
    REFUSE(region[0].bytes = 0);
    REFUSE(region[0].base = 0x30000000);
    REFUSE(region[0].bytes = FAKE_FLASH_BYTES + 32);
    REFUSE(region[0].access = SYS_READ | SYS_WRITE); /* flash */
    REFUSE(region[1].access = SYS_WRITE | SYS_EXECUTE);
    REFUSE(region[1].access = 8);
    REFUSE(region[1].base = region[0].base); /* overlap */
    REFUSE(region[2].base -= 32);
    REFUSE(region[1].base = region[4].base); /* another task's stacks */
    REFUSE(region[0].base = 0xffffffe0; region[0].bytes = 64);
}

static void check_no_panic(struct k5sim *sim, uint32_t round)
{
    static struct k5sim_event events[BENCH_EVENTS];

    if (k5sim_run(sim, 3000, 0) == K5SIM_STOP_PANIC) {
        size_t count = k5sim_take_events(sim, events, BENCH_EVENTS);
        const struct k5sim_event *panic = bench_find(events, count, K5_EVENT_PANIC, 0);

        fail_msg("round %u: assertion at %.24s:%u", (unsigned)round, (const char *)panic->arg,
                 panic->code);
    }
}

/* Whatever the bytes: refused, or a system that the kernel can run. */
static void test_random_bytes_never_reach_an_assertion(void **state)
{
    uint64_t random = 11;
    uint32_t taken = 0;

    (void)state;
    build_pair();
    for (uint32_t i = 0; i < 2000; i++) {
        struct sys_header *h = fresh_copy();
        uint32_t bytes = h->total_bytes;
        /* The tables lie apart; most of the blob between them is unused. */
        const uint32_t starts[] = {0,
                                   h->tasks_offset,
                                   h->threads_offset,
                                   h->endpoints_offset,
                                   h->caps_offset,
                                   h->regions_offset};
        struct k5sim *sim = bench_open();

        for (uint32_t k = random_below(&random, 3) + 1; k > 0; k--) {
            uint32_t at = starts[random_below(&random, 6)] + random_below(&random, 64);

            copy.bytes[at] ^= (uint8_t)(1u << random_below(&random, 8));
        }
        if (k5sim_set_system(sim, copy.bytes, bytes) == K5SIM_OK) {
            bool loaded = true;

            for (uint32_t t = 0; t < 2; t++) {
                struct elf_file file;

                elf_file_make(&file, bench_text(t), loop, 2);
                const char *path = elf_file_write(&file);

                loaded = k5sim_add_task(sim, t, path) == K5SIM_OK && loaded;
                elf_file_remove(path);
            }
            if (loaded && k5sim_boot(sim) == K5SIM_OK) {
                taken++;
                check_no_panic(sim, i);
                if (k5sim_invariants(sim) != NULL) {
                    fail_msg("round %u: %s", (unsigned)i, k5sim_invariants(sim));
                }
            }
        }
        k5sim_close(sim);
    }
    assert_true(taken > 100);
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
        cmocka_unit_test(test_headers_that_lie),
        cmocka_unit_test(test_tables_that_do_not_fit_each_other),
        cmocka_unit_test(test_regions_that_the_board_has_not),
        cmocka_unit_test(test_random_bytes_never_reach_an_assertion),
        cmocka_unit_test(test_calls_in_the_wrong_order),
        cmocka_unit_test(test_addresses_and_numbers_that_are_not_there),
        cmocka_unit_test(test_machines_run_in_threads_of_their_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
