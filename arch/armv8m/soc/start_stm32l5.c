/* STM32L5 from reset to 48 MHz, MSI without PLL.
 *
 * Order matters (RM0438, PWR "Dynamic voltage scaling management", FLASH "Read access latency"):
 * first the voltage for the higher frequency, then the wait states, then the frequency.
 */
#include "arch/common/machine.h"
#include "arch/armv8m/soc/stm32l5.h"

#define FLASH_LATENCY_48M 2u /* range 1: 2 wait states up to 60 MHz */

void machine_start(void)
{
    RCC_APB1ENR1 |= RCC_APB1ENR1_PWREN;
    (void)RCC_APB1ENR1; /* a clock needs a cycle or two: the read waits for it */

    /* Reset leaves range 2, which ends at 26 MHz. */
    PWR_CR1 = (PWR_CR1 & ~PWR_CR1_VOS) | PWR_CR1_RANGE1;
    while ((PWR_SR2 & PWR_SR2_VOSF) != 0) {
    }
    FLASH_ACR = (FLASH_ACR & ~FLASH_ACR_LATENCY) | FLASH_LATENCY_48M;
    while ((FLASH_ACR & FLASH_ACR_LATENCY) != FLASH_LATENCY_48M) {
    }
    /* MSIRANGE may be written only while MSI is ready. */
    while ((RCC_CR & RCC_CR_MSIRDY) == 0) {
    }
    RCC_CR = (RCC_CR & ~RCC_CR_MSIRANGE) | RCC_CR_MSIRANGE_48M | RCC_CR_MSIRGSEL;
    while ((RCC_CR & RCC_CR_MSIRDY) == 0) {
    }
}
