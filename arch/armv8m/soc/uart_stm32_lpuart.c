/* LPUART1 of STM32L5 at 921,600 baud.
 *
 * PG7 and PG8 are wired to the debug probe's serial port on NUCLEO-L552ZE-Q.
 * Port G is supplied by VddIO2: PWR_CR2.IOSV must be set or the pins stay dead.
 */
#include "arch/armv8m/soc/stm32l5.h"
#include "arch/common/uart.h"

#define PIN_7_AF8  (UINT32_C(8) << 28)
#define PIN_7_AFR  (UINT32_C(0xf) << 28)
#define PIN_7_AF   (UINT32_C(2) << 14) /* MODER: alternate function */
#define PIN_7_MODE (UINT32_C(3) << 14)

/* 256 * clock / baud (RM0438, "LPUART baud rate generation"): beyond 32 bits on the way. */
#define LPUART_BRR ((uint32_t)(UINT64_C(256) * 48000000u / 921600u))

_Static_assert(LPUART_BRR >= 0x300u && LPUART_BRR < 0x100000u, "RM0438, LPUART_BRR");

void uart_start(void)
{
    RCC_AHB2ENR |= RCC_AHB2ENR_GPIOGEN;
    RCC_APB1ENR2 |= RCC_APB1ENR2_LPUART1EN; /* clocked by PCLK1: RCC_CCIPR1 after reset */
    PWR_CR2 |= PWR_CR2_IOSV;
    (void)PWR_CR2;

    GPIOG_AFRL = (GPIOG_AFRL & ~PIN_7_AFR) | PIN_7_AF8;
    GPIOG_MODER = (GPIOG_MODER & ~PIN_7_MODE) | PIN_7_AF;

    LPUART1_BRR = LPUART_BRR;
    LPUART1_CR1 = LPUART1_CR1_FIFOEN | LPUART1_CR1_TE | LPUART1_CR1_UE;
}

bool uart_put(uint8_t byte)
{
    if ((LPUART1_ISR & LPUART1_ISR_TXFNF) == 0) {
        return false;
    }
    LPUART1_TDR = byte;
    return true;
}
