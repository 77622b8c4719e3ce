/* CRC-32, bit by bit: 32 bytes a sample need no table. */
#include "crc.h"

uint32_t crc32(const void *data, size_t bytes)
{
    const uint8_t *next = data;
    uint32_t crc = UINT32_MAX;

    while (bytes-- != 0) {
        crc ^= *next++;
        for (uint32_t bit = 0; bit < 8u; bit++) {
            crc = crc >> 1 ^ (0xedb88320u & (0u - (crc & 1u)));
        }
    }
    return ~crc;
}
