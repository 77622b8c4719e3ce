/* bar: a server. Waits for a request, answers it, waits for the next. */
#include "demo.h"
#include "k5.h"
#include "k5_log.h"
#include "k5_task.h"

static char text[DEMO_TEXT_BYTES];

static void make_capitals(uint32_t bytes)
{
    for (uint32_t i = 0; i < bytes; i++) {
        if (text[i] >= 'a' && text[i] <= 'z') {
            text[i] = (char)(text[i] - 'a' + 'A');
        }
    }
}

/* Turns the request in *message into its answer. */
static void serve(struct k5_message *message)
{
    if (k5_label(message) == DEMO_ADD && !k5_is_copy(message)) {
        uint32_t sum = message->word[0] + message->word[1];

        K5_INFO("caller %u wants %u + %u", message->badge, message->word[0], message->word[1]);
        k5_answer(message, DEMO_ADD, sum, 0, 0, 0);
    } else if (k5_label(message) == DEMO_UPPER && k5_is_copy(message)) {
        K5_INFO("caller %u sent a text of %u bytes", message->badge, message->word[1]);
        make_capitals(message->word[1]);
        k5_answer_copy(message, DEMO_UPPER, text, message->word[1]);
    } else {
        K5_WARN("caller %u wants something unknown", message->badge);
        k5_answer(message, 0, 0, 0, 0, 0);
    }
}

int main(void)
{
    struct k5_message message = {0};

    K5_INFO("hello, I am bar, at your service");
    k5_set_buffer(&message, text, sizeof(text));
    while (k5_serve(CAP_BAR, &message) == K5_OK) {
        serve(&message);
        k5_set_buffer(&message, text, sizeof(text));
    }
    k5_panic(1);
}
