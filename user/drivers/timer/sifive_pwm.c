/* A PWM of SiFive's FE310 (FE310-G002 Manual, chapter "Pulse-Width Modulator") as a timer: one shot
 * to comparator 0, in steps of a microsecond, 16 bits of them.
 */
#include "driver_mmio.h"
#include "driver_pins.h"
#include "k5_task.h"
#include "timer_hw.h"

#define CFG   MMIO32(REGION_TIMER, 0x00)
#define COUNT MMIO32(REGION_TIMER, 0x08)
#define CMP0  MMIO32(REGION_TIMER, 0x20)

#define CFG_BY_16     4u        /* 16 MHz: a microsecond */
#define CFG_STICKY    (1u << 8) /* the interrupt stays until it is cleared */
#define CFG_ENONESHOT (1u << 13)

#define LONGEST_US 0xffffu

_Static_assert(PWM_CLOCK_HZ >> CFG_BY_16 == 1000000u, "it counts microseconds");

void timer_hw_start(void)
{
    timer_hw_clear();
    timer_hw_acknowledge();
}

/* One more than asked for: the first may be a part of one. */
void timer_hw_set(uint32_t us)
{
    CFG = CFG_BY_16 | CFG_STICKY;
    COUNT = 0;
    CMP0 = us < LONGEST_US ? us + 1u : LONGEST_US;
    CFG = CFG_BY_16 | CFG_STICKY | CFG_ENONESHOT;
}

/* Without CFG_STICKY the interrupt follows the comparison: the count is out of its reach. */
void timer_hw_clear(void)
{
    CFG = 0;
    CMP0 = LONGEST_US;
    COUNT = 0;
    CFG = 0;
}

void timer_hw_acknowledge(void)
{
    driver_acknowledge(CAP_INTERRUPT);
}
