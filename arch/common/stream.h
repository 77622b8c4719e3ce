/* Event records on a wire: COBS frames, each closed by a zero byte.
 *
 * In the frame: time (8), kind (1), thread (1), code (2), the arguments up to
 * the last that is not 0 (4 each), CRC-8 (polynomial 0x07, start 0) over all
 * of these; little-endian. tools/k5/stream.py reads it. Pure.
 */
#pragma once

#include "kernel/event.h"

/* Head, arguments, CRC; one COBS code byte (a frame is shorter than 254); the delimiter. */
#define STREAM_FRAME_BYTES (12u + 4u * EVENT_ARGS + 1u + 1u + 1u)

/* Fills `frame` and returns its length, delimiter included. */
uint32_t stream_encode(const struct k5_event *event, uint8_t frame[STREAM_FRAME_BYTES]);
