/* The suite of memory: loans, regions that move and that are mapped. */
#include "harness.h"

extern const struct test_group loan_tests;
extern const struct test_group loan_life_tests;
extern const struct test_group map_tests;
extern const struct test_group move_tests;

const struct test_group *const test_groups[] = {
    &loan_tests, &loan_life_tests, &map_tests, &move_tests, NULL,
};
