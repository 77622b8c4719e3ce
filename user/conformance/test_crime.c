/* Tests: each crime ends the life of who commits it, by a fault of the right kind, and nobody else
 * loses a byte or a message.
 */
#include "actors.h"
#include "crime_set.h"
#include "k5_task.h"

#define CRIME_KIND(name, what, kind) kind,

static const uint8_t kinds[] = {CRIMES(CRIME_KIND)};

/* Right is the criminal, left its client, middle a bystander who serves. */
static void crime_test(void)
{
    struct k5_message message = k5_short(0, 20, 0, 0, 0);
    struct k5_task_status before = {0};
    struct k5_task_status after = {0};

    CHECK_EQUAL(k5_task_status(task_of(RIGHT), &before), K5_OK);
    order(MIDDLE, DO_SERVE, 0, 0, 0);
    order_call(LEFT, RIGHT, 0, 0, 0, 0, 0); /* waits in right's queue */
    order(RIGHT, DO_CRIME, harness_number(), 0, 0);
    CHECK_EQUAL(fault(RIGHT).kind, kinds[harness_number()]);
    CHECK_EQUAL(fault(RIGHT).task, TASK_ID_RIGHT);
    CHECK_EQUAL(outcome(LEFT), WAITS);
    CHECK_EQUAL(k5_call(CAP_MIDDLE, &message), K5_OK);
    CHECK_EQUAL(message.word[0], 21);
    revive(RIGHT);
    CHECK_EQUAL(outcome(LEFT), K5_E_RESTARTED);
    CHECK_EQUAL(k5_task_status(task_of(RIGHT), &after), K5_OK);
    CHECK_EQUAL(after.generation, before.generation + 1);
    for (uint32_t i = 0; i < ARENA_BYTES; i += 252) {
        CHECK_EQUAL(peek(LEFT, report(LEFT)->arena + i), i / 4);
    }
}

static void foreign_crime_test(void)
{
    SKIP("a crime of another instruction set");
}

#define CRIME_TEST(name, what, kind)                                                               \
    {"rogue.crime." #name, "No fault in a task changes another: " what ".", crime_test},

#define FOREIGN_TEST(name, what, kind)                                                             \
    {"rogue.crime." #name, "No fault in a task changes another: " what ".", foreign_crime_test},

static const struct test tests[] = {CRIMES(CRIME_TEST) CRIMES_OF_OTHERS(FOREIGN_TEST)};

const struct test_group crime_tests = GROUP(tests);
