/* Random numbers. No number is given twice, and none after the hardware found itself at fault. */
#include "driver_server.h"
#include "k5_log.h"
#include "k5_string.h"
#include "k5_task.h"
#include "rng_hw.h"

static enum k5_error fill(uint32_t *words, uint32_t count)
{
    enum k5_error error = K5_OK;

    for (uint32_t i = 0; i < count && error == K5_OK; i++) {
        error = rng_hw_word(&words[i]);
    }
    return error;
}

int main(void)
{
    static uint32_t words[RNG_CHUNK / sizeof(uint32_t)];
    struct driver_server server = {.endpoint = CAP_SELF};
    struct k5_message message = {0};

    rng_hw_start();
    while (driver_next(&server, &message) == K5_OK) {
        uint32_t bytes = message.word[0];
        enum k5_error error = K5_E_INVALID;

        if (driver_what(&message) == RNG_READ && bytes != 0 && bytes <= RNG_CHUNK) {
            error = fill(words, (bytes + 3u) / 4u);
        }
        if (error != K5_OK || !driver_finish_copy(message.reply, words, bytes)) {
            driver_answer(&message, error, 0, 0, 0);
        } else {
            message.reply = 0; /* answered */
        }
        memset(words, 0, sizeof words);
    }
    k5_panic(1);
}
