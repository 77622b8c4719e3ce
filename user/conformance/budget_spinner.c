/* Answers requests that carry 0, and spins for ever on all others. */
#include "k5.h"
#include "k5_task.h"

static void spin(void)
{
    for (;;) {
        __asm__ volatile("");
    }
}

int main(void)
{
    struct k5_message message = {0};

    while (k5_serve(CAP_SPINNER, &message) == K5_OK) {
        if (message.word[0] != 0) {
            spin();
        }
        k5_answer(&message, 0, 0, 0, 0, 0);
    }
    k5_panic(1);
}
