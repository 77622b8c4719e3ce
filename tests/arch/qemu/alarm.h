/* The device that boards call `alarm`: one-shot, its line is a level until cleared. For irq.c. */
#pragma once

#include <stdint.h>

/* Raises the line that many microseconds from now. */
void alarm_set(uint32_t us);

/* Lowers the line, and forgets an alarm that is set. */
void alarm_clear(void);
