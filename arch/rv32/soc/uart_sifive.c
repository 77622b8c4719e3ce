/* UART 0 of FE310 and of QEMU's sifive_e. Its divider is as the board's start code left it. */
#include "arch/common/uart.h"
#include "arch/rv32/soc/fe310.h"

void uart_start(void)
{
    UART0_TXCTRL = TXCTRL_TXEN | TXCTRL_TXCNT_1;
}

bool uart_put(uint8_t byte)
{
    if ((UART0_TXDATA & TXDATA_FULL) != 0) {
        return false;
    }
    UART0_TXDATA = byte;
    return true;
}

/* QEMU sends from a timer since version 9, so this is more than a formality there. */
void uart_drain(void)
{
    while ((UART0_IP & IP_TXWM) == 0) {
    }
}
