/* A basic timer of STM32 (RM0438, chapter "Basic timers (TIM6/TIM7)"): 16 bits, here in
 * microseconds.
 */
#include "clocks.h"
#include "driver_mmio.h"
#include "k5_task.h"
#include "timer_hw.h"

#define CR1  MMIO32(REGION_TIMER, 0x00)
#define DIER MMIO32(REGION_TIMER, 0x0c)
#define SR   MMIO32(REGION_TIMER, 0x10)
#define EGR  MMIO32(REGION_TIMER, 0x14)
#define PSC  MMIO32(REGION_TIMER, 0x28)
#define ARR  MMIO32(REGION_TIMER, 0x2c)

#define CR1_CEN  (1u << 0)
#define CR1_URS  (1u << 2) /* EGR raises no interrupt */
#define CR1_OPM  (1u << 3)
#define DIER_UIE (1u << 0)
#define EGR_UG   (1u << 0)

#define LONGEST 0xffffu

void timer_hw_start(void)
{
    while (clocks_enable(CAP_CLOCKS) == K5_E_RESTARTED ||
           clocks_reset(CAP_CLOCKS) == K5_E_RESTARTED) {
    }
    PSC = K5_TICK_HZ / 1000000u - 1u;
    timer_hw_clear();
    timer_hw_acknowledge();
}

/* An update event loads prescaler and counter, so the first count is a whole one. ARR = 0 would
 * stop the counter. */
void timer_hw_set(uint32_t us)
{
    CR1 = CR1_URS | CR1_OPM;
    ARR = us < LONGEST ? us : LONGEST; /* one more than asked for: the count of ARR itself */
    EGR = EGR_UG;
    SR = 0;
    DIER = DIER_UIE;
    CR1 = CR1_URS | CR1_OPM | CR1_CEN;
}

void timer_hw_clear(void)
{
    CR1 = CR1_URS | CR1_OPM;
    DIER = 0;
    SR = 0;
}

void timer_hw_acknowledge(void)
{
    driver_acknowledge(CAP_INTERRUPT);
}
