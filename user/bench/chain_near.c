/* Asks far, and answers with what that said. */
#include "k5.h"
#include "k5_task.h"

int main(void)
{
    struct k5_message message = {0};

    while (k5_serve(CAP_NEAR, &message) == K5_OK) {
        struct k5_message other = k5_short(1, message.word[0], message.word[1], 0, 0);
        enum k5_error error = k5_call(CAP_FAR, &other);

        k5_answer(&message, error == K5_OK ? 1 : 0, other.word[0] + 1u, 0, 0, 0);
    }
    k5_panic(1);
}
