/* The time base that the timers of STM32 have in common: a 16-bit counter behind a prescaler.
 *
 * RM0438, "General-purpose timers" and "Basic timers", time-base unit. It counts ticks of the
 * device's clock, up, down or both, between 0 and the auto-reload value, and has an update event
 * at each end. Nothing happens of its own accord: timebase_catch_up() does what was due since it
 * was last called, in a time that does not depend on how long that is.
 */
#pragma once

#include "sim/device.h"

#define TIM_CR1_CEN      (1u << 0)
#define TIM_CR1_UDIS     (1u << 1)
#define TIM_CR1_URS      (1u << 2)
#define TIM_CR1_OPM      (1u << 3)
#define TIM_CR1_DIR      (1u << 4) /* counts down */
#define TIM_CR1_CMS      (3u << 5)
#define TIM_CR1_ARPE     (1u << 7)
#define TIM_CR1_UIFREMAP (1u << 11)

#define TIM_SR_UIF (1u << 0)
#define TIM_EGR_UG (1u << 0)

#define TIM_COUNTER 0xffffu

/* What the counter went through: all values from `first` to `last` in one direction. */
struct timebase_run {
    uint32_t first;
    uint32_t last;
    bool down;
    bool turn; /* `last` is where an overflow or underflow has led to */
};

/* Where a model has the registers, and what else it does; any function may be NULL. */
struct timebase {
    unsigned cr1, sr, egr, cnt, psc, arr; /* places in the model's table */
    unsigned state;                       /* the first of TIMEBASE_STATES that are this unit's */
    void (*update)(struct device *d);     /* an update event: loads further shadow registers */
    void (*passed)(struct device *d, const struct timebase_run *run);
};

#define TIMEBASE_STATES 3u

/* After a reset of the device. */
void timebase_reset(struct device *d, const struct timebase *t);

/* Brings counter and flags to now. */
void timebase_catch_up(struct device *d, const struct timebase *t);

/*
 * Register `r` was written, `old` was there: does what the time base has to do with it, once it
 * has caught up. The model calls it first, for each write, whatever the register; then all its
 * registers but `r` itself are as they are now.
 */
void timebase_written(struct device *d, const struct timebase *t, unsigned r, uint32_t old);

/* Before CNT is read. */
void timebase_reading(struct device *d, const struct timebase *t, unsigned r);

/* The rest is true of a time base that has caught up. */

/* The counter. */
uint32_t timebase_counter(const struct device *d, const struct timebase *t);
/* The auto-reload value that counts. */
uint32_t timebase_reload(const struct device *d, const struct timebase *t);
/* Steps to the next end of a run, where it turns; to `value`, if it comes before that, else 0. */
uint32_t timebase_steps_to_turn(const struct device *d, const struct timebase *t);
uint32_t timebase_steps_to(const struct device *d, const struct timebase *t, uint32_t value);
/* The tick of the n-th step from now; DEVICE_NEVER if it does not count. */
uint64_t timebase_tick_of(const struct device *d, const struct timebase *t, uint32_t steps);
