/* The table of pending events against the obvious way to do it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/timers.h"
#include "tests/sim/oracle/program.h"

static uint64_t least(const uint64_t at[TIMERS_SOURCES])
{
    uint64_t found = TIMERS_NEVER;

    for (uint32_t i = 0; i < TIMERS_SOURCES; i++) {
        found = at[i] < found ? at[i] : found;
    }
    return found;
}

static int first_due(const uint64_t at[TIMERS_SOURCES], uint64_t now)
{
    for (uint32_t i = 0; i < TIMERS_SOURCES; i++) {
        if (at[i] <= now) {
            return (int)i;
        }
    }
    return -1;
}

static void test_random_requests_come_at_their_tick_and_once(void **state)
{
    struct timers timers;
    uint64_t at[TIMERS_SOURCES];
    uint64_t random = 7;
    uint64_t now = 0;

    (void)state;
    timers_reset(&timers, TIMERS_SOURCES);
    for (uint32_t i = 0; i < TIMERS_SOURCES; i++) {
        at[i] = TIMERS_NEVER;
    }
    for (uint32_t step = 0; step < 100000; step++) {
        uint32_t source = random_below(&random, TIMERS_SOURCES);

        if (random_below(&random, 2) != 0) {
            at[source] =
                random_below(&random, 5) == 0 ? TIMERS_NEVER : now + random_below(&random, 50);
            timers_set(&timers, source, at[source]);
        } else {
            now += random_below(&random, 10);
            int due = timers_due(&timers, now);

            assert_int_equal(due, first_due(at, now));
            if (due >= 0) {
                at[due] = TIMERS_NEVER;
                timers_set(&timers, (uint32_t)due, TIMERS_NEVER);
            }
        }
        assert_true(timers.next == least(at));
    }
}

static void test_nothing_is_due_after_reset(void **state)
{
    struct timers timers;

    (void)state;
    timers_reset(&timers, TIMERS_SOURCES);
    assert_true(timers.next == TIMERS_NEVER);
    assert_int_equal(timers_due(&timers, TIMERS_NEVER - 1), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_requests_come_at_their_tick_and_once),
        cmocka_unit_test(test_nothing_is_due_after_reset),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
