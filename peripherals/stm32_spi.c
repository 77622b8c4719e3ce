/*
 * SPI of STM32L552/L562 as a master. Source: RM0438, chapter "Serial peripheral
 * interface (SPI)". Status: docs/peripherals/stm32-spi.md.
 *
 * Both FIFOs hold four bytes; a frame of up to 8 bits takes one of them, a wider
 * one two. What an access to DR moves is a matter of its size: a byte, or two. So
 * a halfword access with frames of 8 bits moves two frames at once. A frame is
 * exchanged with the targets when its last bit has been clocked.
 */
#include "sim/device.h"

enum { R_CR1, R_CR2, R_SR, R_DR, R_CRCPR, R_RXCRCR, R_TXCRCR, R_COUNT };

#define CR1_MSTR     (1u << 2)
#define CR1_BR       (7u << 3)
#define CR1_SPE      (1u << 6)
#define CR1_LSBFIRST (1u << 7)
#define CR1_SSI      (1u << 8)
#define CR1_SSM      (1u << 9)
#define CR1_RXONLY   (1u << 10)
#define CR1_CRC      (7u << 11) /* CRCL, CRCNEXT, CRCEN */
#define CR1_BIDIOE   (1u << 14)
#define CR1_BIDIMODE (1u << 15)

#define CR2_SSOE    (1u << 2)
#define CR2_ERRIE   (1u << 5)
#define CR2_RXNEIE  (1u << 6)
#define CR2_TXEIE   (1u << 7)
#define CR2_DS      (0xfu << 8)
#define CR2_FRXTH   (1u << 12)
#define CR2_MISSING (1u << 0 | 1u << 1 | 1u << 3 | 1u << 4 | 3u << 13) /* DMA, NSSP, FRF */
#define CR2_RESET   (7u << 8)

#define SR_RXNE  (1u << 0)
#define SR_TXE   (1u << 1)
#define SR_MODF  (1u << 5)
#define SR_OVR   (1u << 6)
#define SR_BSY   (1u << 7)
#define SR_FRLVL 9
#define SR_FTLVL 11
#define SR_STAYS (SR_MODF | SR_OVR)

/* clang-format off */
static const struct device_register registers[R_COUNT] = {
    /*            offset name      reset      write       w1c unmodelled */
    [R_CR1]    = {0x00, "CR1",    0,         0xffff,      0, CR1_CRC},
    [R_CR2]    = {0x04, "CR2",    CR2_RESET, 0x7fff,      0, CR2_MISSING},
    [R_SR]     = {0x08, "SR",     SR_TXE,    0,           0, 0},
    [R_DR]     = {0x0c, "DR",     0,         0xffff,      0, 0},
    [R_CRCPR]  = {0x10, "CRCPR",  7,         0xffff,      0, 0xffff},
    [R_RXCRCR] = {0x14, "RXCRCR", 0,         0,           0, 0},
    [R_TXCRCR] = {0x18, "TXCRCR", 0,         0,           0, 0},
};
/* clang-format on */

#define FIFO_BYTES 4u

enum {
    S_TX, /* bytes of the FIFO, the oldest in the lowest bits */
    S_TX_COUNT,
    S_RX,
    S_RX_COUNT,
    S_BUSY,      /* a frame is being clocked */
    S_SHIFT,     /* it */
    S_OVR_READ,  /* DR was read since OVR was set: reading SR clears it */
    S_MODF_READ, /* SR was accessed since MODF was set: writing CR1 clears it */
};

/* ---------------------------------------------------------------- FIFOs */

static void fifo_push(struct device *d, unsigned fifo, uint32_t value, uint32_t bytes)
{
    d->state[fifo] |= (uint64_t)value << 8u * d->state[fifo + 1u];
    d->state[fifo + 1u] += bytes;
}

/* Bytes that are not there read as 0. */
static uint32_t fifo_peek(const struct device *d, unsigned fifo, uint32_t bytes)
{
    return (uint32_t)d->state[fifo] & ((1u << 8u * bytes) - 1u);
}

static void fifo_drop(struct device *d, unsigned fifo, uint32_t bytes)
{
    uint64_t count = d->state[fifo + 1u];

    d->state[fifo] >>= 8u * bytes;
    d->state[fifo + 1u] = count > bytes ? count - bytes : 0;
}

/* A level as SR shows it, in quarters; three are as good as full. */
static uint32_t fifo_level(const struct device *d, unsigned fifo)
{
    uint32_t bytes = (uint32_t)d->state[fifo + 1u];

    return bytes < 3u ? bytes : 3u;
}

/* An access to DR moves one byte or two, whatever the size of a frame. */
static uint32_t accessed_bytes(const struct device *d)
{
    return d->access_bytes == 1 ? 1u : 2u;
}

/* ---------------------------------------------------------------- frames */

/* Values below 0011 are forced to 8 bits when they are written. */
static uint32_t frame_bits(const struct device *d)
{
    return ((d->reg[R_CR2] & CR2_DS) >> 8) + 1u;
}

static uint32_t frame_bytes(const struct device *d)
{
    return frame_bits(d) > 8u ? 2u : 1u;
}

static bool only_receives(const struct device *d)
{
    uint32_t cr1 = d->reg[R_CR1];

    return (cr1 & CR1_BIDIMODE) != 0 ? (cr1 & CR1_BIDIOE) == 0 : (cr1 & CR1_RXONLY) != 0;
}

static bool only_transmits(const struct device *d)
{
    return (d->reg[R_CR1] & (CR1_BIDIMODE | CR1_BIDIOE)) == (CR1_BIDIMODE | CR1_BIDIOE);
}

static bool is_running(const struct device *d)
{
    return (d->reg[R_CR1] & (CR1_SPE | CR1_MSTR)) == (CR1_SPE | CR1_MSTR);
}

static uint64_t frame_ticks(const struct device *d)
{
    return (uint64_t)frame_bits(d) << (((d->reg[R_CR1] & CR1_BR) >> 3) + 1u);
}

/* Takes a frame out of TXFIFO into the shift register, if that is free. A receiver alone clocks
 * for as long as it is enabled. */
static void clock_next(struct device *d)
{
    uint32_t bytes = frame_bytes(d);

    if (d->state[S_BUSY] != 0 || !is_running(d)) {
        return;
    }
    if (only_receives(d)) {
        d->state[S_SHIFT] = UINT32_MAX;
    } else if (d->state[S_TX_COUNT] >= bytes) {
        d->state[S_SHIFT] = fifo_peek(d, S_TX, bytes);
        fifo_drop(d, S_TX, bytes);
    } else {
        return;
    }
    d->state[S_BUSY] = 1;
    d->event_at = d->now + frame_ticks(d);
}

/* Targets see the bits in the order of the wire: the first is the highest. */
static uint32_t in_wire_order(const struct device *d, uint32_t frame)
{
    uint32_t bits = frame_bits(d);
    uint32_t turned = 0;

    if ((d->reg[R_CR1] & CR1_LSBFIRST) == 0) {
        return frame & ((1u << bits) - 1u);
    }
    for (uint32_t i = 0; i < bits; i++) {
        turned |= ((frame >> i) & 1u) << (bits - 1u - i);
    }
    return turned;
}

static void refresh(struct device *d)
{
    uint32_t threshold = (d->reg[R_CR2] & CR2_FRXTH) != 0 ? 1u : 2u;
    uint32_t sr = d->reg[R_SR] & SR_STAYS;

    sr |= d->state[S_RX_COUNT] >= threshold ? SR_RXNE : 0;
    sr |= d->state[S_TX_COUNT] <= FIFO_BYTES / 2u ? SR_TXE : 0;
    sr |= d->state[S_BUSY] != 0 ? SR_BSY : 0;
    sr |= fifo_level(d, S_RX) << SR_FRLVL;
    sr |= fifo_level(d, S_TX) << SR_FTLVL;
    d->reg[R_SR] = sr;
}

static void event(struct device *d)
{
    uint32_t bytes = frame_bytes(d);
    uint32_t out = in_wire_order(d, (uint32_t)d->state[S_SHIFT]);
    uint32_t in = in_wire_order(d, device_spi(d, out, frame_bits(d)));

    d->state[S_BUSY] = 0;
    if (only_transmits(d)) {
        /* Its one data line is an output. */
    } else if (d->state[S_RX_COUNT] + bytes <= FIFO_BYTES) {
        fifo_push(d, S_RX, in, bytes);
    } else {
        d->reg[R_SR] |= SR_OVR; /* the newer frame is lost */
        d->state[S_OVR_READ] = 0;
    }
    clock_next(d);
    refresh(d);
}

/* ---------------------------------------------------------------- registers */

/* A frame that is not finished when SPE is cleared is lost; the FIFOs keep what they have. */
static void stop(struct device *d)
{
    d->state[S_BUSY] = 0;
    d->event_at = DEVICE_NEVER;
}

/* A master whose select line is low by SSI is no longer one. */
static void check_mode(struct device *d)
{
    uint32_t cr1 = d->reg[R_CR1];

    if ((cr1 & CR1_MSTR) != 0 && (cr1 & (CR1_SSM | CR1_SSI)) == CR1_SSM) {
        d->reg[R_SR] |= SR_MODF;
        d->state[S_MODF_READ] = 0;
    }
    if ((d->reg[R_SR] & SR_MODF) != 0) {
        d->reg[R_CR1] &= ~(CR1_MSTR | CR1_SPE);
    }
}

static void written_cr1(struct device *d)
{
    if (d->state[S_MODF_READ] != 0) {
        d->reg[R_SR] &= ~SR_MODF;
        d->state[S_MODF_READ] = 0;
    }
    check_mode(d);
    if (!is_running(d)) {
        stop(d);
    }
}

static void reading(struct device *d, unsigned r)
{
    if (r == R_DR) {
        d->reg[R_DR] = fifo_peek(d, S_RX, accessed_bytes(d));
    }
}

static void was_read(struct device *d, unsigned r)
{
    if (r == R_DR) {
        fifo_drop(d, S_RX, accessed_bytes(d));
        d->state[S_OVR_READ] = (d->reg[R_SR] & SR_OVR) != 0;
    } else if (r == R_SR) {
        if (d->state[S_OVR_READ] != 0) {
            d->reg[R_SR] &= ~SR_OVR;
            d->state[S_OVR_READ] = 0;
        }
        d->state[S_MODF_READ] = (d->reg[R_SR] & SR_MODF) != 0;
    }
    refresh(d);
}

static void written_dr(struct device *d)
{
    uint32_t bytes = accessed_bytes(d);
    uint32_t value = d->reg[R_DR] & (bytes == 1 ? 0xffu : 0xffffu);

    if (d->state[S_TX_COUNT] + bytes <= FIFO_BYTES) { /* otherwise it is lost */
        fifo_push(d, S_TX, value, bytes);
    }
}

static void written(struct device *d, unsigned r, uint32_t old)
{
    (void)old;
    if (r == R_CR1) {
        written_cr1(d);
    } else if (r == R_CR2 && frame_bits(d) < 4u) {
        d->reg[R_CR2] = (d->reg[R_CR2] & ~CR2_DS) | CR2_RESET;
    } else if (r == R_SR) {
        d->state[S_MODF_READ] = (d->reg[R_SR] & SR_MODF) != 0;
    } else if (r == R_DR) {
        written_dr(d);
    }
    clock_next(d);
    refresh(d);
}

static uint32_t raises(const struct device *d)
{
    uint32_t sr = d->reg[R_SR];
    uint32_t cr2 = d->reg[R_CR2];

    return ((cr2 & CR2_TXEIE) != 0 && (sr & SR_TXE) != 0) ||
           ((cr2 & CR2_RXNEIE) != 0 && (sr & SR_RXNE) != 0) ||
           ((cr2 & CR2_ERRIE) != 0 && (sr & (SR_OVR | SR_MODF)) != 0);
}

/* NSS as an output: low from SPE on. */
static struct device_levels drives(const struct device *d)
{
    bool output =
        (d->reg[R_CR1] & (CR1_MSTR | CR1_SSM)) == CR1_MSTR && (d->reg[R_CR2] & CR2_SSOE) != 0;

    return (struct device_levels){.driven = output, .high = output && !is_running(d)};
}

const struct device_model stm32_spi_model = {
    .name = "stm32-spi",
    .bytes = 0x400,
    .registers = registers,
    .register_count = R_COUNT,
    .access = DEVICE_ANY_SIZE,
    .reading = reading,
    .was_read = was_read,
    .written = written,
    .event = event,
    .raises = raises,
    .drives = drives,
};
