/* How late the board's alarm comes to its driver, whatever the kernel is at. */
#include "alarm.h"
#include "k5.h"
#include "k5_log.h"
#include "k5_task.h"

#define ALARM     1u
#define DONE      2u
#define PERIOD_US 777u

int main(void)
{
    uint32_t latest = 0;
    uint32_t count = 0;
    uint32_t bits = 0;

    while ((bits & DONE) == 0) {
        uint64_t expected = k5_time_us() + PERIOD_US;

        alarm_set(PERIOD_US);
        if (k5_irq_ack(CAP_IRQ) != K5_OK || k5_wait(CAP_EVENTS, ALARM | DONE, &bits) != K5_OK) {
            k5_panic(1);
        }
        uint32_t late = (uint32_t)(k5_time_us() - expected);

        if ((bits & ALARM) != 0) {
            latest = late > latest ? late : latest;
            count++;
        }
        alarm_clear();
    }
    K5_INFO("%u alarms, latest %u us", count, latest);
    k5_panic(0); /* its death masks the line: nothing can ever happen */
}
