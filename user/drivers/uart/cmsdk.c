/* APB UART of Arm's Cortex-M System Design Kit (r1p1, section 4.3): one character each way, 8 bits,
 * no parity, one stop bit. Bits 0 and 1 of the notification: characters in, room to send.
 */
#include "driver_mmio.h"
#include "k5_task.h"
#include "uart_hw.h"

#define DATA    MMIO32(REGION_UART, 0x00)
#define STATE   MMIO32(REGION_UART, 0x04)
#define CTRL    MMIO32(REGION_UART, 0x08)
#define INT     MMIO32(REGION_UART, 0x0c) /* status; writing ones clears */
#define BAUDDIV MMIO32(REGION_UART, 0x10)

#define STATE_TXFULL (1u << 0)
#define STATE_RXFULL (1u << 1)
#define STATE_RXOVER (1u << 3) /* writing one clears */

#define CTRL_TX    (1u << 0)
#define CTRL_RX    (1u << 1)
#define CTRL_TXINT (1u << 2)
#define CTRL_RXINT (1u << 3)
#define INT_ALL    0xfu

#define LEAST_DIV 16u
#define MOST_DIV  0xfffffu
#define REST_US   100000u

void uart_hw_start(void)
{
}

enum k5_error uart_hw_configure(const struct uart_config *config)
{
    uint32_t divider = (K5_TICK_HZ + config->baud / 2u) / config->baud;
    uint64_t limit = driver_limit(REST_US);
    enum k5_error error = K5_OK;

    if (config->parity != UART_PARITY_NONE || config->stop_bits != 1 || divider < LEAST_DIV ||
        divider > MOST_DIV) {
        return K5_E_INVALID;
    }
    while ((CTRL & CTRL_TX) != 0 && (STATE & STATE_TXFULL) != 0 && error == K5_OK) {
        error = driver_late(limit) ? K5_E_TIMEOUT : K5_OK;
    }
    CTRL = 0;
    BAUDDIV = divider;
    INT = INT_ALL;
    STATE = STATE_RXOVER;
    CTRL = CTRL_TX | CTRL_RX | CTRL_RXINT;
    uart_hw_acknowledge(3);
    return error;
}

bool uart_hw_put(uint8_t byte)
{
    if ((STATE & STATE_TXFULL) != 0) {
        return false;
    }
    DATA = byte;
    return true;
}

bool uart_hw_get(struct uart_character *character)
{
    uint32_t state = STATE;

    if ((state & STATE_RXFULL) == 0) {
        return false;
    }
    *character = (struct uart_character){.byte = (uint8_t)DATA};
    if ((state & STATE_RXOVER) != 0) {
        STATE = STATE_RXOVER;
        character->damage = UART_OVERRUN;
    }
    return true;
}

void uart_hw_want_room(bool wanted)
{
    CTRL = wanted ? CTRL | CTRL_TXINT : CTRL & ~CTRL_TXINT;
}

void uart_hw_clear(void)
{
    INT = INT_ALL;
}

void uart_hw_acknowledge(uint32_t bits)
{
    if ((bits & 1u) != 0) {
        driver_acknowledge(CAP_RECEIVED);
    }
    if ((bits & 2u) != 0) {
        driver_acknowledge(CAP_ROOM);
    }
}
