/* What server.c needs of a chip. */
#pragma once

#include "pwm.h"

void pwm_hw_start(void);

/* K5_E_INVALID: the pin has no timer here, or the times do not fit it. */
enum k5_error pwm_hw_set(uint32_t pin, uint32_t period_us, uint32_t high_us);
