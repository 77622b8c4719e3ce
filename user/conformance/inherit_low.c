/* The first client. */
#include "journal.h"
#include "k5_task.h"

int main(void)
{
    struct k5_message message = k5_short(0, 0, 0, 0, 0);

    if (k5_call(CAP_SLOW, &message) != K5_OK) {
        k5_panic(1);
    }
    journal_note(CAP_JOURNAL, 'f');
    k5_sleep_forever();
}
