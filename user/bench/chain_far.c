/* Computes a little. */
#include "k5.h"
#include "k5_task.h"

int main(void)
{
    struct k5_message message = {0};

    while (k5_serve(CAP_FAR, &message) == K5_OK) {
        k5_answer(&message, 1, message.word[0] * 3u + message.word[1], 0, 0, 0);
    }
    k5_panic(1);
}
