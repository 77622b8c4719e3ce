/* Time: ticks of the board's clock, microseconds, deadlines. */
#pragma once

#include "k5_types.h"

/* Ticks of the board's clock since boot. */
static inline uint64_t k5_time(void)
{
    uint32_t tick_hz;

    return k5_sys_time(&tick_hz);
}

/* Microseconds since boot, rounded down. */
uint64_t k5_time_us(void);

/* Waits until that many microseconds after boot; returns at once if they have passed. */
void k5_sleep_until_us(uint64_t us);

/* Waits at least that many microseconds from now. */
void k5_sleep_us(uint64_t us);

/* Never wakes up. A task that is done does this: returning from main() is a panic. */
_Noreturn void k5_sleep_forever(void);

/* Lets the other ready threads of this priority run first. */
static inline void k5_yield(void)
{
    (void)k5_sys_yield();
}

/* -- deadlines, for the _until forms. One word: bits 8 to 39 of an absolute tick, so it counts in
 *    steps of 256 ticks and must lie within 2^39 ticks (hours) of now. One that has passed makes
 *    the call behave like its try_ form, but with K5_E_TIMEOUT. */

/* The deadline at absolute tick `ticks`, rounded up: nobody gives up early. */
static inline k5_deadline_t k5_deadline(uint64_t ticks)
{
    return (k5_deadline_t)((ticks + 0xffu) >> 8);
}

/* The deadline that many microseconds after boot. */
k5_deadline_t k5_deadline_us(uint64_t us);

/* The deadline that many microseconds from now. More than a deadline can say becomes the latest
 * one that it can: 2^39 - 2^9 ticks from now. */
k5_deadline_t k5_deadline_in_us(uint64_t us);
