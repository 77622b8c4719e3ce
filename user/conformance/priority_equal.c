/* Takes its turn whenever low yields. */
#include "journal.h"
#include "k5_task.h"

int main(void)
{
    journal_note(CAP_JOURNAL, 'g');
    k5_yield();
    journal_note(CAP_JOURNAL, 'i');
    k5_sleep_forever();
}
