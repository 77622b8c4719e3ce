/* Timer 1 of MPS2 AN505, 20 MHz (Cortex-M System Design Kit r1p1, section 4.5). It counts on from
 * its reload value, a minute here: no test runs that long.
 */
#include "alarm.h"

#include "k5_task.h"

#define REG(offset) (*(volatile uint32_t *)&REGION_ALARM[offset])
#define CTRL        REG(0x0)
#define VALUE       REG(0x4)
#define RELOAD      REG(0x8)
#define INTCLEAR    REG(0xc)

#define CTRL_EN    (1u << 0)
#define CTRL_IRQEN (1u << 3)

#define TICKS_PER_US 20u

void alarm_set(uint32_t us)
{
    CTRL = 0;
    RELOAD = 60u * 1000000u * TICKS_PER_US;
    VALUE = us * TICKS_PER_US;
    CTRL = CTRL_EN | CTRL_IRQEN;
}

void alarm_clear(void)
{
    CTRL = 0;
    INTCLEAR = 1;
}
