/* Notes that it starts, and is done. */
#include "journal.h"
#include "k5_task.h"

int main(void)
{
    journal_note(CAP_JOURNAL, 'b');
    k5_sleep_forever();
}
