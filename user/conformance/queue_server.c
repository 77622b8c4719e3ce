/* In its first life lets callers queue, takes one, and dies. In its second life takes all three,
 * then answers in the opposite order.
 *
 * Which life it is the journal knows.
 */
#include "journal.h"
#include "k5_task.h"
#include "verdict.h"

#define CALLERS 3

static void live_and_die(void)
{
    struct k5_message message = {0};

    journal_note(CAP_JOURNAL, 'x');
    k5_sleep_until_us(20000);
    if (k5_recv(CAP_SERVER, &message) == K5_OK) {
        journal_note(CAP_JOURNAL, (char)message.badge);
    }
    k5_panic(1);
}

static void take_all(struct k5_message *calls)
{
    for (uint32_t i = 0; i < CALLERS; i++) {
        calls[i] = (struct k5_message){0};
        EXPECT_EQUAL("a call is received while others are unanswered",
                     k5_recv(CAP_SERVER, &calls[i]), K5_OK);
        journal_note(CAP_JOURNAL, (char)calls[i].badge);
    }
}

static void answer_backwards(struct k5_message *calls)
{
    for (uint32_t i = CALLERS; i > 0; i--) {
        struct k5_message *call = &calls[i - 1];

        k5_answer(call, 0, call->badge - 'a' + 'A', 0, 0, 0);
        EXPECT_EQUAL("an older call is answered as well", k5_reply(call), K5_OK);
    }
}

int main(void)
{
    static struct k5_message calls[CALLERS];
    struct k5_message message = {0};

    if (journal_reads(CAP_JOURNAL, "")) {
        live_and_die();
    }
    k5_sleep_until_us(40000);
    take_all(calls);
    EXPECT("the most urgent caller comes first, equals in order of age",
           journal_reads(CAP_JOURNAL, "xccab"));
    answer_backwards(calls);
    EXPECT_EQUAL("nobody is left", k5_try_recv(CAP_SERVER, &message), K5_E_WOULD_BLOCK);
    k5_sleep_until_us(60000);
    EXPECT("each got its own answer, the most urgent first",
           journal_reads(CAP_JOURNAL, "xccabCAB") || journal_reads(CAP_JOURNAL, "xccabCBA"));
    verdict_end();
}
