/* The judge: takes one test after the other from the table. */
#include "harness.h"
#include "k5_task.h"
#include "keeper.h"

static const struct test_group *group; /* of the running test */
static uint32_t number;                /* in its group */
static bool failed;
static bool skipped;

const struct test *harness_test(void)
{
    return &group->test[number];
}

uint32_t harness_number(void)
{
    return number;
}

/* Makes the `index`-th test of all the running one; false: there are not so many. */
static bool select(uint32_t index)
{
    for (uint32_t i = 0; test_groups[i] != NULL; i++) {
        if (index < test_groups[i]->count) {
            group = test_groups[i];
            number = index;
            return true;
        }
        index -= test_groups[i]->count;
    }
    return false;
}

void harness_failed(void)
{
    failed = true;
}

void harness_skipped(void)
{
    skipped = true;
}

/* Asks the keeper; the answer takes the request's place. Without him nothing counts. */
static struct k5_message ask(enum keeper_request request, uint32_t word)
{
    struct k5_message message = k5_short((uint16_t)request, word, 0, 0, 0);

    if (k5_call(CAP_KEEPER, &message) != K5_OK) {
        k5_panic(request);
    }
    return message;
}

/* A life begins: says what ended the one before, if that was in the middle of a test. */
static uint32_t begin_life(void)
{
    struct k5_message hello = ask(KEEPER_HELLO, 0);

    if (hello.word[1] != KEEPER_FINE && select(hello.word[0] - 1)) {
        if (hello.word[1] == KEEPER_DIED) {
            K5_ERROR("FAIL %s died", harness_test()->name);
        } else {
            K5_ERROR("FAIL %s stuck", harness_test()->name);
        }
    }
    return hello.word[0];
}

static enum keeper_verdict judge(void)
{
    if (failed) {
        return KEEPER_FAILED;
    }
    if (skipped) {
        return KEEPER_SKIPPED;
    }
    K5_INFO("PASS %s", harness_test()->name);
    return KEEPER_PASSED;
}

static void run(uint32_t index)
{
    failed = false;
    skipped = false;
    K5_INFO("TEST %s", harness_test()->name);
    K5_DEBUG("PROMISE %s", harness_test()->promise);
    (void)ask(KEEPER_BEGIN, index);
    stage_reset();
    harness_test()->run();
}

int main(void)
{
    struct k5_message totals;

    for (uint32_t index = begin_life(); select(index); index++) {
        run(index);
        (void)ask(KEEPER_VERDICT, judge());
    }
    stage_reset();
    totals = ask(KEEPER_TOTALS, 0);
    K5_INFO("END passed=%u failed=%u skipped=%u", totals.word[0], totals.word[1], totals.word[2]);
    k5_sleep_forever();
}
