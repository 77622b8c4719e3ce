/* A transmitter where an emulator leaves no serial line to the kernel: each byte a semihosting
 * call, to the file that sink_semihosting.c writes by the record. For the sink of chips on such a
 * machine, which is how worst cases are measured (tools/k5/stays.py).
 */
#include "arch/common/uart.h"
#include "arch/rv32/semihosting.h"

static uint32_t handle;

void uart_start(void)
{
    handle = semihosting_open_stream();
}

bool uart_put(uint8_t byte)
{
    const uint32_t block[] = {handle, (uint32_t)(uintptr_t)&byte, sizeof byte};

    (void)semihosting_call(SEMIHOSTING_WRITE, block);
    return true;
}

void uart_drain(void)
{
}
