/* The suite of time: donation, budgets. */
#include "harness.h"

extern const struct test_group chain_tests;

const struct test_group *const test_groups[] = {&chain_tests, NULL};
