/* Sleeps past the 24 bits of SysTick (0.84 s) and past the 32 of the tick counter (215 s). */
#include "k5.h"
#include "k5_log.h"

static void sleep_seconds(uint32_t seconds)
{
    uint64_t until = k5_time_us() + seconds * UINT64_C(1000000);

    k5_sleep_until_us(until);
    K5_INFO("slept %u s, woke %u us late", seconds, (uint32_t)(k5_time_us() - until));
}

int main(void)
{
    sleep_seconds(3);
    sleep_seconds(700);
    k5_sleep_forever();
}
