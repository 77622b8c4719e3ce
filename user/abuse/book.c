/* Remembers for abuser what must survive its deaths. */
#include "abuse.h"
#include "k5_log.h"
#include "k5_task.h"

static uint32_t next_step;
static uint32_t passed;
static uint32_t failed;

static void serve(struct k5_message *message)
{
    uint32_t answer = 0;

    switch ((enum book_request)k5_label(message)) {
    case BOOK_NEXT:
        answer = next_step++;
        break;
    case BOOK_VERDICT:
        if (message->word[0] != 0) {
            passed++;
        } else {
            failed++;
        }
        break;
    case BOOK_END:
        K5_INFO("END passed=%u failed=%u", passed, failed);
        break;
    }
    k5_answer(message, 0, answer, 0, 0, 0);
}

int main(void)
{
    struct k5_message message = {0};

    while (k5_serve(CAP_BOOK, &message) == K5_OK) {
        serve(&message);
    }
    k5_panic(1);
}
