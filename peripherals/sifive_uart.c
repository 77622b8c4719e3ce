/*
 * UART of SiFive's FE310: 8 data bits, no parity, 1 or 2 stop bits, FIFOs of 8.
 * Source: FE310-G002 Manual, "Universal Asynchronous Receiver/Transmitter (UART)".
 * Status: docs/peripherals/sifive-uart.md.
 *
 * The board's parameter is the clock at its input in Hz; 0: the CPU's.
 */
#include "peripherals/character_queue.h"
#include "peripherals/clock.h"
#include "sim/device.h"

enum { R_TXDATA, R_RXDATA, R_TXCTRL, R_RXCTRL, R_IE, R_IP, R_DIV, R_COUNT };

#define TX_FULL      (1u << 31)
#define RX_EMPTY     (1u << 31)
#define TXCTRL_EN    (1u << 0)
#define TXCTRL_NSTOP (1u << 1)
#define RXCTRL_EN    (1u << 0)
#define COUNT_SHIFT  16u
#define COUNT_MASK   (7u << COUNT_SHIFT)
#define IP_TX        (1u << 0)
#define IP_RX        (1u << 1)
#define DIV_RESET    0xffffu /* so that a guess is no speed by accident */

#define FIFO_DEPTH 8u

/* clang-format off */
static const struct device_register registers[R_COUNT] = {
    /*            offset name      reset      write                                     w1c unmodelled */
    [R_TXDATA] = {0x00,  "txdata", 0,         0xff,                                     0,  0},
    [R_RXDATA] = {0x04,  "rxdata", RX_EMPTY,  0,                                        0,  0},
    [R_TXCTRL] = {0x08,  "txctrl", 0,         TXCTRL_EN | TXCTRL_NSTOP | COUNT_MASK,    0,  0},
    [R_RXCTRL] = {0x0c,  "rxctrl", 0,         RXCTRL_EN | COUNT_MASK,                   0,  0},
    [R_IE]     = {0x10,  "ie",     0,         IP_TX | IP_RX,                            0,  0},
    [R_IP]     = {0x14,  "ip",     0,         0,                                        0,  0},
    [R_DIV]    = {0x18,  "div",    DIV_RESET, 0xffff,                                   0,  0},
};
/* clang-format on */

enum {
    S_TX,
    S_RX = S_TX + QUEUE_STATES,
    S_SHIFT = S_RX + QUEUE_STATES, /* what the shift register sends */
    S_SHIFTING,                    /* it does */
    S_COUNT,
};
_Static_assert(S_COUNT <= DEVICE_STATES && FIFO_DEPTH <= QUEUE_MOST, "all fit");

static struct device_frame frame(const struct device *d)
{
    uint32_t bits = (d->reg[R_TXCTRL] & TXCTRL_NSTOP) != 0 ? 11u : 10u;
    uint64_t clocks = (uint64_t)bits * (d->reg[R_DIV] + 1u);

    return (struct device_frame){
        .ticks = clock_tick(d, d->parameter != 0 ? d->parameter : d->tick_hz, clocks),
        .bits = bits,
        .receives = (d->reg[R_RXCTRL] & RXCTRL_EN) != 0,
    };
}

/* What a read shows now: the end of whatever happens to the device. */
static void refresh(struct device *d)
{
    uint32_t sending = queue_count(d, S_TX);
    uint32_t received = queue_count(d, S_RX);
    uint32_t pending = 0;

    pending |= sending < (d->reg[R_TXCTRL] & COUNT_MASK) >> COUNT_SHIFT ? IP_TX : 0;
    pending |= received > (d->reg[R_RXCTRL] & COUNT_MASK) >> COUNT_SHIFT ? IP_RX : 0;
    d->reg[R_IP] = pending;
    d->reg[R_TXDATA] = sending == FIFO_DEPTH ? TX_FULL : 0;
    d->reg[R_RXDATA] = received == 0 ? RX_EMPTY : queue_entry(d, S_RX, 0);
}

static void send_next(struct device *d)
{
    if ((d->reg[R_TXCTRL] & TXCTRL_EN) != 0 && d->state[S_SHIFTING] == 0 &&
        queue_count(d, S_TX) != 0) {
        d->state[S_SHIFT] = queue_pop(d, S_TX);
        d->state[S_SHIFTING] = 1;
        d->event_at = d->now + frame(d).ticks;
    }
}

static void event(struct device *d)
{
    d->state[S_SHIFTING] = 0;
    device_send(d, (uint32_t)d->state[S_SHIFT], 0);
    send_next(d);
    refresh(d);
}

/* No check of the stop bit, and no sign of an overrun: what finds the FIFO full is lost. */
static void received(struct device *d, uint32_t character, uint32_t errors)
{
    if (queue_count(d, S_RX) < FIFO_DEPTH) {
        queue_push(d, S_RX, (errors & DEVICE_SERIAL_BREAK) != 0 ? 0 : character & 0xffu);
    }
    refresh(d);
}

static void was_read(struct device *d, unsigned r)
{
    if (r == R_RXDATA && queue_count(d, S_RX) != 0) {
        queue_pop(d, S_RX);
        refresh(d);
    }
}

static void written(struct device *d, unsigned r, uint32_t old)
{
    (void)old;
    if (r == R_TXDATA && queue_count(d, S_TX) < FIFO_DEPTH) { /* otherwise it is lost */
        queue_push(d, S_TX, d->reg[R_TXDATA] & 0xffu);
    }
    send_next(d);
    refresh(d);
}

static uint32_t raises(const struct device *d)
{
    return (d->reg[R_IP] & d->reg[R_IE]) != 0;
}

const struct device_model sifive_uart_model = {
    .name = "sifive-uart",
    .bytes = 0x1000,
    .registers = registers,
    .register_count = R_COUNT,
    .was_read = was_read,
    .written = written,
    .event = event,
    .raises = raises,
    .frame = frame,
    .received = received,
};
