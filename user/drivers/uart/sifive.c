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
#define DIV    MMIO32(REGION_UART, 0x18)

#define TXDATA_FULL  (1u << 31)
#define RXDATA_EMPTY (1u << 31)
#define TXCTRL_TXEN  (1u << 0)
#define TXCTRL_NSTOP (1u << 1)
#define TXCTRL_TXCNT (4u << 16) /* interrupt while fewer than four wait */
#define RXCTRL_RXEN  (1u << 0)  /* and while more than none do */
#define IE_TXWM      (1u << 0)
#define IE_RXWM      (1u << 1)
#define LEAST_DIV    16u
#define MOST_DIV     0xffffu

void uart_hw_start(void)
{
    IE = 0;
}

/* What the transmitter holds it sends on, in the new format: it does not tell when it rests. */
enum k5_error uart_hw_configure(const struct uart_config *config)
{
    uint32_t divider = (UART_CLOCK_HZ + config->baud / 2u) / config->baud;

    if (config->parity != UART_PARITY_NONE || divider < LEAST_DIV || divider > MOST_DIV) {
        return K5_E_INVALID;
    }
    DIV = divider - 1u;
    TXCTRL = TXCTRL_TXEN | TXCTRL_TXCNT | (config->stop_bits == 2 ? TXCTRL_NSTOP : 0u);
    RXCTRL = RXCTRL_RXEN;
    IE = IE_RXWM;
    uart_hw_acknowledge(1);
    return K5_OK;
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
