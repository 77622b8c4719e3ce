/* What server.c needs of a chip's timer. */
#pragma once

#include "timer.h"

/* From whatever state: nothing is set, no interrupt pending. */
void timer_hw_start(void);

/*
 * Interrupts once in `us` microseconds, not earlier; or as late as the timer can, if that is
 * sooner. Replaces what was set before.
 */
void timer_hw_set(uint32_t us);

/* Nothing is set, the interrupt is off at the device. */
void timer_hw_clear(void);

/* Lets its interrupt come again. */
void timer_hw_acknowledge(void);
