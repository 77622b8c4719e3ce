/* Notes the letter that a request carries, and lets far note the next one. */
#include "journal.h"
#include "k5_task.h"

int main(void)
{
    struct k5_message message = {0};

    while (k5_serve(CAP_NEAR, &message) == K5_OK) {
        struct k5_message onward = k5_short(0, message.word[0] + 1, 0, 0, 0);

        journal_note(CAP_JOURNAL, (char)message.word[0]);
        k5_answer(&message, 0, (uint32_t)k5_call(CAP_FAR, &onward), 0, 0, 0);
    }
    k5_panic(1);
}
