/* Reads and writes a device's registers, again and again; the host measures between the log lines.
 * The timer stands still meanwhile. */
#include "k5.h"
#include "k5_log.h"
#include "k5_task.h"

#define ACCESSES_A_ROUND 8u
#define ROUNDS           125000u
#define BATCHES          20u

enum { VALUE = 1, RELOAD = 2 }; /* words of the CMSDK timer */

int main(void)
{
    volatile uint32_t *timer = (volatile uint32_t *)(uintptr_t)REGION_ALARM;
    uint32_t sum = 0;

    K5_INFO("bench device start rounds=%u", ROUNDS * ACCESSES_A_ROUND);
    for (uint32_t batch = 1; batch <= BATCHES; batch++) {
        for (uint32_t i = 0; i < ROUNDS; i++) {
            timer[RELOAD] = i;
            sum += timer[VALUE];
            timer[RELOAD] = i + 1u;
            sum += timer[VALUE];
            timer[RELOAD] = i + 2u;
            sum += timer[VALUE];
            timer[RELOAD] = i + 3u;
            sum += timer[VALUE];
        }
        K5_INFO("bench device batch=%u", batch);
    }
    K5_INFO("bench device end sum=%u", sum);
    k5_sleep_forever();
}
