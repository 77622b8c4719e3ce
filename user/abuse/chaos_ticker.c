/* Drives the board's alarm, at random intervals: an interrupt, its bit, its acknowledgement. */
#include "alarm.h"
#include "k5.h"
#include "k5_log.h"
#include "k5_task.h"

#define REPORT_EVERY 64u

int main(uint32_t seed)
{
    uint32_t random = seed * 2u + 1u;

    for (uint32_t count = 1;; count++) {
        uint32_t bits = 0;

        random = random * 1664525u + 1013904223u;
        alarm_set(20u + (random >> 24));
        if (k5_irq_ack(CAP_ALARM) != K5_OK || k5_wait(CAP_TICKS, 1u, &bits) != K5_OK) {
            k5_panic(1);
        }
        alarm_clear();
        if (count % REPORT_EVERY == 0) {
            K5_DEBUG("%u interrupts", count);
        }
    }
}
