/* RCC of STM32L5 (RM0438, chapter "Reset and clock control"). The kernel runs the chip at 48 MHz
 * from MSI; buses are not divided.
 */
#include "clocks_hw.h"
#include "driver_mmio.h"
#include "k5_task.h"

#define AHB1ENR  0x48u
#define AHB2ENR  0x4cu
#define APB2ENR  0x60u
#define TO_RESET 0x20u /* xxxRSTR lies this far before xxxENR */
#define CSR      MMIO32(REGION_RCC, 0x94)
#define CRRCR    MMIO32(REGION_RCC, 0x98)

#define AHB2ENR_RNGEN  (1u << 18)
#define CRRCR_HSI48ON  (1u << 0)
#define CRRCR_HSI48RDY (1u << 1)

#define CSR_RMVF     (1u << 23)
#define CSR_PINRSTF  (1u << 26)
#define CSR_BORRSTF  (1u << 27)
#define CSR_SFTRSTF  (1u << 28)
#define CSR_IWDGRSTF (1u << 29)
#define CSR_WWDGRSTF (1u << 30)

/* The kernel's own devices are not for anyone to switch: TIM2 and PWR; LPUART1. */
#define APB1ENR1        0x58u
#define APB1ENR1_KERNEL (1u << 0 | 1u << 28)
#define APB1ENR2        0x5cu
#define APB1ENR2_KERNEL (1u << 0)

#define OSCILLATOR_US 100u /* data sheet: HSI48 takes 6 */

/* The flags of resets stay: a restart of this task must not lose them. */
void clocks_hw_start(void)
{
}

uint32_t clocks_hw_cause(void)
{
    uint32_t flags = CSR;
    uint32_t cause = 0;

    cause |= (flags & CSR_BORRSTF) != 0 ? RESET_POWER : 0u;
    cause |= (flags & CSR_PINRSTF) != 0 ? RESET_PIN : 0u;
    cause |= (flags & (CSR_IWDGRSTF | CSR_WWDGRSTF)) != 0 ? RESET_WATCHDOG : 0u;
    cause |= (flags & CSR_SFTRSTF) != 0 ? RESET_SOFTWARE : 0u;
    return cause;
}

void clocks_hw_clear_cause(void)
{
    CSR |= CSR_RMVF;
    CSR &= ~CSR_RMVF;
}

bool clocks_hw_exists(uint32_t offset, uint32_t mask)
{
    if (offset < AHB1ENR || offset > APB2ENR || offset % 4u != 0) {
        return false;
    }
    return !(offset == APB1ENR1 && (mask & APB1ENR1_KERNEL) != 0) &&
           !(offset == APB1ENR2 && (mask & APB1ENR2_KERNEL) != 0);
}

/* RNG runs on an oscillator of its own (section "Clock 48 MHz"). */
static void enable_hsi48(void)
{
    uint64_t limit = driver_limit(OSCILLATOR_US);

    CRRCR |= CRRCR_HSI48ON;
    while ((CRRCR & CRRCR_HSI48RDY) == 0 && !driver_late(limit)) {
    }
}

void clocks_hw_enable(uint32_t offset, uint32_t mask)
{
    if (offset == AHB2ENR && (mask & AHB2ENR_RNGEN) != 0) {
        enable_hsi48();
    }
    MMIO32(REGION_RCC, offset) |= mask;
    (void)MMIO32(REGION_RCC, offset); /* a clock needs a cycle or two: the read waits for it */
}

void clocks_hw_reset(uint32_t offset, uint32_t mask)
{
    MMIO32(REGION_RCC, offset - TO_RESET) |= mask;
    MMIO32(REGION_RCC, offset - TO_RESET) &= ~mask;
}
