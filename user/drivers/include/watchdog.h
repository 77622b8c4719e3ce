/* A watchdog that several clients feed, each within a time of its own.
 *
 * As long as all of them do, the driver feeds the hardware. Once one is late it stops
 * for good, and the chip is reset soon after (clocks_cause() then says why). Clients
 * differ by their badges.
 */
#pragma once

#include "driver.h"

enum watchdog_operation { WATCHDOG_START = 1, WATCHDOG_FEED, WATCHDOG_STOP };

/*
 * From now on this client has to feed within `timeout_us`, again and again. May be repeated with
 * another time. K5_E_FULL: too many clients. K5_E_INVALID: less than 1,000.
 */
K5_MUST_USE static inline enum k5_error watchdog_start(k5_cptr_t watchdog, uint32_t timeout_us)
{
    struct k5_message message = k5_short(WATCHDOG_START, timeout_us, 0, 0, 0);

    return driver_call(watchdog, &message);
}

/* K5_E_STATE: this client has not started. */
K5_MUST_USE static inline enum k5_error watchdog_feed(k5_cptr_t watchdog)
{
    struct k5_message message = k5_short(WATCHDOG_FEED, 0, 0, 0, 0);

    return driver_call(watchdog, &message);
}

/* This client need not feed any longer. The hardware goes on. K5_E_STATE: it has not started. */
K5_MUST_USE static inline enum k5_error watchdog_stop(k5_cptr_t watchdog)
{
    struct k5_message message = k5_short(WATCHDOG_STOP, 0, 0, 0, 0);

    return driver_call(watchdog, &message);
}
