/* Signals between devices, and pins to the outside. */
#include "sim/wires.h"

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
    uint32_t outside = ~now.driven & s->outside_driven & pads;
    uint32_t open = ~now.driven & ~outside;
    uint32_t pulled = open & now.pulled & pads;

    s->driven = now.driven;
    s->open = open;
    s->level = (now.driven & now.high) | (outside & s->outside_high) | (pulled & now.high) |
               (open & ~pulled & pads & s->board_high);
}

static void record_pins(struct k5sim *sim, uint32_t index, uint32_t changed)
{
    const struct signals *s = &sim->devices.row[index].signals;

    for (uint32_t i = 0; (changed & s->named) != 0 && i < sim->devices.wires.pin_count; i++) {
        const struct pin *pin = &sim->devices.wires.pin[i];
        uint32_t bit = UINT32_C(1) << pin->signal;

        if (pin->device == index && (changed & bit) != 0) {
            uint32_t driver = (s->driven & bit) != 0           ? K5SIM_DRIVER_CHIP
                              : (s->outside_driven & bit) != 0 ? K5SIM_DRIVER_OUTSIDE
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
    struct device *d = &sim->devices.row[index].device;

    if (device_input(d, signal) == level && device_input_open(d, signal) == open) {
        return;
    }
    d = devices_at_work(sim, index);
    set_bit(d->levels, signal, level);
    set_bit(d->open, signal, open);
    if (d->model->input != NULL) {
        d->model->input(d, signal);
    }
    sim->devices.unsettled |= UINT64_C(1) << index;
}

/* Another chip drives a pad, or lets go of it: for the MCU that is the outside. */
static void drive_pad(struct k5sim *sim, uint32_t index, uint32_t signal, bool level, bool open)
{
    struct signals *s = &sim->devices.row[index].signals;

    set_bit(&s->outside_driven, signal, !open);
    set_bit(&s->outside_high, signal, level);
    sim->devices.unsettled |= UINT64_C(1) << index;
}

static bool has(uint32_t bits, uint32_t signal)
{
    return ((bits >> signal) & 1u) != 0;
}

void wires_spread(struct k5sim *sim, uint32_t index)
{
    struct sim_device *row = &sim->devices.row[index];
    struct signals *s = &row->signals;
    const struct signals before = *s;
    uint32_t pads = pads_of(row);

    resolve(row);
    uint32_t turned = s->level ^ before.level;
    uint32_t changed = turned | (s->open ^ before.open);

    if (changed == 0) {
        return;
    }
    record_pins(sim, index, turned);
    for (uint32_t rest = changed & pads; rest != 0; rest &= rest - 1u) {
        uint32_t signal = (uint32_t)__builtin_ctz(rest);

        set_input(sim, index, signal, has(s->level, signal), has(s->open, signal));
    }
    for (uint32_t i = 0; i < sim->devices.wires.count; i++) {
        const struct wire *wire = &sim->devices.wires.row[i];

        bool level = has(s->level, wire->from_signal);
        bool open = has(s->open, wire->from_signal);

        if (wire->from != index || !has(changed, wire->from_signal)) {
            continue;
        }
        if (wire->to_signal < sim->devices.row[wire->to].device.model->pads) {
            drive_pad(sim, wire->to, wire->to_signal, level, open);
        } else {
            set_input(sim, wire->to, wire->to_signal, level, open);
        }
    }
}

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

bool wires_pin_level(const struct k5sim *sim, uint32_t pin)
{
    const struct pin *p = &sim->devices.wires.pin[pin];

    return ((sim->devices.row[p->device].signals.level >> p->signal) & 1u) != 0;
}
