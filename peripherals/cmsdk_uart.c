/*
 * APB UART of Arm's Cortex-M System Design Kit. Source: CMSDK TRM (ARM DDI 0479)
 * 4.3, AN505. Status: docs/peripherals/cmsdk-uart.md.
 *
 * A transmit buffer in front of the shift register, a receive buffer behind the
 * other, one character each; always 8 bits, no parity, one stop bit.
 * Interrupts: received, room to send, either or an overrun, an overrun.
 */
#include "sim/device.h"

enum { R_DATA, R_STATE, R_CTRL, R_INT, R_BAUDDIV, R_ID };

#define STATE_TXFULL (1u << 0)
#define STATE_RXFULL (1u << 1)
#define STATE_TXOVER (1u << 2)
#define STATE_RXOVER (1u << 3)

#define CTRL_TX    (1u << 0)
#define CTRL_RX    (1u << 1)
#define CTRL_FAST  (1u << 6) /* high-speed test mode */
#define CTRL_WRITE 0x7fu

/* Of INTSTATUS, and two bits higher of CTRL, where they are enabled. */
#define INT_TX     (1u << 0)
#define INT_RX     (1u << 1)
#define INT_TXOVER (1u << 2)
#define INT_RXOVER (1u << 3)
#define INT_ALL    0xfu

#define LEAST_DIV  16u
#define FRAME_BITS 10u

#define ID_REGISTERS 12u

/* clang-format off */
static const struct device_register registers[R_ID + ID_REGISTERS] = {
    /*             offset  name         reset  write       w1c  unmodelled */
    [R_DATA]    = {0x000, "DATA",       0,     0xff,       0,   0},
    [R_STATE]   = {0x004, "STATE",      0,     0,          STATE_TXOVER | STATE_RXOVER, 0},
    [R_CTRL]    = {0x008, "CTRL",       0,     CTRL_WRITE, 0,   CTRL_FAST},
    [R_INT]     = {0x00c, "INTSTATUS",  0,     0,          INT_ALL, 0},
    [R_BAUDDIV] = {0x010, "BAUDDIV",    0,     0xfffff,    0,   0},
    [R_ID]      = {0xfd0, "PID4",       0x04,  0,          0,   0},
                  {0xfd4, "PID5",       0x00,  0,          0,   0},
                  {0xfd8, "PID6",       0x00,  0,          0,   0},
                  {0xfdc, "PID7",       0x00,  0,          0,   0},
                  {0xfe0, "PID0",       0x21,  0,          0,   0},
                  {0xfe4, "PID1",       0xb8,  0,          0,   0},
                  {0xfe8, "PID2",       0x1b,  0,          0,   0},
                  {0xfec, "PID3",       0x00,  0,          0,   0},
                  {0xff0, "CID0",       0x0d,  0,          0,   0},
                  {0xff4, "CID1",       0xf0,  0,          0,   0},
                  {0xff8, "CID2",       0x05,  0,          0,   0},
                  {0xffc, "CID3",       0xb1,  0,          0,   0},
};
/* clang-format on */

enum {
    S_SHIFTING, /* the shift register is at work */
    S_SHIFT,    /* on this character */
    S_TX,       /* the transmit buffer, valid with STATE_TXFULL */
    S_RX,       /* the receive buffer */
};

static struct device_frame frame(const struct device *d)
{
    uint64_t divider = d->reg[R_BAUDDIV];

    return (struct device_frame){
        .ticks = divider < LEAST_DIV ? 0 : FRAME_BITS * divider,
        .bits = FRAME_BITS,
        .receives = (d->reg[R_CTRL] & CTRL_RX) != 0,
    };
}

/* Its enable is two bits higher in CTRL. */
static void note(struct device *d, uint32_t interrupt)
{
    d->reg[R_INT] |= (d->reg[R_CTRL] >> 2) & interrupt;
}

/* From the buffer to the shift register, if both are ready. */
static void shift(struct device *d)
{
    uint64_t ticks = frame(d).ticks;
    bool ready = d->state[S_SHIFTING] == 0 && ticks != 0;

    if (ready && (d->reg[R_STATE] & STATE_TXFULL) != 0 && (d->reg[R_CTRL] & CTRL_TX) != 0) {
        d->state[S_SHIFT] = d->state[S_TX];
        d->state[S_SHIFTING] = 1;
        d->reg[R_STATE] &= ~STATE_TXFULL;
        d->event_at = d->now + ticks;
        note(d, INT_TX);
    }
}

static void transmit(struct device *d)
{
    if ((d->reg[R_CTRL] & CTRL_TX) == 0) {
        return;
    }
    if ((d->reg[R_STATE] & STATE_TXFULL) != 0) {
        d->reg[R_STATE] |= STATE_TXOVER;
        note(d, INT_TXOVER);
        return;
    }
    d->state[S_TX] = d->reg[R_DATA];
    d->reg[R_STATE] |= STATE_TXFULL;
    shift(d);
}

static void reading(struct device *d, unsigned r)
{
    if (r == R_DATA) {
        d->reg[R_DATA] = (uint32_t)d->state[S_RX];
    }
}

static void was_read(struct device *d, unsigned r)
{
    if (r == R_DATA) {
        d->reg[R_STATE] &= ~STATE_RXFULL;
    }
}

static void written(struct device *d, unsigned r, uint32_t old)
{
    (void)old;
    if (r == R_DATA) {
        transmit(d);
    } else if (r == R_CTRL || r == R_BAUDDIV) {
        shift(d);
    }
}

static void event(struct device *d)
{
    device_send(d, (uint32_t)d->state[S_SHIFT], 0);
    d->state[S_SHIFTING] = 0;
    shift(d);
}

/* It does not look at its stop bit: errors of the line go unnoticed. */
static void received(struct device *d, uint32_t character, uint32_t errors)
{
    (void)errors;
    if ((d->reg[R_STATE] & STATE_RXFULL) != 0) {
        d->reg[R_STATE] |= STATE_RXOVER;
        note(d, INT_RXOVER);
    }
    d->state[S_RX] = character & 0xffu;
    d->reg[R_STATE] |= STATE_RXFULL;
    note(d, INT_RX);
}

static uint32_t raises(const struct device *d)
{
    uint32_t pending = d->reg[R_INT];
    bool overrun = (pending & (INT_TXOVER | INT_RXOVER)) != 0;

    return (pending & INT_RX ? 1u : 0) | (pending & INT_TX ? 2u : 0) | (pending != 0 ? 4u : 0) |
           (overrun ? 8u : 0);
}

const struct device_model cmsdk_uart_model = {
    .name = "cmsdk-uart",
    .bytes = 0x1000,
    .registers = registers,
    .register_count = sizeof registers / sizeof registers[0],
    .reading = reading,
    .was_read = was_read,
    .written = written,
    .event = event,
    .raises = raises,
    .frame = frame,
    .received = received,
};
