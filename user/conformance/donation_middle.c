/* Runs when client sleeps, and judges the order. */
#include "journal.h"
#include "k5_task.h"
#include "verdict.h"

int main(void)
{
    EXPECT("passive servers run on their callers' time and priority, through chains",
           journal_reads(CAP_JOURNAL, "abcdefg"));
    verdict_end();
}
