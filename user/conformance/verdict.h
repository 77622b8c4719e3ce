/* How a conformance task says what it found: log lines that a test counts.
 *
 * "PASS what" or "FAIL what" a check (the line's place is in the log record), and
 * at the task's end "END passed=N failed=N". A run is good if every task that
 * checks anything reached its END with failed=0.
 */
#pragma once

#include "k5.h"
#include "k5_log.h"

static uint32_t verdict_passed;
static uint32_t verdict_failed;

#define EXPECT(what, condition)                                                                    \
    do {                                                                                           \
        if (condition) {                                                                           \
            verdict_passed++;                                                                      \
            K5_INFO("PASS " what);                                                                 \
        } else {                                                                                   \
            verdict_failed++;                                                                      \
            K5_ERROR("FAIL " what);                                                                \
        }                                                                                          \
    } while (0)

/* For numbers: a failure shows both. */
#define EXPECT_EQUAL(what, got, wanted)                                                            \
    do {                                                                                           \
        int32_t verdict_got = (int32_t)(got);                                                      \
        int32_t verdict_wanted = (int32_t)(wanted);                                                \
        if (verdict_got == verdict_wanted) {                                                       \
            verdict_passed++;                                                                      \
            K5_INFO("PASS " what);                                                                 \
        } else {                                                                                   \
            verdict_failed++;                                                                      \
            K5_ERROR("FAIL " what ": %d, not %d", verdict_got, verdict_wanted);                    \
        }                                                                                          \
    } while (0)

/* The end of a task that checks: says so, and sleeps for ever. */
_Noreturn static inline void verdict_end(void)
{
    K5_INFO("END passed=%u failed=%u", verdict_passed, verdict_failed);
    k5_sleep_forever();
}
