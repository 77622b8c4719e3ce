/* IWDG of STM32 (RM0438, chapter "Independent watchdog"), which runs on LSI, 32 kHz. */
#include "driver_mmio.h"
#include "k5_task.h"
#include "watchdog_hw.h"

#define KR  MMIO32(REGION_IWDG, 0x00)
#define PR  MMIO32(REGION_IWDG, 0x04)
#define RLR MMIO32(REGION_IWDG, 0x08)
#define SR  MMIO32(REGION_IWDG, 0x0c)

#define KR_FEED   0xaaaau
#define KR_UNLOCK 0x5555u
#define KR_START  0xccccu
#define PR_BY_16  2u
#define RLR_TICKS 500u /* of 0.5 ms: bites after 250 ms */
#define SR_ANY    0x7u

#define PERIOD_US 60000u /* LSI may be fast by some percent */
#define UPDATE_US 10000u /* five cycles of LSI, and its start */

/* Reset leaves 0xfff: what we write stays until there is a reset. */
bool watchdog_hw_runs(void)
{
    return RLR == RLR_TICKS;
}

enum k5_error watchdog_hw_start(void)
{
    uint64_t limit = driver_limit(UPDATE_US);

    KR = KR_START; /* first: it makes LSI run, which the registers are updated by */
    KR = KR_UNLOCK;
    PR = PR_BY_16;
    RLR = RLR_TICKS;
    while ((SR & SR_ANY) != 0) {
        if (driver_late(limit)) {
            return K5_E_TIMEOUT;
        }
    }
    KR = KR_FEED;
    return K5_OK;
}

void watchdog_hw_feed(void)
{
    KR = KR_FEED;
}

uint32_t watchdog_hw_period_us(void)
{
    return PERIOD_US;
}
