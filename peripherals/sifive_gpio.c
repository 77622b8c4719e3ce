/*
 * GPIO of SiFive's FE310: 32 pads, an interrupt line each.
 * Source: FE310-G002 Manual, "General Purpose Input/Output Controller (GPIO)".
 * Status: docs/peripherals/sifive-gpio.md.
 *
 * Signals 0 to 31 are the pads. Input signals 32 to 63 are what the hardware function
 * 0 of pads 0 to 31 gives (iof_sel 0), 64 to 95 the same of function 1 (PWM); where
 * nobody drives one, a pad that is given to it is open.
 * Not modelled: drive strength (ds is stored); the synchronizer's three clocks.
 */
#include "sim/device.h"

enum {
    R_INPUT_VAL,
    R_INPUT_EN,
    R_OUTPUT_EN,
    R_OUTPUT_VAL,
    R_PUE,
    R_DS,
    R_RISE_IE,
    R_RISE_IP,
    R_FALL_IE,
    R_FALL_IP,
    R_HIGH_IE,
    R_HIGH_IP,
    R_LOW_IE,
    R_LOW_IP,
    R_IOF_EN,
    R_IOF_SEL,
    R_OUT_XOR,
    R_COUNT,
};

#define PADS 32u
#define ALL  UINT32_MAX

/* clang-format off */
static const struct device_register registers[R_COUNT] = {
    /*                offset name          reset write w1c  unmodelled */
    [R_INPUT_VAL]  = {0x00,  "input_val",  0,    0,    0,   0},
    [R_INPUT_EN]   = {0x04,  "input_en",   0,    ALL,  0,   0},
    [R_OUTPUT_EN]  = {0x08,  "output_en",  0,    ALL,  0,   0},
    [R_OUTPUT_VAL] = {0x0c,  "output_val", 0,    ALL,  0,   0},
    [R_PUE]        = {0x10,  "pue",        0,    ALL,  0,   0},
    [R_DS]         = {0x14,  "ds",         0,    ALL,  0,   0},
    [R_RISE_IE]    = {0x18,  "rise_ie",    0,    ALL,  0,   0},
    [R_RISE_IP]    = {0x1c,  "rise_ip",    0,    0,    ALL, 0},
    [R_FALL_IE]    = {0x20,  "fall_ie",    0,    ALL,  0,   0},
    [R_FALL_IP]    = {0x24,  "fall_ip",    0,    0,    ALL, 0},
    [R_HIGH_IE]    = {0x28,  "high_ie",    0,    ALL,  0,   0},
    [R_HIGH_IP]    = {0x2c,  "high_ip",    0,    0,    ALL, 0},
    [R_LOW_IE]     = {0x30,  "low_ie",     0,    ALL,  0,   0},
    [R_LOW_IP]     = {0x34,  "low_ip",     ALL,  0,    ALL, 0},
    [R_IOF_EN]     = {0x38,  "iof_en",     0,    ALL,  0,   0},
    [R_IOF_SEL]    = {0x3c,  "iof_sel",    0,    ALL,  0,   0},
    [R_OUT_XOR]    = {0x40,  "out_xor",    0,    ALL,  0,   0},
};
/* clang-format on */

/* Inputs as they are now. Pending bits collect whatever was seen, enabled or not; one whose level
 * persists cannot be cleared. */
static void look(struct device *d)
{
    uint32_t was = d->reg[R_INPUT_VAL];
    uint32_t is = d->levels[0] & d->reg[R_INPUT_EN];

    d->reg[R_INPUT_VAL] = is;
    d->reg[R_RISE_IP] |= is & ~was;
    d->reg[R_FALL_IP] |= was & ~is;
    d->reg[R_HIGH_IP] |= is;
    d->reg[R_LOW_IP] |= ~is;
}

static void input(struct device *d, unsigned signal)
{
    if (signal < PADS) {
        look(d);
    }
}

static void written(struct device *d, unsigned r, uint32_t old)
{
    (void)r;
    (void)old;
    look(d);
}

static uint32_t raises(const struct device *d)
{
    return (d->reg[R_RISE_IE] & d->reg[R_RISE_IP]) | (d->reg[R_FALL_IE] & d->reg[R_FALL_IP]) |
           (d->reg[R_HIGH_IE] & d->reg[R_HIGH_IP]) | (d->reg[R_LOW_IE] & d->reg[R_LOW_IP]);
}

/* Of the pads in iof_en the function drives, or leaves them open. */
static struct device_levels drives(const struct device *d)
{
    uint32_t functions = d->reg[R_IOF_EN];
    uint32_t second = d->reg[R_IOF_SEL];
    uint32_t levels = (d->levels[1] & ~second) | (d->levels[2] & second);
    uint32_t open = (d->open[1] & ~second) | (d->open[2] & second);
    uint32_t driven = (d->reg[R_OUTPUT_EN] & ~functions) | (functions & ~open);
    uint32_t high = (d->reg[R_OUTPUT_VAL] & ~functions) | (levels & functions);
    uint32_t pulled = d->reg[R_PUE] & ~driven;

    return (struct device_levels){
        .driven = driven,
        .pulled = pulled,
        .high = (driven & (high ^ d->reg[R_OUT_XOR])) | pulled,
    };
}

const struct device_model sifive_gpio_model = {
    .name = "sifive-gpio",
    .bytes = 0x1000,
    .registers = registers,
    .register_count = R_COUNT,
    .pads = PADS,
    .written = written,
    .input = input,
    .raises = raises,
    .drives = drives,
};
