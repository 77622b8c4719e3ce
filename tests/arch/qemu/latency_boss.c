/* Restarts the victim over and over: long work of the kernel. */
#include "k5.h"
#include "k5_log.h"
#include "k5_task.h"

#define RESTARTS 40u
#define DONE     2u

int main(void)
{
    uint32_t shortest = UINT32_MAX;

    for (uint32_t i = 0; i < RESTARTS; i++) {
        k5_sleep_us(10000); /* the victim fills its table */
        uint64_t begun = k5_time_us();

        if (k5_task_restart(CAP_VICTIM) != K5_OK) {
            k5_panic(1);
        }
        uint32_t took = (uint32_t)(k5_time_us() - begun);

        shortest = took < shortest ? took : shortest;
    }
    K5_INFO("shortest restart %u us", shortest);
    if (k5_signal(CAP_EVENTS, DONE) != K5_OK) {
        k5_panic(2);
    }
    k5_sleep_forever();
}
