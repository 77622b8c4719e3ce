/*
 * Core-local interruptor of SiFive's cores, one hart: software interrupt and timer.
 * Source: FE310-G002 Manual, "Core-Local Interruptor (CLINT)".
 * Status: docs/peripherals/sifive-clint.md.
 *
 * The board's parameter is the clock of mtime in Hz; 0: the CPU's. Lines: 0 software,
 * 1 timer. On the chip these go straight to the hart, which is the kernel's: boards
 * leave them unconnected, and the hosted kernel has a timer of its own. A task is
 * given this device to read mtime.
 */
#include "peripherals/clock.h"
#include "sim/device.h"

enum { R_MSIP, R_CMP, R_CMP_HIGH, R_TIME, R_TIME_HIGH, R_COUNT };

#define ALL UINT32_MAX

/* clang-format off */
static const struct device_register registers[R_COUNT] = {
    /*               offset  name        reset write  w1c  unmodelled */
    [R_MSIP]      = {0x0000, "msip",      0,   1,     0,   0},
    [R_CMP]       = {0x4000, "mtimecmp",  ALL, ALL,   0,   0},
    [R_CMP_HIGH]  = {0x4004, "mtimecmph", ALL, ALL,   0,   0},
    [R_TIME]      = {0xbff8, "mtime",     0,   ALL,   0,   0},
    [R_TIME_HIGH] = {0xbffc, "mtimeh",    0,   ALL,   0,   0},
};
/* clang-format on */

/* mtime = counts since power-on + this, modulo 2^64. */
enum { S_OFFSET };

static uint64_t clock_hz(const struct device *d)
{
    return d->parameter != 0 ? d->parameter : d->tick_hz;
}

static uint64_t counts(const struct device *d)
{
    return clock_counts(d, clock_hz(d), d->now);
}

static uint64_t time_now(const struct device *d)
{
    return counts(d) + d->state[S_OFFSET];
}

static uint64_t compare(const struct device *d)
{
    return (uint64_t)d->reg[R_CMP_HIGH] << 32 | d->reg[R_CMP];
}

/* The event is when mtime reaches mtimecmp; beyond the end of ticks it never comes. */
static void plan(struct device *d)
{
    uint64_t left = compare(d) - time_now(d);
    uint64_t last = UINT64_MAX / d->tick_hz - 1u; /* second */

    d->event_at = DEVICE_NEVER;
    if (time_now(d) < compare(d) && left / clock_hz(d) < last - counts(d) / clock_hz(d)) {
        d->event_at = clock_tick(d, clock_hz(d), counts(d) + left);
    }
}

static void reset(struct device *d, enum device_reset why)
{
    (void)why;
    d->state[S_OFFSET] = 0 - counts(d);
    plan(d);
}

static void reading(struct device *d, unsigned r)
{
    if (r == R_TIME || r == R_TIME_HIGH) {
        d->reg[R_TIME] = (uint32_t)time_now(d);
        d->reg[R_TIME_HIGH] = (uint32_t)(time_now(d) >> 32);
    }
}

static void written(struct device *d, unsigned r, uint32_t old)
{
    uint64_t now = time_now(d);

    (void)old;
    if (r == R_TIME) {
        d->state[S_OFFSET] += ((now & ~(uint64_t)ALL) | d->reg[r]) - now;
    } else if (r == R_TIME_HIGH) {
        d->state[S_OFFSET] += ((now & ALL) | (uint64_t)d->reg[r] << 32) - now;
    }
    plan(d);
}

static void event(struct device *d)
{
    plan(d);
}

static uint32_t raises(const struct device *d)
{
    uint32_t lines = d->reg[R_MSIP];

    lines |= time_now(d) >= compare(d) ? 1u << 1 : 0;
    return lines;
}

const struct device_model sifive_clint_model = {
    .name = "sifive-clint",
    .bytes = 0x10000,
    .registers = registers,
    .register_count = R_COUNT,
    .reset = reset,
    .reading = reading,
    .written = written,
    .event = event,
    .raises = raises,
};
