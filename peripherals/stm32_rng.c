/*
 * Random number generator of STM32L552 and L562: numbers from a seed.
 * Source: RM0438, "True random number generator (RNG)". Its times are those of the
 * same unit in RM0453 22.5 (NIST configuration), with a 48 MHz clock.
 *
 * Numbers come in fours: the first when the noise source was tested, the next when
 * the four were read and the time between two sets has passed. The n-th number
 * since power-on follows from the value "seed" and n alone, so a program sees the
 * same numbers whatever its timing. While "seed_error" is not 0 the noise source
 * fails its tests; while "clock_error" is not 0 its clock is too slow.
 * Not modelled: what the configuration bits do, but CLKDIV; tests of HTCR's limits.
 */
#include <string.h>

#include "sim/device.h"

enum { R_CR, R_SR, R_DR, R_HTCR, R_COUNT };

#define CR_RNGEN        (1u << 2)
#define CR_IE           (1u << 3)
#define CR_CED          (1u << 5) /* 0: the clock is watched */
#define CR_CLKDIV_SHIFT 16u
#define CR_CLKDIV       (15u << CR_CLKDIV_SHIFT)
#define CR_CONFIG       0x03f0ff00u /* NISTC, RNG_CONFIG1 to 3 */
#define CR_CONFIGURED   (CR_CED | CR_CLKDIV | CR_CONFIG)
#define CR_CONDRST      (1u << 30)
#define CR_CONFIGLOCK   (1u << 31)
#define CR_BITS         (CR_RNGEN | CR_IE | CR_CONFIGURED | CR_CONDRST | CR_CONFIGLOCK)

#define SR_DRDY (1u << 0)
#define SR_CECS (1u << 1)
#define SR_SECS (1u << 2)
#define SR_CEIS (1u << 5)
#define SR_SEIS (1u << 6)

#define HTCR_MAGIC 0x17590abcu

#define RNG_HZ         UINT64_C(48000000)
#define SET_BUS_CYCLES 412u              /* conditioning four numbers, or */
#define SET_RNG_CYCLES 256u              /* sampling the noise for them: whichever takes longer */
#define TEST_CYCLES    (16u + 3u * 128u) /* before the first set, to test the noise source */
#define CONDRST_CYCLES 2u                /* of either clock */
#define SET            4u                /* numbers */

/* clang-format off */
static const struct device_register registers[R_COUNT] = {
    /*          offset  name    reset       write              w1c  unmodelled */
    [R_CR]   = {0x00,   "CR",   0,          CR_BITS,           0,   0},
    [R_SR]   = {0x04,   "SR",   0,          SR_CEIS | SR_SEIS, 0,   0},
    [R_DR]   = {0x08,   "DR",   0,          0,                 0,   0},
    [R_HTCR] = {0x10,   "HTCR", 0x000caa74, UINT32_MAX,        0,   0},
};
/* clang-format on */

enum { V_SEED, V_SEED_ERROR, V_CLOCK_ERROR, VALUES };
static const char *const values[VALUES] = {
    [V_SEED] = "seed",
    [V_SEED_ERROR] = "seed_error",
    [V_CLOCK_ERROR] = "clock_error",
};

enum {
    S_LEFT,     /* numbers of the set at hand */
    S_SET_AT,   /* when the next set can be there; 0: none is being made */
    S_TESTED,   /* the noise source has passed its tests */
    S_RESET_AT, /* when CONDRST ends; 0: it does not */
    S_UNLOCKED, /* the magic number was just written to HTCR */
};

/* ---------------------------------------------------------------- numbers */

/* How many numbers were drawn since power-on, in the device's memory. */
static uint64_t drawn(const struct device *d)
{
    uint64_t count;

    memcpy(&count, d->memory, sizeof count);
    return count;
}

static void set_drawn(struct device *d, uint64_t count)
{
    memcpy(d->memory, &count, sizeof count);
}

/* The n-th number of a seed: Steele's SplitMix64, whose period no program sees the end of. */
static uint32_t number(uint32_t seed, uint64_t n)
{
    uint64_t x = ((uint64_t)seed << 32u) + (n + 1u) * UINT64_C(0x9e3779b97f4a7c15);

    x = (x ^ x >> 30u) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27u) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((x ^ x >> 31u) >> 32u);
}

/* The next number; 0 means an error on this chip, so it is left out. */
static uint32_t peek_number(const struct device *d, uint64_t *next)
{
    uint32_t result = 0;

    *next = drawn(d);
    while (result == 0) {
        result = number((uint32_t)d->value[V_SEED], (*next)++);
    }
    return result;
}

/* ---------------------------------------------------------------- time */

static uint64_t rng_ticks(const struct device *d, uint32_t cycles)
{
    uint64_t scaled = (uint64_t)cycles << ((d->reg[R_CR] & CR_CLKDIV) >> CR_CLKDIV_SHIFT);

    return (scaled * d->tick_hz + RNG_HZ - 1u) / RNG_HZ;
}

static uint64_t ticks_per_set(const struct device *d)
{
    uint64_t sampling = rng_ticks(d, SET_RNG_CYCLES);

    return sampling > SET_BUS_CYCLES ? sampling : SET_BUS_CYCLES;
}

static bool is_on(const struct device *d)
{
    return (d->reg[R_CR] & (CR_RNGEN | CR_CONDRST)) == CR_RNGEN;
}

/* ---------------------------------------------------------------- state */

static void fail(struct device *d)
{
    d->reg[R_SR] |= SR_SECS | SR_SEIS;
    d->state[S_LEFT] = 0;
    d->state[S_SET_AT] = 0;
    d->state[S_TESTED] = 0;
}

/* A set is being made while the source is on and sound, and the last one was read. */
static void make_sets(struct device *d)
{
    if (!is_on(d) || (d->reg[R_SR] & SR_SECS) != 0) {
        d->state[S_SET_AT] = 0;
        return;
    }
    if (d->state[S_TESTED] != 0 && d->value[V_SEED_ERROR] != 0) {
        fail(d);
        return;
    }
    if (d->state[S_SET_AT] == 0) {
        uint64_t tests = d->state[S_TESTED] != 0 ? 0 : rng_ticks(d, TEST_CYCLES);

        d->state[S_SET_AT] = d->now + tests + ticks_per_set(d);
    }
    if (d->state[S_SET_AT] <= d->now && d->state[S_LEFT] == 0) {
        if (d->value[V_SEED_ERROR] != 0) {
            fail(d);
            return;
        }
        d->state[S_TESTED] = 1;
        d->state[S_LEFT] = SET;
        d->state[S_SET_AT] = d->now + ticks_per_set(d);
    }
}

static void watch_clock(struct device *d)
{
    bool slow = d->value[V_CLOCK_ERROR] != 0 && (d->reg[R_CR] & CR_CED) == 0 && is_on(d);

    if (slow && (d->reg[R_SR] & SR_CECS) == 0) {
        d->reg[R_SR] |= SR_CECS | SR_CEIS;
    } else if (!slow) {
        d->reg[R_SR] &= ~SR_CECS;
    }
}

/* After any change, or when time has come. */
static void settle(struct device *d)
{
    if (d->state[S_RESET_AT] != 0 && d->state[S_RESET_AT] <= d->now) {
        d->state[S_RESET_AT] = 0;
        d->reg[R_CR] &= ~CR_CONDRST;
    }
    make_sets(d);
    watch_clock(d);
    d->reg[R_SR] = (d->reg[R_SR] & ~SR_DRDY) | (d->state[S_LEFT] != 0 ? SR_DRDY : 0);
    d->event_at = d->state[S_RESET_AT] != 0 ? d->state[S_RESET_AT] : DEVICE_NEVER;
    if (d->state[S_SET_AT] > d->now && d->state[S_LEFT] == 0) {
        d->event_at = d->state[S_SET_AT]; /* not during CONDRST: no set is being made */
    }
}

static void reset(struct device *d, enum device_reset why)
{
    if (why == DEVICE_RESET_POWER) {
        set_drawn(d, 0);
    }
}

/* The configuration is taken where CONDRST is written as 1 with it, and it is not locked. */
static void control_written(struct device *d, uint32_t old)
{
    uint32_t to = d->reg[R_CR];
    bool taken = (to & CR_CONDRST) != 0 && (old & CR_CONFIGLOCK) == 0;

    if (!taken) {
        to = (to & ~CR_CONFIGURED) | (old & CR_CONFIGURED);
    }
    to |= old & CR_CONFIGLOCK; /* until the next reset */
    if ((to & CR_CONDRST) != 0) {
        d->reg[R_SR] = 0;
        d->state[S_LEFT] = 0;
        d->state[S_TESTED] = 0;
        d->state[S_RESET_AT] = 0;
    } else if ((old & CR_CONDRST) != 0) { /* it reads 1 until the reset is done */
        to |= CR_CONDRST;
        if (d->state[S_RESET_AT] == 0) {
            d->state[S_RESET_AT] = d->now + CONDRST_CYCLES + rng_ticks(d, CONDRST_CYCLES);
        }
    }
    d->reg[R_CR] = to;
}

/* HTCR takes a value right after the magic number, while CONDRST is 1 and nothing is locked. */
static void limits_written(struct device *d, uint32_t old)
{
    bool open = (d->reg[R_CR] & (CR_CONDRST | CR_CONFIGLOCK)) == CR_CONDRST;
    bool magic = d->reg[R_HTCR] == HTCR_MAGIC;

    if (!open || d->state[S_UNLOCKED] == 0) {
        d->reg[R_HTCR] = old;
    }
    d->state[S_UNLOCKED] = open && magic && d->state[S_UNLOCKED] == 0;
}

static void written(struct device *d, unsigned r, uint32_t old)
{
    switch (r) {
    case R_CR:
        control_written(d, old);
        break;
    case R_SR: /* cleared by writing 0 */
        d->reg[R_SR] &= old;
        break;
    case R_HTCR:
        limits_written(d, old);
        break;
    default:
        break;
    }
    settle(d);
}

static void reading(struct device *d, unsigned r)
{
    uint64_t next;

    if (r == R_DR) {
        d->reg[R_DR] = d->state[S_LEFT] != 0 ? peek_number(d, &next) : 0;
    }
}

static void was_read(struct device *d, unsigned r)
{
    if (r == R_DR && d->state[S_LEFT] != 0) {
        uint64_t next;

        (void)peek_number(d, &next);
        set_drawn(d, next);
        d->state[S_LEFT]--;
        settle(d);
    }
}

static void changed(struct device *d, unsigned v)
{
    if (v == V_SEED) {
        set_drawn(d, 0);
    }
    settle(d);
}

/* Only while it is enabled. */
static uint32_t raises(const struct device *d)
{
    return (d->reg[R_CR] & (CR_RNGEN | CR_IE)) == (CR_RNGEN | CR_IE) &&
           (d->reg[R_SR] & (SR_DRDY | SR_CEIS | SR_SEIS)) != 0;
}

const struct device_model stm32_rng_model = {
    .name = "stm32-rng",
    .bytes = 0x400,
    .registers = registers,
    .register_count = R_COUNT,
    .access = DEVICE_WORDS_ONLY,
    .memory_bytes = sizeof(uint64_t),
    .memory_stays = true,
    .values = values,
    .value_count = VALUES,
    .reset = reset,
    .reading = reading,
    .was_read = was_read,
    .written = written,
    .event = settle,
    .raises = raises,
    .changed = changed,
};
