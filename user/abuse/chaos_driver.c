/* Wakes up whoever waits for a message, again and again: else all would soon wait for each other.
 */
#include "k5.h"
#include "k5_task.h"

#define PERIOD_US 100

int main(void)
{
    static const k5_cptr_t everybody[] = {CAP_ONE, CAP_TWO, CAP_HIGH, CAP_PASSIVE, CAP_MORTAL};
    struct k5_message message = k5_short(0, 1, 2, 3, 4);

    for (;;) {
        for (uint32_t i = 0; i < sizeof(everybody) / sizeof(everybody[0]); i++) {
            enum k5_error error = k5_try_send(everybody[i], &message);

            message.word[0] = (uint32_t)error; /* whatever it was */
        }
        k5_sleep_us(PERIOD_US);
    }
}
