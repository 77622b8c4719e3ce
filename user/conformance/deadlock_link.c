/* A link of the chain: passes a request on w0 times, then calls the first task, and reports. */
#include "k5.h"
#include "k5_task.h"

int main(void)
{
    struct k5_message message = {0};

    while (k5_serve(CAP_SELF, &message) == K5_OK) {
        uint32_t left = message.word[0];
        struct k5_message onward = k5_short(0, left - 1, 0, 0, 0);
        enum k5_error error = k5_call(left == 0 ? CAP_FIRST : CAP_NEXT, &onward);
        bool passed_on = left != 0 && error == K5_OK;

        k5_answer(&message, 0, passed_on ? onward.word[0] : (uint32_t)error, (uint32_t)error, 0, 0);
    }
    k5_panic(1);
}
