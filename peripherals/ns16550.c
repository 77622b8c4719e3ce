/*
 * UART of the 16550 family, as on QEMU's virt machine. Source: PC16550D data
 * sheet, section 8. Status: docs/peripherals/ns16550.md.
 *
 * Registers are bytes, next to each other. The clock is the device tree's 3.6864
 * MHz, divided by 16 and the divisor. FIFOs of 16 characters each way, or, without
 * FIFOs, one.
 */
#include "sim/device.h"

enum { R_DATA, R_IER, R_IIR, R_LCR, R_MCR, R_LSR, R_MSR, R_SCR, R_COUNT };

#define CLOCK_HZ      UINT64_C(3686400)
#define OVERSAMPLING  16u
#define DIVISOR_RESET 12u /* 19,200 baud */
#define FIFO_SIZE     16u

#define IER_RX     (1u << 0)
#define IER_TX     (1u << 1)
#define IER_STATUS (1u << 2)
#define IER_MODEM  (1u << 3)

#define IIR_NONE    0x01u
#define IIR_TX      0x02u
#define IIR_RX      0x04u
#define IIR_STATUS  0x06u
#define IIR_TIMEOUT 0x0cu
#define IIR_FIFOS   0xc0u

#define FCR_ENABLE   (1u << 0)
#define FCR_CLEAR_RX (1u << 1)
#define FCR_CLEAR_TX (1u << 2)
#define FCR_TRIGGER  (3u << 6)

#define LCR_BITS   (3u << 0)
#define LCR_STOP   (1u << 2)
#define LCR_PARITY (1u << 3)
#define LCR_BREAK  (1u << 6)
#define LCR_DLAB   (1u << 7)

#define MCR_LOOP (1u << 4)

#define LSR_DR      (1u << 0)
#define LSR_OVERRUN (1u << 1)
#define LSR_PARITY  (1u << 2)
#define LSR_FRAMING (1u << 3)
#define LSR_BREAK   (1u << 4)
#define LSR_THRE    (1u << 5)
#define LSR_TEMT    (1u << 6)
#define LSR_FIFO    (1u << 7) /* an error somewhere in the FIFO */
#define LSR_ERRORS  (LSR_OVERRUN | LSR_PARITY | LSR_FRAMING | LSR_BREAK)

#define TIMEOUT_FRAMES 4u

/* clang-format off */
static const struct device_register registers[R_COUNT] = {
    /*          offset name           reset write w1c unmodelled */
    [R_DATA] = {0x0, "RBR/THR/DLL",   0,    0xff, 0,  0},
    [R_IER]  = {0x1, "IER/DLM",       0,    0xff, 0,  0},
    [R_IIR]  = {0x2, "IIR/FCR",       0,    0xff, 0,  0x38}, /* FCR: DMA mode */
    [R_LCR]  = {0x3, "LCR",           0,    0xff, 0,  LCR_BREAK},
    [R_MCR]  = {0x4, "MCR",           0,    0x1f, 0,  0x0f}, /* no modem is there */
    [R_LSR]  = {0x5, "LSR",           0,    0,    0,  0},
    [R_MSR]  = {0x6, "MSR",           0xb0, 0,    0,  0}, /* DCD, DSR, CTS */
    [R_SCR]  = {0x7, "SCR",           0,    0xff, 0,  0},
};
/* clang-format on */

/* A FIFO: its characters, a 16-bit entry each with the errors above, four a word. */
#define FIFO_WORDS (FIFO_SIZE / 4u)

enum {
    S_RX,                     /* FIFO_WORDS of them */
    S_TX = S_RX + FIFO_WORDS, /* the same */
    S_RX_COUNT = S_TX + FIFO_WORDS,
    S_TX_COUNT,
    S_SHIFTING,   /* the shift register is at work */
    S_SHIFT,      /* on this character, */
    S_SHIFTED_AT, /* until then */
    S_TIMEOUT_AT, /* nobody has read for so long; DEVICE_NEVER */
    S_TIMED_OUT,
    S_IER,
    S_DIVISOR,
    S_FCR,
    S_TX_NOTED, /* THR became empty, and IIR was not read since */
    S_ERRORS,   /* of LSR, until it is read */
    S_COUNT
};
_Static_assert(S_COUNT <= DEVICE_STATES, "all fits");

/* ---------------------------------------------------------------- FIFOs */

static uint32_t take(struct device *d, unsigned fifo, unsigned count)
{
    uint32_t first = (uint32_t)(d->state[fifo] & 0xffffu);

    for (unsigned k = 0; k < FIFO_WORDS; k++) {
        uint64_t next = k + 1u < FIFO_WORDS ? d->state[fifo + k + 1u] : 0;

        d->state[fifo + k] = d->state[fifo + k] >> 16 | next << 48;
    }
    d->state[count]--;
    return first;
}

static void put(struct device *d, unsigned fifo, unsigned count, uint32_t entry)
{
    uint32_t at = (uint32_t)d->state[count]++;
    uint64_t *word = &d->state[fifo + at / 4u];

    *word = (*word & ~(UINT64_C(0xffff) << 16u * (at % 4u))) | (uint64_t)entry << 16u * (at % 4u);
}

static uint32_t size(const struct device *d)
{
    return (d->state[S_FCR] & FCR_ENABLE) != 0 ? FIFO_SIZE : 1u;
}

static uint32_t trigger(const struct device *d)
{
    static const uint8_t levels[] = {1, 4, 8, 14};

    return size(d) == 1u ? 1u : levels[(d->state[S_FCR] & FCR_TRIGGER) >> 6];
}

/* ---------------------------------------------------------------- time */

static struct device_frame frame(const struct device *d)
{
    uint32_t lcr = d->reg[R_LCR];
    uint32_t bits =
        1u + 5u + (lcr & LCR_BITS) + ((lcr & LCR_PARITY) != 0) + ((lcr & LCR_STOP) != 0 ? 2u : 1u);
    uint64_t clocks = (uint64_t)bits * OVERSAMPLING * d->state[S_DIVISOR];

    return (struct device_frame){
        .ticks = (clocks * d->tick_hz + CLOCK_HZ / 2u) / CLOCK_HZ,
        .bits = bits,
        .receives = (d->reg[R_MCR] & MCR_LOOP) == 0,
    };
}

static void plan(struct device *d)
{
    uint64_t shifted = d->state[S_SHIFTING] != 0 ? d->state[S_SHIFTED_AT] : DEVICE_NEVER;

    d->event_at = shifted < d->state[S_TIMEOUT_AT] ? shifted : d->state[S_TIMEOUT_AT];
}

/* Characters that nobody reads, and too few for the trigger, are told of after a while. */
static void restart_timeout(struct device *d)
{
    bool waits = size(d) != 1u && d->state[S_RX_COUNT] != 0;

    d->state[S_TIMEOUT_AT] = waits ? d->now + TIMEOUT_FRAMES * frame(d).ticks : DEVICE_NEVER;
    d->state[S_TIMED_OUT] = 0;
    plan(d);
}

static void shift(struct device *d)
{
    uint64_t ticks = frame(d).ticks;

    if (d->state[S_SHIFTING] == 0 && d->state[S_TX_COUNT] != 0 && ticks != 0) {
        d->state[S_SHIFT] = take(d, S_TX, S_TX_COUNT);
        d->state[S_SHIFTING] = 1;
        d->state[S_SHIFTED_AT] = d->now + ticks;
        if (d->state[S_TX_COUNT] == 0) {
            d->state[S_TX_NOTED] = 1;
        }
    }
    plan(d);
}

/* ---------------------------------------------------------------- characters */

static void receive(struct device *d, uint32_t character, uint32_t errors)
{
    uint32_t seen = ((errors & DEVICE_SERIAL_FRAMING) != 0 ? LSR_FRAMING : 0) |
                    ((errors & DEVICE_SERIAL_PARITY) != 0 ? LSR_PARITY : 0) |
                    ((errors & DEVICE_SERIAL_BREAK) != 0 ? LSR_BREAK : 0);

    if (d->state[S_RX_COUNT] == size(d)) {
        d->state[S_ERRORS] |= LSR_OVERRUN;
        if (size(d) == 1u) { /* the new one takes its place */
            (void)take(d, S_RX, S_RX_COUNT);
            put(d, S_RX, S_RX_COUNT, (character & 0xffu) | seen << 8);
        }
    } else {
        put(d, S_RX, S_RX_COUNT, (character & 0xffu) | seen << 8);
    }
    restart_timeout(d);
}

static void event(struct device *d)
{
    if (d->state[S_SHIFTING] != 0 && d->state[S_SHIFTED_AT] <= d->now) {
        d->state[S_SHIFTING] = 0;
        if ((d->reg[R_MCR] & MCR_LOOP) != 0) {
            receive(d, (uint32_t)d->state[S_SHIFT], 0);
        } else {
            device_send(d, (uint32_t)d->state[S_SHIFT], 0);
        }
        shift(d);
    }
    if (d->state[S_TIMEOUT_AT] <= d->now) {
        d->state[S_TIMEOUT_AT] = DEVICE_NEVER;
        d->state[S_TIMED_OUT] = 1;
    }
    plan(d);
}

/* ---------------------------------------------------------------- status */

/* Errors of the oldest character show with it. */
static uint32_t line_status(const struct device *d)
{
    uint32_t status = (uint32_t)d->state[S_ERRORS];

    if (d->state[S_RX_COUNT] != 0) {
        status |= LSR_DR | (uint32_t)(d->state[S_RX] >> 8 & LSR_ERRORS);
    }
    if (d->state[S_TX_COUNT] == 0) {
        status |= LSR_THRE | (d->state[S_SHIFTING] == 0 ? LSR_TEMT : 0);
    }
    for (uint32_t k = 0; k < d->state[S_RX_COUNT] && size(d) != 1u; k++) {
        if ((d->state[S_RX + k / 4u] >> (16u * (k % 4u) + 8u) & LSR_ERRORS) != 0) {
            status |= LSR_FIFO;
        }
    }
    return status;
}

/* What most deserves attention. */
static uint32_t identification(const struct device *d)
{
    uint64_t enabled = d->state[S_IER];
    uint32_t fifos = size(d) == 1u ? 0 : IIR_FIFOS;

    if ((enabled & IER_STATUS) != 0 && (line_status(d) & LSR_ERRORS) != 0) {
        return fifos | IIR_STATUS;
    }
    if ((enabled & IER_RX) != 0 && d->state[S_RX_COUNT] >= trigger(d)) {
        return fifos | IIR_RX;
    }
    if ((enabled & IER_RX) != 0 && d->state[S_TIMED_OUT] != 0) {
        return fifos | IIR_TIMEOUT;
    }
    if ((enabled & IER_TX) != 0 && d->state[S_TX_NOTED] != 0) {
        return fifos | IIR_TX;
    }
    return fifos | IIR_NONE;
}

static uint32_t raises(const struct device *d)
{
    return (identification(d) & IIR_NONE) == 0;
}

/* ---------------------------------------------------------------- registers */

static bool shows_divisor(const struct device *d)
{
    return (d->reg[R_LCR] & LCR_DLAB) != 0;
}

static void reset(struct device *d, enum device_reset why)
{
    (void)why;
    d->state[S_DIVISOR] = DIVISOR_RESET;
    d->state[S_TIMEOUT_AT] = DEVICE_NEVER;
    d->state[S_TX_NOTED] = 1;
}

static void reading(struct device *d, unsigned r)
{
    switch (r) {
    case R_DATA:
        d->reg[r] = (uint32_t)(shows_divisor(d) ? d->state[S_DIVISOR] : d->state[S_RX]) & 0xffu;
        break;
    case R_IER:
        d->reg[r] = (uint32_t)(shows_divisor(d) ? d->state[S_DIVISOR] >> 8 : d->state[S_IER]);
        break;
    case R_IIR:
        d->reg[r] = identification(d);
        break;
    case R_LSR:
        d->reg[r] = line_status(d);
        break;
    default:
        break;
    }
}

static void was_read(struct device *d, unsigned r)
{
    if (r == R_DATA && !shows_divisor(d) && d->state[S_RX_COUNT] != 0) {
        (void)take(d, S_RX, S_RX_COUNT);
        restart_timeout(d);
    } else if (r == R_IIR && (d->reg[r] & 0xfu) == IIR_TX) {
        d->state[S_TX_NOTED] = 0;
    } else if (r == R_LSR) {
        d->state[S_ERRORS] = 0;
        d->state[S_RX] &= ~(UINT64_C(0xff) << 8); /* those of the oldest were seen */
    }
}

static void transmit(struct device *d, uint32_t character)
{
    if (d->state[S_TX_COUNT] == size(d)) {
        return; /* lost, as on the chip */
    }
    put(d, S_TX, S_TX_COUNT, character);
    d->state[S_TX_NOTED] = 0;
    shift(d);
}

static void set_fifos(struct device *d, uint32_t fcr)
{
    bool changed = ((d->state[S_FCR] ^ fcr) & FCR_ENABLE) != 0;

    if (changed || (fcr & FCR_CLEAR_RX) != 0) {
        d->state[S_RX_COUNT] = 0;
    }
    if (changed || (fcr & FCR_CLEAR_TX) != 0) {
        d->state[S_TX_COUNT] = 0;
        d->state[S_TX_NOTED] = 1;
    }
    d->state[S_FCR] = fcr & (FCR_ENABLE | FCR_TRIGGER);
    restart_timeout(d);
}

static void set_divisor(struct device *d, uint64_t keep, uint64_t bits)
{
    d->state[S_DIVISOR] = (d->state[S_DIVISOR] & keep) | bits;
    shift(d);
}

static void set_enables(struct device *d, uint32_t enables)
{
    bool newly = (enables & ~d->state[S_IER] & IER_TX) != 0;

    d->state[S_IER] = enables & (IER_RX | IER_TX | IER_STATUS | IER_MODEM);
    if (newly && d->state[S_TX_COUNT] == 0) {
        d->state[S_TX_NOTED] = 1; /* enabling it while THR is empty tells so at once */
    }
}

static void written(struct device *d, unsigned r, uint32_t old)
{
    uint32_t value = d->reg[r];

    (void)old;
    switch (r) {
    case R_DATA:
        if (shows_divisor(d)) {
            set_divisor(d, 0xff00, value);
        } else {
            transmit(d, value);
        }
        break;
    case R_IER:
        if (shows_divisor(d)) {
            set_divisor(d, 0x00ff, (uint64_t)value << 8);
        } else {
            set_enables(d, value);
        }
        break;
    case R_IIR:
        set_fifos(d, value);
        break;
    default:
        break;
    }
}

const struct device_model ns16550_model = {
    .name = "ns16550",
    .bytes = 0x100,
    .registers = registers,
    .register_count = R_COUNT,
    .access = DEVICE_BYTES,
    .reset = reset,
    .reading = reading,
    .was_read = was_read,
    .written = written,
    .event = event,
    .raises = raises,
    .frame = frame,
    .received = receive,
};
