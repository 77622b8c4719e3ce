/* The suite of interrupts. */
#include "harness.h"

extern const struct test_group interrupt_tests;

const struct test_group *const test_groups[] = {&interrupt_tests, NULL};
