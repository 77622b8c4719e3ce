/* The desk: adds nothing, waits for both doors and tells what they counted. */
#include "k5.h"
#include "k5_log.h"
#include "k5_task.h"
#include "tally.h"

int main(void)
{
    const volatile uint32_t *tally = (const volatile uint32_t *)(uintptr_t)REGION_TALLY;
    uint32_t closed = 0;

    while (closed != (LEFT_CLOSED | RIGHT_CLOSED)) {
        uint32_t bits = 0;

        if (k5_wait(CAP_CLOSED, LEFT_CLOSED | RIGHT_CLOSED, &bits) != K5_OK) {
            k5_panic(1);
        }
        closed |= bits;
    }
    K5_INFO("%u visitors", *tally);
    k5_sleep_forever();
}
