/* Random numbers from the hardware. */
#pragma once

#include "driver.h"

enum rng_operation { RNG_READ = 1 };

#define RNG_CHUNK 64u /* bytes a call */

/*
 * Fills the buffer. K5_E_IO: the hardware's own tests found that its numbers are not random.
 * K5_E_TIMEOUT: it makes none. On an error the buffer holds nothing to use.
 */
K5_MUST_USE static inline enum k5_error rng_read(k5_cptr_t rng, void *buffer, size_t bytes)
{
    uint8_t *next = buffer;
    enum k5_error error = K5_OK;

    while (bytes != 0 && error == K5_OK) {
        size_t part = bytes < RNG_CHUNK ? bytes : RNG_CHUNK;
        struct k5_message message = k5_short(RNG_READ, (uint32_t)part, 0, 0, 0);

        k5_set_buffer(&message, next, part);
        error = driver_call(rng, &message);
        next += part;
        bytes -= part;
    }
    return error;
}
