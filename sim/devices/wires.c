/* Signals between devices, and pins to the outside. */
#include "sim/devices/wires.h"

#include "sim/machine.h"

static uint32_t pads_of(const struct sim_device *row)
{
    uint32_t pads = row->device.model->pads;

    return pads >= 32u ? UINT32_MAX : (UINT32_C(1) << pads) - 1u;
}

/* What each of the device's signals is at, and who says so. */
static void resolve(struct sim_device *row)
{
    const struct device *d = &row->device;
    struct signals *s = &row->signals;
    struct device_levels now = {0};

    if (d->model->drives != NULL && !row->held) {
        now = d->model->drives(d);
    }
    uint32_t pads = pads_of(row);
    uint32_t stuck = s->stuck;
    uint32_t outside = ~now.driven & s->outside_driven & pads;
    uint32_t wired = ~(now.driven | outside) & s->wired_driven & pads;
    uint32_t open = ~(now.driven | outside | wired);
    uint32_t pulled = open & now.pulled & pads;

    s->driven = now.driven;
    s->open = open & ~stuck;
    s->own = now.driven | outside | stuck;
    s->own_high = (((now.driven & now.high) | (outside & s->outside_high)) & ~stuck) |
                  (stuck & s->stuck_high);
    s->level =
        s->own_high |
        (((wired & s->wired_high) | (pulled & now.high) | (open & ~pulled & pads & s->board_high)) &
         ~stuck);
}

static void record_pins(struct k5sim *sim, uint32_t index, uint32_t changed)
{
    const struct signals *s = &sim->devices.row[index].signals;

    for (uint32_t i = 0; (changed & s->named) != 0 && i < sim->devices.wires.pin_count; i++) {
        const struct pin *pin = &sim->devices.wires.pin[i];
        uint32_t bit = UINT32_C(1) << pin->signal;

        if (pin->device == index && (changed & bit) != 0) {
            uint32_t driver = (s->driven & bit) != 0 ? K5SIM_DRIVER_CHIP
                              : (s->open & bit) == 0 ? K5SIM_DRIVER_OUTSIDE
                                                     : K5SIM_DRIVER_NONE;
            const struct k5sim_event event = {
                .time = machine_now(sim),
                .kind = K5SIM_EVENT_PIN,
                .thread = sim->kernel.current,
                .code = (uint16_t)i,
                .arg = {(s->level & bit) != 0, driver},
            };

            machine_record(sim, &event);
        }
    }
}

static void set_bit(uint32_t *words, uint32_t bit, bool to)
{
    uint32_t mask = UINT32_C(1) << (bit % 32u);

    words[bit / 32u] = to ? words[bit / 32u] | mask : words[bit / 32u] & ~mask;
}

/* An input signal of device `index` is at this level now, driven or open. */
static void set_input(struct k5sim *sim, uint32_t index, uint32_t signal, bool level, bool open)
{
    const struct sim_device *row = &sim->devices.row[index];

    if (device_input(&row->device, signal) == level &&
        device_input_open(&row->device, signal) == open) {
        return;
    }
    struct device *d = devices_touched(sim, index);

    set_bit(d->levels, signal, level);
    set_bit(d->open, signal, open);
    if (d->model->input != NULL && !row->held) {
        d->model->input(d, signal);
    }
}

/* ---------------------------------------------------------------- wires */

static bool has(uint32_t bits, uint32_t signal)
{
    return ((bits >> signal) & 1u) != 0;
}

/* What is at the end of a wire. */
struct end {
    bool level;
    bool open;
};

static struct end end_of(const struct k5sim *sim, const struct wire *wire, bool pad)
{
    const struct signals *s = &sim->devices.row[wire->from].signals;

    if (pad) {
        return (struct end){has(s->own_high, wire->from_signal), !has(s->own, wire->from_signal)};
    }
    return (struct end){has(s->level, wire->from_signal), has(s->open, wire->from_signal)};
}

/* The same where several wires end: who drives it low, then who drives it, then any pull. */
static struct end shared_end_of(const struct k5sim *sim, const struct wire *wire, bool pad)
{
    struct end all = {.level = false, .open = true};

    for (uint32_t i = 0; i < sim->devices.wires.count; i++) {
        const struct wire *other = &sim->devices.wires.row[i];

        if (other->to == wire->to && other->to_signal == wire->to_signal) {
            struct end end = end_of(sim, other, pad);

            if (all.open == end.open) {
                all.level = all.open ? all.level || end.level : all.level && end.level;
            } else if (all.open) {
                all = end;
            }
        }
    }
    return all;
}

/* Another device drives a pad, or lets go of it: for the chip that is the outside. */
static void drive_pad(struct k5sim *sim, const struct wire *wire, struct end end)
{
    struct signals *s = &sim->devices.row[wire->to].signals;

    if (has(s->wired_driven, wire->to_signal) == !end.open &&
        has(s->wired_high, wire->to_signal) == end.level) {
        return;
    }
    set_bit(&s->wired_driven, wire->to_signal, !end.open);
    set_bit(&s->wired_high, wire->to_signal, end.level);
    (void)devices_touched(sim, wire->to);
}

static void carry(struct k5sim *sim, const struct wire *wire)
{
    bool pad = wire->to_signal < sim->devices.row[wire->to].device.model->pads;
    struct end end = wire->shared ? shared_end_of(sim, wire, pad) : end_of(sim, wire, pad);

    if (pad) {
        drive_pad(sim, wire, end);
    } else {
        set_input(sim, wire->to, wire->to_signal, end.level, end.open);
    }
}

void wires_spread(struct k5sim *sim, uint32_t index)
{
    struct sim_device *row = &sim->devices.row[index];
    struct signals *s = &row->signals;
    const struct signals before = *s;

    resolve(row);
    uint32_t turned = s->level ^ before.level;
    uint32_t changed = turned | (s->open ^ before.open);
    uint32_t own = (s->own ^ before.own) | (s->own_high ^ before.own_high);

    if ((changed | own) == 0) {
        return;
    }
    record_pins(sim, index, turned);
    for (uint32_t rest = changed & pads_of(row); rest != 0; rest &= rest - 1u) {
        uint32_t signal = (uint32_t)__builtin_ctz(rest);

        set_input(sim, index, signal, has(s->level, signal), has(s->open, signal));
    }
    for (uint32_t i = 0; i < sim->devices.wires.count; i++) {
        const struct wire *wire = &sim->devices.wires.row[i];

        if (wire->from == index && has(changed | own, wire->from_signal)) {
            carry(sim, wire);
        }
    }
}

/* ---------------------------------------------------------------- pins */

void wires_drive_pin(struct k5sim *sim, uint32_t pin, int32_t level)
{
    const struct pin *p = &sim->devices.wires.pin[pin];
    struct signals *s = &sim->devices.row[p->device].signals;
    uint32_t bit = UINT32_C(1) << p->signal;

    s->outside_driven = level >= 0 ? s->outside_driven | bit : s->outside_driven & ~bit;
    s->outside_high = level > 0 ? s->outside_high | bit : s->outside_high & ~bit;
    (void)devices_at_work(sim, p->device);
    devices_settle(sim, p->device);
}

void wires_stick_pin(struct k5sim *sim, uint32_t pin, int32_t level)
{
    const struct pin *p = &sim->devices.wires.pin[pin];
    struct signals *s = &sim->devices.row[p->device].signals;
    uint32_t bit = UINT32_C(1) << p->signal;

    s->stuck = level >= 0 ? s->stuck | bit : s->stuck & ~bit;
    s->stuck_high = level > 0 ? s->stuck_high | bit : s->stuck_high & ~bit;
    (void)devices_at_work(sim, p->device);
    devices_settle(sim, p->device);
}

bool wires_pin_level(const struct k5sim *sim, uint32_t pin)
{
    const struct pin *p = &sim->devices.wires.pin[pin];

    return ((sim->devices.row[p->device].signals.level >> p->signal) & 1u) != 0;
}
