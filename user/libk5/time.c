/* Conversions between ticks and microseconds. */
#include "k5_time.h"

#define US_PER_S 1000000u

/* The longest time that a deadline can lie ahead: half of what its 32 bits count, in ticks,
 * less what rounding up adds. */
#define FARTHEST_DEADLINE ((UINT64_C(1) << 39) - 512u)

/* Rounds up, so that nobody wakes early; what lies beyond the clock is `never`. */
static uint64_t ticks_of_us(uint64_t us, uint32_t tick_hz)
{
    uint64_t seconds = us / US_PER_S;
    uint64_t rest = us % US_PER_S;

    if (seconds >= UINT64_MAX / tick_hz) {
        return UINT64_MAX;
    }
    return seconds * tick_hz + (rest * tick_hz + US_PER_S - 1) / US_PER_S;
}

uint64_t k5_time_us(void)
{
    uint32_t tick_hz;
    uint64_t ticks = k5_sys_time(&tick_hz);

    return ticks / tick_hz * US_PER_S + ticks % tick_hz * US_PER_S / tick_hz;
}

void k5_sleep_until_us(uint64_t us)
{
    uint32_t tick_hz;

    (void)k5_sys_time(&tick_hz);
    (void)k5_sys_sleep(ticks_of_us(us, tick_hz));
}

void k5_sleep_us(uint64_t us)
{
    uint32_t tick_hz;
    uint64_t now = k5_sys_time(&tick_hz);
    uint64_t span = ticks_of_us(us, tick_hz);

    (void)k5_sys_sleep(span > UINT64_MAX - now ? UINT64_MAX : now + span);
}

_Noreturn void k5_sleep_forever(void)
{
    for (;;) {
        (void)k5_sys_sleep(UINT64_MAX);
    }
}

k5_deadline_t k5_deadline_us(uint64_t us)
{
    uint32_t tick_hz;

    (void)k5_sys_time(&tick_hz);
    return k5_deadline(ticks_of_us(us, tick_hz));
}

k5_deadline_t k5_deadline_in_us(uint64_t us)
{
    uint32_t tick_hz;
    uint64_t now = k5_sys_time(&tick_hz);
    uint64_t span = ticks_of_us(us, tick_hz);

    return k5_deadline(now + (span < FARTHEST_DEADLINE ? span : FARTHEST_DEADLINE));
}
