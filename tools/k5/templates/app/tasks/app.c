/* Adds up the numbers from 1 to 5, one every 10 ms, with the help of `adder`. */
#include "k5.h"
#include "k5_log.h"
#include "k5_task.h"
#include "protocol.h"

#define LAST 5u

int main(void)
{
    uint32_t sum = 0;

    for (uint32_t n = 1; n <= LAST; n++) {
        struct k5_message message = k5_short(ADD, sum, n, 0, 0);
        enum k5_error error = k5_call(CAP_ADDER, &message);

        if (error != K5_OK) {
            K5_ERROR("adder does not answer: error %d", error);
            k5_panic(1);
        }
        sum = message.word[0];
        K5_INFO("1 + ... + %u = %u", n, sum);
        k5_sleep_us(10000);
    }
    K5_INFO("done");
    k5_sleep_forever();
}
