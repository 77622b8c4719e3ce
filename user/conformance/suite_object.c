/* The suite of capabilities, notifications, ports, and of libk5's functions. */
#include "harness.h"

extern const struct test_group cap_tests;
extern const struct test_group notification_tests;
extern const struct test_group port_tests;
extern const struct test_group libk5_tests;

const struct test_group *const test_groups[] = {
    &cap_tests, &notification_tests, &port_tests, &libk5_tests, NULL,
};
