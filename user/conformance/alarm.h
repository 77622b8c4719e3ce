/* The board's alarm, in ARCH/alarm.c: one shot, a level interrupt until it is cleared. */
#pragma once

#include <stdint.h>

/* Raises its line in that many microseconds. */
void alarm_set(uint32_t us);

/* Lowers its line; what was set is off. */
void alarm_clear(void);
