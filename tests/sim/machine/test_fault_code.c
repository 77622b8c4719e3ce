/* Instructions that are skipped or corrupted: once, exactly, and the program is as before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/k5sim_debug.h"
#include "sim/k5sim_snapshot.h"
#include "tests/sim/support/fault_kit.h"
#include "tests/sim/support/past.h"

#define ROUNDS 50u

/* Three counters, the last one in an instruction of four bytes. */
static const uint16_t arm_count[] = {
    0x3001, 0x3101, 0xf102,
    0x0201, 0xe7fa, /* adds r0, #1; adds r1, #1; add.w r2, r2, #1; b . - 8 */
};
static const uint16_t rv_count[] = {
    0x0285, 0x0305, 0x8393,
    0x0013, 0xbfe5, /* c.addi t0, 1; c.addi t1, 1; addi t2, t2, 1; c.j . - 8 */
};

struct set {
    enum bench_isa isa;
    struct bench_program program;
    uint32_t counter[3];
    uint32_t pc;
    uint32_t twice_more[3]; /* flips what is added from 1 to 3 */
    uint32_t undefined;     /* makes the first one none */
    uint32_t status;
};

static const struct set sets[] = {
    {BENCH_ARM, BENCH_PROGRAM(arm_count), {0, 1, 2}, 15, {2, 2, 0x20000}, 0xee00, 0x10000},
    {BENCH_RV32, BENCH_PROGRAM(rv_count), {5, 6, 7}, 32, {8, 8, 0x200000}, 0x0285, 2},
};

static const uint32_t at[] = {0, 2, 4, 8}; /* of the instructions, on both */

static struct k5sim *boot(const struct set *set)
{
    const struct bench_program programs[] = {set->program};
    struct k5sim *sim = bench_open_isa(set->isa, NULL);

    build_reset();
    build_single(10);
    bench_start_isa(set->isa, sim, programs, 1);
    return sim;
}

static void check(struct k5sim *sim, const struct set *set, const uint32_t expected[3])
{
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(fault_register_of(sim, 0, set->counter[i]), expected[i]);
    }
}

/* Comes to instruction `step` of the loop, by whole rounds. */
static void come_to(struct k5sim *sim, const struct set *set, uint32_t step, uint32_t expected[3])
{
    do {
        uint32_t done = (uint32_t)k5sim_instructions(sim) % 4;

        fault_run(sim, 1);
        if (done < 3) {
            expected[done]++;
        }
    } while (k5sim_instructions(sim) % 4 != step);
    assert_int_equal(fault_register_of(sim, 0, set->pc), bench_text(0) + at[step]);
}

static void test_skipped_instruction_does_nothing_but_take_its_time(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const struct set *set = &sets[i];
        struct k5sim *sim = boot(set);
        uint32_t expected[3] = {0};

        for (uint32_t n = 0; n < ROUNDS; n++) {
            uint32_t step = n % 3;

            come_to(sim, set, step, expected);
            check(sim, set, expected);
            uint64_t now = k5sim_now(sim);

            fault_done(sim, (struct k5sim_fault){.kind = K5SIM_FAULT_SKIP});
            check(sim, set, expected);
            fault_run(sim, 1);
            check(sim, set, expected);
            assert_int_equal(k5sim_now(sim), now + 1);
            assert_int_equal(k5sim_instructions(sim), now + 1);
            assert_int_equal(fault_register_of(sim, 0, set->pc), bench_text(0) + at[step + 1]);
        }
        k5sim_close(sim);
    }
}

/* Skipping the loop's end runs into what lies behind it: there nothing was loaded. */
static void test_skipped_branch_falls_through(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const struct set *set = &sets[i];
        struct k5sim *sim = boot(set);
        uint32_t expected[3] = {0};

        come_to(sim, set, 3, expected);
        fault_done(sim, (struct k5sim_fault){.kind = K5SIM_FAULT_SKIP});
        fault_run(sim, 1);
        assert_int_equal(fault_register_of(sim, 0, set->pc), bench_text(0) + 10);
        k5sim_close(sim);
    }
}

static void test_corrupted_opcode_is_executed_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const struct set *set = &sets[i];
        struct k5sim *sim = boot(set);
        static struct fault_view before, after;
        uint32_t expected[3] = {0};

        fault_view_take(sim, 1, &before);
        for (uint32_t n = 0; n < ROUNDS; n++) {
            uint32_t step = n % 3;

            come_to(sim, set, step, expected);
            check(sim, set, expected);
            fault_done(sim, (struct k5sim_fault){.kind = K5SIM_FAULT_OPCODE,
                                                 .mask = set->twice_more[step]});
            fault_view_take(sim, 1, &after);
            assert_memory_equal(before.flash, after.flash, sizeof before.flash);
            come_to(sim, set, step, expected);
            expected[step] += 2;
            check(sim, set, expected);
            fault_view_take(sim, 1, &after);
            assert_memory_equal(before.flash, after.flash, sizeof before.flash);
        }
        k5sim_close(sim);
    }
}

static void test_opcode_that_is_none_faults_where_it_stands(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const struct set *set = &sets[i];
        struct k5sim *sim = boot(set);
        static struct k5sim_event events[BENCH_EVENTS];
        uint32_t expected[3] = {0};

        come_to(sim, set, 0, expected);
        uint64_t now = k5sim_now(sim);

        fault_done(sim, (struct k5sim_fault){.kind = K5SIM_FAULT_OPCODE, .mask = set->undefined});
        fault_run(sim, 20);
        size_t count = bench_take(sim, events);
        const struct k5sim_event *fault = bench_find(events, count, K5_EVENT_FAULT, 0);

        assert_int_equal(fault->time, now + 1);
        assert_int_equal(fault->arg[0], bench_text(0));
        assert_int_equal(fault->arg[2], set->status);
        fault_run(sim, BUILD_BACKOFF + 40); /* restarted, and its program is whole */
        count = bench_take(sim, events);
        for (size_t k = 0; k < count; k++) {
            assert_int_not_equal(events[k].kind, K5_EVENT_FAULT);
        }
        k5sim_close(sim);
    }
}

/* Two flips of the same bits are none; a flip twice as far is not the same instruction. */
static void test_flips_of_one_instruction_add_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const struct set *set = &sets[i];
        struct k5sim *sim = boot(set);
        const struct k5sim_fault fault = {.kind = K5SIM_FAULT_OPCODE, .mask = set->twice_more[0]};
        uint32_t expected[3] = {0};

        come_to(sim, set, 0, expected);
        fault_done(sim, fault);
        fault_done(sim, fault);
        come_to(sim, set, 0, expected);
        check(sim, set, expected);
        fault_done(sim, fault);
        k5sim_faults_end(sim); /* it has not happened yet */
        come_to(sim, set, 0, expected);
        check(sim, set, expected);
        k5sim_close(sim);
    }
}

/* A debugger that stops before the instruction, or before its fault, changes nothing of it. */
static void test_debugger_sees_the_corrupted_instruction(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const struct set *set = &sets[i];
        struct k5sim *sim = boot(set);
        uint32_t expected[3] = {0};
        struct k5sim_hit hit;

        come_to(sim, set, 0, expected);
        uint64_t now = k5sim_now(sim);

        assert_int_equal(k5sim_break_set(sim, 0, bench_text(0)), K5SIM_OK);
        k5sim_break_faults(sim, true);
        fault_done(sim, (struct k5sim_fault){.kind = K5SIM_FAULT_OPCODE, .mask = set->undefined});
        assert_int_equal(k5sim_run(sim, now + 20, 0), K5SIM_STOP_BREAK);
        assert_int_equal(k5sim_last_hit(sim, &hit), K5SIM_OK);
        if (!hit.is_fault) { /* the breakpoint comes first, or it is where the run began */
            assert_int_equal(k5sim_run(sim, now + 20, 0), K5SIM_STOP_BREAK);
            assert_int_equal(k5sim_last_hit(sim, &hit), K5SIM_OK);
        }
        assert_true(hit.is_fault);
        assert_int_equal(hit.pc, bench_text(0));
        assert_int_equal(hit.fault.arg[2], set->status);
        k5sim_break_clear(sim, 0, bench_text(0));
        k5sim_break_faults(sim, false);
        static struct k5sim_event events[BENCH_EVENTS];

        fault_run(sim, 20);
        size_t count = bench_take(sim, events);
        const struct k5sim_event *fault = bench_find(events, count, K5_EVENT_FAULT, 0);

        assert_memory_equal(fault->arg, hit.fault.arg, sizeof fault->arg);
        assert_int_equal(fault->time, now + 1);
        k5sim_close(sim);
    }
}

/* ---------------------------------------------------------------- as if it were in memory */

#define TRIALS 1500u
#define AFTER  60u

static const char *const cpus[] = {"cortex-m33", "rv32"};
static const uint32_t pc_of[] = {15, 32};

static uint64_t hash_of(struct k5sim *sim)
{
    struct k5sim_snapshot *snapshot = k5sim_snapshot_take(sim, NULL);

    assert_non_null(snapshot);
    uint64_t hash = k5sim_snapshot_hash(snapshot);

    k5sim_snapshot_free(snapshot);
    return hash;
}

static void run_on(struct k5sim *sim, uint64_t ticks)
{
    static struct k5sim_event events[BENCH_EVENTS];

    k5sim_run(sim, k5sim_now(sim) + ticks, 0);
    while (k5sim_take_events(sim, events, BENCH_EVENTS) == BENCH_EVENTS) {
    }
}

/* The same by other means: memory is another one for one tick, with all that follows from that. */
static void flip_memory_for_a_tick(struct k5sim *sim, uint32_t pc, uint32_t mask)
{
    uint32_t good = 0;

    assert_int_equal(k5sim_read(sim, pc, &good, 4), K5SIM_OK);
    uint32_t bad = good ^ mask;

    assert_int_equal(k5sim_write(sim, pc, &bad, 4), K5SIM_OK);
    run_on(sim, 1);
    assert_int_equal(k5sim_write(sim, pc, &good, 4), K5SIM_OK);
}

/* Whatever becomes of an instruction: branches, loads, IT, half of a longer one, nothing at all. */
static void test_corruption_is_as_if_memory_held_it(void **state)
{
    (void)state;
    for (size_t cpu = 0; cpu < 2; cpu++) {
        struct k5sim *sim = past_open(cpus[cpu], 1);
        uint64_t random = 11;
        struct k5sim_snapshot *start;
        uint32_t differ = 0;

        run_on(sim, 500);
        start = k5sim_snapshot_take(sim, NULL);
        for (uint32_t i = 0; i < TRIALS; i++) {
            uint32_t mask =
                UINT32_C(1) << past_random(&random) % 32 | UINT32_C(1) << past_random(&random) % 16;
            uint32_t registers[33];

            assert_int_equal(k5sim_snapshot_restore(sim, start), K5SIM_OK);
            k5sim_step(sim, 1 + past_random(&random) % 100, UINT64_MAX, 0);
            struct k5sim_snapshot *here = k5sim_snapshot_take(sim, NULL);

            k5sim_registers(sim, PAST_COUNTER, registers);
            run_on(sim, 1 + AFTER);
            uint64_t golden = hash_of(sim);

            assert_int_equal(k5sim_snapshot_restore(sim, here), K5SIM_OK);
            flip_memory_for_a_tick(sim, registers[pc_of[cpu]], mask);
            run_on(sim, AFTER);
            uint64_t expected = hash_of(sim);

            assert_int_equal(k5sim_snapshot_restore(sim, here), K5SIM_OK);
            fault_done(sim, (struct k5sim_fault){.kind = K5SIM_FAULT_OPCODE, .mask = mask});
            run_on(sim, 1);
            run_on(sim, AFTER);
            if (hash_of(sim) != expected) {
                fail_msg("cpu %zu, trial %u: 0x%08x at 0x%08x", cpu, (unsigned)i, (unsigned)mask,
                         (unsigned)registers[pc_of[cpu]]);
            }
            differ += expected != golden;
            k5sim_snapshot_free(here);
        }
        assert_true(differ > TRIALS / 4);
        k5sim_snapshot_free(start);
        k5sim_close(sim);
    }
}

/* ---------------------------------------------------------------- IT blocks */

static struct k5sim *boot_code(const uint16_t *code, size_t halfwords)
{
    const struct bench_program programs[] = {{code, halfwords}};

    build_reset();
    build_single(10);
    return bench_boot(programs, 1);
}

/* Without its IT both slots are plain instructions. */
static void test_skipped_it_makes_its_slots_unconditional(void **state)
{
    static const uint16_t code[] = {
        0x4280, 0xbf0c, 0x3101, 0x3201, /* cmp r0, r0; ite eq; addeq r1, #1; addne r2, #1 */
        0xe7fa,                         /* b . - 8 */
    };
    struct k5sim *sim = boot_code(code, 5);

    (void)state;
    fault_run(sim, 11); /* two rounds, and the comparison */
    assert_int_equal(fault_register_of(sim, 0, 1), 2);
    assert_int_equal(fault_register_of(sim, 0, 2), 0);
    fault_done(sim, (struct k5sim_fault){.kind = K5SIM_FAULT_SKIP});
    fault_run(sim, 3);
    assert_int_equal(fault_register_of(sim, 0, 1), 3);
    assert_int_equal(fault_register_of(sim, 0, 2), 1);
    fault_run(sim, 11);
    assert_int_equal(fault_register_of(sim, 0, 1), 5);
    assert_int_equal(fault_register_of(sim, 0, 2), 1);
    k5sim_close(sim);
}

/* A slot that is skipped after a system call in the slot before: the block goes on behind it. */
static void test_skipped_slot_of_it_block_advances_it(void **state)
{
    static const uint16_t code[] = {
        0x2007, 0x4683,                 /* r11 = yield */
        0x4280, 0xbf02, 0xdf00, 0x3101, /* cmp r0, r0; ittt eq; svceq; addeq r1, #1 */
        0x3301, 0x3201, 0xe7f8,         /* addeq r3, #1; adds r2, #1; b . - 12 */
    };
    struct k5sim *sim = boot_code(code, 9);

    (void)state;
    fault_run(sim, 5);
    assert_int_equal(fault_register_of(sim, 0, 15), bench_text(0) + 10);
    assert_int_not_equal(fault_register_of(sim, 0, 16) & 0x0600fc00, 0);
    fault_done(sim, (struct k5sim_fault){.kind = K5SIM_FAULT_SKIP});
    fault_run(sim, 1);
    fault_run(sim, 3);
    assert_int_equal(fault_register_of(sim, 0, 1), 0);
    assert_int_equal(fault_register_of(sim, 0, 3), 1);
    assert_int_equal(fault_register_of(sim, 0, 2), 1);
    fault_run(sim, 7);
    assert_int_equal(fault_register_of(sim, 0, 1), 1);
    assert_int_equal(fault_register_of(sim, 0, 3), 2);
    assert_int_equal(fault_register_of(sim, 0, 2), 2);
    assert_int_equal(k5sim_instructions(sim), 5 + 1 + 3 + 7);
    k5sim_close(sim);
}

/* ---------------------------------------------------------------- nothing */

static void test_nobody_runs_and_nothing_happens(void **state)
{
    static const uint16_t sleeper[] = {0x2400, 0x43e4, 0x1c25, 0x2006, 0x4683, 0xdf00, 0xe7fe};
    struct k5sim *sim = boot_code(sleeper, 7);

    (void)state;
    assert_int_equal(k5sim_run(sim, 100, 0), K5SIM_STOP_HALT);
    assert_int_equal(fault_inject(sim, (struct k5sim_fault){.kind = K5SIM_FAULT_SKIP}),
                     K5SIM_NOTHING);
    assert_int_equal(fault_inject(sim, (struct k5sim_fault){.kind = K5SIM_FAULT_OPCODE, .mask = 1}),
                     K5SIM_NOTHING);
    k5sim_close(sim);
    sim = boot(&sets[0]);
    fault_run(sim, 10);
    assert_int_equal(fault_inject(sim, (struct k5sim_fault){.kind = K5SIM_FAULT_OPCODE}),
                     K5SIM_NOTHING);
    k5sim_close(sim);
}

/* The next instruction is not to be had: that is its fault, and not skipped. */
static void test_fetch_that_is_refused_is_not_skipped(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const struct set *set = &sets[i];
        struct k5sim *sim = boot(set);
        static struct k5sim_event events[BENCH_EVENTS];

        fault_run(sim, 10);
        fault_done(sim, (struct k5sim_fault){.kind = K5SIM_FAULT_REGISTER,
                                             .where = set->pc,
                                             .mask = FAKE_RAM_BASE ^ FAKE_FLASH_BASE});
        fault_done(sim, (struct k5sim_fault){.kind = K5SIM_FAULT_SKIP});
        fault_run(sim, 10);
        size_t count = bench_take(sim, events);

        assert_int_equal(bench_find(events, count, K5_EVENT_FAULT, 0)->time, 11);
        k5sim_close(sim);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_skipped_instruction_does_nothing_but_take_its_time),
        cmocka_unit_test(test_skipped_branch_falls_through),
        cmocka_unit_test(test_corrupted_opcode_is_executed_once),
        cmocka_unit_test(test_opcode_that_is_none_faults_where_it_stands),
        cmocka_unit_test(test_flips_of_one_instruction_add_up),
        cmocka_unit_test(test_debugger_sees_the_corrupted_instruction),
        cmocka_unit_test(test_corruption_is_as_if_memory_held_it),
        cmocka_unit_test(test_skipped_it_makes_its_slots_unconditional),
        cmocka_unit_test(test_skipped_slot_of_it_block_advances_it),
        cmocka_unit_test(test_nobody_runs_and_nothing_happens),
        cmocka_unit_test(test_fetch_that_is_refused_is_not_skipped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
