/* UART of SiFive's FE310 (FE310-G002 Manual, chapter "Universal Asynchronous
 * Receiver/Transmitter"): 8 characters each way, 8 bits, no parity.
 */
#include "driver_mmio.h"
#include "driver_pins.h"
#include "k5_task.h"
#include "uart_hw.h"

#define TXDATA MMIO32(REGION_UART, 0x00)
#define RXDATA MMIO32(REGION_UART, 0x04)
#define TXCTRL MMIO32(REGION_UART, 0x08)
#define RXCTRL MMIO32(REGION_UART, 0x0c)
#define IE     MMIO32(REGION_UART, 0x10)
#define IP     MMIO32(REGION_UART, 0x14)
#define DIV    MMIO32(REGION_UART, 0x18)

#define TXDATA_FULL      (1u << 31)
#define RXDATA_EMPTY     (1u << 31)
#define TXCTRL_TXEN      (1u << 0)
#define TXCTRL_NSTOP     (1u << 1)
#define TXCTRL_TXCNT     (4u << 16) /* interrupt while fewer than four wait */
#define RXCTRL_RXEN      (1u << 0)  /* and while more than none do */
#define IE_TXWM          (1u << 0)
#define IE_RXWM          (1u << 1)
#define TXCTRL_TXCNT_ONE (1u << 16)

#define LEAST_DIV  16u
#define MOST_DIV   0xffffu
#define FRAME_BITS 11u     /* with two stop bits */
#define REST_US    100000u /* nine characters at 1,200 baud */

void uart_hw_start(void)
{
    IE = 0;
}

/* It tells when its FIFO is empty; the last character is on its way for a frame more. */
static enum k5_error rest(void)
{
    uint64_t limit = driver_limit(REST_US);

    if ((TXCTRL & TXCTRL_TXEN) == 0) {
        return K5_OK;
    }
    TXCTRL = TXCTRL_TXEN | TXCTRL_TXCNT_ONE;
    while ((IP & IE_TXWM) == 0) {
        if (driver_late(limit)) {
            return K5_E_TIMEOUT;
        }
    }
    limit = driver_limit((DIV + 1u) * FRAME_BITS / (UART_CLOCK_HZ / 1000000u) + 1u);
    while (!driver_late(limit)) {
    }
    return K5_OK;
}

enum k5_error uart_hw_configure(const struct uart_config *config)
{
    uint32_t divider = (UART_CLOCK_HZ + config->baud / 2u) / config->baud;
    enum k5_error error;

    if (config->parity != UART_PARITY_NONE || divider < LEAST_DIV || divider > MOST_DIV) {
        return K5_E_INVALID;
    }
    error = rest();
    DIV = divider - 1u;
    TXCTRL = TXCTRL_TXEN | TXCTRL_TXCNT | (config->stop_bits == 2 ? TXCTRL_NSTOP : 0u);
    RXCTRL = RXCTRL_RXEN;
    IE = IE_RXWM;
    uart_hw_acknowledge(1);
    return error;
}

bool uart_hw_put(uint8_t byte)
{
    if ((TXDATA & TXDATA_FULL) != 0) {
        return false;
    }
    TXDATA = byte;
    return true;
}

bool uart_hw_get(struct uart_character *character)
{
    uint32_t data = RXDATA;

    *character = (struct uart_character){.byte = (uint8_t)data};
    return (data & RXDATA_EMPTY) == 0;
}

void uart_hw_want_room(bool wanted)
{
    IE = wanted ? IE_RXWM | IE_TXWM : IE_RXWM;
}

/* Its interrupts are levels of the FIFOs. */
void uart_hw_clear(void)
{
}

void uart_hw_acknowledge(uint32_t bits)
{
    if (bits != 0) {
        driver_acknowledge(CAP_INTERRUPT);
    }
}
