/* The suite of floating point. */
#include "harness.h"

extern const struct test_group fpu_tests;

const struct test_group *const test_groups[] = {&fpu_tests, NULL};
