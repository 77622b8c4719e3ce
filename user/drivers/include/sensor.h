/* A temperature sensor, in thousandths of a degree Celsius. */
#pragma once

#include "driver.h"

enum sensor_operation { SENSOR_READ = 1, SENSOR_WATCH };

/* K5_E_IO: the sensor does not answer, or what it says makes no sense. */
K5_MUST_USE static inline enum k5_error sensor_read(k5_cptr_t sensor, int32_t *milli_degrees)
{
    struct k5_message message = k5_short(SENSOR_READ, 0, 0, 0, 0);
    enum k5_error error = driver_call(sensor, &message);

    if (error == K5_OK) {
        *milli_degrees = (int32_t)message.word[0];
    }
    return error;
}

/*
 * Sets `bits` of the notification each time that the temperature rises to `high`, or, after that,
 * falls below `low`. It needs the rights SIGNAL and GRANT. One client at a time; by another
 * call it changes the limits. The watch ends with the client, and with the driver.
 *
 * K5_E_INVALID: low is not below high, or the sensor cannot measure that.
 * K5_E_BUSY: another client watches.
 */
K5_MUST_USE static inline enum k5_error sensor_watch(k5_cptr_t sensor, int32_t low, int32_t high,
                                                     k5_cptr_t notification, uint32_t bits)
{
    struct k5_message message =
        k5_pass(SENSOR_WATCH, (uint32_t)high, notification, (uint32_t)low, bits);

    return driver_call(sensor, &message);
}
