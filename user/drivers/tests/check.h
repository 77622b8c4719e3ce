/* Compares what a driver answered with what it should have. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "k5.h"

/* Counts it; logs `what` where it is not so. */
void check_error(const char *what, enum k5_error got, enum k5_error want);
void check_that(const char *what, bool holds);

/* What a system checks: in all.c, line.c. */
void check_all(void);

void check_gpio(void);
void check_timer(void);
void check_uart(void);
void check_pwm(void);
void check_rng(void);
void check_storage(void);
void check_display(void);
void check_sensor(void);
