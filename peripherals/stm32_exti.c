/*
 * EXTI of STM32L552 and L562: edges of the GPIO ports' pads as interrupts.
 * Source: RM0438, "Extended interrupts and event controller (EXTI)".
 *
 * Input signal 16 * port + pin (port A is 0) is that pad; EXTICR chooses the port of
 * each line. Line k of 0 to 15 is interrupt k. An edge that RTSR or FTSR selects is
 * pending whether IMR lets it out or not. To choose another port is no edge.
 * Not modelled: the lines above 15 (PVD, RTC, comparators, peripherals that wake
 * from Stop), events (EMR), privilege and its lock. TZEN is 0: SECCFGR reads 0.
 */
#include "sim/device.h"

enum {
    R_RTSR1,
    R_FTSR1,
    R_SWIER1,
    R_RPR1,
    R_FPR1,
    R_SECCFGR1,
    R_PRIVCFGR1,
    R_RTSR2,
    R_FTSR2,
    R_SWIER2,
    R_RPR2,
    R_FPR2,
    R_SECCFGR2,
    R_PRIVCFGR2,
    R_EXTICR1,
    R_EXTICR2,
    R_EXTICR3,
    R_EXTICR4,
    R_LOCKR,
    R_IMR1,
    R_EMR1,
    R_IMR2,
    R_EMR2,
    R_COUNT,
};

#define LINES  16u
#define INPUTS (8u * LINES)
#define PINS   0x0000ffffu
#define OTHERS 0x00610000u /* configurable lines that are no pins: PVD, comparators */
#define UPPER  0x00000078u /* the same in the second registers */
#define PORTS  0x07070707u
#define ALL    UINT32_MAX
#define WAKE2  0x0000077fu

/* clang-format off */
static const struct device_register registers[R_COUNT] = {
    /*               offset  name         reset       write          w1c   unmodelled */
    [R_RTSR1]     = {0x00,   "RTSR1",     0,          PINS | OTHERS, 0,    OTHERS},
    [R_FTSR1]     = {0x04,   "FTSR1",     0,          PINS | OTHERS, 0,    OTHERS},
    [R_SWIER1]    = {0x08,   "SWIER1",    0,          PINS,          0,    OTHERS},
    [R_RPR1]      = {0x0c,   "RPR1",      0,          0,             PINS, 0},
    [R_FPR1]      = {0x10,   "FPR1",      0,          0,             PINS, 0},
    [R_SECCFGR1]  = {0x14,   "SECCFGR1",  0,          0,             0,    0},
    [R_PRIVCFGR1] = {0x18,   "PRIVCFGR1", 0,          ALL,           0,    ALL},
    [R_RTSR2]     = {0x20,   "RTSR2",     0,          UPPER,         0,    UPPER},
    [R_FTSR2]     = {0x24,   "FTSR2",     0,          UPPER,         0,    UPPER},
    [R_SWIER2]    = {0x28,   "SWIER2",    0,          0,             0,    UPPER},
    [R_RPR2]      = {0x2c,   "RPR2",      0,          0,             0,    0},
    [R_FPR2]      = {0x30,   "FPR2",      0,          0,             0,    0},
    [R_SECCFGR2]  = {0x34,   "SECCFGR2",  0,          0,             0,    0},
    [R_PRIVCFGR2] = {0x38,   "PRIVCFGR2", 0,          0x7ff,         0,    0x7ff},
    [R_EXTICR1]   = {0x60,   "EXTICR1",   0,          PORTS,         0,    0},
    [R_EXTICR2]   = {0x64,   "EXTICR2",   0,          PORTS,         0,    0},
    [R_EXTICR3]   = {0x68,   "EXTICR3",   0,          PORTS,         0,    0},
    [R_EXTICR4]   = {0x6c,   "EXTICR4",   0,          PORTS,         0,    0},
    [R_LOCKR]     = {0x70,   "LOCKR",     0,          1,             0,    1},
    [R_IMR1]      = {0x80,   "IMR1",      0xff9e0000, ALL,           0,    ALL & ~PINS},
    [R_EMR1]      = {0x84,   "EMR1",      0,          ALL,           0,    ALL},
    [R_IMR2]      = {0x90,   "IMR2",      0x00000787, 0x787 | WAKE2, 0,    0x787 | WAKE2},
    [R_EMR2]      = {0x94,   "EMR2",      0,          WAKE2,         0,    WAKE2},
};
/* clang-format on */

/* The levels of the inputs as they were seen last: a signal is called anew when it opens, too. */
enum { S_SEEN, S_SEEN_WORDS = 2 };

static void reset(struct device *d, enum device_reset why)
{
    (void)why;
    for (unsigned k = 0; k < S_SEEN_WORDS; k++) {
        d->state[S_SEEN + k] = d->levels[2u * k] | (uint64_t)d->levels[2u * k + 1u] << 32u;
    }
}

static unsigned port_of(const struct device *d, unsigned line)
{
    return (d->reg[R_EXTICR1 + line / 4u] >> 8u * (line % 4u)) & 7u;
}

static void input(struct device *d, unsigned signal)
{
    if (signal >= INPUTS) {
        return; /* a wire to where there is no port */
    }
    uint64_t *seen = &d->state[S_SEEN + signal / 64u];
    uint64_t bit = UINT64_C(1) << signal % 64u;
    bool rises = device_input(d, signal);
    unsigned line = signal % LINES;

    if (((*seen & bit) != 0) == rises) {
        return;
    }
    *seen ^= bit;
    if (signal / LINES == port_of(d, line)) {
        d->reg[rises ? R_RPR1 : R_FPR1] |= d->reg[rises ? R_RTSR1 : R_FTSR1] & (1u << line);
    }
}

static void written(struct device *d, unsigned r, uint32_t old)
{
    (void)old;
    if (r == R_SWIER1) { /* a rising edge, whatever RTSR1 selects; reads 0 */
        d->reg[R_RPR1] |= d->reg[R_SWIER1];
        d->reg[R_SWIER1] = 0;
    }
}

static uint32_t raises(const struct device *d)
{
    return (d->reg[R_RPR1] | d->reg[R_FPR1]) & d->reg[R_IMR1] & PINS;
}

const struct device_model stm32_exti_model = {
    .name = "stm32-exti",
    .bytes = 0x400,
    .registers = registers,
    .register_count = R_COUNT,
    .access = DEVICE_ANY_SIZE,
    .reset = reset,
    .written = written,
    .raises = raises,
    .input = input,
};
