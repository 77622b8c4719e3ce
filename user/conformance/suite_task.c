/* The suite of tasks, threads and supervisors. */
#include "harness.h"

extern const struct test_group control_tests;
extern const struct test_group thread_tests;
extern const struct test_group supervisor_tests;

const struct test_group *const test_groups[] = {
    &control_tests,
    &thread_tests,
    &supervisor_tests,
    NULL,
};
