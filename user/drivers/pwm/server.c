/* Pulse-width modulation: all that there is to keep is in the hardware. */
#include "driver_server.h"
#include "k5_task.h"
#include "pwm_hw.h"

static enum k5_error start(const struct k5_message *message)
{
    uint32_t period_us = message->word[1];
    uint32_t high_us = message->word[2];

    if (period_us == 0 || high_us > period_us) {
        return K5_E_INVALID;
    }
    return pwm_hw_set(message->word[0], period_us, high_us);
}

int main(void)
{
    struct driver_server server = {.endpoint = CAP_SELF};
    struct k5_message message = {0};

    pwm_hw_start();
    while (driver_next(&server, &message) == K5_OK) {
        switch (driver_what(&message)) {
        case PWM_START:
            driver_answer(&message, start(&message), 0, 0, 0);
            break;
        case PWM_STOP:
            driver_answer(&message, pwm_hw_set(message.word[0], 1, 0), 0, 0, 0);
            break;
        default:
            driver_answer(&message, K5_E_INVALID, 0, 0, 0);
        }
    }
    k5_panic(1);
}
