/* Faults, snapshots and the past: what lasts is in a snapshot, whole, and in nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "sim/k5sim_fault.h"
#include "tests/sim/support/past.h"

#define TRIALS 150u
#define TICKS  400u

static const char *const cpus[] = {"cortex-m33", "rv32"};

static uint32_t below(uint64_t *random, uint32_t most)
{
    return past_random(random) % most;
}

/* Any fault but a flip of the kernel's state, which may end with PANIC. */
static struct k5sim_fault any_fault(uint64_t *random)
{
    static const uint32_t kinds[] = {
        K5SIM_FAULT_REGISTER,    K5SIM_FAULT_REGISTER_STUCK, K5SIM_FAULT_MEMORY,
        K5SIM_FAULT_SKIP,        K5SIM_FAULT_MEMORY_STUCK,   K5SIM_FAULT_OPCODE,
        K5SIM_FAULT_REGION_DROP, K5SIM_FAULT_REGION_SHIFT,   K5SIM_FAULT_REGION_WIDEN,
        K5SIM_FAULT_MESSAGE,     K5SIM_FAULT_LINE_DROP,      K5SIM_FAULT_LINE_DOUBLE,
        K5SIM_FAULT_LINE_LATE,   K5SIM_FAULT_LINE_SPURIOUS,  K5SIM_FAULT_LINE_STUCK,
        K5SIM_FAULT_PIN_STUCK,   K5SIM_FAULT_TIMER_JITTER,   K5SIM_FAULT_POWER,
    };
    struct k5sim_fault fault = {
        .kind = kinds[below(random, sizeof kinds / sizeof kinds[0])],
        .thread = (uint8_t)below(random, PAST_TASKS),
        .task = (uint8_t)below(random, PAST_TASKS),
        .where = below(random, 12),
        .mask = UINT32_C(1) << below(random, 32),
        .value = (int32_t)below(random, 2),
    };

    switch (fault.kind) {
    case K5SIM_FAULT_MEMORY:
    case K5SIM_FAULT_MEMORY_STUCK:
        fault.where = past_counter() + 4u * below(random, 8);
        break;
    case K5SIM_FAULT_REGION_DROP:
    case K5SIM_FAULT_REGION_SHIFT:
    case K5SIM_FAULT_REGION_WIDEN:
        fault.where = below(random, 3);
        fault.value = 32 * ((int32_t)below(random, 9) - 4);
        break;
    case K5SIM_FAULT_LINE_LATE:
    case K5SIM_FAULT_TIMER_JITTER:
        fault.value = 1 + (int32_t)below(random, 50);
        break;
    case K5SIM_FAULT_PIN_STUCK:
        fault.where = 0;
        break;
    default:
        break;
    }
    if (fault.kind >= K5SIM_FAULT_LINE_DROP && fault.kind <= K5SIM_FAULT_LINE_LATE) {
        fault.where = PAST_LINE;
    }
    return fault;
}

static void run(struct k5sim *sim, uint64_t until)
{
    static struct k5sim_event events[4096];

    while (k5sim_run(sim, until, 0) == K5SIM_STOP_FULL) {
        while (k5sim_take_events(sim, events, 4096) == 4096) {
        }
    }
    while (k5sim_take_events(sim, events, 4096) == 4096) {
    }
}

static uint64_t hash_of(struct k5sim *sim)
{
    struct k5sim_snapshot *snapshot = k5sim_snapshot_take(sim, NULL);

    assert_non_null(snapshot);
    uint64_t hash = k5sim_snapshot_hash(snapshot);

    k5sim_snapshot_free(snapshot);
    return hash;
}

/* From a machine with faults back to a snapshot without: as if there had been none. */
static void test_restored_machine_knows_nothing_of_later_faults(void **state)
{
    (void)state;
    for (size_t cpu = 0; cpu < 2; cpu++) {
        struct k5sim *sim = past_open(cpus[cpu], 1);
        uint64_t random = 1;

        run(sim, 500);
        struct k5sim_snapshot *clean = k5sim_snapshot_take(sim, NULL);

        run(sim, 500 + 3 * TICKS);
        uint64_t golden = hash_of(sim);
        uint32_t differed = 0;

        for (uint32_t i = 0; i < TRIALS; i++) {
            assert_int_equal(k5sim_snapshot_restore(sim, clean), K5SIM_OK);
            run(sim, 500 + below(&random, TICKS));
            struct k5sim_fault fault = any_fault(&random);

            assert_true(k5sim_inject(sim, &fault) >= -4);
            run(sim, 500 + 3 * TICKS);
            differed += hash_of(sim) != golden;
            assert_int_equal(k5sim_snapshot_restore(sim, clean), K5SIM_OK);
            run(sim, 500 + 3 * TICKS);
            if (hash_of(sim) != golden) {
                fail_msg("cpu %zu, trial %u: fault %u left something behind", cpu, (unsigned)i,
                         (unsigned)fault.kind);
            }
        }
        assert_true(differed > TRIALS / 4);
        k5sim_snapshot_free(clean);
        k5sim_close(sim);
    }
}

/* A snapshot of a machine with faults: from there on it is always the same. */
static void test_faults_that_last_are_in_the_snapshot(void **state)
{
    (void)state;
    for (size_t cpu = 0; cpu < 2; cpu++) {
        struct k5sim *sim = past_open(cpus[cpu], 1);
        uint64_t random = 2;

        for (uint32_t i = 0; i < TRIALS; i++) {
            assert_int_equal(k5sim_boot(sim), K5SIM_OK);
            for (uint32_t k = below(&random, 4); k <= 3; k++) {
                struct k5sim_fault fault = any_fault(&random);

                run(sim, k5sim_now(sim) + below(&random, TICKS));
                k5sim_inject(sim, &fault);
            }
            struct k5sim_snapshot *taken = k5sim_snapshot_take(sim, NULL);
            uint64_t end = k5sim_now(sim) + TICKS;

            run(sim, end);
            uint64_t first = hash_of(sim);

            k5sim_faults_end(sim);
            run(sim, end + TICKS);
            assert_int_equal(k5sim_snapshot_restore(sim, taken), K5SIM_OK);
            run(sim, end);
            if (hash_of(sim) != first) {
                fail_msg("cpu %zu, trial %u", cpu, (unsigned)i);
            }
            k5sim_snapshot_free(taken);
        }
        k5sim_close(sim);
    }
}

/* Faults are in the journal: going back and forward gives them again, at their places. */
static void test_history_repeats_faults(void **state)
{
    (void)state;
    for (size_t cpu = 0; cpu < 2; cpu++) {
        struct k5sim *sim = past_open(cpus[cpu], 1);
        struct k5sim_position position[TRIALS];
        uint64_t hash[TRIALS];
        uint64_t random = 3;
        uint32_t injected = 0;

        assert_int_equal(k5sim_history_start(sim, 1000, 8), K5SIM_OK);
        for (uint32_t i = 0; i < TRIALS; i++) {
            struct k5sim_fault fault = any_fault(&random);

            run(sim, k5sim_now(sim) + below(&random, TICKS));
            injected += k5sim_inject(sim, &fault) == K5SIM_OK;
            if (below(&random, 16) == 0) {
                assert_int_equal(k5sim_faults_end(sim), K5SIM_OK);
            }
            k5sim_position(sim, &position[i]);
            hash[i] = hash_of(sim);
        }
        assert_true(injected > TRIALS / 3);
        for (uint32_t i = 0; i < TRIALS; i++) {
            uint32_t n = below(&random, TRIALS);

            assert_int_equal(k5sim_history_goto(sim, &position[n]), K5SIM_OK);
            if (hash_of(sim) != hash[n]) {
                fail_msg("cpu %zu: position %u is another one", cpu, (unsigned)n);
            }
        }
        assert_int_equal(k5sim_history_goto(sim, &position[TRIALS - 1]), K5SIM_OK);
        assert_true(hash_of(sim) == hash[TRIALS - 1]);
        k5sim_close(sim);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_restored_machine_knows_nothing_of_later_faults),
        cmocka_unit_test(test_faults_that_last_are_in_the_snapshot),
        cmocka_unit_test(test_history_repeats_faults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
