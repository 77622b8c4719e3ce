/* Event sink of STM32L5: a ring of records in RAM, sent through LPUART1 at 921,600 baud.
 *
 * PG7 and PG8 are wired to the debug probe's serial port on NUCLEO-L552ZE-Q.
 * Port G is supplied by VddIO2: PWR_CR2.IOSV must be set or the pins stay dead.
 *
 * Handlers put records in, which costs them a copy. The idle thread makes frames
 * of them and sends these. Nothing waits: a record that finds the ring full is
 * refused, and the caller counts it.
 */
#include "arch/common/machine.h"
#include "arch/armv8m/soc/stm32l5.h"
#include "arch/common/stream.h"

#define RING_RECORDS 64u /* power of two */
#define PIN_7_AF8    (UINT32_C(8) << 28)
#define PIN_7_AFR    (UINT32_C(0xf) << 28)
#define PIN_7_AF     (UINT32_C(2) << 14) /* MODER: alternate function */
#define PIN_7_MODE   (UINT32_C(3) << 14)

/* 256 * clock / baud (RM0438, "LPUART baud rate generation"): beyond 32 bits on the way. */
#define LPUART_BRR ((uint32_t)(UINT64_C(256) * 48000000u / 921600u))

static struct k5_event ring[RING_RECORDS] __attribute__((section(".rings")));

/* Records put in and taken out since boot: only the difference counts, so wrapping is fine. */
static uint32_t head, tail;

/* The frame on its way out. */
static struct {
    uint8_t byte[STREAM_FRAME_BYTES];
    uint32_t length;
    uint32_t sent;
} frame;

_Static_assert((RING_RECORDS & (RING_RECORDS - 1u)) == 0, "indices are masked");
_Static_assert(LPUART_BRR >= 0x300u && LPUART_BRR < 0x100000u, "RM0438, LPUART_BRR");

void sink_start(void)
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

bool sink_put(const struct k5_event *event)
{
    if (head - tail == RING_RECORDS) {
        return false;
    }
    ring[head++ & (RING_RECORDS - 1u)] = *event;
    return true;
}

static bool pump(void)
{
    if (frame.sent == frame.length) {
        if (head == tail) {
            return false;
        }
        frame.length = stream_encode(&ring[tail++ & (RING_RECORDS - 1u)], frame.byte);
        frame.sent = 0;
    }
    while (frame.sent < frame.length && (LPUART1_ISR & LPUART1_ISR_TXFNF) != 0) {
        LPUART1_TDR = frame.byte[frame.sent++];
    }
    return true;
}

/* A handler may end the machine, and pump, while the idle thread is in here: interrupts off. */
bool sink_pump(void)
{
    uint32_t primask = core_interrupts_save();
    bool left = pump();

    core_interrupts_restore(primask);
    return left;
}
