/* FE310-G002 on HiFive1 rev B, from the bootloader to 16 MHz, and UART 0 on its pin.
 *
 * The crystal, not the ring oscillator: a serial line needs a clock that is exact
 * to some per cent. No PLL: flash is read in place, and 16 MHz need no change of
 * its SPI divider.
 */
#include "arch/common/machine.h"
#include "arch/rv32/soc/fe310.h"

#define PIN_UART0_TX (UINT32_C(1) << 17)

/* 16 MHz / 115,200 baud, minus one, rounded. */
#define UART0_DIV_115200 138u

void machine_start(void)
{
    PRCI_HFXOSCCFG |= HFXOSCCFG_EN;
    while ((PRCI_HFXOSCCFG & HFXOSCCFG_RDY) == 0) {
    }
    /* Bypass and reference first: the core must never see a PLL that has not locked. */
    PRCI_PLLCFG |= PLLCFG_BYPASS | PLLCFG_REFSEL;
    PRCI_PLLCFG |= PLLCFG_SEL;

    UART0_DIV = UART0_DIV_115200;
    GPIO_IOF_SEL &= ~PIN_UART0_TX;
    GPIO_IOF_EN |= PIN_UART0_TX;
}
