/* An I2C bus as part of the driver of what hangs on it. */
#pragma once

#include "k5.h"

/* From whatever state. */
void i2c_start(void);

/*
 * Writes some bytes to the target at `address` (7 bits), then, if `in_bytes` is not 0, reads with a
 * repeated start. K5_E_IO: nobody acknowledged, or the bus was disturbed. K5_E_TIMEOUT: it is
 * stuck. After an error the bus is set up anew.
 */
K5_MUST_USE enum k5_error i2c_transfer(uint32_t address, const uint8_t *out, uint32_t out_bytes,
                                       uint8_t *in, uint32_t in_bytes);
