/* score: remembers for rogue, across rogue's restarts, how often it has tried. */
#include "k5.h"
#include "k5_task.h"

int main(void)
{
    struct k5_message message = {0};
    uint32_t attempts = 0;
    enum k5_error error = k5_recv(CAP_SCORE, &message);

    while (error == K5_OK) {
        attempts++;
        k5_answer(&message, 0, attempts, 0, 0, 0);
        error = k5_reply_recv(CAP_SCORE, &message);
    }
    k5_panic((uint32_t)error);
}
