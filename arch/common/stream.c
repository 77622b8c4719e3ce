/* Event records on a wire: COBS frames, each closed by a zero byte. */
#include "arch/common/stream.h"

/* CRC-8 of the sixteen values of a nibble: half the speed of a full table, a sixteenth its size. */
static const uint8_t crc_nibble[16] = {0x00, 0x07, 0x0e, 0x09, 0x1c, 0x1b, 0x12, 0x15,
                                       0x38, 0x3f, 0x36, 0x31, 0x24, 0x23, 0x2a, 0x2d};

/* The wire format is the record's own layout on a little-endian machine. */
_Static_assert(offsetof(struct k5_event, kind) == 8 && offsetof(struct k5_event, thread) == 9 &&
                   offsetof(struct k5_event, code) == 10 && offsetof(struct k5_event, arg) == 12,
               "head of a frame");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "frames are little-endian");

static uint32_t crc_next(uint32_t crc, uint32_t byte)
{
    crc ^= byte;
    crc = (crc << 4 & 0xffu) ^ crc_nibble[crc >> 4];
    return (crc << 4 & 0xffu) ^ crc_nibble[crc >> 4];
}

uint32_t stream_encode(const struct k5_event *event, uint8_t frame[STREAM_FRAME_BYTES])
{
    const uint8_t *record = (const uint8_t *)event;
    const uint8_t *end = (const uint8_t *)&event->arg[EVENT_ARGS];
    uint8_t *code = frame; /* where the distance to the next zero goes */
    uint8_t *next = frame + 1;
    uint32_t crc = 0;

    for (uint32_t i = EVENT_ARGS; i > 0 && event->arg[i - 1u] == 0; i--) {
        end -= sizeof event->arg[0];
    }
    for (; record <= end; record++) {
        uint32_t byte = record < end ? *record : crc; /* the last byte is the CRC itself */

        crc = crc_next(crc, byte);
        *next = (uint8_t)byte;
        if (byte == 0) {
            *code = (uint8_t)(next - code);
            code = next;
        }
        next++;
    }
    *code = (uint8_t)(next - code);
    *next++ = 0;
    return (uint32_t)(next - frame);
}
