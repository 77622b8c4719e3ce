/* Pins: levels in and out, and edges as notification bits.
 *
 * k5_board.h names the board's pins: PIN_PA5, LED_GREEN_PIN, BUTTON_USER_PIN. A pin
 * belongs to the client that configured it first (clients differ by their badges),
 * until that releases it: nobody else can change it or listen to it.
 *
 *     struct gpio_config input = {.mode = GPIO_INPUT};
 *     if (gpio_configure(CAP_GPIO, BUTTON_USER_PIN, input) == K5_OK &&
 *         gpio_watch(CAP_GPIO, BUTTON_USER_PIN, GPIO_RISING, CAP_EVENTS, PRESSED) == K5_OK) {
 *         ... k5_wait(CAP_EVENTS, PRESSED, &bits) ...
 *     }
 */
#pragma once

#include "driver.h"

enum gpio_operation {
    GPIO_CONFIGURE = 1,
    GPIO_RELEASE,
    GPIO_WRITE,
    GPIO_READ,
    GPIO_WATCH,
};

enum gpio_mode {
    GPIO_INPUT,
    GPIO_OUTPUT,
    GPIO_OPEN_DRAIN,           /* an output that drives low only */
    GPIO_ALTERNATE,            /* driven by a device of the chip, */
    GPIO_ALTERNATE_OPEN_DRAIN, /* low only */
    GPIO_ANALOG,
};
enum gpio_pull { GPIO_PULL_NONE, GPIO_PULL_UP, GPIO_PULL_DOWN };

/* Bits. */
enum gpio_edge { GPIO_RISING = 1, GPIO_FALLING = 2, GPIO_BOTH_EDGES = 3 };

struct gpio_config {
    enum gpio_mode mode;
    enum gpio_pull pull;
    uint8_t level;    /* of an output, from the start: no glitch */
    uint8_t function; /* of the alternate modes: the chip's number for it */
};

/*
 * Takes a pin and sets it up; may be repeated.
 *
 * K5_E_INVALID: no such pin, or it cannot do this.
 * K5_E_BUSY: another client has it.
 * K5_E_FULL: this client has eight, or all have as many as the driver can remember.
 */
K5_MUST_USE static inline enum k5_error gpio_configure(k5_cptr_t gpio, uint32_t pin,
                                                       struct gpio_config config)
{
    struct k5_message message =
        k5_short(GPIO_CONFIGURE, pin, (uint32_t)config.mode | (uint32_t)config.pull << 8,
                 config.level, config.function);

    return driver_call(gpio, &message);
}

/* Gives a pin up. It stays as it is, but is watched no longer. K5_E_STATE: it is not ours. */
K5_MUST_USE static inline enum k5_error gpio_release(k5_cptr_t gpio, uint32_t pin)
{
    struct k5_message message = k5_short(GPIO_RELEASE, pin, 0, 0, 0);

    return driver_call(gpio, &message);
}

/* Drives an output to 0 or 1. K5_E_STATE: the pin is not ours, or no output. */
K5_MUST_USE static inline enum k5_error gpio_write(k5_cptr_t gpio, uint32_t pin, uint32_t level)
{
    struct k5_message message = k5_short(GPIO_WRITE, pin, level, 0, 0);

    return driver_call(gpio, &message);
}

/* The level at the pin, 0 or 1. K5_E_STATE: it is not ours. */
K5_MUST_USE static inline enum k5_error gpio_read(k5_cptr_t gpio, uint32_t pin, uint32_t *level)
{
    struct k5_message message = k5_short(GPIO_READ, pin, 0, 0, 0);
    enum k5_error error = driver_call(gpio, &message);

    if (error == K5_OK) {
        *level = message.word[0];
    }
    return error;
}

/*
 * From now on each of these edges at the pin sets `bits` of the notification, of
 * which the client has a capability with the rights SIGNAL and GRANT. Replaces an
 * earlier watch of the pin. It ends with gpio_release(), with the client, and with the
 * driver: so whoever waits for an edge for long should call the driver now and then.
 *
 * K5_E_STATE: the pin is not ours.
 * K5_E_BUSY: the chip cannot watch it together with another one that is watched.
 * K5_E_RIGHTS: the capability lacks GRANT.
 */
K5_MUST_USE static inline enum k5_error gpio_watch(k5_cptr_t gpio, uint32_t pin, uint32_t edges,
                                                   k5_cptr_t notification, uint32_t bits)
{
    struct k5_message message = k5_pass(GPIO_WATCH, pin, notification, edges, bits);

    return driver_call(gpio, &message);
}
