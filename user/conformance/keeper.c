/* Keeps count for the judge, whose memory ends with each of its lives, and is its supervisor. */
#include "keeper.h"
#include "k5.h"
#include "k5_task.h"

#define NO_TEST UINT32_MAX

static uint32_t running = NO_TEST;
static uint32_t next;
static enum keeper_end last_end;
static k5_deadline_t patience;
static uint32_t total[KEEPER_VERDICTS];

static void serve(struct k5_message *message)
{
    switch ((enum keeper_request)k5_label(message)) {
    case KEEPER_HELLO:
        k5_answer(message, 0, next, last_end, 0, 0);
        last_end = KEEPER_FINE;
        break;
    case KEEPER_BEGIN:
        running = message->word[0];
        patience = k5_deadline_in_us(KEEPER_PATIENCE_US);
        k5_answer(message, 0, 0, 0, 0, 0);
        break;
    case KEEPER_VERDICT:
        total[message->word[0] % KEEPER_VERDICTS]++;
        next = running + 1;
        running = NO_TEST;
        k5_answer(message, 0, 0, 0, 0, 0);
        break;
    case KEEPER_TOTALS:
        k5_answer(message, 0, total[KEEPER_PASSED], total[KEEPER_FAILED], total[KEEPER_SKIPPED], 0);
        break;
    }
}

/* The judge is gone, or as good as: that settles the test that it was in. */
static void judge_failed(enum keeper_end end)
{
    if (running == NO_TEST) {
        k5_panic(end); /* outside of a test: nothing to go on with */
    }
    total[KEEPER_FAILED]++;
    next = running + 1;
    running = NO_TEST;
    last_end = end;
    if (k5_task_restart(CAP_JUDGE) != K5_OK) {
        k5_panic(KEEPER_VERDICTS);
    }
}

static enum k5_error receive(struct k5_message *message)
{
    return running == NO_TEST ? k5_recv(CAP_KEEPER, message)
                              : k5_recv_until(CAP_KEEPER, message, patience);
}

int main(void)
{
    struct k5_message message = {0};

    for (;;) {
        enum k5_error error = receive(&message);

        if (error == K5_E_TIMEOUT) {
            judge_failed(KEEPER_STUCK);
        } else if (error != K5_OK) {
            k5_panic((uint32_t)error);
        } else if (k5_kind(&message) == K5_MSG_FAULT) {
            judge_failed(KEEPER_DIED);
        } else {
            serve(&message);
            if (message.reply != 0 && k5_reply(&message) != K5_OK) {
                k5_panic(KEEPER_HELLO);
            }
        }
    }
}
