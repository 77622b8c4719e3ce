/*
 * Goldfish real-time clock, as on QEMU's virt machine: nanoseconds and an alarm.
 * Source: the Goldfish virtual hardware's register list and QEMU's model.
 *
 * TIME_LOW latches TIME_HIGH when it is read. A write to ALARM_LOW sets the alarm;
 * one that is not in the future fires at once. Time begins at 0 here: a driver
 * that counts on a date must set it.
 */
#include "peripherals/clock.h"
#include "sim/device.h"

enum {
    R_TIME_LOW,
    R_TIME_HIGH,
    R_ALARM_LOW,
    R_ALARM_HIGH,
    R_IRQ_ENABLED,
    R_CLEAR_ALARM,
    R_ALARM_STATUS,
    R_CLEAR_INTERRUPT,
    R_COUNT,
};

#define NS_PER_S UINT64_C(1000000000)

/* clang-format off */
static const struct device_register registers[R_COUNT] = {
    /*                     offset  name                reset  write      w1c  unmodelled */
    [R_TIME_LOW]        = {0x00,   "TIME_LOW",         0,     UINT32_MAX, 0,  0},
    [R_TIME_HIGH]       = {0x04,   "TIME_HIGH",        0,     UINT32_MAX, 0,  0},
    [R_ALARM_LOW]       = {0x08,   "ALARM_LOW",        0,     UINT32_MAX, 0,  0},
    [R_ALARM_HIGH]      = {0x0c,   "ALARM_HIGH",       0,     UINT32_MAX, 0,  0},
    [R_IRQ_ENABLED]     = {0x10,   "IRQ_ENABLED",      0,     1,          0,  0},
    [R_CLEAR_ALARM]     = {0x14,   "CLEAR_ALARM",      0,     0,          0,  0},
    [R_ALARM_STATUS]    = {0x18,   "ALARM_STATUS",     0,     0,          0,  0},
    [R_CLEAR_INTERRUPT] = {0x1c,   "CLEAR_INTERRUPT",  0,     0,          0,  0},
};
/* clang-format on */

enum {
    S_OFFSET_NS, /* time = nanoseconds since boot + this, modulo 2^64 */
    S_PENDING,   /* the alarm went off */
};

static uint64_t time_ns(const struct device *d)
{
    return clock_counts(d, NS_PER_S, d->now) + d->state[S_OFFSET_NS];
}

static void reading(struct device *d, unsigned r)
{
    if (r == R_TIME_LOW) {
        uint64_t now = time_ns(d);

        d->reg[R_TIME_LOW] = (uint32_t)now;
        d->reg[R_TIME_HIGH] = (uint32_t)(now >> 32);
    }
}

/* One half of the time is replaced; the other goes on. */
static void set_time(struct device *d, unsigned r)
{
    uint64_t now = time_ns(d);
    uint64_t then = r == R_TIME_LOW
                        ? (now & ~UINT64_C(0xffffffff)) | d->reg[R_TIME_LOW]
                        : (now & UINT64_C(0xffffffff)) | (uint64_t)d->reg[R_TIME_HIGH] << 32;

    d->state[S_OFFSET_NS] += then - now;
}

static void set_alarm(struct device *d)
{
    uint64_t at = (uint64_t)d->reg[R_ALARM_HIGH] << 32 | d->reg[R_ALARM_LOW];

    if (at <= time_ns(d)) {
        d->event_at = DEVICE_NEVER;
        d->state[S_PENDING] = 1;
    } else {
        uint64_t tick = clock_tick(d, NS_PER_S, at - d->state[S_OFFSET_NS]);

        /* An alarm beyond the end of ticks never comes. */
        d->event_at = tick > d->now ? tick : DEVICE_NEVER;
    }
    d->reg[R_ALARM_STATUS] = d->event_at != DEVICE_NEVER;
}

static void written(struct device *d, unsigned r, uint32_t old)
{
    (void)old;
    if (r == R_TIME_LOW || r == R_TIME_HIGH) {
        set_time(d, r);
    } else if (r == R_ALARM_LOW) {
        set_alarm(d);
    } else if (r == R_CLEAR_ALARM) {
        d->event_at = DEVICE_NEVER;
        d->reg[R_ALARM_STATUS] = 0;
    } else if (r == R_CLEAR_INTERRUPT) {
        d->state[S_PENDING] = 0;
    }
}

static void event(struct device *d)
{
    d->reg[R_ALARM_STATUS] = 0;
    d->state[S_PENDING] = 1;
}

static uint32_t raises(const struct device *d)
{
    return d->state[S_PENDING] != 0 && d->reg[R_IRQ_ENABLED] != 0;
}

const struct device_model goldfish_rtc_model = {
    .name = "goldfish-rtc",
    .bytes = 0x24,
    .registers = registers,
    .register_count = R_COUNT,
    .access = DEVICE_WORDS_ONLY,
    .reading = reading,
    .written = written,
    .event = event,
    .raises = raises,
};
