/* Takes the steps that book hands out: wrong calls, checks, crimes.
 *
 * A crime must end this life; the next one finds out by the number of its first
 * step that the step before it was not survived.
 */
#include "abuse.h"
#include "k5_log.h"
#include "k5_task.h"

#define NO_STEP 0xffffffffu

static void tell_book(uint16_t label, uint32_t word)
{
    struct k5_message message = k5_short(label, word, 0, 0, 0);

    if (k5_call(CAP_BOOK, &message) != K5_OK) {
        k5_panic(label);
    }
}

static uint32_t next_step(void)
{
    struct k5_message message = k5_short(BOOK_NEXT, 0, 0, 0, 0);

    if (k5_call(CAP_BOOK, &message) != K5_OK) {
        k5_panic(BOOK_NEXT);
    }
    return message.word[0];
}

static void verdict(const char *name, bool passed)
{
    if (passed) {
        K5_INFO("PASS %s", name);
    } else {
        K5_ERROR("FAIL %s", name);
    }
    tell_book(BOOK_VERDICT, passed);
}

static void try_call(const struct wrong_call *call)
{
    uint32_t r[8];

    for (uint32_t i = 0; i < 7; i++) {
        r[i] = call->arg[i];
    }
    r[7] = call->number;
    raw_call(r);
    if ((int32_t)r[0] != call->wanted) {
        K5_ERROR("got %d, not %d", (int32_t)r[0], call->wanted);
    }
    verdict(call->name, (int32_t)r[0] == call->wanted);
}

static void commit(const struct crime *crime)
{
    K5_INFO("now: %s", crime->name);
    crime->commit();
    verdict(crime->name, false); /* still here */
}

/* The step before the first one of this life ended the life before. */
static void judge_last_life(uint32_t first)
{
    uint32_t crimes_start = wrong_call_count + check_count;

    if (first == 0) {
        return;
    }
    if (first > crimes_start && first <= crimes_start + crime_count) {
        verdict(crimes[first - 1 - crimes_start].name, true);
    } else {
        K5_ERROR("FAIL step %u killed the task", first - 1);
        tell_book(BOOK_VERDICT, false);
    }
}

static bool take_step(uint32_t step)
{
    if (step < wrong_call_count) {
        try_call(&wrong_calls[step]);
        return true;
    }
    step -= wrong_call_count;
    if (step < check_count) {
        verdict(checks[step].name, checks[step].holds());
        return true;
    }
    step -= check_count;
    if (step < crime_count) {
        commit(&crimes[step]);
        return true;
    }
    return false;
}

int main(void)
{
    struct k5_message message = k5_short(VICTIM_REPORT, 0, 0, 0, 0);
    uint32_t step = next_step();

    judge_last_life(step);
    while (take_step(step)) {
        step = next_step();
    }
    verdict("the victim noticed nothing",
            k5_call(CAP_VICTIM, &message) == K5_OK && message.word[0] == 1 && message.word[1] == 2);
    tell_book(BOOK_END, 0);
    k5_sleep_forever();
}
