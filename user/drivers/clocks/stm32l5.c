/* RCC of STM32L5 (RM0438, chapter "Reset and clock control"). The kernel runs the chip at 48 MHz
 * from MSI; buses are not divided.
 */
#include "clocks_hw.h"
#include "driver_mmio.h"
#include "k5_task.h"

#define AHB1ENR  0x48u
#define APB2ENR  0x60u
#define TO_RESET 0x20u /* xxxRSTR lies this far before xxxENR */
#define CCIPR1   MMIO32(REGION_RCC, 0x88)
#define CSR      MMIO32(REGION_RCC, 0x94)

#define CCIPR1_CLK48MSEL_MSI (3u << 26)

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

/*
 * The flags add up from reset to reset until they are cleared; a restart of this task must
 * not lose them, so they stay as they are.
 */
void clocks_hw_start(void)
{
    CCIPR1 |= CCIPR1_CLK48MSEL_MSI; /* what RNG needs 48 MHz for, gets it from MSI */
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

bool clocks_hw_exists(uint32_t offset, uint32_t mask)
{
    if (offset < AHB1ENR || offset > APB2ENR || offset % 4u != 0) {
        return false;
    }
    return !(offset == APB1ENR1 && (mask & APB1ENR1_KERNEL) != 0) &&
           !(offset == APB1ENR2 && (mask & APB1ENR2_KERNEL) != 0);
}

void clocks_hw_enable(uint32_t offset, uint32_t mask)
{
    MMIO32(REGION_RCC, offset) |= mask;
    (void)MMIO32(REGION_RCC, offset); /* a clock needs a cycle or two: the read waits for it */
}

void clocks_hw_reset(uint32_t offset, uint32_t mask)
{
    MMIO32(REGION_RCC, offset - TO_RESET) |= mask;
    MMIO32(REGION_RCC, offset - TO_RESET) &= ~mask;
}
