/* The transmitter that a byte stream leaves by. soc/uart_*.c, chosen by the board, as is one of the
 * two sinks that use it: sink_direct.c waits for the device, sink_ring.c never does.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

void uart_start(void);

/* Sends the byte, or refuses it if the device has no room now. */
bool uart_put(uint8_t byte);

/* Waits until all that was put has left: a machine that ends takes with it what has not. For the
 * direct sink. */
void uart_drain(void);
