/* What the interfaces of all drivers share. Each is a header here: uart.h, gpio.h, ...
 *
 * A driver is a task. A client holds a capability to its endpoint, whose badge tells
 * the driver which client it is, and calls the functions of the interface with it:
 *
 *     struct gpio_config output = {.mode = GPIO_OUTPUT};
 *     enum k5_error error = gpio_configure(CAP_GPIO, LED_GREEN_PIN, output);
 *
 * Beside what its own text says, any of them may return
 *
 * K5_E_RESTARTED: the driver restarted since the capability was last used. Its hardware is as at
 *                 the start again, so a client sets it up anew, then goes on.
 * K5_E_STOPPED:   the driver was stopped for good.
 * K5_E_IO:        the device or its bus failed.
 * K5_E_TIMEOUT:   the device or its bus did not answer in time.
 * K5_E_INVALID:   an argument is out of its range for this chip.
 */
#pragma once

#include "k5.h"

/*
 * A request's label is the operation; an answer's is the error, negated, and its
 * words are the results.
 */
K5_MUST_USE static inline enum k5_error driver_call(k5_cptr_t driver, struct k5_message *message)
{
    enum k5_error error = k5_call(driver, message);

    return error != K5_OK ? error : (enum k5_error)(-(int32_t)k5_label(message));
}
