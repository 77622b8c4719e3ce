/* What of libk5 is too long to be inline: conversions of time, caps. */
#include "k5.h"

#define US_PER_S 1000000u

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

enum k5_error k5_caps(uint32_t slot, struct k5_cap_info *info)
{
    uint32_t cptr = 0;
    uint32_t kind_rights = 0;
    uint32_t badge = 0;
    int32_t error = k5_sys_caps(slot, &cptr, &kind_rights, &badge);

    *info = (struct k5_cap_info){
        .cptr = cptr,
        .badge = badge,
        .kind = (uint8_t)kind_rights,
        .rights = (uint8_t)(kind_rights >> 8),
    };
    return (enum k5_error)error;
}

/* Called by start.S when main() returns. */
_Noreturn void k5_exit(int code);

_Noreturn void k5_exit(int code)
{
    k5_panic(K5_PANIC_EXIT | (uint16_t)code);
}
