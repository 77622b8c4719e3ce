/* Event sink of chips: a ring of records in RAM, sent by the idle loop.
 *
 * The kernel puts records in, which costs it a copy. The idle loop makes frames
 * of them and sends these. Nothing waits: a record that finds the ring full is
 * refused, and the caller counts it. SINK_RING_RECORDS is the board's.
 */
#include "arch/common/machine.h"
#include "arch/common/stream.h"
#include "arch/common/uart.h"

static struct k5_event ring[SINK_RING_RECORDS] __attribute__((section(".rings")));

/* Records put in and taken out since boot: only the difference counts, so wrapping is fine. */
static uint32_t head, tail;

/* The frame on its way out. */
static struct {
    uint8_t byte[STREAM_FRAME_BYTES];
    uint32_t length;
    uint32_t sent;
} frame;

_Static_assert((SINK_RING_RECORDS & (SINK_RING_RECORDS - 1u)) == 0, "indices are masked");

void sink_start(void)
{
    uart_start();
}

bool sink_put(const struct k5_event *event)
{
    if (head - tail == SINK_RING_RECORDS) {
        return false;
    }
    ring[head++ & (SINK_RING_RECORDS - 1u)] = *event;
    return true;
}

bool sink_pump(void)
{
    if (frame.sent == frame.length) {
        if (head == tail) {
            return false;
        }
        frame.length = stream_encode(&ring[tail++ & (SINK_RING_RECORDS - 1u)], frame.byte);
        frame.sent = 0;
    }
    while (frame.sent < frame.length && uart_put(frame.byte[frame.sent])) {
        frame.sent++;
    }
    return true;
}
