/* An SPI bus as part of the driver of the one chip on it: frames go out, nothing comes back. */
#pragma once

#include "k5.h"

/* From whatever state. */
void spi_start(void);

/* Bytes, or words of 16 bits (high byte first on the wire); returns when the bus rests again.
 * K5_E_TIMEOUT: it does not. */
K5_MUST_USE enum k5_error spi_write(const uint8_t *data, uint32_t bytes);
K5_MUST_USE enum k5_error spi_write_words(const uint16_t *data, uint32_t words);
