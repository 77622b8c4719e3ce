/*
 * GPIO port of STM32L552 and L562: 16 pads.
 * Source: RM0438, "General-purpose I/Os (GPIO)".
 *
 * Signals 0 to 15 are the pads. Input signal 16 * (f + 1) + p is what alternate
 * function f (0 to 14) gives to pad p; while nobody drives that signal, the pad is
 * open. In analog mode the pad is open, without pulls, and reads 0. The board's
 * parameter is the port's number from 1 (A): ports A, B and H have other reset
 * values than the rest.
 * Not modelled: speed (OSPEEDR is stored); alternate function 15 (EVENTOUT).
 * TZEN is 0: SECCFGR reads 0.
 */
#include "sim/device.h"

enum {
    R_MODER,
    R_OTYPER,
    R_OSPEEDR,
    R_PUPDR,
    R_IDR,
    R_ODR,
    R_BSRR,
    R_LCKR,
    R_AFRL,
    R_AFRH,
    R_BRR,
    R_SECCFGR,
    R_COUNT,
};

#define PADS     16u
#define PAD_MASK 0xffffu
#define LCKK     (1u << 16)
#define EVENTOUT 15u
#define ALL      UINT32_MAX

/* clang-format off */
static const struct device_register registers[R_COUNT] = {
    /*             offset  name       reset  write            w1c  unmodelled */
    [R_MODER]   = {0x00,   "MODER",   ALL,   ALL,             0,   0},
    [R_OTYPER]  = {0x04,   "OTYPER",  0,     PAD_MASK,        0,   0},
    [R_OSPEEDR] = {0x08,   "OSPEEDR", 0,     ALL,             0,   0},
    [R_PUPDR]   = {0x0c,   "PUPDR",   0,     ALL,             0,   0},
    [R_IDR]     = {0x10,   "IDR",     0,     0,               0,   0},
    [R_ODR]     = {0x14,   "ODR",     0,     PAD_MASK,        0,   0},
    [R_BSRR]    = {0x18,   "BSRR",    0,     ALL,             0,   0},
    [R_LCKR]    = {0x1c,   "LCKR",    0,     LCKK | PAD_MASK, 0,   0},
    [R_AFRL]    = {0x20,   "AFRL",    0,     ALL,             0,   0},
    [R_AFRH]    = {0x24,   "AFRH",    0,     ALL,             0,   0},
    [R_BRR]     = {0x28,   "BRR",     0,     PAD_MASK,        0,   0},
    [R_SECCFGR] = {0x30,   "SECCFGR", 0,     0,               0,   0},
};
/* clang-format on */

/* Ports as they leave reset, by number: A has the debug port, B the rest of it; H has few pins. */
static const struct port {
    uint32_t moder;
    uint32_t ospeedr;
    uint32_t pupdr;
} ports[] = {
    [0] = {ALL, 0, 0},
    [1] = {0xabffffff, 0x0c000000, 0x64000000},
    [2] = {0xfffffebf, 0, 0x00000100},
    [8] = {0x0000000f, 0, 0},
};

enum {
    S_LOCK_STEP, /* how much of the lock sequence was seen */
    S_LOCK_PINS, /* the pins of the sequence, and those that are locked at its end */
    S_LOCKED,
};

enum { LOCK_BEGIN, LOCK_SET, LOCK_CLEARED, LOCK_SET_AGAIN };

enum mode { MODE_INPUT, MODE_OUTPUT, MODE_ALTERNATE, MODE_ANALOG };
enum pull { PULL_NONE, PULL_UP, PULL_DOWN, PULL_RESERVED };

static void reset(struct device *d, enum device_reset why)
{
    uint32_t last = sizeof ports / sizeof ports[0] - 1u;
    const struct port *port = &ports[d->parameter <= last ? d->parameter : 0];

    (void)why;
    if (port->moder == 0) { /* a port between those that are named */
        port = &ports[0];
    }
    d->reg[R_MODER] = port->moder;
    d->reg[R_OSPEEDR] = port->ospeedr;
    d->reg[R_PUPDR] = port->pupdr;
}

#define EVEN_BITS 0x55555555u

/* The pins whose two bits in a register like MODER are `value`: a bit each. */
static uint32_t pins_with(uint32_t fields, uint32_t value)
{
    uint32_t equal = ~(fields ^ value * EVEN_BITS);
    uint32_t pins = equal & equal >> 1u & EVEN_BITS;

    pins = (pins | pins >> 1u) & 0x33333333u; /* the even bits move together */
    pins = (pins | pins >> 2u) & 0x0f0f0f0fu;
    pins = (pins | pins >> 4u) & 0x00ff00ffu;
    return (pins | pins >> 8u) & PAD_MASK;
}

static uint32_t function_of(const struct device *d, unsigned pad)
{
    return (d->reg[R_AFRL + pad / 8u] >> 4u * (pad % 8u)) & 15u;
}

static void reading(struct device *d, unsigned r)
{
    if (r == R_IDR) {
        d->reg[R_IDR] = d->levels[0] & PAD_MASK & ~pins_with(d->reg[R_MODER], MODE_ANALOG);
    }
}

/* A register with `bits` bits a pin keeps those of locked pins. */
static void keep_locked(struct device *d, unsigned r, uint32_t old, unsigned bits)
{
    unsigned first = r == R_AFRH ? 8u : 0;
    unsigned pins = 32u / bits < PADS ? 32u / bits : PADS;
    uint32_t kept = 0;

    if (d->state[S_LOCKED] == 0) {
        return;
    }
    for (unsigned k = 0; k < pins; k++) {
        if (((d->state[S_LOCK_PINS] >> (first + k)) & 1u) != 0) {
            kept |= ((1u << bits) - 1u) << bits * k;
        }
    }
    d->reg[r] = (old & kept) | (d->reg[r] & ~kept);
}

/* Key and pins, pins alone, key and pins, then a read: the same pins each time. */
static void lock_written(struct device *d)
{
    uint32_t pins = d->reg[R_LCKR] & PAD_MASK;
    bool key = (d->reg[R_LCKR] & LCKK) != 0;
    bool same = pins == d->state[S_LOCK_PINS];
    uint64_t step = d->state[S_LOCK_STEP];

    if (d->state[S_LOCKED] != 0) {
        d->reg[R_LCKR] = LCKK | (uint32_t)d->state[S_LOCK_PINS];
        return;
    }
    if (step == LOCK_SET && same && !key) {
        d->state[S_LOCK_STEP] = LOCK_CLEARED;
    } else if (step == LOCK_CLEARED && same && key) {
        d->state[S_LOCK_STEP] = LOCK_SET_AGAIN;
    } else {
        d->state[S_LOCK_STEP] = key ? LOCK_SET : LOCK_BEGIN;
    }
    d->state[S_LOCK_PINS] = pins;
    d->reg[R_LCKR] = pins; /* LCKK reads 0 until the sequence is complete */
}

static void was_read(struct device *d, unsigned r)
{
    if (r == R_LCKR && d->state[S_LOCK_STEP] == LOCK_SET_AGAIN && d->state[S_LOCKED] == 0) {
        d->state[S_LOCKED] = 1;
        d->reg[R_LCKR] |= LCKK; /* for the next read */
    }
}

static void written(struct device *d, unsigned r, uint32_t old)
{
    switch (r) {
    case R_MODER:
    case R_OSPEEDR:
    case R_PUPDR:
        keep_locked(d, r, old, 2);
        break;
    case R_OTYPER:
        keep_locked(d, r, old, 1);
        break;
    case R_AFRL:
    case R_AFRH:
        keep_locked(d, r, old, 4);
        break;
    case R_BSRR: /* where both are written, set wins */
        d->reg[R_ODR] = (d->reg[R_ODR] & ~(d->reg[R_BSRR] >> PADS)) | (d->reg[R_BSRR] & PAD_MASK);
        d->reg[R_BSRR] = 0;
        break;
    case R_BRR:
        d->reg[R_ODR] &= ~d->reg[R_BRR];
        d->reg[R_BRR] = 0;
        break;
    case R_LCKR:
        lock_written(d);
        break;
    default:
        break;
    }
}

/* The pins that an alternate function drives, of those in `pins`; and its levels. */
static uint32_t alternates(const struct device *d, uint32_t pins, uint32_t *high)
{
    uint32_t driven = 0;

    for (; pins != 0; pins &= pins - 1u) {
        unsigned pad = (unsigned)__builtin_ctz(pins);
        uint32_t function = function_of(d, pad);
        unsigned signal = PADS * (function + 1u) + pad;

        if (function != EVENTOUT && !device_input_open(d, signal)) {
            driven |= 1u << pad;
            *high |= device_input(d, signal) ? 1u << pad : 0;
        }
    }
    return driven;
}

static struct device_levels drives(const struct device *d)
{
    uint32_t output = pins_with(d->reg[R_MODER], MODE_OUTPUT);
    uint32_t high = d->reg[R_ODR] & output;
    uint32_t driven = output | alternates(d, pins_with(d->reg[R_MODER], MODE_ALTERNATE), &high);
    uint32_t up = pins_with(d->reg[R_PUPDR], PULL_UP);
    uint32_t pulled = up | pins_with(d->reg[R_PUPDR], PULL_DOWN);

    driven &= ~(high & d->reg[R_OTYPER]); /* open drain */
    pulled &= ~driven & ~pins_with(d->reg[R_MODER], MODE_ANALOG);
    return (struct device_levels){
        .driven = driven,
        .pulled = pulled,
        .high = (driven & high) | (pulled & up),
    };
}

const struct device_model stm32_gpio_model = {
    .name = "stm32-gpio",
    .bytes = 0x400,
    .registers = registers,
    .register_count = R_COUNT,
    .access = DEVICE_ANY_SIZE,
    .pads = PADS,
    .reset = reset,
    .reading = reading,
    .was_read = was_read,
    .written = written,
    .drives = drives,
};
