/* tick: the most urgent task. Sleeps, interrupts whoever runs, sleeps again. */
#include "k5.h"
#include "k5_log.h"

#define TICKS     6
#define PERIOD_US 5000

int main(void)
{
    K5_INFO("hello, I am tick, and I come first");
    for (uint32_t n = 1; n <= TICKS; n++) {
        k5_sleep_us(PERIOD_US);
        K5_INFO("tick %u of %u", n, TICKS);
    }
    k5_sleep_forever();
}
