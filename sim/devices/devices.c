/* The machine's devices: their registers, accesses and events. */
#include "sim/devices/devices.h"

#include <stdio.h>
#include <string.h>

#include "sim/machine.h"

#define DEVICE_MODEL(model) extern const struct device_model(model);
#include <device_list.h> /* made by CMakeLists.txt: DEVICE_MODEL() of each model of peripherals/ */
#undef DEVICE_MODEL

#define DEVICE_MODEL(model) &(model),
static const struct device_model *const models[] = {
#include <device_list.h>
};
#undef DEVICE_MODEL

#define MODELS (sizeof models / sizeof models[0])

/* Devices that take each other's changes for ever: far more turns than any board needs. */
#define SETTLE_TURNS 10000u

/* ---------------------------------------------------------------- models */

const struct device_model *device_model_find(const char *name)
{
    for (size_t i = 0; name != NULL && i < MODELS; i++) {
        if (strcmp(models[i]->name, name) == 0) {
            return models[i];
        }
    }
    return NULL;
}

void device_model_names(char *out, size_t bytes)
{
    size_t used = 0;

    out[0] = '\0';
    for (size_t i = 0; i < MODELS && used < bytes; i++) {
        const char *comma = i == 0 ? "" : ", ";

        used += (size_t)snprintf(out + used, bytes - used, "%s%s", comma, models[i]->name);
    }
}

uint32_t device_model_register(const struct device_model *model, uint32_t offset)
{
    uint32_t low = 0;
    uint32_t high = model->register_count;

    while (low < high) {
        uint32_t middle = (low + high) / 2u;

        if (model->registers[middle].offset < offset) {
            low = middle + 1u;
        } else {
            high = middle;
        }
    }
    bool found = low < model->register_count && model->registers[low].offset == offset;

    return found ? low : model->register_count;
}

uint32_t devices_index(const struct device *d)
{
    const struct sim_device *row = (const struct sim_device *)d;

    return (uint32_t)(row - row->sim->devices.row);
}

/* ---------------------------------------------------------------- records */

void devices_record(struct k5sim *sim, uint32_t kind, uint32_t index, const uint32_t arg[5])
{
    if (!machine_wants(sim, kind)) {
        return;
    }
    const struct k5sim_event event = {
        .time = machine_now(sim),
        .kind = (uint8_t)kind,
        .thread = sim->kernel.current,
        .code = (uint16_t)index,
        .arg = {arg[0], arg[1], arg[2], arg[3], arg[4]},
    };

    machine_record(sim, &event);
}

#define RECORD(sim, kind, index, ...)                                                              \
    devices_record(sim, kind, index, (const uint32_t[5]){__VA_ARGS__})

/* Each kind of mistake at each register is kept, and recorded when it is first made. */
static void guest_error(struct k5sim *sim, uint32_t kind, uint32_t index, const uint32_t arg[5])
{
    struct devices *devices = &sim->devices;

    devices->erred = true;
    for (uint32_t i = 0; i < devices->guest_error_count; i++) {
        struct k5sim_guest_error *e = &devices->guest_error[i];

        if (e->kind == kind && e->device == index && e->offset == arg[0]) {
            e->count++;
            return;
        }
    }
    if (devices->guest_error_count < DEVICES_GUEST_ERRORS) {
        devices->guest_error[devices->guest_error_count++] = (struct k5sim_guest_error){
            .time = machine_now(sim),
            .count = 1,
            .kind = kind,
            .device = index,
            .offset = arg[0],
            .thread = sim->kernel.current,
            .pc = sim->running == NULL ? 0 : cpu_access_pc(sim->running),
            .value = arg[1],
        };
    }
    devices_record(sim, kind, index, arg);
}

#define GUEST_ERROR(sim, kind, index, ...)                                                         \
    guest_error(sim, kind, index, (const uint32_t[5]){__VA_ARGS__})

/* ---------------------------------------------------------------- gates */

static bool is_open(const struct k5sim *sim, const struct gate *gate)
{
    const struct device *d = &sim->devices.row[gate->device].device;

    return ((d->reg[gate->place] >> gate->bit) & 1u) != 0;
}

static bool has_clock(const struct k5sim *sim, const struct sim_device *row)
{
    return row->held == 0 && (row->clock.device == DEVICE_NONE || is_open(sim, &row->clock));
}

static void reset_device(struct k5sim *sim, uint32_t index, enum device_reset why);

/* Those that device `index` puts into reset, or lets out of it. */
static void hold_others(struct k5sim *sim, uint32_t index)
{
    for (uint32_t i = 0; i < sim->devices.count; i++) {
        struct sim_device *row = &sim->devices.row[i];

        if (row->reset.device == index && (row->held != 0) != is_open(sim, &row->reset)) {
            row->held ^= 1u;
            reset_device(sim, i, DEVICE_RESET_PIN);
            sim->devices.unsettled |= UINT64_C(1) << i;
        }
    }
}

/* ---------------------------------------------------------------- after whatever a model did */

static void refresh(struct k5sim *sim, uint32_t index)
{
    struct sim_device *row = &sim->devices.row[index];
    struct device *d = &row->device;
    uint32_t raised = d->model->raises == NULL || row->held != 0 ? 0 : d->model->raises(d);

    machine_set_timer(sim, TIMERS_DEVICE + index, d->event_at);
    if (raised != row->raised) {
        lines_show(sim, index, raised);
    }
    if (row->signalling) {
        wires_spread(sim, index);
    }
    if (((sim->devices.gates >> index) & 1u) != 0) {
        hold_others(sim, index);
    }
    if (d->wants_reset != 0) {
        d->wants_reset = 0;
        sim->reset_wanted = true;
        sim->reset_by = index;
    }
}

void devices_settle(struct k5sim *sim, uint32_t index)
{
    uint64_t *unsettled = &sim->devices.unsettled;
    uint32_t turns = 0;

    *unsettled |= UINT64_C(1) << index;
    while (*unsettled != 0 && !sim->failed) {
        uint32_t next = (uint32_t)__builtin_ctzll(*unsettled);

        *unsettled &= *unsettled - 1u;
        refresh(sim, next);
        if (++turns == SETTLE_TURNS) {
            sim->failed = true;
            machine_error(sim, K5SIM_ENGINE, "device '%s' and others change each other for ever",
                          sim->devices.row[next].name);
        }
    }
    machine_cut_run(sim);
}

/* The event comes to the model at the tick it asked for; what is to follow at once, one later. */
static void come(struct device *d)
{
    d->now = d->event_at;
    d->event_at = DEVICE_NEVER;
    if (d->model->event != NULL) {
        d->model->event(d);
    }
    if (d->event_at <= d->now) {
        d->event_at = d->now + 1u;
    }
}

/* An event may be due for some ticks already, where an instruction takes several or an IT block is
 * not interrupted. */
struct device *devices_at_work(struct k5sim *sim, uint32_t index)
{
    struct device *d = &sim->devices.row[index].device;
    uint64_t now = machine_now(sim);

    sim->devices.worked |= UINT64_C(1) << index;
    while (d->event_at <= now) {
        come(d);
        refresh(sim, index);
    }
    d->now = now;
    return d;
}

/* Nothing is passed on here: whoever is at work already would be called in the middle of that. */
struct device *devices_touched(struct k5sim *sim, uint32_t index)
{
    struct device *d = &sim->devices.row[index].device;
    uint64_t now = machine_now(sim);

    while (d->event_at <= now) {
        come(d);
    }
    d->now = now;
    sim->devices.worked |= UINT64_C(1) << index;
    sim->devices.unsettled |= UINT64_C(1) << index;
    return d;
}

void devices_event(struct k5sim *sim, uint32_t index)
{
    devices_at_work(sim, index);
    devices_settle(sim, index);
}

/* ---------------------------------------------------------------- resets */

static void reset_device(struct k5sim *sim, uint32_t index, enum device_reset why)
{
    struct sim_device *row = &sim->devices.row[index];
    struct device *d = &row->device;

    sim->devices.worked |= UINT64_C(1) << index;
    row->target = DEVICE_NONE;
    d->tick_hz = sim->system->tick_hz;
    d->now = machine_now(sim);
    d->event_at = DEVICE_NEVER;
    d->wants_reset = 0;
    memset(d->state, 0, sizeof d->state);
    for (uint32_t r = 0; r < d->model->register_count; r++) {
        d->reg[r] = d->model->registers[r].reset;
    }
    if (d->memory != NULL && !d->model->memory_stays && why == DEVICE_RESET_POWER) {
        memset(d->memory, 0, d->model->memory_bytes);
    }
    if (d->model->reset != NULL) {
        d->model->reset(d, why);
    }
    if (row->held != 0) {
        d->event_at = DEVICE_NEVER;
    }
}

void devices_reset(struct k5sim *sim, enum device_reset why)
{
    serial_reset(sim);
    for (uint32_t i = 0; i < sim->devices.count; i++) {
        if (why == DEVICE_RESET_POWER || !sim->devices.row[i].device.model->external) {
            reset_device(sim, i, why);
        }
    }
    for (uint32_t i = 0; i < sim->devices.count; i++) {
        devices_settle(sim, i);
    }
}

void devices_boot(struct k5sim *sim)
{
    memset(sim->raised, 0, sizeof sim->raised);
    memset(sim->forced, 0, sizeof sim->forced);
    memset(sim->fired, 0, sizeof sim->fired);
    sim->devices.guest_error_count = 0;
    sim->devices.erred = true;
    sim->devices.unsettled = 0;
    for (uint32_t i = 0; i < sim->devices.count; i++) {
        struct sim_device *row = &sim->devices.row[i];

        memset(row->device.levels, 0, sizeof row->device.levels);
        memset(row->device.open, 0xff, sizeof row->device.open);
        memset(row->device.value, 0, sizeof row->device.value);
        row->raised = 0;
        row->held = 0;
        row->signals = (struct signals){
            .open = UINT32_MAX,
            .board_high = row->signals.board_high,
            .named = row->signals.named,
        };
        if (row->device.model->memory_stays) {
            memset(row->device.memory, 0xff, row->device.model->memory_bytes);
        }
    }
    for (uint32_t i = 0; i < sim->devices.serial.count; i++) {
        sim->devices.serial.line[i].baud = 0;
    }
    devices_reset(sim, DEVICE_RESET_POWER);
}

/* ---------------------------------------------------------------- accesses */

/* Place of the register that an access belongs to; the table's count if it is misuse. */
static uint32_t find_register(const struct sim_device *row, uint32_t offset, uint32_t bytes)
{
    const struct device_model *model = row->device.model;
    bool by_bytes = model->access == DEVICE_BYTES;
    uint32_t start = by_bytes ? offset : offset & ~UINT32_C(3);

    bool whole = by_bytes ? bytes == 1 : bytes == 4;
    bool part = !by_bytes && (model->access == DEVICE_ANY_SIZE ||
                              (model->access == DEVICE_HALFWORDS && bytes == 2));

    if (!whole && !part) {
        return model->register_count;
    }
    if (!by_bytes && start / 4u < DEVICE_PLACES) {
        return row->place[start / 4u];
    }
    return device_model_register(model, start);
}

/* The bits of a register that an access reaches, and where they begin. */
struct lanes {
    uint32_t shift;
    uint32_t mask; /* of what is transferred */
};

static struct lanes lanes_of(const struct device *d, uint32_t offset, uint32_t bytes)
{
    uint32_t shift = d->model->access == DEVICE_BYTES ? 0 : 8u * (offset & 3u);

    return (struct lanes){shift, bytes == 4 ? UINT32_MAX : (UINT32_C(1) << 8u * bytes) - 1u};
}

/* What a device does with an access may be its controller's business. */
static void parent_at_work(struct k5sim *sim, const struct sim_device *row)
{
    if (row->bus != DEVICE_NONE) {
        devices_touched(sim, row->bus);
    }
}

/* Nothing has come of a read that nobody wants to know of: most do nothing else. */
static bool is_settled(const struct k5sim *sim, uint32_t index)
{
    const struct sim_device *row = &sim->devices.row[index];
    const struct device *d = &row->device;
    bool quiet = !row->signalling && ((sim->devices.gates >> index) & 1u) == 0 &&
                 sim->devices.unsettled == 0 && d->wants_reset == 0 &&
                 !machine_wants(sim, K5SIM_EVENT_DEVICE_READ);

    return quiet && machine_timer(sim, TIMERS_DEVICE + index) == d->event_at &&
           (d->model->raises == NULL || d->model->raises(d) == row->raised);
}

bool devices_read(struct k5sim *sim, uint32_t index, uint32_t offset, uint32_t bytes,
                  uint32_t *value)
{
    struct sim_device *row = &sim->devices.row[index];
    struct device *d = devices_at_work(sim, index);
    bool answered = true;

    *value = 0;
    d->access_bytes = bytes;
    d->access_offset = offset & 3u;
    if (bytes != 4 && d->model->access == DEVICE_WORDS_ONLY) {
        answered = false;
    } else if (!has_clock(sim, row)) {
        GUEST_ERROR(sim, K5SIM_EVENT_UNCLOCKED, index, offset, 0, 0);
    } else if (d->model->load != NULL) {
        parent_at_work(sim, row);
        answered = d->model->load(d, offset, bytes, value);
    } else {
        uint32_t r = find_register(row, offset, bytes);

        if (r == d->model->register_count) {
            GUEST_ERROR(sim, K5SIM_EVENT_DEVICE_MISUSE, index, offset, 0, bytes);
        } else {
            struct lanes lanes = lanes_of(d, offset, bytes);

            if (d->model->reading != NULL) {
                d->model->reading(d, r);
            }
            *value = (d->reg[r] >> lanes.shift) & lanes.mask;
            RECORD(sim, K5SIM_EVENT_DEVICE_READ, index, offset, *value, 0);
            if (d->model->was_read != NULL) {
                d->model->was_read(d, r);
            } else if (is_settled(sim, index)) {
                return true;
            }
        }
    }
    devices_settle(sim, index);
    return answered;
}

static void write_register(struct k5sim *sim, uint32_t index, unsigned r, uint32_t offset,
                           uint32_t bytes, uint32_t value)
{
    struct device *d = &sim->devices.row[index].device;
    const struct device_register *reg = &d->model->registers[r];
    struct lanes lanes = lanes_of(d, offset, bytes);
    uint32_t reached = lanes.mask << lanes.shift;
    uint32_t written = (value & lanes.mask) << lanes.shift;
    uint32_t old = d->reg[r];
    uint32_t takes = reg->write & reached;

    d->reg[r] = ((old & ~takes) | (written & takes)) & ~(written & reg->w1c);
    RECORD(sim, K5SIM_EVENT_DEVICE_WRITE, index, offset, value, d->reg[r]);
    if (((old ^ written) & reg->unmodelled & reached) != 0) {
        GUEST_ERROR(sim, K5SIM_EVENT_DEVICE_UNMODELLED, index, offset, value, reg->unmodelled);
    }
    if (d->model->written != NULL) {
        d->model->written(d, r, old);
    }
}

bool devices_write(struct k5sim *sim, uint32_t index, uint32_t offset, uint32_t bytes,
                   uint32_t value)
{
    struct sim_device *row = &sim->devices.row[index];
    struct device *d = devices_at_work(sim, index);
    bool answered = true;

    d->access_bytes = bytes;
    d->access_offset = offset & 3u;
    if (bytes != 4 && d->model->access == DEVICE_WORDS_ONLY) {
        answered = false;
    } else if (!has_clock(sim, row)) {
        GUEST_ERROR(sim, K5SIM_EVENT_UNCLOCKED, index, offset, value, 1);
    } else if (d->model->store != NULL) {
        parent_at_work(sim, row);
        answered = d->model->store(d, offset, bytes, value);
    } else {
        uint32_t r = find_register(row, offset, bytes);

        if (r == d->model->register_count) {
            GUEST_ERROR(sim, K5SIM_EVENT_DEVICE_MISUSE, index, offset, value,
                        bytes | (uint32_t)K5SIM_MISUSE_WRITE);
        } else {
            write_register(sim, index, r, offset, bytes, value);
        }
    }
    devices_settle(sim, index);
    return answered;
}

/* On the device itself, which is put back afterwards: a model may ask who it is. */
bool devices_peek(struct k5sim *sim, uint32_t index, uint32_t offset, uint32_t *value)
{
    struct device *d = &sim->devices.row[index].device;
    uint32_t r = device_model_register(d->model, offset);
    uint64_t now = machine_now(sim);

    if (r == d->model->register_count) {
        return false;
    }
    const struct device before = *d;

    d->now = d->event_at <= now ? d->event_at - 1u : now; /* what is due now is still to come */
    if (d->model->reading != NULL) {
        d->model->reading(d, r);
    }
    *value = d->reg[r];
    *d = before;
    return true;
}
