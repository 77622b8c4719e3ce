/* Asks near a few times; each answer depends on the one before. */
#include "k5.h"
#include "k5_log.h"
#include "k5_task.h"

#define ROUNDS 8

int main(void)
{
    uint32_t value = 1;

    K5_INFO("bench chain begins");
    for (uint32_t i = 0; i < ROUNDS; i++) {
        struct k5_message message = k5_short(1, value, i, 0, 0);

        if (k5_call(CAP_NEAR, &message) != K5_OK) {
            k5_panic(1);
        }
        value = message.word[0];
    }
    K5_INFO("bench chain ends value=%u", value);
    k5_sleep_forever();
}
