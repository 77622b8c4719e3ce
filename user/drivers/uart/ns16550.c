/* NS16550A (PC16550D data sheet): 16 characters each way. */
#include "driver_mmio.h"
#include "driver_pins.h"
#include "k5_task.h"
#include "uart_hw.h"

#define DATA MMIO8(REGION_UART, 0) /* with LCR_DLAB: the divisor, */
#define IER  MMIO8(REGION_UART, 1) /* and its upper half */
#define FCR  MMIO8(REGION_UART, 2) /* reads as IIR */
#define LCR  MMIO8(REGION_UART, 3)
#define LSR  MMIO8(REGION_UART, 5)

#define IER_RECEIVED 0x01u
#define IER_EMPTY    0x02u
#define FCR_ENABLE   0x01u
#define FCR_CLEAR    0x06u
#define LCR_8BITS    0x03u
#define LCR_STOP_TWO 0x04u
#define LCR_PARITY   0x08u
#define LCR_EVEN     0x10u
#define LCR_DLAB     0x80u
#define LSR_READY    0x01u
#define LSR_OVERRUN  0x02u
#define LSR_PARITY   0x04u
#define LSR_FRAMING  0x08u
#define LSR_EMPTY    0x20u /* the transmit FIFO is */
#define LSR_REST     0x40u /* and the shift register, too */

#define FIFO    16u
#define REST_US 200000u /* 17 characters of 12 bits at 1,200 baud */

static uint32_t room; /* characters that the transmit FIFO surely takes */

void uart_hw_start(void)
{
    IER = 0;
}

enum k5_error uart_hw_configure(const struct uart_config *config)
{
    uint32_t divider = (UART_CLOCK_HZ / 16u + config->baud / 2u) / config->baud;
    uint64_t limit = driver_limit(REST_US);
    uint32_t lcr = LCR_8BITS;
    enum k5_error error = K5_OK;

    if (divider < 1u || divider > 0xffffu) {
        return K5_E_INVALID;
    }
    lcr |= config->stop_bits == 2 ? LCR_STOP_TWO : 0u;
    lcr |= config->parity == UART_PARITY_NONE ? 0u : LCR_PARITY;
    lcr |= config->parity == UART_PARITY_EVEN ? LCR_EVEN : 0u;
    while ((LSR & LSR_REST) == 0 && error == K5_OK) {
        error = driver_late(limit) ? K5_E_TIMEOUT : K5_OK;
    }
    IER = 0;
    LCR = (uint8_t)(lcr | LCR_DLAB);
    DATA = (uint8_t)divider;
    IER = (uint8_t)(divider >> 8);
    LCR = (uint8_t)lcr;
    FCR = FCR_ENABLE | FCR_CLEAR;
    IER = IER_RECEIVED;
    room = 0;
    uart_hw_acknowledge(1);
    return error;
}

bool uart_hw_put(uint8_t byte)
{
    if (room == 0 && (LSR & LSR_EMPTY) != 0) {
        room = FIFO;
    }
    if (room == 0) {
        return false;
    }
    room--;
    DATA = byte;
    return true;
}

/* The flags belong to the character that DATA gives next; reading them clears them. */
bool uart_hw_get(struct uart_character *character)
{
    uint32_t flags = LSR;
    uint32_t damage = 0;

    if ((flags & LSR_READY) == 0) {
        return false;
    }
    damage |= (flags & LSR_FRAMING) != 0 ? UART_FRAMING : 0u;
    damage |= (flags & LSR_PARITY) != 0 ? UART_PARITY : 0u;
    damage |= (flags & LSR_OVERRUN) != 0 ? UART_OVERRUN : 0u;
    *character = (struct uart_character){.byte = DATA, .damage = (uint8_t)damage};
    return true;
}

void uart_hw_want_room(bool wanted)
{
    IER = (uint8_t)(wanted ? IER_RECEIVED | IER_EMPTY : IER_RECEIVED);
}

void uart_hw_clear(void)
{
    (void)FCR; /* IIR: takes back "empty" */
}

void uart_hw_acknowledge(uint32_t bits)
{
    if (bits != 0) {
        driver_acknowledge(CAP_INTERRUPT);
    }
}
