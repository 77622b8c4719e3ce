/* Kills the server of restart.toml, and looks at what is left. */
#include "k5_task.h"
#include "mortal.h"
#include "verdict.h"

#define FIRST_BACKOFF_US 1000

/* The server's count through `cptr`, or a negative error. */
static int32_t count(k5_cptr_t cptr)
{
    struct k5_message message = k5_short(MORTAL_COUNT, 0, 0, 0, 0);
    enum k5_error error = k5_call(cptr, &message);

    if (error != K5_OK) {
        return error;
    }
    return message.word[0] == message.word[1] + MORTAL_FIRST_COUNT ? (int32_t)message.word[0] : 0;
}

static int32_t kill_by_call(void)
{
    struct k5_message message = k5_short(MORTAL_DIE, 0, 0, 0, 0);

    return k5_call(CAP_SERVER, &message);
}

static void check_caller_learns(void)
{
    EXPECT_EQUAL("the first life counts", count(CAP_SERVER), 101);
    EXPECT_EQUAL("through both capabilities", count(CAP_SERVER_TOO), 102);
    EXPECT_EQUAL("whoever waits for a server that dies learns it", kill_by_call(), K5_E_RESTARTED);
}

static void check_next_life(void)
{
    struct k5_message message = k5_short(MORTAL_OWN_CAP, 0, 0, 0, 0);

    EXPECT_EQUAL("the next use waits for the next life, whose data is pristine", count(CAP_SERVER),
                 101);
    EXPECT_EQUAL("the other capability tells of the restart once", count(CAP_SERVER_TOO),
                 K5_E_RESTARTED);
    EXPECT_EQUAL("and then works again", count(CAP_SERVER_TOO), 102);
    EXPECT("the new life finds its capability where the old one had it",
           k5_call(CAP_SERVER, &message) == K5_OK && message.word[0] == 0x10000 &&
               message.word[1] == K5_KIND_ENDPOINT && message.word[2] == K5_RIGHT_RECV);
}

static void check_death_after_send(void)
{
    struct k5_message message = k5_short(MORTAL_DIE, 0, 0, 0, 0);
    uint64_t died_at = k5_time_us();

    EXPECT_EQUAL("what was received counts as sent, even if the receiver dies of it",
                 k5_send(CAP_SERVER, &message), K5_OK);
    EXPECT_EQUAL("the next use tells of the restart", count(CAP_SERVER), K5_E_RESTARTED);
    EXPECT_EQUAL("once", count(CAP_SERVER), 101);
    EXPECT("the second back-off is twice as long", k5_time_us() - died_at >= 2 * FIRST_BACKOFF_US);
}

int main(void)
{
    check_caller_learns();
    check_next_life();
    check_death_after_send();
    verdict_end();
}
