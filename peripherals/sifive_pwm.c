/*
 * PWM of SiFive's FE310: a counter, four comparators, four outputs.
 * Source: FE310-G002 Manual, "Pulse Width Modulator (PWM)".
 * Status: docs/peripherals/sifive-pwm.md.
 *
 * Two models, by the width of their comparators: sifive-pwm has 16 bits, sifive-pwm8
 * has 8, as PWM 0 of the chip. The board's parameter is the clock in Hz, not above the
 * CPU's; 0: the CPU's.
 *
 * Signals and lines 0 to 3 are the comparators'. The event is the next moment at which
 * one of them may change; between events nothing does.
 * Not modelled: the clock by which a pending bit comes behind its comparator.
 */
#include "peripherals/clock.h"
#include "sim/device.h"

enum { R_CFG, R_COUNT, R_S, R_CMP, R_END = R_CMP + 4 };

#define COMPARATORS    4u
#define CFG_SCALE      0xfu
#define CFG_STICKY     (1u << 8)
#define CFG_ZEROCMP    (1u << 9)
#define CFG_DEGLITCH   (1u << 10)
#define CFG_ENALWAYS   (1u << 12)
#define CFG_ENONESHOT  (1u << 13)
#define CFG_RUNS       (CFG_ENALWAYS | CFG_ENONESHOT)
#define CFG_CENTER     16u /* a bit a comparator, from here on */
#define CFG_GANG       24u
#define CFG_IP         28u
#define CFG_WRITE      0xff0f370fu
#define SCALE_MOST     15u
#define COMPARATOR_SET ((1u << COMPARATORS) - 1u)

/* All comparators are 0 after reset, and so is the counter: it has reached them. */
#define CFG_RESET (COMPARATOR_SET << CFG_IP)

/* clang-format off */
#define REGISTERS(width) {                                                       \
    [R_CFG]     = {0x00, "pwmcfg",   CFG_RESET, CFG_WRITE, 0, 0},                \
    [R_COUNT]   = {0x08, "pwmcount", 0, (1u << ((width) + SCALE_MOST)) - 1u, 0, 0}, \
    [R_S]       = {0x10, "pwms",     0, 0,                 0, 0},                \
    [R_CMP]     = {0x20, "pwmcmp0",  0, (1u << (width)) - 1u, 0, 0},             \
    [R_CMP + 1] = {0x24, "pwmcmp1",  0, (1u << (width)) - 1u, 0, 0},             \
    [R_CMP + 2] = {0x28, "pwmcmp2",  0, (1u << (width)) - 1u, 0, 0},             \
    [R_CMP + 3] = {0x2c, "pwmcmp3",  0, (1u << (width)) - 1u, 0, 0},             \
}
/* clang-format on */

static const struct device_register registers_16[R_END] = REGISTERS(16);
static const struct device_register registers_8[R_END] = REGISTERS(8);

enum { S_AT }; /* the count of the clock at which reg[R_COUNT] was right */

static uint32_t width(const struct device *d)
{
    return d->model->registers == registers_8 ? 8u : 16u;
}

static uint32_t scale(const struct device *d)
{
    return d->reg[R_CFG] & CFG_SCALE;
}

static uint64_t clock_hz(const struct device *d)
{
    return d->parameter != 0 ? d->parameter : d->tick_hz;
}

static bool centers(const struct device *d, uint32_t i)
{
    return (d->reg[R_CFG] >> (CFG_CENTER + i) & 1u) != 0;
}

/* ---------------------------------------------------------------- the counter's cycle */

/* Clocks of a cycle that nothing cuts short. */
static uint32_t span(const struct device *d)
{
    return 1u << (width(d) + scale(d));
}

static uint32_t position(const struct device *d)
{
    return d->reg[R_COUNT] & (span(d) - 1u);
}

static bool in_second_half(const struct device *d)
{
    return position(d) >= span(d) / 2u;
}

/* The comparators that the counter has reached; centered ones see it come back in the second half.
 */
static uint32_t reached(const struct device *d)
{
    uint32_t most = (1u << width(d)) - 1u;
    uint32_t s = position(d) >> scale(d);
    uint32_t set = 0;

    for (uint32_t i = 0; i < COMPARATORS; i++) {
        uint32_t seen = centers(d, i) && in_second_half(d) ? most - s : s;

        set |= seen >= d->reg[R_CMP + i] ? 1u << i : 0;
    }
    return set;
}

/* Clocks until the counter is 0 again: it overflows, or with zerocmp is past comparator 0. */
static uint32_t until_zero(const struct device *d)
{
    uint32_t left = span(d) - position(d);
    uint32_t match = d->reg[R_CMP] << scale(d);
    bool comes = match > position(d) && !(centers(d, 0) && match >= span(d) / 2u);

    if ((d->reg[R_CFG] & CFG_ZEROCMP) == 0) {
        return left;
    }
    if ((reached(d) & 1u) != 0) {
        return 1;
    }
    return comes ? match - position(d) + 1u : left;
}

static uint32_t earlier(const struct device *d, uint32_t left, uint32_t at)
{
    return at > position(d) && at - position(d) < left ? at - position(d) : left;
}

/* Clocks until a comparator may change. */
static uint32_t until_change(const struct device *d)
{
    uint32_t left = until_zero(d);

    for (uint32_t i = 0; i < COMPARATORS; i++) {
        uint32_t match = d->reg[R_CMP + i] << scale(d);

        left = earlier(d, left, match);
        if (centers(d, i)) {
            left = earlier(d, left, span(d) / 2u);
            left = earlier(d, left, span(d) - match);
        }
    }
    return left;
}

/* ---------------------------------------------------------------- time */

/* Pending bits follow the comparators. Some stay: all with sticky, with deglitch those of this
 * cycle; but of centered ones in the second half none. */
static void compare(struct device *d, bool new_cycle)
{
    uint32_t cfg = d->reg[R_CFG];
    bool stay = (cfg & CFG_STICKY) != 0 || ((cfg & CFG_DEGLITCH) != 0 && !new_cycle);
    uint32_t free = in_second_half(d) ? cfg >> CFG_CENTER & COMPARATOR_SET : 0;
    uint32_t held = stay ? cfg >> CFG_IP & ~free : 0;

    d->reg[R_CFG] = (cfg & ~CFG_RESET) | (reached(d) | held) << CFG_IP;
}

/* Brings the counter and the pending bits to now. */
static void catch_up(struct device *d)
{
    uint64_t at = clock_counts(d, clock_hz(d), d->now);
    uint64_t passed = at - d->state[S_AT];
    bool new_cycle = false;

    d->state[S_AT] = at;
    if ((d->reg[R_CFG] & CFG_RUNS) == 0) {
        passed = 0;
    }
    if (passed >= until_zero(d)) {
        passed -= until_zero(d);
        new_cycle = true;
        d->reg[R_COUNT] = 0;
        d->reg[R_CFG] &= ~CFG_ENONESHOT;
        passed = (d->reg[R_CFG] & CFG_RUNS) != 0 ? passed % until_zero(d) : 0;
    }
    d->reg[R_COUNT] += (uint32_t)passed;
    d->reg[R_S] = position(d) >> scale(d);
    compare(d, new_cycle);
}

/* A counter that stays at 0 changes nothing, unless that ends a one-shot or a deglitched cycle. */
static bool rests(const struct device *d)
{
    uint32_t cfg = d->reg[R_CFG];
    bool same = cfg >> CFG_IP == reached(d) || (cfg & CFG_STICKY) != 0;

    return d->reg[R_COUNT] == 0 && until_zero(d) == 1 && (cfg & CFG_ENONESHOT) == 0 && same;
}

static void plan(struct device *d)
{
    bool runs = (d->reg[R_CFG] & CFG_RUNS) != 0;

    d->event_at = DEVICE_NEVER;
    if (runs && !rests(d)) {
        d->event_at = clock_tick(d, clock_hz(d), d->state[S_AT] + until_change(d));
    }
}

static void event(struct device *d)
{
    catch_up(d);
    plan(d);
}

static void reset(struct device *d, enum device_reset why)
{
    (void)why;
    d->state[S_AT] = clock_counts(d, clock_hz(d), d->now);
}

static void reading(struct device *d, unsigned r)
{
    (void)r;
    catch_up(d);
    plan(d);
}

/* Until now it went on as it was. */
static void written(struct device *d, unsigned r, uint32_t old)
{
    uint32_t value = d->reg[r];

    d->reg[r] = old;
    catch_up(d);
    d->reg[r] = value;
    catch_up(d);
    plan(d);
}

/* ---------------------------------------------------------------- outputs */

static uint32_t raises(const struct device *d)
{
    return d->reg[R_CFG] >> CFG_IP;
}

/* A ganged output is low while its neighbour's comparator is pending, too. */
static struct device_levels drives(const struct device *d)
{
    uint32_t pending = d->reg[R_CFG] >> CFG_IP;
    uint32_t next = pending >> 1 | (pending & 1u) << (COMPARATORS - 1u);
    uint32_t gang = d->reg[R_CFG] >> CFG_GANG & COMPARATOR_SET;

    return (struct device_levels){.driven = COMPARATOR_SET, .high = pending & ~(next & gang)};
}

const struct device_model sifive_pwm_model = {
    .name = "sifive-pwm",
    .bytes = 0x1000,
    .registers = registers_16,
    .register_count = R_END,
    .reset = reset,
    .reading = reading,
    .written = written,
    .event = event,
    .raises = raises,
    .drives = drives,
};

const struct device_model sifive_pwm8_model = {
    .name = "sifive-pwm8",
    .bytes = 0x1000,
    .registers = registers_8,
    .register_count = R_END,
    .reset = reset,
    .reading = reading,
    .written = written,
    .event = event,
    .raises = raises,
    .drives = drives,
};
