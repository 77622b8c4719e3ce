/*
 * FPGA system control and I/O of MPS2+ with image AN505: LEDs, buttons, counters.
 * Source: AN505, "FPGA system control and I/O". Status: docs/peripherals/mps2-fpgaio.md.
 *
 * Pads: 0 and 1 are the LEDs, 2 and 3 the buttons. The counters run for ever; what
 * they are set to is kept with the tick at which it was.
 */
#include "sim/device.h"

enum { R_LED0, R_BUTTON, R_CLK1HZ, R_CLK100HZ, R_COUNTER, R_PRESCALE, R_PSCNTR, R_MISC, R_COUNT };

#define LEDS     2u
#define BUTTONS  2u
#define LED_BITS ((1u << LEDS) - 1u)

/* clang-format off */
static const struct device_register registers[R_COUNT] = {
    /*              offset name        reset write       w1c unmodelled */
    [R_LED0]     = {0x00, "LED0",      0,    LED_BITS,   0,  0},
    [R_BUTTON]   = {0x08, "BUTTON",    0,    0,          0,  0},
    [R_CLK1HZ]   = {0x10, "CLK1HZ",    0,    UINT32_MAX, 0,  0},
    [R_CLK100HZ] = {0x14, "CLK100HZ",  0,    UINT32_MAX, 0,  0},
    [R_COUNTER]  = {0x18, "COUNTER",   0,    UINT32_MAX, 0,  0},
    [R_PRESCALE] = {0x1c, "PRESCALE",  0,    UINT32_MAX, 0,  0},
    [R_PSCNTR]   = {0x20, "PSCNTR",    0,    UINT32_MAX, 0,  0},
    [R_MISC]     = {0x4c, "MISC",      0,    0x7f,       0,  0x7f},
};
/* clang-format on */

/* When each was set; reg[] has what to. The prescaler and its counter were set together. */
enum { S_1HZ_AT, S_100HZ_AT, S_SCALED_AT };

static uint32_t counted(const struct device *d, unsigned r, unsigned set_at, uint32_t hz)
{
    return d->reg[r] + (uint32_t)((d->now - d->state[set_at]) * hz / d->tick_hz);
}

/* PSCNTR counts down; at 0 it goes on from PRESCALE, and COUNTER counts up. */
static void bring_up(struct device *d)
{
    uint64_t ticks = d->now - d->state[S_SCALED_AT];
    uint64_t left = d->reg[R_PSCNTR];

    d->state[S_SCALED_AT] = d->now;
    if (ticks <= left) {
        d->reg[R_PSCNTR] = (uint32_t)(left - ticks);
        return;
    }
    uint64_t period = (uint64_t)d->reg[R_PRESCALE] + 1u;
    uint64_t behind = ticks - left - 1u;

    d->reg[R_COUNTER] += 1u + (uint32_t)(behind / period);
    d->reg[R_PSCNTR] = (uint32_t)(d->reg[R_PRESCALE] - behind % period);
}

/* The clock counts on from what it is now, without losing the part of a count that has passed. */
static void refresh_clock(struct device *d, unsigned r, unsigned set_at, uint32_t hz)
{
    uint32_t now = counted(d, r, set_at, hz);
    uint64_t whole = (uint64_t)(now - d->reg[r]) * d->tick_hz;

    d->state[set_at] += whole / hz + (whole % hz != 0);
    d->reg[r] = now;
}

static uint32_t buttons(const struct device *d)
{
    return (device_input(d, LEDS) ? 1u : 0) | (device_input(d, LEDS + 1u) ? 2u : 0);
}

static void reset(struct device *d, enum device_reset why)
{
    (void)why;
    d->state[S_1HZ_AT] = d->now;
    d->state[S_100HZ_AT] = d->now;
    d->state[S_SCALED_AT] = d->now;
}

static void reading(struct device *d, unsigned r)
{
    switch (r) {
    case R_BUTTON:
        d->reg[r] = buttons(d);
        break;
    case R_CLK1HZ:
        refresh_clock(d, r, S_1HZ_AT, 1);
        break;
    case R_CLK100HZ:
        refresh_clock(d, r, S_100HZ_AT, 100);
        break;
    case R_COUNTER:
    case R_PSCNTR:
        bring_up(d);
        break;
    default:
        break;
    }
}

static void written(struct device *d, unsigned r, uint32_t old)
{
    uint32_t to = d->reg[r];

    switch (r) {
    case R_CLK1HZ:
        d->state[S_1HZ_AT] = d->now;
        break;
    case R_CLK100HZ:
        d->state[S_100HZ_AT] = d->now;
        break;
    case R_COUNTER:
    case R_PRESCALE:
    case R_PSCNTR:
        d->reg[r] = old; /* up to now it counted as before */
        bring_up(d);
        d->reg[r] = to;
        break;
    default:
        break;
    }
}

static struct device_levels drives(const struct device *d)
{
    return (struct device_levels){.driven = LED_BITS, .high = d->reg[R_LED0]};
}

const struct device_model mps2_fpgaio_model = {
    .name = "mps2-fpgaio",
    .bytes = 0x1000,
    .registers = registers,
    .register_count = R_COUNT,
    .pads = LEDS + BUTTONS,
    .reset = reset,
    .reading = reading,
    .written = written,
    .drives = drives,
};
