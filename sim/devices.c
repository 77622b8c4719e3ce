/* The machine's devices and interrupt lines. */
#include "sim/devices.h"

#include <stdio.h>
#include <string.h>

#include "sim/machine.h"

static const struct device_model *const models[] = {&cmsdk_timer_model, &goldfish_rtc_model};

#define MODELS (sizeof models / sizeof models[0])

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

/* ---------------------------------------------------------------- lines */

uint32_t devices_pending_line(const struct k5sim *sim)
{
    for (uint32_t i = 0; i < HOSTPORT_LINES / 32u; i++) {
        uint32_t pending = sim->raised[i] & sim->port.unmasked[i];

        if (pending != 0) {
            return 32u * i + (uint32_t)__builtin_ctz(pending);
        }
    }
    return K5SIM_NO_LINE;
}

void devices_update_lines(struct k5sim *sim)
{
    bool pending = devices_pending_line(sim) != K5SIM_NO_LINE;

    sim->port.lines_changed = false;
    timers_set(&sim->timers, TIMERS_INTERRUPT, pending ? 0 : TIMERS_NEVER);
}

/* A line is raised while any of its devices raises it. */
static void set_line(struct k5sim *sim, uint32_t line)
{
    bool raised = false;

    for (uint32_t i = 0; i < sim->devices.count; i++) {
        const struct sim_device *row = &sim->devices.row[i];

        raised = raised || (row->line == line && row->raised);
    }
    uint32_t bit = UINT32_C(1) << (line % 32u);
    uint32_t *word = &sim->raised[line / 32u];

    *word = raised ? *word | bit : *word & ~bit;
    devices_update_lines(sim);
}

/* ---------------------------------------------------------------- devices */

static void record(struct k5sim *sim, uint32_t kind, uint32_t index, const uint32_t arg[3])
{
    const struct k5sim_event event = {
        .time = machine_now(sim),
        .kind = (uint8_t)kind,
        .thread = sim->kernel.current,
        .code = (uint16_t)index,
        .arg = {arg[0], arg[1], arg[2]},
    };

    machine_record(sim, &event);
}

#define RECORD(sim, kind, index, ...) record(sim, kind, index, (const uint32_t[3]){__VA_ARGS__})

/* After whatever a model did: its event and its line. */
static void update(struct k5sim *sim, uint32_t index)
{
    struct sim_device *row = &sim->devices.row[index];
    const struct device *d = &row->device;
    bool raised = d->model->raises != NULL && d->model->raises(d);

    timers_set(&sim->timers, TIMERS_DEVICE + index, d->event_at);
    if (raised != row->raised) {
        row->raised = raised;
        if (row->line != K5SIM_NO_LINE) {
            RECORD(sim, K5SIM_EVENT_LINE, index, row->line, raised);
            set_line(sim, row->line);
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

/*
 * The device as it is now. An event may be due for some ticks already, where an instruction takes
 * several or an IT block is not interrupted.
 */
static struct device *at_work(struct k5sim *sim, uint32_t index)
{
    struct device *d = &sim->devices.row[index].device;
    uint64_t now = machine_now(sim);

    while (d->event_at <= now) {
        come(d);
        update(sim, index);
    }
    d->now = now;
    return d;
}

void devices_reset(struct k5sim *sim)
{
    memset(sim->raised, 0, sizeof sim->raised);
    for (uint32_t i = 0; i < sim->devices.count; i++) {
        struct sim_device *row = &sim->devices.row[i];
        const struct device_model *model = row->device.model;

        row->raised = false;
        row->device = (struct device){
            .model = model,
            .tick_hz = sim->system->tick_hz,
            .event_at = DEVICE_NEVER,
        };
        for (uint32_t r = 0; r < model->register_count; r++) {
            row->device.reg[r] = model->registers[r].reset;
        }
        if (model->reset != NULL) {
            model->reset(&row->device);
        }
        update(sim, i);
    }
}

/* Place of the register in the model's table, or its count. */
static uint32_t find_register(const struct device_model *model, uint32_t offset)
{
    uint32_t r = 0;

    while (r < model->register_count && model->registers[r].offset != offset) {
        r++;
    }
    return r;
}

const char *device_register_name(const struct device_model *model, uint32_t offset)
{
    uint32_t r = find_register(model, offset);

    return r < model->register_count ? model->registers[r].name : NULL;
}

/* Where the model has no register, or one is accessed in parts, a read gives 0 and a write is
 * lost. */
static bool is_misuse(const struct device *d, uint32_t r, uint32_t bytes)
{
    return r == d->model->register_count || bytes != 4;
}

bool devices_read(struct k5sim *sim, uint32_t index, uint32_t offset, uint32_t bytes,
                  uint32_t *value)
{
    struct device *d = at_work(sim, index);
    uint32_t r = find_register(d->model, offset);

    *value = 0;
    if (bytes != 4 && d->model->narrow_is_refused) {
        return false;
    }
    if (is_misuse(d, r, bytes)) {
        RECORD(sim, K5SIM_EVENT_DEVICE_MISUSE, index, offset, 0, bytes);
        update(sim, index);
        return true;
    }
    if (d->model->reading != NULL) {
        d->model->reading(d, r);
    }
    *value = d->reg[r];
    RECORD(sim, K5SIM_EVENT_DEVICE_READ, index, offset, *value, 0);
    update(sim, index);
    return true;
}

bool devices_write(struct k5sim *sim, uint32_t index, uint32_t offset, uint32_t bytes,
                   uint32_t value)
{
    struct device *d = at_work(sim, index);
    uint32_t r = find_register(d->model, offset);

    if (bytes != 4 && d->model->narrow_is_refused) {
        return false;
    }
    if (is_misuse(d, r, bytes)) {
        RECORD(sim, K5SIM_EVENT_DEVICE_MISUSE, index, offset, value,
               bytes | (uint32_t)K5SIM_MISUSE_WRITE);
        update(sim, index);
        return true;
    }
    const struct device_register *reg = &d->model->registers[r];
    uint32_t old = d->reg[r];

    d->reg[r] = ((old & ~reg->write) | (value & reg->write)) & ~(value & reg->w1c);
    RECORD(sim, K5SIM_EVENT_DEVICE_WRITE, index, offset, value, d->reg[r]);
    if (((old ^ value) & reg->unmodelled) != 0) {
        RECORD(sim, K5SIM_EVENT_DEVICE_UNMODELLED, index, offset, value, reg->unmodelled);
    }
    if (d->model->written != NULL) {
        d->model->written(d, r, old);
    }
    update(sim, index);
    return true;
}

void devices_event(struct k5sim *sim, uint32_t index)
{
    at_work(sim, index);
}
