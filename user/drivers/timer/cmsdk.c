/* Timer of Arm's Cortex-M System Design Kit (r1p1, section 4.5): 32 bits, down, at the board's
 * clock.
 */
#include "driver_mmio.h"
#include "k5_task.h"
#include "timer_hw.h"

#define CTRL     MMIO32(REGION_TIMER, 0x0)
#define VALUE    MMIO32(REGION_TIMER, 0x4)
#define RELOAD   MMIO32(REGION_TIMER, 0x8)
#define INTCLEAR MMIO32(REGION_TIMER, 0xc)

#define CTRL_EN    (1u << 0)
#define CTRL_IRQEN (1u << 3)

#define TICKS_PER_US (K5_TICK_HZ / 1000000u)
#define LONGEST_US   (UINT32_MAX / TICKS_PER_US)

void timer_hw_start(void)
{
    timer_hw_clear();
    timer_hw_acknowledge();
}

/* After 0 it counts on from RELOAD: from so far away that nobody sees it come round. */
void timer_hw_set(uint32_t us)
{
    CTRL = 0;
    RELOAD = UINT32_MAX;
    VALUE = (us < LONGEST_US ? us : LONGEST_US) * TICKS_PER_US;
    CTRL = CTRL_EN | CTRL_IRQEN;
}

void timer_hw_clear(void)
{
    CTRL = 0;
    INTCLEAR = 1;
}

void timer_hw_acknowledge(void)
{
    driver_acknowledge(CAP_INTERRUPT);
}
