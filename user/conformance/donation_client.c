/* Uses the two passive servers; middle must not get in between. */
#include "journal.h"
#include "k5_task.h"

static void call(k5_cptr_t cptr, char letter)
{
    struct k5_message message = k5_short(0, (uint32_t)letter, 0, 0, 0);

    if (k5_call(cptr, &message) != K5_OK) {
        k5_panic((uint32_t)letter);
    }
}

int main(void)
{
    struct k5_message message = k5_short(0, 'x', 0, 0, 0);

    journal_note(CAP_JOURNAL, 'a');
    call(CAP_NEAR, 'b'); /* near notes b, far notes c */
    journal_note(CAP_JOURNAL, 'd');
    call(CAP_FAR, 'e');
    /* A send lends nothing: far would have the message, but no time to look at it. */
    if (k5_send(CAP_FAR, &message) != K5_E_INVALID) {
        k5_panic(1);
    }
    journal_note(CAP_JOURNAL, 'f');
    call(CAP_FAR, 'g');
    k5_sleep_forever();
}
