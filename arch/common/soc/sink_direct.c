/* Event sink of machines under an emulator: each record is sent at once.
 *
 * On QEMU the other end is a file, which always has room; a slow reader would
 * let virtual time pass here.
 */
#include "arch/common/machine.h"
#include "arch/common/stream.h"
#include "arch/common/uart.h"

void sink_start(void)
{
    uart_start();
}

bool sink_put(const struct k5_event *event)
{
    uint8_t frame[STREAM_FRAME_BYTES];
    uint32_t bytes = stream_encode(event, frame);

    for (uint32_t i = 0; i < bytes; i++) {
        while (!uart_put(frame[i])) {
        }
    }
    uart_drain();
    return true;
}

bool sink_pump(void)
{
    return false;
}
