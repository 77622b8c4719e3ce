/*
 * UART 16550, as on QEMU's virt machine: registers of bytes, FIFOs of 16.
 * Source: National Semiconductor, PC16550D data sheet. Status: docs/peripherals/ns16550.md.
 *
 * The board's parameter is the clock at its input in Hz; 0: 3.6864 MHz, as virt says.
 * Registers that share a place have one name here: RBR is THR and DLL, too; IER is DLM;
 * IIR is FCR. What is behind them is in state[]; reg[] is what a read shows.
 * Handshake inputs are always active: CTS, DSR and DCD read 1.
 */
#include "peripherals/character_queue.h"
#include "peripherals/clock.h"
#include "sim/device.h"

enum { R_RBR, R_IER, R_IIR, R_LCR, R_MCR, R_LSR, R_MSR, R_SCR, R_COUNT };

#define IER_RX      (1u << 0)
#define IER_TX      (1u << 1)
#define IER_LINE    (1u << 2)
#define IER_MODEM   (1u << 3)
#define IER_BITS    0x0fu
#define IIR_NONE    0x01u
#define IIR_MODEM   0x00u
#define IIR_TX      0x02u
#define IIR_RX      0x04u
#define IIR_LINE    0x06u
#define IIR_TIMEOUT 0x0cu
#define IIR_FIFOS   0xc0u

#define FCR_ENABLE   (1u << 0)
#define FCR_CLEAR_RX (1u << 1)
#define FCR_CLEAR_TX (1u << 2)

#define LCR_STOP   (1u << 2)
#define LCR_PARITY (1u << 3)
#define LCR_BREAK  (1u << 6)
#define LCR_DLAB   (1u << 7)

#define MCR_DTR  (1u << 0)
#define MCR_RTS  (1u << 1)
#define MCR_OUT1 (1u << 2)
#define MCR_OUT2 (1u << 3)
#define MCR_LOOP (1u << 4)
#define MCR_BITS 0x1fu

#define LSR_READY      (1u << 0)
#define LSR_OVERRUN    (1u << 1)
#define LSR_PARITY     (1u << 2)
#define LSR_FRAMING    (1u << 3)
#define LSR_BREAK      (1u << 4)
#define LSR_THRE       (1u << 5)
#define LSR_TEMT       (1u << 6)
#define LSR_FIFO_ERROR (1u << 7)
#define LSR_CHARACTER  (LSR_PARITY | LSR_FRAMING | LSR_BREAK) /* come with one */
#define LSR_ERRORS     (LSR_OVERRUN | LSR_CHARACTER)

#define MSR_CTS   (1u << 4)
#define MSR_DSR   (1u << 5)
#define MSR_RI    (1u << 6)
#define MSR_DCD   (1u << 7)
#define MSR_LINES 0xf0u
#define MSR_DELTA 0x0fu

#define CLOCK_HZ        3686400u
#define RESET_DIVISOR   12u
#define FIFO_DEPTH      16u
#define TIMEOUT_FRAMES  4u
#define HALF_BITS_AHEAD 2u /* the start bit */

/* clang-format off */
static const struct device_register registers[R_COUNT] = {
    /*         offset name   reset     write  w1c  unmodelled */
    [R_RBR] = {0,     "RBR/THR/DLL", 0,        0xff,  0,   0},
    [R_IER] = {1,     "IER/DLM", 0,        0xff,  0,   0},
    [R_IIR] = {2,     "IIR/FCR", IIR_NONE, 0xff,  0,   0},
    [R_LCR] = {3,     "LCR", 0,        0xff,  0,   0},
    [R_MCR] = {4,     "MCR", 0,        MCR_BITS, 0, 0},
    [R_LSR] = {5,     "LSR", LSR_THRE | LSR_TEMT, 0, 0, 0},
    [R_MSR] = {6,     "MSR", MSR_CTS | MSR_DSR | MSR_DCD, 0, 0, 0},
    [R_SCR] = {7,     "SCR", 0,        0xff,  0,   0},
};
/* clang-format on */

enum {
    S_TX, /* THR or the FIFO, without the shift register */
    S_RX = S_TX + QUEUE_STATES,
    S_SHIFT = S_RX + QUEUE_STATES, /* what the shift register sends */
    S_SHIFT_END,                   /* when its stop bits end; 0: it rests */
    S_TIMEOUT_AT,                  /* of the receiver's FIFO; 0: none is to come */
    S_TIMEOUT,                     /* it has come */
    S_TX_PENDING,                  /* the transmitter's interrupt */
    S_ERRORS,                      /* LSR_ERRORS that were not read */
    S_IER,
    S_FCR,
    S_DIVISOR,
    S_BREAK_AT, /* when a break began; 0: there is none */
    S_COUNT,
};
_Static_assert(S_COUNT <= DEVICE_STATES && FIFO_DEPTH <= QUEUE_MOST, "all fit");

/* An entry of the receive queue: the character, and its LSR_CHARACTER above. */
#define ENTRY_ERRORS 8u

static bool has_fifos(const struct device *d)
{
    return (d->state[S_FCR] & FCR_ENABLE) != 0;
}

static bool loops(const struct device *d)
{
    return (d->reg[R_MCR] & MCR_LOOP) != 0;
}

/* ---------------------------------------------------------------- format and speed */

static uint32_t data_bits(const struct device *d)
{
    return 5u + (d->reg[R_LCR] & 3u);
}

static uint32_t frame_half_bits(const struct device *d)
{
    bool two = (d->reg[R_LCR] & LCR_STOP) != 0;
    uint32_t stop = !two ? 2u : data_bits(d) == 5u ? 3u : 4u;
    uint32_t parity = (d->reg[R_LCR] & LCR_PARITY) != 0 ? 2u : 0;

    return HALF_BITS_AHEAD + 2u * data_bits(d) + parity + stop;
}

/* 0 where the divisor is 0: the line does not move. */
static uint64_t frame_ticks(const struct device *d)
{
    uint64_t clocks = 8u * d->state[S_DIVISOR] * frame_half_bits(d);

    return clock_tick(d, d->parameter != 0 ? d->parameter : CLOCK_HZ, clocks);
}

static struct device_frame frame(const struct device *d)
{
    return (struct device_frame){
        .ticks = frame_ticks(d),
        .bits = (frame_half_bits(d) + 1u) / 2u,
        .receives = !loops(d),
    };
}

/* ---------------------------------------------------------------- status */

static uint32_t rx_trigger(const struct device *d)
{
    static const uint8_t levels[4] = {1, 4, 8, 14};

    return has_fifos(d) ? levels[d->state[S_FCR] >> 6] : 1u;
}

/* Of all that is pending and enabled, what comes first. */
static uint32_t interrupt(const struct device *d)
{
    uint64_t enabled = d->state[S_IER];

    if ((enabled & IER_LINE) != 0 && d->state[S_ERRORS] != 0) {
        return IIR_LINE;
    }
    if ((enabled & IER_RX) != 0 && queue_count(d, S_RX) >= rx_trigger(d)) {
        return IIR_RX;
    }
    if ((enabled & IER_RX) != 0 && d->state[S_TIMEOUT] != 0) {
        return IIR_TIMEOUT;
    }
    if ((enabled & IER_TX) != 0 && d->state[S_TX_PENDING] != 0) {
        return IIR_TX;
    }
    if ((enabled & IER_MODEM) != 0 && (d->reg[R_MSR] & MSR_DELTA) != 0) {
        return IIR_MODEM;
    }
    return IIR_NONE;
}

static bool fifo_has_error(const struct device *d)
{
    bool found = false;

    for (uint32_t i = 0; has_fifos(d) && i < queue_count(d, S_RX); i++) {
        found = found || queue_entry(d, S_RX, i) >> ENTRY_ERRORS != 0;
    }
    return found;
}

static uint32_t line_status(const struct device *d)
{
    uint32_t status = (uint32_t)d->state[S_ERRORS];
    bool empty = queue_count(d, S_TX) == 0;

    status |= queue_count(d, S_RX) != 0 ? LSR_READY : 0;
    status |= empty ? LSR_THRE : 0;
    status |= empty && d->state[S_SHIFT_END] == 0 ? LSR_TEMT : 0;
    status |= fifo_has_error(d) ? LSR_FIFO_ERROR : 0;
    return status;
}

/* What a read shows now, and the next event: the end of whatever happens to the device. */
static void refresh(struct device *d)
{
    bool latch = (d->reg[R_LCR] & LCR_DLAB) != 0;
    uint32_t head = queue_count(d, S_RX) == 0 ? 0 : queue_entry(d, S_RX, 0) & 0xffu;
    uint64_t end = d->state[S_SHIFT_END];
    uint64_t timeout = d->state[S_TIMEOUT_AT];

    d->reg[R_RBR] = latch ? (uint32_t)d->state[S_DIVISOR] & 0xffu : head;
    d->reg[R_IER] = (uint32_t)(latch ? d->state[S_DIVISOR] >> 8 : d->state[S_IER]);
    d->reg[R_IIR] = interrupt(d) | (has_fifos(d) ? IIR_FIFOS : 0);
    d->reg[R_LSR] = line_status(d);
    d->event_at = end != 0 ? end : DEVICE_NEVER;
    d->event_at = timeout != 0 && timeout < d->event_at ? timeout : d->event_at;
}

static uint32_t raises(const struct device *d)
{
    return (d->reg[R_IIR] & IIR_NONE) == 0;
}

/* ---------------------------------------------------------------- receiver */

/* A character's errors show when it is the next to be read. */
static void show_errors(struct device *d)
{
    if (queue_count(d, S_RX) != 0) {
        d->state[S_ERRORS] |= queue_entry(d, S_RX, 0) >> ENTRY_ERRORS & LSR_CHARACTER;
    }
}

/* The FIFO's timeout begins anew when a character comes or is read, and another is there. */
static void start_timeout(struct device *d)
{
    bool waits = has_fifos(d) && queue_count(d, S_RX) != 0;

    d->state[S_TIMEOUT] = 0;
    d->state[S_TIMEOUT_AT] = waits ? d->now + TIMEOUT_FRAMES * frame_ticks(d) : 0;
}

static void take(struct device *d, uint32_t entry)
{
    uint32_t most = has_fifos(d) ? FIFO_DEPTH : 1u;

    if (queue_count(d, S_RX) < most) {
        queue_push(d, S_RX, entry);
    } else {
        d->state[S_ERRORS] |= LSR_OVERRUN;
        if (!has_fifos(d)) { /* without, the newer one stays */
            queue_replace(d, S_RX, 0, entry);
        }
    }
    if (queue_count(d, S_RX) == 1) {
        show_errors(d);
    }
    start_timeout(d);
}

static void received(struct device *d, uint32_t character, uint32_t errors)
{
    bool is_break = (errors & DEVICE_SERIAL_BREAK) != 0;
    uint32_t data = is_break ? 0 : character & ((1u << data_bits(d)) - 1u);
    uint32_t status = is_break ? LSR_BREAK | LSR_FRAMING : 0;

    status |= (errors & DEVICE_SERIAL_FRAMING) != 0 ? LSR_FRAMING : 0;
    if ((errors & DEVICE_SERIAL_PARITY) != 0 && (d->reg[R_LCR] & LCR_PARITY) != 0) {
        status |= LSR_PARITY;
    }
    take(d, data | status << ENTRY_ERRORS);
    refresh(d);
}

/* ---------------------------------------------------------------- transmitter */

static void send_next(struct device *d)
{
    uint64_t ticks = frame_ticks(d);

    if (d->state[S_SHIFT_END] != 0 || queue_count(d, S_TX) == 0 || ticks == 0) {
        return;
    }
    d->state[S_SHIFT] = queue_pop(d, S_TX);
    d->state[S_SHIFT_END] = d->now + ticks;
    if (queue_count(d, S_TX) == 0) {
        d->state[S_TX_PENDING] = 1;
    }
}

/* A break forces the line low, whatever is shifted out meanwhile. */
static void shifted_out(struct device *d)
{
    uint32_t character = (uint32_t)d->state[S_SHIFT] & ((1u << data_bits(d)) - 1u);

    d->state[S_SHIFT_END] = 0;
    if (loops(d)) {
        take(d, character);
    } else if (d->state[S_BREAK_AT] == 0) {
        device_send(d, character, 0);
    }
    send_next(d);
}

static void transmit(struct device *d, uint32_t character)
{
    uint32_t most = has_fifos(d) ? FIFO_DEPTH : 1u;

    if (queue_count(d, S_TX) < most) {
        queue_push(d, S_TX, character);
    } else if (!has_fifos(d)) {
        queue_replace(d, S_TX, 0, character); /* what was there is lost */
    }
    d->state[S_TX_PENDING] = 0;
    send_next(d);
}

static void event(struct device *d)
{
    if (d->state[S_SHIFT_END] != 0 && d->state[S_SHIFT_END] <= d->now) {
        shifted_out(d);
    }
    if (d->state[S_TIMEOUT_AT] != 0 && d->state[S_TIMEOUT_AT] <= d->now) {
        d->state[S_TIMEOUT_AT] = 0;
        d->state[S_TIMEOUT] = 1;
    }
    refresh(d);
}

/* ---------------------------------------------------------------- registers */

static void reset(struct device *d, enum device_reset why)
{
    (void)why;
    d->state[S_DIVISOR] = RESET_DIVISOR;
}

static void was_read(struct device *d, unsigned r)
{
    if (r == R_RBR && (d->reg[R_LCR] & LCR_DLAB) == 0 && queue_count(d, S_RX) != 0) {
        queue_pop(d, S_RX);
        show_errors(d);
        start_timeout(d);
    } else if (r == R_IIR && interrupt(d) == IIR_TX) {
        d->state[S_TX_PENDING] = 0;
    } else if (r == R_LSR) {
        d->state[S_ERRORS] = 0;
        if (queue_count(d, S_RX) != 0) { /* its errors were seen */
            queue_replace(d, S_RX, 0, queue_entry(d, S_RX, 0) & 0xffu);
        }
    } else if (r == R_MSR) {
        d->reg[R_MSR] &= ~MSR_DELTA;
    }
    refresh(d);
}

/* Other bits are taken only with the enable. */
static void set_fifos(struct device *d, uint32_t value)
{
    bool toggled = ((d->state[S_FCR] ^ value) & FCR_ENABLE) != 0;
    bool enabled = (value & FCR_ENABLE) != 0;

    if (toggled || (enabled && (value & FCR_CLEAR_RX) != 0)) {
        queue_clear(d, S_RX);
        start_timeout(d);
    }
    if (toggled || (enabled && (value & FCR_CLEAR_TX) != 0)) {
        d->state[S_TX_PENDING] |= queue_count(d, S_TX) != 0;
        queue_clear(d, S_TX);
    }
    d->state[S_FCR] = enabled ? value & ~(FCR_CLEAR_RX | FCR_CLEAR_TX) : 0;
}

static void set_line(struct device *d, uint32_t old)
{
    uint32_t now = d->reg[R_LCR];

    if ((now & ~old & LCR_BREAK) != 0) {
        d->state[S_BREAK_AT] = d->now + 1u; /* never 0 */
    } else if ((old & ~now & LCR_BREAK) != 0) {
        if (!loops(d) && d->now + 1u - d->state[S_BREAK_AT] >= frame_ticks(d)) {
            device_send(d, 0, DEVICE_SERIAL_BREAK);
        }
        d->state[S_BREAK_AT] = 0;
    }
}

/* In loopback the outputs of MCR are the inputs of MSR. */
static void set_modem(struct device *d)
{
    uint32_t mcr = d->reg[R_MCR];
    uint32_t lines = MSR_CTS | MSR_DSR | MSR_DCD;
    uint32_t was = d->reg[R_MSR] & MSR_LINES;

    if (loops(d)) {
        lines = (mcr & MCR_RTS) != 0 ? MSR_CTS : 0;
        lines |= (mcr & MCR_DTR) != 0 ? MSR_DSR : 0;
        lines |= (mcr & MCR_OUT1) != 0 ? MSR_RI : 0;
        lines |= (mcr & MCR_OUT2) != 0 ? MSR_DCD : 0;
    }
    uint32_t changed = (was ^ lines) & ~(lines & MSR_RI); /* of RI its end alone counts */

    d->reg[R_MSR] = lines | (d->reg[R_MSR] & MSR_DELTA) | changed >> 4;
}

static void written(struct device *d, unsigned r, uint32_t old)
{
    uint32_t value = d->reg[r];
    bool latch = (d->reg[R_LCR] & LCR_DLAB) != 0;

    switch (r) {
    case R_RBR:
        if (latch) {
            d->state[S_DIVISOR] = (d->state[S_DIVISOR] & 0xff00u) | value;
        } else {
            transmit(d, value);
        }
        break;
    case R_IER:
        if (latch) {
            d->state[S_DIVISOR] = (d->state[S_DIVISOR] & 0xffu) | value << 8;
        } else {
            uint64_t enabled = value & ~d->state[S_IER];

            d->state[S_TX_PENDING] |= (enabled & IER_TX) != 0 && queue_count(d, S_TX) == 0;
            d->state[S_IER] = value & IER_BITS;
        }
        break;
    case R_IIR:
        set_fifos(d, value);
        break;
    case R_LCR:
        set_line(d, old);
        break;
    case R_MCR:
        set_modem(d);
        break;
    default:
        break;
    }
    send_next(d);
    refresh(d);
}

const struct device_model ns16550_model = {
    .name = "ns16550",
    .bytes = 0x100,
    .registers = registers,
    .register_count = R_COUNT,
    .access = DEVICE_BYTES,
    .reset = reset,
    .was_read = was_read,
    .written = written,
    .event = event,
    .raises = raises,
    .frame = frame,
    .received = received,
};
