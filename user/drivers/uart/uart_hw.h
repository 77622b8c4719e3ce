/* What server.c needs of a chip's UART. */
#pragma once

#include "uart.h"

/* Bits: what a character came with. */
enum uart_damage {
    UART_FRAMING = 1,
    UART_PARITY = 2,
    UART_NOISE = 4,
    UART_OVERRUN = 8, /* others before it were lost */
};

struct uart_character {
    uint8_t byte;
    uint8_t damage;
};

/* From whatever state: clock, pins; uart_hw_configure() follows. */
void uart_hw_start(void);

/*
 * Off, and on with this format. Waits for what is on its way out.
 * K5_E_INVALID: the chip cannot do this; nothing has changed. K5_E_TIMEOUT: it does not come to
 * rest.
 */
enum k5_error uart_hw_configure(const struct uart_config *config);

/* False: it has no room for a character, or has none. */
bool uart_hw_put(uint8_t byte);
bool uart_hw_get(struct uart_character *character);

/* Interrupts come where there is room for another character, or only for received ones. */
void uart_hw_want_room(bool wanted);

/* Clears what is latched, before put and get deal with its causes. */
void uart_hw_clear(void);

/* Lets the interrupts of these notification bits come again. */
void uart_hw_acknowledge(uint32_t bits);
