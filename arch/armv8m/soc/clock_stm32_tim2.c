/* The tick of STM32L5: TIM2, 32 bits, at the core's clock (APB1 is not divided).
 *
 * Not DWT_CYCCNT: it may stand still in WFI, and debug authentication can switch
 * it off. TIM2 goes on in Sleep mode (RCC_APB1SMENR1.TIM2SMEN is 1 after reset).
 */
#include "arch/armv8m/clock.h"
#include "arch/armv8m/soc/stm32l5.h"

void clock_start(void)
{
    RCC_APB1ENR1 |= RCC_APB1ENR1_TIM2EN;
    (void)RCC_APB1ENR1;
    TIM2_CR1 = 0;
    TIM2_PSC = 0;
    TIM2_ARR = UINT32_MAX;
    TIM2_EGR = TIM2_EGR_UG; /* takes PSC over and clears CNT */
    TIM2_CR1 = TIM2_CR1_CEN;
}

uint32_t clock_count(void)
{
    return TIM2_CNT;
}
