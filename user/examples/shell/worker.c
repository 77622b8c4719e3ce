/* Counts. */
#include "k5.h"
#include "k5_log.h"

int main(void)
{
    for (uint32_t count = 1;; count++) {
        K5_INFO("worked %u times", count);
        k5_sleep_us(500000u);
    }
}
