/* Sleeps in the middle of its first request; middle has the processor when it wakes up. */
#include "journal.h"
#include "k5_task.h"

int main(void)
{
    struct k5_message message = {0};

    while (k5_serve(CAP_SLOW, &message) == K5_OK) {
        if (message.badge == 1) {
            journal_note(CAP_JOURNAL, 'a');
            k5_sleep_until_us(10000);
            journal_note(CAP_JOURNAL, 'c');
        } else {
            journal_note(CAP_JOURNAL, 'd');
        }
        k5_answer(&message, 0, 0, 0, 0, 0);
    }
    k5_panic(1);
}
