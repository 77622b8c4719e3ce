/* A serial line. It begins with 115,200 baud, 8 data bits, no parity, 1 stop bit.
 *
 * Any number of clients may write, one at a time may read.
 */
#pragma once

#include "driver.h"

enum uart_operation { UART_CONFIGURE = 1, UART_WRITE, UART_READ, UART_ERRORS };

enum uart_parity { UART_PARITY_NONE, UART_PARITY_EVEN, UART_PARITY_ODD };

struct uart_config {
    uint32_t baud;
    enum uart_parity parity;
    uint8_t stop_bits; /* 1 or 2 */
};

#define UART_CHUNK   64u /* bytes that are written, or read, in one call: never torn apart */
#define UART_FOREVER UINT32_MAX

/* What was lost since the driver started. */
struct uart_errors {
    uint32_t framing; /* characters without a stop bit: the other side is slower or faster */
    uint32_t parity;
    uint32_t noise;
    uint32_t overrun; /* characters that came while nobody read them */
};

/*
 * Changes the line's format, after what is being written. What was received and not yet
 * read is dropped. K5_E_INVALID: the chip cannot do this.
 */
K5_MUST_USE static inline enum k5_error uart_configure(k5_cptr_t uart, struct uart_config config)
{
    struct k5_message message =
        k5_short(UART_CONFIGURE, config.baud, (uint32_t)config.parity, config.stop_bits, 0);

    return driver_call(uart, &message);
}

/*
 * Writes all bytes; returns when the last one was given to the hardware.
 * K5_E_TIMEOUT: the hardware did not take them.
 */
K5_MUST_USE static inline enum k5_error uart_write(k5_cptr_t uart, const void *data, size_t bytes)
{
    const uint8_t *next = data;
    enum k5_error error = K5_OK;

    while (bytes != 0 && error == K5_OK) {
        size_t part = bytes < UART_CHUNK ? bytes : UART_CHUNK;
        struct k5_message message = k5_copy(UART_WRITE, next, part);

        error = driver_call(uart, &message);
        next += part;
        bytes -= part;
    }
    return error;
}

/*
 * Waits for at least one byte, then takes up to `bytes` (at most UART_CHUNK) of what is there;
 * *got says how many.
 *
 * K5_E_TIMEOUT: none came within `timeout_us`; 0: none is there; UART_FOREVER: waits.
 * K5_E_IO: characters were damaged or lost here: uart_errors(). The next call goes on behind them.
 * K5_E_BUSY: another client waits already, or another thread of this one came later.
 */
K5_MUST_USE static inline enum k5_error uart_read(k5_cptr_t uart, void *buffer, size_t bytes,
                                                  uint32_t timeout_us, size_t *got)
{
    struct k5_message message = k5_short(UART_READ, (uint32_t)bytes, timeout_us, 0, 0);
    enum k5_error error;

    k5_set_buffer(&message, buffer, bytes);
    error = driver_call(uart, &message);
    if (error == K5_OK) {
        *got = message.word[1];
    }
    return error;
}

K5_MUST_USE static inline enum k5_error uart_errors(k5_cptr_t uart, struct uart_errors *errors)
{
    struct k5_message message = k5_short(UART_ERRORS, 0, 0, 0, 0);
    enum k5_error error = driver_call(uart, &message);

    if (error == K5_OK) {
        *errors = (struct uart_errors){.framing = message.word[0],
                                       .parity = message.word[1],
                                       .noise = message.word[2],
                                       .overrun = message.word[3]};
    }
    return error;
}
