/* A server: waits for a request, answers it, waits for the next. */
#include "k5.h"
#include "k5_log.h"
#include "k5_task.h"
#include "protocol.h"

int main(void)
{
    struct k5_message message = {0};

    while (k5_serve(CAP_REQUESTS, &message) == K5_OK) {
        if (k5_label(&message) == ADD) {
            k5_answer(&message, ADD, message.word[0] + message.word[1], 0, 0, 0);
        } else {
            K5_WARN("caller %u wants something unknown: %u", message.badge, k5_label(&message));
            k5_answer(&message, 0, 0, 0, 0, 0);
        }
    }
    k5_panic(1);
}
