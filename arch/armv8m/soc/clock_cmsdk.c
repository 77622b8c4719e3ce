/* The tick of MPS2 boards: CMSDK APB timer 0, 32 bits, 20 MHz, counting down
 * (Cortex-M System Design Kit r1p1, section 4.5). The core of these boards has
 * no cycle counter in QEMU.
 */
#include "arch/armv8m/clock.h"
#include "arch/armv8m/core.h"

#define TIMER_CTRL   REG32(0x40000000u)
#define TIMER_VALUE  REG32(0x40000004u)
#define TIMER_RELOAD REG32(0x40000008u)

#define CTRL_EN 1u

void clock_start(void)
{
    TIMER_CTRL = 0;
    TIMER_RELOAD = UINT32_MAX;
    TIMER_VALUE = UINT32_MAX;
    TIMER_CTRL = CTRL_EN;
}

uint32_t clock_count(void)
{
    return ~TIMER_VALUE;
}
