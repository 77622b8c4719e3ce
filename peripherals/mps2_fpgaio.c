/*
 * FPGA system control and I/O of MPS2+ with image AN505: LEDs, buttons, counters.
 * Source: Arm AN505, "FPGA system control and I/O". Status: docs/peripherals/mps2-fpgaio.md.
 *
 * Pads: 0 and 1 are the LEDs, 2 and 3 the buttons; a 1 is lit and pressed. The prescaler
 * counts ticks down to 0; with the next tick it goes on from PRESCALE, and COUNTER is one
 * more.
 * Not modelled: what MISC selects (chip selects, LCD); it reads as written.
 */
#include "peripherals/clock.h"
#include "sim/device.h"

enum {
    R_LED0,
    R_BUTTON,
    R_CLK1HZ,
    R_CLK100HZ,
    R_COUNTER,
    R_PRESCALE,
    R_PSCNTR,
    R_MISC,
    R_COUNT,
};

#define LEDS         3u
#define FIRST_BUTTON 2u
#define BUTTONS      3u
#define PADS         4u
#define MISC_BITS    0x3ffu

/* clang-format off */
static const struct device_register registers[R_COUNT] = {
    /*              offset name         reset  write       w1c  unmodelled */
    [R_LED0]     = {0x00,  "LED0",      0,     LEDS,       0,   0},
    [R_BUTTON]   = {0x08,  "BUTTON",    0,     0,          0,   0},
    [R_CLK1HZ]   = {0x10,  "CLK1HZ",    0,     UINT32_MAX, 0,   0},
    [R_CLK100HZ] = {0x14,  "CLK100HZ",  0,     UINT32_MAX, 0,   0},
    [R_COUNTER]  = {0x18,  "COUNTER",   0,     UINT32_MAX, 0,   0},
    [R_PRESCALE] = {0x1c,  "PRESCALE",  0,     UINT32_MAX, 0,   0},
    [R_PSCNTR]   = {0x20,  "PSCNTR",    0,     UINT32_MAX, 0,   0},
    [R_MISC]     = {0x4c,  "MISC",      0,     MISC_BITS,  0,   MISC_BITS},
};
/* clang-format on */

/* The clocks count from their values at these ticks; COUNTER and PSCNTR have theirs as of S_AT. */
enum { S_1HZ_AT, S_1HZ, S_100HZ_AT, S_100HZ, S_AT };

static void reset(struct device *d, enum device_reset why)
{
    (void)why;
    d->state[S_1HZ_AT] = d->now;
    d->state[S_100HZ_AT] = d->now;
    d->state[S_AT] = d->now;
}

/* Brings PSCNTR and COUNTER to now. `reload`: what PRESCALE was in the meantime. */
static void count(struct device *d, uint32_t reload)
{
    uint64_t passed = d->now - d->state[S_AT];
    uint64_t left = d->reg[R_PSCNTR];

    d->state[S_AT] = d->now;
    if (passed <= left) {
        d->reg[R_PSCNTR] = (uint32_t)(left - passed);
        return;
    }
    uint64_t since_reload = passed - left - 1u;
    uint64_t period = (uint64_t)reload + 1u;

    d->reg[R_PSCNTR] = (uint32_t)(reload - since_reload % period);
    d->reg[R_COUNTER] += (uint32_t)(1u + since_reload / period);
}

static uint32_t clock_value(const struct device *d, unsigned at, uint64_t hz)
{
    return (uint32_t)(d->state[at + 1u] + clock_counts(d, hz, d->now - d->state[at]));
}

static void reading(struct device *d, unsigned r)
{
    switch (r) {
    case R_BUTTON:
        d->reg[R_BUTTON] = d->levels[0] >> FIRST_BUTTON & BUTTONS;
        break;
    case R_CLK1HZ:
        d->reg[R_CLK1HZ] = clock_value(d, S_1HZ_AT, 1);
        break;
    case R_CLK100HZ:
        d->reg[R_CLK100HZ] = clock_value(d, S_100HZ_AT, 100);
        break;
    case R_COUNTER:
    case R_PSCNTR:
        count(d, d->reg[R_PRESCALE]);
        break;
    default:
        break;
    }
}

static void set_clock(struct device *d, unsigned at, uint32_t value)
{
    d->state[at] = d->now;
    d->state[at + 1u] = value;
}

static void written(struct device *d, unsigned r, uint32_t old)
{
    uint32_t value = d->reg[r];

    switch (r) {
    case R_CLK1HZ:
        set_clock(d, S_1HZ_AT, value);
        break;
    case R_CLK100HZ:
        set_clock(d, S_100HZ_AT, value);
        break;
    case R_PRESCALE:
        count(d, old);
        break;
    case R_COUNTER:
    case R_PSCNTR: /* the other one has gone on until now */
        d->reg[r] = old;
        count(d, d->reg[R_PRESCALE]);
        d->reg[r] = value;
        break;
    default:
        break;
    }
}

static struct device_levels drives(const struct device *d)
{
    return (struct device_levels){.driven = LEDS, .high = d->reg[R_LED0]};
}

const struct device_model mps2_fpgaio_model = {
    .name = "mps2-fpgaio",
    .bytes = 0x1000,
    .registers = registers,
    .register_count = R_COUNT,
    .pads = PADS,
    .reset = reset,
    .reading = reading,
    .written = written,
    .drives = drives,
};
