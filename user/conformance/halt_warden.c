/* A supervisor that dies of each message. */
#include "k5.h"
#include "k5_task.h"

int main(void)
{
    struct k5_message message = {0};

    if (k5_recv(CAP_DIE, &message) != K5_OK) {
        k5_panic(0);
    }
    k5_panic(message.word[0]);
}
