/* Event sink of QEMU's virt machine: an NS16550A, record by record (PC16550D, section 8).
 *
 * They are written at once. On QEMU the other end is a file, which always has
 * room; a slow reader would let virtual time pass here.
 */
#include "arch/common/machine.h"
#include "arch/common/stream.h"
#include "arch/rv32/csr.h"

#define REG8(address) (*(volatile uint8_t *)(uintptr_t)(address))

#define UART_THR REG8(0x10000000u)
#define UART_LSR REG8(0x10000005u)

#define LSR_THRE (1u << 5) /* the transmitter holding register is empty */

void sink_start(void)
{
}

bool sink_put(const struct k5_event *event)
{
    uint8_t frame[STREAM_FRAME_BYTES];
    uint32_t bytes = stream_encode(event, frame);

    for (uint32_t i = 0; i < bytes; i++) {
        while ((UART_LSR & LSR_THRE) == 0) {
        }
        UART_THR = frame[i];
    }
    return true;
}

bool sink_pump(void)
{
    return false;
}
