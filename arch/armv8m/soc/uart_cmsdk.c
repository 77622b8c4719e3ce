/* UART 0 of MPS2 boards, Non-secure alias (Cortex-M System Design Kit r1p1, section 4.6). */
#include "arch/armv8m/core.h"
#include "arch/common/uart.h"

#define UART_DATA    REG32(0x40200000u)
#define UART_STATE   REG32(0x40200004u)
#define UART_CTRL    REG32(0x40200008u)
#define UART_BAUDDIV REG32(0x40200010u)

#define STATE_TX_FULL 1u
#define CTRL_TX_EN    1u
#define BAUDDIV_LEAST 16u /* the fastest that the part allows */

void uart_start(void)
{
    UART_BAUDDIV = BAUDDIV_LEAST;
    UART_CTRL = CTRL_TX_EN;
}

bool uart_put(uint8_t byte)
{
    if ((UART_STATE & STATE_TX_FULL) != 0) {
        return false;
    }
    UART_DATA = byte;
    return true;
}

/* QEMU's model passes a byte on before the store to DATA ends, as long as its other end has room.
 */
void uart_drain(void)
{
}
