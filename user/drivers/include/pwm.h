/* Pulse-width modulation: a pin that is high for a part of each period.
 *
 * Pins are those of k5_board.h; which of them can do this depends on the board. Pins
 * that share a timer share its period: the last one that was set.
 */
#pragma once

#include "driver.h"

enum pwm_operation { PWM_START = 1, PWM_STOP };

/*
 * From now on the pin is high for `high_us` of each `period_us`.
 * K5_E_INVALID: the pin has no such timer, or the times do not fit it.
 * K5_E_BUSY: the pin is in use otherwise.
 */
K5_MUST_USE static inline enum k5_error pwm_start(k5_cptr_t pwm, uint32_t pin, uint32_t period_us,
                                                  uint32_t high_us)
{
    struct k5_message message = k5_short(PWM_START, pin, period_us, high_us, 0);

    return driver_call(pwm, &message);
}

/* Low from now on. */
K5_MUST_USE static inline enum k5_error pwm_stop(k5_cptr_t pwm, uint32_t pin)
{
    struct k5_message message = k5_short(PWM_STOP, pin, 0, 0, 0);

    return driver_call(pwm, &message);
}
