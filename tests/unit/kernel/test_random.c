/* Random systems do random things; no rule may break.
 *
 * K5_RANDOM_STEPS: entries into the kernel (default by build). K5_SEED: seed of the first system.
 */
#include "tests/unit/driver.h"

#define STEPS_PER_SYSTEM 400u

static struct driver_report report;

static void test_random_runs_break_no_rule(void **state)
{
    uint64_t seed = kit_setting("K5_SEED", 1);
    uint64_t steps = kit_setting("K5_RANDOM_STEPS", KIT_RANDOM_STEPS);

    (void)state;
    for (uint64_t i = 0; report.entries < steps; i++) {
        struct driver_source source = {.random = kit_random_from(seed + i)};
        uint64_t left = steps - report.entries;
        uint64_t most = left < STEPS_PER_SYSTEM ? left : STEPS_PER_SYSTEM;
        const char *broken = driver_run(&source, most, &report);

        if (broken != NULL) {
            fail_msg("%s (tick %llu); repeat: K5_SEED=%llu K5_RANDOM_STEPS=%llu unit_test_random",
                     broken, (unsigned long long)kit_now(), (unsigned long long)(seed + i),
                     (unsigned long long)most);
        }
    }
}

/* A run that only collects errors proves little: the runs above must have reached everything. */
static void test_random_runs_reach_every_error(void **state)
{
    static const enum k5_error errors[] = {
        K5_OK,     K5_E_CPTR,        K5_E_STALE,    K5_E_RIGHTS,    K5_E_INVALID, K5_E_ADDRESS,
        K5_E_SIZE, K5_E_WOULD_BLOCK, K5_E_DEADLOCK, K5_E_RESTARTED, K5_E_STOPPED,
    };

    (void)state;
    if (report.entries < 100000) {
        print_message("only %llu entries: too few to ask\n", (unsigned long long)report.entries);
        return;
    }
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        uint64_t count = report.result[-(int)errors[i]];

        print_message("%-14s %llu\n", kit_error_name((uint32_t)errors[i]),
                      (unsigned long long)count);
        assert_true(count > 0);
    }
    print_message("%llu entries: %llu system calls, %llu received at once, %llu faults, "
                  "%llu timeouts, %llu restarts, %llu times exhausted\n",
                  (unsigned long long)report.entries, (unsigned long long)report.calls,
                  (unsigned long long)report.received, (unsigned long long)report.faults,
                  (unsigned long long)report.timeouts, (unsigned long long)report.restarts,
                  (unsigned long long)report.exhausted);
    assert_true(report.received > 0 && report.timeouts > 0 && report.restarts > 0);
    assert_true(report.faults > report.timeouts && report.exhausted > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        KIT_TEST(test_random_runs_break_no_rule),
        KIT_TEST(test_random_runs_reach_every_error),
    };

    return cmocka_run_group_tests_name("random", tests, NULL, NULL);
}
