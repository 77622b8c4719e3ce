/*
 * Platform-level interrupt controller of SiFive's FE310: 52 sources, one target.
 * Source: FE310-G002 Manual, "Platform-Level Interrupt Controller (PLIC)".
 * Status: docs/peripherals/sifive-plic.md.
 *
 * It stands beside the kernel's own path of interrupts: input signal n is source n,
 * by a wire of the board, and line 0 is what goes to the hart. The lines of other
 * devices do not pass through here; they go to the hosted kernel.
 */
#include "sim/device.h"

#define SOURCES 52u

enum {
    R_PRIORITY, /* of source 1, and those of the others behind it */
    R_PENDING = R_PRIORITY + SOURCES,
    R_PENDING_HIGH,
    R_ENABLE,
    R_ENABLE_HIGH,
    R_THRESHOLD,
    R_CLAIM,
    R_COUNT,
};
_Static_assert(R_COUNT <= DEVICE_REGISTERS, "all fit");

#define LEVELS       7u          /* of priorities, and of the threshold */
#define SOURCES_LOW  0xfffffffeu /* there is no source 0 */
#define SOURCES_HIGH 0x001fffffu
#define ALL_SOURCES  ((uint64_t)SOURCES_HIGH << 32 | SOURCES_LOW)

/* clang-format off */
#define PRIORITY(n) [R_PRIORITY + (n) - 1] = {4u * (n), "priority" #n, 0, LEVELS, 0, 0}

static const struct device_register registers[R_COUNT] = {
    PRIORITY(1),  PRIORITY(2),  PRIORITY(3),  PRIORITY(4),  PRIORITY(5),  PRIORITY(6),
    PRIORITY(7),  PRIORITY(8),  PRIORITY(9),  PRIORITY(10), PRIORITY(11), PRIORITY(12),
    PRIORITY(13), PRIORITY(14), PRIORITY(15), PRIORITY(16), PRIORITY(17), PRIORITY(18),
    PRIORITY(19), PRIORITY(20), PRIORITY(21), PRIORITY(22), PRIORITY(23), PRIORITY(24),
    PRIORITY(25), PRIORITY(26), PRIORITY(27), PRIORITY(28), PRIORITY(29), PRIORITY(30),
    PRIORITY(31), PRIORITY(32), PRIORITY(33), PRIORITY(34), PRIORITY(35), PRIORITY(36),
    PRIORITY(37), PRIORITY(38), PRIORITY(39), PRIORITY(40), PRIORITY(41), PRIORITY(42),
    PRIORITY(43), PRIORITY(44), PRIORITY(45), PRIORITY(46), PRIORITY(47), PRIORITY(48),
    PRIORITY(49), PRIORITY(50), PRIORITY(51), PRIORITY(52),
    /*                  offset    name            reset write         w1c unmodelled */
    [R_PENDING]      = {0x001000, "pending1",     0,    0,            0,  0},
    [R_PENDING_HIGH] = {0x001004, "pending2",     0,    0,            0,  0},
    [R_ENABLE]       = {0x002000, "enable1",      0,    SOURCES_LOW,  0,  0},
    [R_ENABLE_HIGH]  = {0x002004, "enable2",      0,    SOURCES_HIGH, 0,  0},
    [R_THRESHOLD]    = {0x200000, "threshold",    0,    LEVELS,       0,  0},
    [R_CLAIM]        = {0x200004, "claim",        0,    UINT32_MAX,   0,  0},
};
/* clang-format on */

/* A bit a source. */
enum {
    S_PENDING,
    S_SERVED, /* claimed and not completed: its gateway is shut */
};

static uint64_t enabled(const struct device *d)
{
    return (uint64_t)d->reg[R_ENABLE_HIGH] << 32 | d->reg[R_ENABLE];
}

static uint32_t priority(const struct device *d, uint32_t source)
{
    return d->reg[R_PRIORITY + source - 1u];
}

/* The pending source with the highest priority, of equal ones the lowest; 0: there is none.
 * A source with priority 0 never interrupts. */
static uint32_t best(const struct device *d)
{
    uint32_t found = 0;

    for (uint64_t rest = d->state[S_PENDING] & enabled(d); rest != 0; rest &= rest - 1u) {
        uint32_t source = (uint32_t)__builtin_ctzll(rest);

        if (priority(d, source) > (found == 0 ? 0 : priority(d, found))) {
            found = source;
        }
    }
    return found;
}

/* A gateway that is open passes on a level; what it has passed on stays until it is claimed. */
static void look(struct device *d)
{
    uint64_t levels = (uint64_t)d->levels[1] << 32 | d->levels[0];

    d->state[S_PENDING] |= levels & ALL_SOURCES & ~d->state[S_SERVED];
    d->reg[R_PENDING] = (uint32_t)d->state[S_PENDING];
    d->reg[R_PENDING_HIGH] = (uint32_t)(d->state[S_PENDING] >> 32);
}

static void reset(struct device *d, enum device_reset why)
{
    (void)why;
    look(d);
}

static void reading(struct device *d, unsigned r)
{
    if (r == R_CLAIM) {
        d->reg[R_CLAIM] = best(d);
    }
}

static void was_read(struct device *d, unsigned r)
{
    if (r == R_CLAIM && d->reg[R_CLAIM] != 0) {
        uint64_t bit = UINT64_C(1) << d->reg[R_CLAIM];

        d->state[S_PENDING] &= ~bit;
        d->state[S_SERVED] |= bit;
        look(d);
    }
}

/* A completion of what is not enabled is ignored. */
static void written(struct device *d, unsigned r, uint32_t old)
{
    uint32_t source = d->reg[R_CLAIM];

    (void)old;
    if (r == R_CLAIM && source <= SOURCES) {
        d->state[S_SERVED] &= ~(UINT64_C(1) << source & enabled(d));
        look(d);
    }
}

static void input(struct device *d, unsigned signal)
{
    (void)signal;
    look(d);
}

static uint32_t raises(const struct device *d)
{
    uint32_t source = best(d);

    return source != 0 && priority(d, source) > d->reg[R_THRESHOLD];
}

const struct device_model sifive_plic_model = {
    .name = "sifive-plic",
    .bytes = 0x201000,
    .registers = registers,
    .register_count = R_COUNT,
    .reset = reset,
    .reading = reading,
    .was_read = was_read,
    .written = written,
    .input = input,
    .raises = raises,
};
