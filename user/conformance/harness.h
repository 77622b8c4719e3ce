/* The conformance harness: named tests, in order, each judged by itself.
 *
 * The judge (harness.c has its main) runs the tests of all groups. What it logs is
 * for the host: TEST name, then PASS name, SKIP name why, or FAIL name file:line
 * text for each assertion that did not hold, and at the end END with three numbers
 * (docs/conformance.md). A test whose task dies or gets stuck is recorded by the
 * keeper, which restarts the judge; the next test follows.
 *
 *     static void a_message_arrives(void)
 *     {
 *         CHECK_EQUAL(k5_call(CAP_ECHO, &message), K5_OK);
 *     }
 *
 *     static const struct test tests[] = {
 *         {"message.short.arrives", "A short message is four words.", a_message_arrives},
 *     };
 *     const struct test_group message_tests = GROUP(tests);
 *
 * and in the suite's own file
 *
 *     const struct test_group *const test_groups[] = {&message_tests, NULL};
 */
#pragma once

#include "k5.h"
#include "k5_log.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

struct test {
    const char *name;    /* area.object.behaviour: [a-z0-9_.], unique over all suites */
    const char *promise; /* what it checks, a sentence of docs/kernel.md */
    void (*run)(void);
};

/* Tests of one subject. */
struct test_group {
    const struct test *test;
    uint32_t count;
};

#define GROUP(tests)                                                                               \
    {                                                                                              \
        (tests), COUNT_OF(tests)                                                                   \
    }

/* The suite's own file has this: what runs, in order; NULL is its end. */
extern const struct test_group *const test_groups[];

/* Between two tests: brings everything into its first state. Actors.c has it. */
void stage_reset(void);

/* The running test; for test functions that several rows share. */
const struct test *harness_test(void);

/* Number of the running test in its group. */
uint32_t harness_number(void);

/* -- for the macros below */
void harness_failed(void);
void harness_skipped(void);

#define HARNESS_FAIL_(format, ...)                                                                 \
    do {                                                                                           \
        harness_failed();                                                                          \
        K5_ERROR("FAIL %s " __FILE_NAME__ ":" K5_LOG_STRING_(__LINE__) " " format,                 \
                 harness_test()->name __VA_ARGS__);                                                \
    } while (0)

/* Fails the test if the condition does not hold, and goes on with it. */
#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            HARNESS_FAIL_("not so: " #condition, );                                                \
        }                                                                                          \
    } while (0)

/* The same for words and errors; shows both. */
#define CHECK_EQUAL(got, wanted)                                                                   \
    do {                                                                                           \
        int32_t check_got = (int32_t)(got);                                                        \
        int32_t check_wanted = (int32_t)(wanted);                                                  \
        if (check_got != check_wanted) {                                                           \
            HARNESS_FAIL_(#got " = %d, not %d", , check_got, check_wanted);                        \
        }                                                                                          \
    } while (0)

/* Ends the test (returns from its function) if the condition does not hold: what follows makes no
 * sense without it. */
#define REQUIRE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            HARNESS_FAIL_("not so: " #condition, );                                                \
            return;                                                                                \
        }                                                                                          \
    } while (0)

/* Ends the test: it makes no sense here. */
#define SKIP(why)                                                                                  \
    do {                                                                                           \
        harness_skipped();                                                                         \
        K5_INFO("SKIP %s " why, harness_test()->name);                                             \
        return;                                                                                    \
    } while (0)
