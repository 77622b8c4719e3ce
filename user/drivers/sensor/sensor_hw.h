/* What server.c needs of a sensor. */
#pragma once

#include "sensor.h"

/* Measures again and again from now on. */
K5_MUST_USE enum k5_error sensor_hw_start(void);

K5_MUST_USE enum k5_error sensor_hw_read(int32_t *milli_degrees);

/* The alert line tells when it gets as warm as `high`, and when it is colder than `low` again.
 * K5_E_INVALID: it cannot measure that. */
K5_MUST_USE enum k5_error sensor_hw_limits(int32_t low, int32_t high);

/* The alert line's pin, and its level while it is too warm. */
uint32_t sensor_hw_alert_pin(void);
uint32_t sensor_hw_alert_level(void);
