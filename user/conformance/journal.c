/* Keeps the journal: the most urgent task, so that letters are in the order of their making. */
#include "journal.h"
#include "k5_task.h"

static char letters[JOURNAL_LETTERS];
static uint32_t count;

int main(void)
{
    struct k5_message message = {0};

    while (k5_serve(CAP_JOURNAL, &message) == K5_OK) {
        if (k5_label(&message) == JOURNAL_NOTE && count < JOURNAL_LETTERS) {
            letters[count++] = (char)message.word[0];
        }
        k5_answer_copy(&message, 0, letters, count);
    }
    k5_panic(1);
}
