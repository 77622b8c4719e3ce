/* The NS16550A of QEMU's virt machine (PC16550D, section 8), as reset leaves it. */
#include "arch/common/uart.h"

#define REG8(address) (*(volatile uint8_t *)(uintptr_t)(address))

#define UART_THR REG8(0x10000000u)
#define UART_LSR REG8(0x10000005u)

#define LSR_THRE (1u << 5) /* the transmitter holding register is empty */
#define LSR_TEMT (1u << 6) /* and the shift register, too */

void uart_start(void)
{
}

bool uart_put(uint8_t byte)
{
    if ((UART_LSR & LSR_THRE) == 0) {
        return false;
    }
    UART_THR = byte;
    return true;
}

void uart_drain(void)
{
    while ((UART_LSR & LSR_TEMT) == 0) {
    }
}
