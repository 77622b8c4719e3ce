/*
 * APB timer of Arm's Cortex-M System Design Kit: a 32-bit down counter.
 * Source: CMSDK TRM (ARM DDI 0479) 4.4. MPS2+ AN505 has two, at the CPU's clock.
 *
 * It counts a tick at a time and, at 0, goes on from RELOAD with the next one; so
 * its period is RELOAD + 1 ticks, and with RELOAD 0 it stays at 0. The interrupt
 * comes when it reaches 0. A write to RELOAD sets VALUE, too.
 * Not modelled: the external input (CTRL.SELEXTEN, CTRL.SELEXTCLK).
 */
#include "sim/device.h"

enum { R_CTRL, R_VALUE, R_RELOAD, R_INT, R_ID };

#define CTRL_EN  (1u << 0)
#define CTRL_EXT (3u << 1)
#define CTRL_IRQ (1u << 3)

#define ID_REGISTERS 12u
_Static_assert(R_ID + ID_REGISTERS <= DEVICE_REGISTERS, "all fit");

/* clang-format off */
static const struct device_register registers[R_ID + ID_REGISTERS] = {
    /*            offset  name         reset  write       w1c  unmodelled */
    [R_CTRL]   = {0x000, "CTRL",       0,     CTRL_EN | CTRL_EXT | CTRL_IRQ, 0, CTRL_EXT},
    [R_VALUE]  = {0x004, "VALUE",      0,     UINT32_MAX, 0,   0},
    [R_RELOAD] = {0x008, "RELOAD",     0,     UINT32_MAX, 0,   0},
    [R_INT]    = {0x00c, "INTSTATUS",  0,     0,          1,   0},
    [R_ID]     = {0xfd0, "PID4",       0x04,  0,          0,   0},
                 {0xfd4, "PID5",       0x00,  0,          0,   0},
                 {0xfd8, "PID6",       0x00,  0,          0,   0},
                 {0xfdc, "PID7",       0x00,  0,          0,   0},
                 {0xfe0, "PID0",       0x22,  0,          0,   0},
                 {0xfe4, "PID1",       0xb8,  0,          0,   0},
                 {0xfe8, "PID2",       0x1b,  0,          0,   0},
                 {0xfec, "PID3",       0x00,  0,          0,   0},
                 {0xff0, "CID0",       0x0d,  0,          0,   0},
                 {0xff4, "CID1",       0xf0,  0,          0,   0},
                 {0xff8, "CID2",       0x05,  0,          0,   0},
                 {0xffc, "CID3",       0xb1,  0,          0,   0},
};
/* clang-format on */

/* While it runs, VALUE is derived from when it was set; reg[R_VALUE] is what it was then. */
enum { S_SET_AT };

static bool is_running(const struct device *d)
{
    return (d->reg[R_CTRL] & CTRL_EN) != 0;
}

/* The counter now, had it run since it was set. */
static uint32_t counted(const struct device *d)
{
    uint64_t ticks = d->now - d->state[S_SET_AT];
    uint64_t value = d->reg[R_VALUE];

    if (ticks <= value) {
        return (uint32_t)(value - ticks);
    }
    uint64_t period = (uint64_t)d->reg[R_RELOAD] + 1u;

    return (uint32_t)(d->reg[R_RELOAD] - (ticks - value - 1u) % period);
}

/* It has this value now; the event is when it next reaches 0. */
static void set_value(struct device *d, uint32_t value)
{
    d->reg[R_VALUE] = value;
    d->state[S_SET_AT] = d->now;
    if (!is_running(d) || (value == 0 && d->reg[R_RELOAD] == 0)) {
        d->event_at = DEVICE_NEVER;
    } else {
        d->event_at = d->now + (value != 0 ? value : (uint64_t)d->reg[R_RELOAD] + 1u);
    }
}

static void reading(struct device *d, unsigned r)
{
    if (r == R_VALUE && is_running(d)) {
        set_value(d, counted(d));
    }
}

static void written(struct device *d, unsigned r, uint32_t old)
{
    if (r == R_CTRL) {
        set_value(d, (old & CTRL_EN) != 0 ? counted(d) : d->reg[R_VALUE]);
    } else if (r == R_VALUE || r == R_RELOAD) {
        set_value(d, d->reg[r]);
    }
}

static void event(struct device *d)
{
    d->reg[R_INT] = 1;
    set_value(d, 0);
}

static uint32_t raises(const struct device *d)
{
    return (d->reg[R_CTRL] & CTRL_IRQ) != 0 && d->reg[R_INT] != 0;
}

const struct device_model cmsdk_timer_model = {
    .name = "cmsdk-timer",
    .bytes = 0x1000,
    .registers = registers,
    .register_count = sizeof registers / sizeof registers[0],
    .reading = reading,
    .written = written,
    .event = event,
    .raises = raises,
};
