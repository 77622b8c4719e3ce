/* The suite of misbehaviour. */
#include "harness.h"

extern const struct test_group crime_tests;
extern const struct test_group rogue_tests;

const struct test_group *const test_groups[] = {&crime_tests, &rogue_tests, NULL};
