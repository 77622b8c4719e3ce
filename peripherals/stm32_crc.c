/*
 * CRC calculation unit of STM32L552 and L562.
 * Source: RM0438, "Cyclic redundancy check calculation unit (CRC)".
 *
 * A byte, halfword or word written to DR is taken at its own width, most significant
 * bit first unless REV_IN turns it round. The bus is held while the unit works, so
 * a read always finds the result; the cycles that this takes are not modelled.
 */
#include "sim/device.h"

enum { R_DR, R_IDR, R_CR, R_INIT, R_POL, R_COUNT };

#define CR_RESET          (1u << 0)
#define CR_POLYSIZE_SHIFT 3u
#define CR_POLYSIZE       (3u << CR_POLYSIZE_SHIFT)
#define CR_REV_IN_SHIFT   5u
#define CR_REV_IN         (3u << CR_REV_IN_SHIFT)
#define CR_REV_OUT        (1u << 7)
#define CR_BITS           (CR_RESET | CR_POLYSIZE | CR_REV_IN | CR_REV_OUT)
#define ALL               UINT32_MAX

/* clang-format off */
static const struct device_register registers[R_COUNT] = {
    /*          offset  name    reset       write    w1c  unmodelled */
    [R_DR]   = {0x00,   "DR",   ALL,        ALL,     0,   0},
    [R_IDR]  = {0x04,   "IDR",  0,          ALL,     0,   0},
    [R_CR]   = {0x08,   "CR",   0,          CR_BITS, 0,   0},
    [R_INIT] = {0x10,   "INIT", ALL,        ALL,     0,   0},
    [R_POL]  = {0x14,   "POL",  0x04c11db7, ALL,     0,   0},
};
/* clang-format on */

enum { S_CRC }; /* as it is calculated; reg[R_DR] is what is read of it */

static unsigned bits_of_polynomial(const struct device *d)
{
    static const unsigned bits[4] = {32, 16, 8, 7};

    return bits[(d->reg[R_CR] & CR_POLYSIZE) >> CR_POLYSIZE_SHIFT];
}

static uint32_t low_bits(unsigned bits)
{
    return bits == 32u ? ALL : (1u << bits) - 1u;
}

/* The lowest `bits` bits in the opposite order. */
static uint32_t turned(uint32_t value, unsigned bits)
{
    uint32_t result = 0;

    for (unsigned k = 0; k < bits; k++) {
        result = result << 1u | ((value >> k) & 1u);
    }
    return result;
}

/* REV_IN: each byte, each halfword or the whole word is turned round, as far as it was written. */
static uint32_t input_of(const struct device *d, uint32_t value, unsigned bits)
{
    unsigned mode = (d->reg[R_CR] & CR_REV_IN) >> CR_REV_IN_SHIFT;
    unsigned part = 4u << mode; /* 8, 16, 32 */
    uint32_t result = 0;

    if (mode == 0) {
        return value;
    }
    if (part > bits) {
        part = bits;
    }
    for (unsigned at = 0; at < bits; at += part) {
        result |= turned((value >> at) & low_bits(part), part) << at;
    }
    return result;
}

static void take(struct device *d, uint32_t value, unsigned bits)
{
    unsigned size = bits_of_polynomial(d);
    uint32_t crc = (uint32_t)d->state[S_CRC];

    for (unsigned k = bits; k-- > 0;) {
        uint32_t out = ((crc >> (size - 1u)) ^ (value >> k)) & 1u;

        crc = crc << 1u ^ (out != 0 ? d->reg[R_POL] : 0);
    }
    d->state[S_CRC] = crc & low_bits(size);
}

static void start(struct device *d)
{
    d->state[S_CRC] = d->reg[R_INIT];
}

static void show(struct device *d)
{
    unsigned size = bits_of_polynomial(d);
    uint32_t crc = (uint32_t)d->state[S_CRC] & low_bits(size);

    d->reg[R_DR] = (d->reg[R_CR] & CR_REV_OUT) != 0 ? turned(crc, size) : crc;
}

static void reset(struct device *d, enum device_reset why)
{
    (void)why;
    start(d);
    show(d);
}

static void written(struct device *d, unsigned r, uint32_t old)
{
    unsigned bits = 8u * d->access_bytes;

    (void)old;
    if (r == R_DR) {
        uint32_t value = (d->reg[R_DR] >> 8u * d->access_offset) & low_bits(bits);

        take(d, input_of(d, value, bits), bits);
    } else if (r == R_INIT || (d->reg[R_CR] & CR_RESET) != 0) {
        start(d);
    }
    d->reg[R_CR] &= ~CR_RESET;
    show(d);
}

const struct device_model stm32_crc_model = {
    .name = "stm32-crc",
    .bytes = 0x400,
    .registers = registers,
    .register_count = R_COUNT,
    .access = DEVICE_ANY_SIZE,
    .reset = reset,
    .written = written,
};
