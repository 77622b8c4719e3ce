/* What server.c needs of a chip. Pins were checked with gpio_hw_has(). */
#pragma once

#include "gpio.h"

/*
 * A known state that hurts nobody: no edges are listened to, no interrupt is pending.
 * What pins are set to stays: other drivers' devices use them.
 */
void gpio_hw_start(void);

bool gpio_hw_has(uint32_t pin);

/* K5_E_INVALID: the pin cannot do this. */
enum k5_error gpio_hw_configure(uint32_t pin, const struct gpio_config *config);
void gpio_hw_write(uint32_t pin, bool level);
bool gpio_hw_read(uint32_t pin);

/* Listens to edges, 0 for none. K5_E_BUSY: not together with another pin. */
enum k5_error gpio_hw_watch(uint32_t pin, uint32_t edges);

/* Whether an edge came that the pin's watch is for, since the last call. */
bool gpio_hw_take_edge(uint32_t pin);

/* Lets the interrupts of these notification bits come again; their edges have been taken. */
void gpio_hw_acknowledge(uint32_t bits);

/* Where edges raise no interrupt: how often to look for them. 0: they do. */
uint32_t gpio_hw_poll_us(void);
