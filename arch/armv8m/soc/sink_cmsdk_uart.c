/* Event sink of MPS2 boards: CMSDK APB UART 0, record by record
 * (Cortex-M System Design Kit r1p1, section 4.6).
 *
 * They are written at once. On QEMU the other end is a file, which always has
 * room; a slow reader would let virtual time pass here.
 */
#include "arch/armv8m/core.h"
#include "arch/common/machine.h"
#include "arch/common/stream.h"

#define UART_DATA    REG32(0x40200000u)
#define UART_STATE   REG32(0x40200004u)
#define UART_CTRL    REG32(0x40200008u)
#define UART_BAUDDIV REG32(0x40200010u)

#define STATE_TX_FULL 1u
#define CTRL_TX_EN    1u
#define BAUDDIV_LEAST 16u /* the fastest that the part allows */

void sink_start(void)
{
    UART_BAUDDIV = BAUDDIV_LEAST;
    UART_CTRL = CTRL_TX_EN;
}

bool sink_put(const struct k5_event *event)
{
    uint8_t frame[STREAM_FRAME_BYTES];
    uint32_t bytes = stream_encode(event, frame);

    for (uint32_t i = 0; i < bytes; i++) {
        while ((UART_STATE & STATE_TX_FULL) != 0) {
        }
        UART_DATA = frame[i];
    }
    return true;
}

bool sink_pump(void)
{
    return false;
}
