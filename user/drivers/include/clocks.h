/* Clocks, resets and why the chip started, on chips where this takes more than power.
 *
 * A capability controls the one clock that its badge names (docs/drivers.md), or none.
 * Its clients are drivers, and whoever wants to know the reset's cause.
 */
#pragma once

#include "driver.h"

enum clocks_operation { CLOCKS_ENABLE = 1, CLOCKS_RESET, CLOCKS_CAUSE, CLOCKS_CLEAR_CAUSE };

/* Bits; several may be set. */
enum reset_cause {
    RESET_POWER = 1,    /* the supply was off, or too low */
    RESET_PIN = 2,      /* the reset pin, by whoever pulled it: the chip itself does, too */
    RESET_WATCHDOG = 4, /* a watchdog that was not fed */
    RESET_SOFTWARE = 8,
};

/* Lets the device's clock run. K5_E_RIGHTS: the capability names no clock. */
K5_MUST_USE static inline enum k5_error clocks_enable(k5_cptr_t clocks)
{
    struct k5_message message = k5_short(CLOCKS_ENABLE, 0, 0, 0, 0);

    return driver_call(clocks, &message);
}

/* Puts the device's registers to their reset values. K5_E_RIGHTS: the capability names no clock. */
K5_MUST_USE static inline enum k5_error clocks_reset(k5_cptr_t clocks)
{
    struct k5_message message = k5_short(CLOCKS_RESET, 0, 0, 0, 0);

    return driver_call(clocks, &message);
}

/* Why the chip started: RESET_ bits, of all resets since they were cleared. */
K5_MUST_USE static inline enum k5_error clocks_cause(k5_cptr_t clocks, uint32_t *cause)
{
    struct k5_message message = k5_short(CLOCKS_CAUSE, 0, 0, 0, 0);
    enum k5_error error = driver_call(clocks, &message);

    if (error == K5_OK) {
        *cause = message.word[0];
    }
    return error;
}

/* Clears them, so that the next reset is told alone: for the one task that reports them. */
K5_MUST_USE static inline enum k5_error clocks_clear_cause(k5_cptr_t clocks)
{
    struct k5_message message = k5_short(CLOCKS_CLEAR_CAUSE, 0, 0, 0, 0);

    return driver_call(clocks, &message);
}
