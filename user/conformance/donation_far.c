/* The end of the chain: notes the letter that a message carries. */
#include "journal.h"
#include "k5_task.h"

int main(void)
{
    struct k5_message message = {0};

    while (k5_serve(CAP_FAR, &message) == K5_OK) {
        journal_note(CAP_JOURNAL, (char)message.word[0]);
        k5_answer(&message, 0, 0, 0, 0, 0);
    }
    k5_panic(1);
}
