/* Event sink of STM32L5: a ring in RAM, emptied into LPUART1 at 921,600 baud.
 *
 * PG7 and PG8 are wired to the debug probe's serial port on NUCLEO-L552ZE-Q.
 * Port G is supplied by VddIO2: PWR_CR2.IOSV must be set or the pins stay dead.
 *
 * Frames are put in by handlers only. Bytes are taken out by the idle thread,
 * and by handlers as far as the transmitter's FIFO has room. Nothing waits: a
 * frame that does not fit is refused whole, and the caller counts it.
 */
#include "arch/armv8m/machine.h"
#include "arch/armv8m/soc/stm32l5.h"

#define RING_BYTES 4096u /* power of two */
#define PIN_7_AF8  (UINT32_C(8) << 28)
#define PIN_7_AFR  (UINT32_C(0xf) << 28)
#define PIN_7_AF   (UINT32_C(2) << 14) /* MODER: alternate function */
#define PIN_7_MODE (UINT32_C(3) << 14)
#define PIN_7_FAST (UINT32_C(1) << 14) /* OSPEEDR: medium */
#define LPUART_BRR (256u * 48000000u / 921600u)

static uint8_t ring[RING_BYTES] __attribute__((section(".rings")));
static uint32_t
    head; /* bytes put in since boot; only their difference counts, so wrapping is fine */
static uint32_t tail; /* bytes taken out */

_Static_assert((RING_BYTES & (RING_BYTES - 1u)) == 0, "indices are masked");
_Static_assert(LPUART_BRR >= 0x300u && LPUART_BRR < 0x100000u, "RM0438, LPUART_BRR");

void sink_start(void)
{
    RCC_AHB2ENR |= RCC_AHB2ENR_GPIOGEN;
    RCC_APB1ENR2 |= RCC_APB1ENR2_LPUART1EN;
    RCC_CCIPR1 &= ~RCC_CCIPR1_LPUART1SEL;
    PWR_CR2 |= PWR_CR2_IOSV;
    (void)PWR_CR2;

    GPIOG_AFRL = (GPIOG_AFRL & ~PIN_7_AFR) | PIN_7_AF8;
    GPIOG_OSPEEDR |= PIN_7_FAST;
    GPIOG_MODER = (GPIOG_MODER & ~PIN_7_MODE) | PIN_7_AF;

    LPUART1_CR1 = 0;
    LPUART1_BRR = LPUART_BRR;
    LPUART1_CR1 = LPUART1_CR1_FIFOEN | LPUART1_CR1_TE | LPUART1_CR1_UE;
}

bool sink_write(const uint8_t *frame, uint32_t bytes)
{
    if (bytes > RING_BYTES - (head - tail)) {
        return false;
    }
    for (uint32_t i = 0; i < bytes; i++) {
        ring[head++ & (RING_BYTES - 1u)] = frame[i];
    }
    return true;
}

/* At most a FIFO's worth a call, so that a handler's time stays bounded. */
#define PUMP_BYTES 8u

bool sink_pump(void)
{
    bool left;
    uint32_t primask;

    __asm__ volatile("mrs %0, primask\n\tcpsid i" : "=r"(primask)::"memory");
    for (uint32_t i = 0; i < PUMP_BYTES; i++) {
        if (head == tail || (LPUART1_ISR & LPUART1_ISR_TXFNF) == 0) {
            break;
        }
        LPUART1_TDR = ring[tail++ & (RING_BYTES - 1u)];
    }
    left = head != tail;
    __asm__ volatile("msr primask, %0" ::"r"(primask) : "memory");
    return left;
}
