/* The suite of the last resort. */
#include "harness.h"

extern const struct test_group last_tests;

const struct test_group *const test_groups[] = {&last_tests, NULL};
