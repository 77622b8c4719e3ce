/* CRC-32 as of Ethernet and zlib: reflected, polynomial 0x04c11db7, all ones before and after. */
#pragma once

#include <stddef.h>
#include <stdint.h>

uint32_t crc32(const void *data, size_t bytes);
