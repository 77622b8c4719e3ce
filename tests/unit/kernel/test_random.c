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
    (void)state;
    if (report.entries < 100000) {
        print_message("only %llu entries: too few to ask\n", (unsigned long long)report.entries);
        return;
    }
    for (uint32_t i = 0; i <= 0u - (uint32_t)K5_E_STATE; i++) {
        print_message("%-14s %llu\n", kit_error_name(0u - i), (unsigned long long)report.result[i]);
        assert_true(report.result[i] > 0);
    }
    print_message("%llu entries: %llu system calls, %llu received at once, %llu loans, "
                  "%llu faults, %llu timeouts, %llu restarts, %llu times exhausted, "
                  "%llu interrupts, %llu times unfinished, %llu epitaphs\n",
                  (unsigned long long)report.entries, (unsigned long long)report.calls,
                  (unsigned long long)report.received, (unsigned long long)report.loans,
                  (unsigned long long)report.faults, (unsigned long long)report.timeouts,
                  (unsigned long long)report.restarts, (unsigned long long)report.exhausted,
                  (unsigned long long)report.interrupts, (unsigned long long)report.unfinished,
                  (unsigned long long)report.epitaphs);
    assert_true(report.received > 0 && report.timeouts > 0 && report.restarts > 0);
    assert_true(report.faults > report.timeouts && report.exhausted > 0);
    assert_true(report.loans > 0 && report.interrupts > 0 && report.unfinished > 0);
    assert_true(report.epitaphs > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        KIT_TEST(test_random_runs_break_no_rule),
        KIT_TEST(test_random_runs_reach_every_error),
    };

    return cmocka_run_group_tests_name("random", tests, NULL, NULL);
}
