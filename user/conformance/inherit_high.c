/* Queues for slow while middle spins. */
#include "journal.h"
#include "k5_task.h"
#include "verdict.h"

int main(void)
{
    struct k5_message message = k5_short(0, 0, 0, 0, 0);

    k5_sleep_until_us(20000);
    journal_note(CAP_JOURNAL, 'b');
    EXPECT_EQUAL("a server gets on while somebody urgent waits for it", k5_call(CAP_SLOW, &message),
                 K5_OK);
    journal_note(CAP_JOURNAL, 'e');
    EXPECT("first its earlier client, then the urgent one", journal_reads(CAP_JOURNAL, "abcde"));
    EXPECT_EQUAL("and nobody else in between", k5_send(CAP_STOP, &message), K5_OK);
    k5_sleep_us(1000);
    EXPECT("the first client goes on when it may", journal_reads(CAP_JOURNAL, "abcdef"));
    verdict_end();
}
