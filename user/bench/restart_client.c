/* Restarts the victim again and again, and takes the time. cost.c says how ticks become
 * instructions.
 */
#include "k5.h"
#include "k5_log.h"
#include "k5_task.h"

#define ROUNDS 200

static uint32_t ticks_of_restarts(void)
{
    uint64_t start = k5_time();

    for (uint32_t i = 0; i < ROUNDS; i++) {
        if (k5_task_restart(CAP_VICTIM) != K5_OK) {
            k5_panic(1);
        }
    }
    return (uint32_t)(k5_time() - start);
}

static uint32_t ticks_of_loop(void)
{
    uint64_t start = k5_time();

    for (uint32_t i = 0; i < ROUNDS; i++) {
        __asm__ volatile("" ::: "memory");
    }
    return (uint32_t)(k5_time() - start);
}

int main(void)
{
    k5_sleep_us(1000); /* the victim has run */

    uint32_t empty = ticks_of_loop();
    uint32_t ticks = ticks_of_restarts();

    K5_INFO("bench cost restart rounds=%u ticks=%u empty=%u", ROUNDS, ticks, empty);
    k5_sleep_forever();
}
