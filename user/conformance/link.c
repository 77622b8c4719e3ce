/* A link of the chain: a passive server that passes its requests on, up to the one that acts. */
#include "link.h"
#include "k5.h"
#include "k5_task.h"

static void work(uint32_t rounds)
{
    for (uint32_t i = 0; i < rounds; i++) {
        __asm__ volatile("");
    }
}

static void act(struct k5_message *message)
{
    switch ((enum link_act)k5_label(message)) {
    case LINK_SPIN:
        for (;;) {
            __asm__ volatile("");
        }
    case LINK_DIE:
        k5_panic(LINK_DIE);
    case LINK_WORK:
        work(message->word[1]);
        break;
    case LINK_ANSWER:
        break;
    }
    k5_answer(message, 0, K5_OK, 1, 0, 0);
}

static void pass_on(struct k5_message *message, uint32_t own_number)
{
    uint16_t label = k5_label(message);
    struct k5_message onward = k5_short(label, message->word[0], message->word[1], 0, 0);
    enum k5_error error;

    do {
        error = k5_call(CAP_NEXT, &onward);
    } while (error == K5_E_RESTARTED && label == LINK_ANSWER);
    if (error == K5_OK) {
        k5_answer(message, 0, onward.word[0], onward.word[1] + 1, onward.word[2], 0);
    } else {
        k5_answer(message, 0, (uint32_t)error, 1, own_number, 0);
    }
}

int main(int number)
{
    struct k5_message message = {0};

    while (k5_serve(CAP_ME, &message) == K5_OK) {
        if (message.word[0] == (uint32_t)number) {
            act(&message);
        } else {
            pass_on(&message, (uint32_t)number);
        }
    }
    k5_panic((uint32_t)number);
}
