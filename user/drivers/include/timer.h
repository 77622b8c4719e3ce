/* A hardware timer, shared: sleeps, alarms and periods in microseconds.
 *
 * A client's alarms are told apart by the bits that they set. They end with the
 * client, and with the driver.
 */
#pragma once

#include "driver.h"

enum timer_operation { TIMER_SLEEP = 1, TIMER_ALARM, TIMER_EVERY, TIMER_CANCEL };

/* Returns after `us` microseconds. K5_E_FULL: more than four threads of this client sleep, or too
 * many of all. */
K5_MUST_USE static inline enum k5_error timer_sleep(k5_cptr_t timer, uint32_t us)
{
    struct k5_message message = k5_short(TIMER_SLEEP, us, 0, 0, 0);

    return driver_call(timer, &message);
}

/*
 * Sets `bits` of the notification once, in `us` microseconds. It needs the rights SIGNAL and
 * GRANT. An alarm of the same client with the same bits is replaced.
 * K5_E_FULL: this client has four alarms, or all have too many.
 */
K5_MUST_USE static inline enum k5_error timer_alarm(k5_cptr_t timer, uint32_t us,
                                                    k5_cptr_t notification, uint32_t bits)
{
    struct k5_message message = k5_pass(TIMER_ALARM, us, notification, bits, 0);

    return driver_call(timer, &message);
}

/*
 * The same every `period_us` microseconds, without drift; K5_E_INVALID: less than 100.
 */
K5_MUST_USE static inline enum k5_error timer_every(k5_cptr_t timer, uint32_t period_us,
                                                    k5_cptr_t notification, uint32_t bits)
{
    struct k5_message message = k5_pass(TIMER_EVERY, period_us, notification, bits, 0);

    return driver_call(timer, &message);
}

/* Takes back what timer_alarm() or timer_every() set with these bits. K5_E_STATE: there is none. */
K5_MUST_USE static inline enum k5_error timer_cancel(k5_cptr_t timer, uint32_t bits)
{
    struct k5_message message = k5_short(TIMER_CANCEL, 0, 0, bits, 0);

    return driver_call(timer, &message);
}
