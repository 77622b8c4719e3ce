/* The suite of messages. */
#include "harness.h"

extern const struct test_group message_tests;
extern const struct test_group timeout_tests;
extern const struct test_group queue_tests;
extern const struct test_group pass_tests;

const struct test_group *const test_groups[] = {
    &message_tests, &timeout_tests, &queue_tests, &pass_tests, NULL,
};
