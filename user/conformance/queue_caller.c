/* Calls; is told of the server's death; calls again; notes the letter in the answer. */
#include "journal.h"
#include "k5_task.h"
#include "verdict.h"

int main(void)
{
    struct k5_message message = k5_short(0, 0, 0, 0, 0);

    EXPECT_EQUAL("a server's death reaches its queue", k5_call(CAP_SERVER, &message),
                 K5_E_RESTARTED);
    EXPECT_EQUAL("the next call reaches the next life", k5_call(CAP_SERVER, &message), K5_OK);
    journal_note(CAP_JOURNAL, (char)message.word[0]);
    verdict_end();
}
