/* The suite of memory: loans, regions that move and that are mapped. */
#include "harness.h"

extern const struct test_group loan_tests;

const struct test_group *const test_groups[] = {&loan_tests, NULL};
