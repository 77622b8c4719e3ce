/* Starts last of the priorities, wakes the highest, yields to its equal. */
#include "journal.h"
#include "k5_task.h"
#include "verdict.h"

int main(void)
{
    struct k5_message message = k5_short(0, 'd', 0, 0, 0);

    journal_note(CAP_JOURNAL, 'c');
    if (k5_send(CAP_HIGH, &message) != K5_OK) {
        k5_panic(1);
    }
    journal_note(CAP_JOURNAL, 'e');
    EXPECT("tasks start by priority, and a message to a more urgent one switches at once",
           journal_reads(CAP_JOURNAL, "abcde"));
    journal_note(CAP_JOURNAL, 'f');
    k5_yield();
    journal_note(CAP_JOURNAL, 'h');
    k5_yield();
    EXPECT("equals take turns when they yield", journal_reads(CAP_JOURNAL, "abcdefghi"));
    verdict_end();
}
