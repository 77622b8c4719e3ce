/*
 * APB UART of Arm's Cortex-M System Design Kit: 8 data bits, no parity, one stop bit.
 * Source: CMSDK TRM (ARM DDI 0479), "APB UART". Status: docs/peripherals/cmsdk-uart.md.
 *
 * A buffer and a shift register in each direction. Lines: 0 receive, 1 transmit,
 * 2 all interrupts in one, 3 overruns.
 * Not modelled: CTRL's high-speed test mode.
 */
#include "sim/device.h"

enum { R_DATA, R_STATE, R_CTRL, R_INT, R_BAUDDIV, R_ID };

#define STATE_TX_FULL    (1u << 0)
#define STATE_RX_FULL    (1u << 1)
#define STATE_TX_OVERRUN (1u << 2)
#define STATE_RX_OVERRUN (1u << 3)
#define STATE_OVERRUNS   (STATE_TX_OVERRUN | STATE_RX_OVERRUN)

#define CTRL_TX_EN (1u << 0)
#define CTRL_RX_EN (1u << 1)
#define CTRL_TX_IE (1u << 2)
#define CTRL_RX_IE (1u << 3)
#define CTRL_TEST  (1u << 6)

#define INT_TX       (1u << 0)
#define INT_RX       (1u << 1)
#define INT_OVERRUNS STATE_OVERRUNS /* at the same places; their enables are two bits higher */

#define BAUDDIV_LEAST 16u
#define FRAME_BITS    10u
#define ID_REGISTERS  12u

/* clang-format off */
static const struct device_register registers[R_ID + ID_REGISTERS] = {
    /*             offset  name         reset  write    w1c              unmodelled */
    [R_DATA]    = {0x000, "DATA",       0,     0xff,    0,               0},
    [R_STATE]   = {0x004, "STATE",      0,     0,       STATE_OVERRUNS,  0},
    [R_CTRL]    = {0x008, "CTRL",       0,     0x7f,    0,               CTRL_TEST},
    [R_INT]     = {0x00c, "INTSTATUS",  0,     0,       0xf,             0},
    [R_BAUDDIV] = {0x010, "BAUDDIV",    0,     0xfffff, 0,               0},
    [R_ID]      = {0xfd0, "PID4",       0x04,  0,       0,               0},
                  {0xfd4, "PID5",       0x00,  0,       0,               0},
                  {0xfd8, "PID6",       0x00,  0,       0,               0},
                  {0xfdc, "PID7",       0x00,  0,       0,               0},
                  {0xfe0, "PID0",       0x21,  0,       0,               0},
                  {0xfe4, "PID1",       0xb8,  0,       0,               0},
                  {0xfe8, "PID2",       0x1b,  0,       0,               0},
                  {0xfec, "PID3",       0x00,  0,       0,               0},
                  {0xff0, "CID0",       0x0d,  0,       0,               0},
                  {0xff4, "CID1",       0xf0,  0,       0,               0},
                  {0xff8, "CID2",       0x05,  0,       0,               0},
                  {0xffc, "CID3",       0xb1,  0,       0,               0},
};
/* clang-format on */

/* reg[R_DATA] is the receive buffer. */
enum {
    S_BUFFER,   /* to be sent, with STATE_TX_FULL */
    S_SHIFT,    /* what the shift register sends */
    S_SHIFTING, /* it does */
};

static struct device_frame frame(const struct device *d)
{
    uint32_t divider = d->reg[R_BAUDDIV];

    return (struct device_frame){
        .ticks = divider < BAUDDIV_LEAST ? 0 : (uint64_t)FRAME_BITS * divider,
        .bits = FRAME_BITS,
        .receives = (d->reg[R_CTRL] & CTRL_RX_EN) != 0,
    };
}

/* Status bits of overruns are those of STATE, where they are enabled. */
static void show_overruns(struct device *d)
{
    uint32_t enabled = d->reg[R_CTRL] >> 2 & INT_OVERRUNS;

    d->reg[R_INT] = (d->reg[R_INT] & ~INT_OVERRUNS) | (d->reg[R_STATE] & enabled);
}

/* The shift register, if it rests, takes what is in the buffer; the interrupt says that the buffer
 * is free again. */
static void send_next(struct device *d)
{
    uint64_t ticks = frame(d).ticks;

    if ((d->reg[R_CTRL] & CTRL_TX_EN) == 0 || (d->reg[R_STATE] & STATE_TX_FULL) == 0 ||
        d->state[S_SHIFTING] != 0 || ticks == 0) {
        return;
    }
    d->state[S_SHIFT] = d->state[S_BUFFER];
    d->state[S_SHIFTING] = 1;
    d->event_at = d->now + ticks;
    d->reg[R_STATE] &= ~STATE_TX_FULL;
    if ((d->reg[R_CTRL] & CTRL_TX_IE) != 0) {
        d->reg[R_INT] |= INT_TX;
    }
}

static void event(struct device *d)
{
    d->state[S_SHIFTING] = 0;
    device_send(d, (uint32_t)d->state[S_SHIFT], 0);
    send_next(d);
}

/* There is no check of the stop bit: a damaged character is as good as another. */
static void received(struct device *d, uint32_t character, uint32_t errors)
{
    if ((d->reg[R_STATE] & STATE_RX_FULL) != 0) {
        d->reg[R_STATE] |= STATE_RX_OVERRUN; /* the older one is lost */
    }
    d->reg[R_STATE] |= STATE_RX_FULL;
    d->reg[R_DATA] = (errors & DEVICE_SERIAL_BREAK) != 0 ? 0 : character & 0xffu;
    if ((d->reg[R_CTRL] & CTRL_RX_IE) != 0) {
        d->reg[R_INT] |= INT_RX;
    }
    show_overruns(d);
}

static void was_read(struct device *d, unsigned r)
{
    if (r == R_DATA) {
        d->reg[R_STATE] &= ~STATE_RX_FULL;
    }
}

static void put(struct device *d, uint32_t old)
{
    d->state[S_BUFFER] = d->reg[R_DATA];
    d->reg[R_DATA] = old; /* of the receiver */
    if ((d->reg[R_STATE] & STATE_TX_FULL) != 0) {
        d->reg[R_STATE] |= STATE_TX_OVERRUN; /* what was there is lost */
    }
    d->reg[R_STATE] |= STATE_TX_FULL;
}

static void written(struct device *d, unsigned r, uint32_t old)
{
    if (r == R_DATA) {
        put(d, old);
    } else if (r == R_INT) { /* clearing the status clears the cause */
        d->reg[R_STATE] &= ~(old & ~d->reg[R_INT] & INT_OVERRUNS);
    }
    send_next(d);
    show_overruns(d);
}

static uint32_t raises(const struct device *d)
{
    uint32_t status = d->reg[R_INT];
    uint32_t lines = 0;

    lines |= (status & INT_RX) != 0 ? 1u << 0 : 0;
    lines |= (status & INT_TX) != 0 ? 1u << 1 : 0;
    lines |= status != 0 ? 1u << 2 : 0;
    lines |= (status & INT_OVERRUNS) != 0 ? 1u << 3 : 0;
    return lines;
}

const struct device_model cmsdk_uart_model = {
    .name = "cmsdk-uart",
    .bytes = 0x1000,
    .registers = registers,
    .register_count = sizeof registers / sizeof registers[0],
    .was_read = was_read,
    .written = written,
    .event = event,
    .raises = raises,
    .frame = frame,
    .received = received,
};
