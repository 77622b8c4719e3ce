/* Non-volatile memory that is erased in pages and programmed in small units.
 *
 * Data is lent to the driver: buffers begin and end on multiples of 32 bytes, and lie
 * in no stack. Offsets count from the beginning of the storage.
 */
#pragma once

#include "driver.h"

enum storage_operation { STORAGE_INFO = 1, STORAGE_ERASE, STORAGE_PROGRAM, STORAGE_READ };

struct storage_info {
    uint32_t bytes;
    uint32_t erase_bytes;   /* a page */
    uint32_t program_bytes; /* a unit: programmed at once, and once only after each erase */
};

K5_MUST_USE static inline enum k5_error storage_info(k5_cptr_t storage, struct storage_info *info)
{
    struct k5_message message = k5_short(STORAGE_INFO, 0, 0, 0, 0);
    enum k5_error error = driver_call(storage, &message);

    if (error == K5_OK) {
        *info = (struct storage_info){
            .bytes = message.word[0],
            .erase_bytes = message.word[1],
            .program_bytes = message.word[2],
        };
    }
    return error;
}

/* Erases whole pages: all ones. K5_E_INVALID: not whole pages, or outside the storage. */
K5_MUST_USE static inline enum k5_error storage_erase(k5_cptr_t storage, uint32_t offset,
                                                      uint32_t bytes)
{
    struct k5_message message = k5_short(STORAGE_ERASE, offset, bytes, 0, 0);

    return driver_call(storage, &message);
}

/*
 * Programs erased memory. On an error, and where power fails meanwhile, some of it may have been
 * programmed.
 * K5_E_INVALID: outside the storage, or not whole units. K5_E_IO: it was not erased, or is
 * protected. Errors of loans: see k5_lend().
 */
K5_MUST_USE static inline enum k5_error storage_program(k5_cptr_t storage, uint32_t offset,
                                                        const void *data, size_t bytes)
{
    struct k5_message message = k5_lend(STORAGE_PROGRAM, data, bytes, offset, 0);

    return driver_call(storage, &message);
}

/* Reads. K5_E_INVALID: outside the storage. Errors of loans: see k5_lend_mut(). */
K5_MUST_USE static inline enum k5_error storage_read(k5_cptr_t storage, uint32_t offset,
                                                     void *buffer, size_t bytes)
{
    struct k5_message message = k5_lend_mut(STORAGE_READ, buffer, bytes, offset, 0);

    return driver_call(storage, &message);
}
