/* Waits for the board's alarm, some times. The host counts from the interrupt's vector on. */
#include "alarm.h"
#include "k5.h"
#include "k5_log.h"
#include "k5_task.h"

#define ROUNDS    50u
#define PERIOD_US 500u

int main(void)
{
    uint32_t bits = 0;

    for (uint32_t i = 0; i < ROUNDS; i++) {
        alarm_set(PERIOD_US);
        if (k5_irq_ack(CAP_ALARM) != K5_OK || k5_wait(CAP_TICKS, 1u, &bits) != K5_OK) {
            k5_panic(1);
        }
        alarm_clear();
    }
    K5_INFO("bench interrupt rounds=%u", ROUNDS);
    if (k5_task_stop(CAP_SPINNER) != K5_OK) {
        k5_panic(2);
    }
    k5_sleep_forever();
}
