/* A device's own clock, where it is not the CPU's: its counts since power-on, and ticks.
 *
 * Frequencies are below 2^32 Hz, and a count begins with power-on, so that nothing is lost
 * to rounding however often a model looks.
 */
#pragma once

#include "sim/device.h"

/* Counts of a clock with `hz` in that many ticks. */
static inline uint64_t clock_counts(const struct device *d, uint64_t hz, uint64_t ticks)
{
    return ticks / d->tick_hz * hz + ticks % d->tick_hz * hz / d->tick_hz;
}

/* The first tick by which that many counts have passed. */
static inline uint64_t clock_tick(const struct device *d, uint64_t hz, uint64_t counts)
{
    uint64_t rest = counts % hz * d->tick_hz;

    return counts / hz * d->tick_hz + rest / hz + (rest % hz != 0);
}
