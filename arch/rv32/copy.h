/* Copies of user memory. Pure. */
#pragma once

#include <stdint.h>

/*
 * Word by word whatever the alignment, with aligned accesses only: FE310 has no
 * others, and byte by byte a long message would hold interrupts off for too
 * long. Reads no word that holds none of the bytes wanted.
 */
void copy_bytes(uint8_t *to, const uint8_t *from, uint32_t bytes);
