/* USART of STM32 with FIFO (RM0438, chapter "Universal synchronous/asynchronous receiver
 * transmitter").
 */
#include "clocks.h"
#include "driver_mmio.h"
#include "driver_pins.h"
#include "gpio.h"
#include "k5_task.h"
#include "uart_hw.h"

#define CR1 MMIO32(REGION_UART, 0x00)
#define CR2 MMIO32(REGION_UART, 0x04)
#define CR3 MMIO32(REGION_UART, 0x08)
#define BRR MMIO32(REGION_UART, 0x0c)
#define ISR MMIO32(REGION_UART, 0x1c)
#define ICR MMIO32(REGION_UART, 0x20)
#define RDR MMIO32(REGION_UART, 0x24)
#define TDR MMIO32(REGION_UART, 0x28)

#define CR1_UE       (1u << 0)
#define CR1_RE       (1u << 2)
#define CR1_TE       (1u << 3)
#define CR1_RXFNEIE  (1u << 5)
#define CR1_TXFNFIE  (1u << 7)
#define CR1_PS       (1u << 9)
#define CR1_PCE      (1u << 10)
#define CR1_M0       (1u << 12) /* 9 bits, the parity one of them */
#define CR1_FIFOEN   (1u << 29)
#define CR2_STOP_TWO (2u << 12)
#define CR3_EIE      (1u << 0)

#define ISR_PE    (1u << 0)
#define ISR_FE    (1u << 1)
#define ISR_NE    (1u << 2)
#define ISR_ORE   (1u << 3)
#define ISR_RXFNE (1u << 5)
#define ISR_TC    (1u << 6)
#define ISR_TXFNF (1u << 7)
#define DAMAGE    (ISR_PE | ISR_FE | ISR_NE | ISR_ORE)

#define LEAST_BRR 16u
#define MOST_BRR  0xffffu
#define REST_US   100000u /* nine characters of 12 bits at 1,200 baud */

void uart_hw_start(void)
{
    static const uint32_t pins[] = {UART_TX_PIN, UART_RX_PIN};
    struct gpio_config config = {
        .mode = GPIO_ALTERNATE, .pull = GPIO_PULL_UP, .function = UART_PIN_FUNCTION};

    while (clocks_enable(CAP_CLOCKS) == K5_E_RESTARTED ||
           clocks_reset(CAP_CLOCKS) == K5_E_RESTARTED) {
    }
    for (uint32_t i = 0; i < sizeof pins / sizeof pins[0]; i++) {
        while (gpio_configure(CAP_GPIO, pins[i], config) == K5_E_RESTARTED) {
        }
    }
}

/* Whatever was on its way out has gone. */
static enum k5_error rest(void)
{
    uint64_t limit = driver_limit(REST_US);

    while ((CR1 & CR1_UE) != 0 && (ISR & ISR_TC) == 0) {
        if (driver_late(limit)) {
            return K5_E_TIMEOUT;
        }
    }
    return K5_OK;
}

enum k5_error uart_hw_configure(const struct uart_config *config)
{
    uint32_t divider = (K5_TICK_HZ + config->baud / 2u) / config->baud;
    uint32_t parity = config->parity == UART_PARITY_NONE ? 0 : CR1_M0 | CR1_PCE;
    enum k5_error error;

    if (divider < LEAST_BRR || divider > MOST_BRR) {
        return K5_E_INVALID;
    }
    if (config->parity == UART_PARITY_ODD) {
        parity |= CR1_PS;
    }
    error = rest();
    CR1 = 0; /* the rest may be written only then */
    BRR = divider;
    CR2 = config->stop_bits == 2 ? CR2_STOP_TWO : 0;
    CR3 = CR3_EIE;
    CR1 = CR1_FIFOEN | parity | CR1_RXFNEIE | CR1_TE | CR1_RE | CR1_UE;
    uart_hw_acknowledge(1);
    return error;
}

bool uart_hw_put(uint8_t byte)
{
    if ((ISR & ISR_TXFNF) == 0) {
        return false;
    }
    TDR = byte;
    return true;
}

/* The flags belong to the character that RDR gives next. */
bool uart_hw_get(struct uart_character *character)
{
    uint32_t flags = ISR;
    uint32_t damage = 0;

    if ((flags & ISR_RXFNE) == 0) {
        return false;
    }
    damage |= (flags & ISR_FE) != 0 ? UART_FRAMING : 0u;
    damage |= (flags & ISR_PE) != 0 ? UART_PARITY : 0u;
    damage |= (flags & ISR_NE) != 0 ? UART_NOISE : 0u;
    damage |= (flags & ISR_ORE) != 0 ? UART_OVERRUN : 0u;
    *character = (struct uart_character){.byte = (uint8_t)RDR, .damage = (uint8_t)damage};
    ICR = flags & DAMAGE;
    return true;
}

void uart_hw_want_room(bool wanted)
{
    CR1 = wanted ? CR1 | CR1_TXFNFIE : CR1 & ~CR1_TXFNFIE;
}

/* An overrun with an empty FIFO has no character to be told with. */
void uart_hw_clear(void)
{
    if ((ISR & (ISR_RXFNE | ISR_ORE)) == ISR_ORE) {
        ICR = ISR_ORE;
    }
}

void uart_hw_acknowledge(uint32_t bits)
{
    if (bits != 0) {
        driver_acknowledge(CAP_INTERRUPT);
    }
}
