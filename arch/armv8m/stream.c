/* Event records on a wire: COBS frames, each closed by a zero byte. */
#include "arch/armv8m/stream.h"

/* CRC-8 of the sixteen values of a nibble: half the speed of a full table, a sixteenth its size. */
static const uint8_t crc_nibble[16] = {0x00, 0x07, 0x0e, 0x09, 0x1c, 0x1b, 0x12, 0x15,
                                       0x38, 0x3f, 0x36, 0x31, 0x24, 0x23, 0x2a, 0x2d};

/* One frame on its way. */
struct encoder {
    uint8_t *frame;
    uint32_t length;
    uint32_t code_at; /* where the distance to the next zero goes */
    uint8_t crc;
};

static void put(struct encoder *out, uint8_t byte)
{
    uint32_t crc = out->crc ^ byte;

    crc = ((crc << 4) ^ crc_nibble[crc >> 4]) & 0xffu;
    out->crc = (uint8_t)((crc << 4) ^ crc_nibble[crc >> 4]);
    if (byte != 0) {
        out->frame[out->length] = byte;
    } else {
        out->frame[out->code_at] = (uint8_t)(out->length - out->code_at);
        out->code_at = out->length;
    }
    out->length++;
}

/* The wire format is the record's own layout on a little-endian machine. */
_Static_assert(offsetof(struct k5_event, kind) == 8 && offsetof(struct k5_event, thread) == 9 &&
                   offsetof(struct k5_event, code) == 10 && offsetof(struct k5_event, arg) == 12,
               "head of a frame");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "frames are little-endian");

uint32_t stream_encode(const struct k5_event *event, uint8_t frame[STREAM_FRAME_BYTES])
{
    const uint8_t *record = (const uint8_t *)event;
    struct encoder out = {.frame = frame, .length = 1};
    uint32_t args = EVENT_ARGS;

    while (args > 0 && event->arg[args - 1u] == 0) {
        args--;
    }
    for (uint32_t i = 0; i < offsetof(struct k5_event, arg) + 4u * args; i++) {
        put(&out, record[i]);
    }
    put(&out, out.crc);
    frame[out.code_at] = (uint8_t)(out.length - out.code_at);
    frame[out.length] = 0;
    return out.length + 1u;
}
