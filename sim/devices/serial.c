/* Serial lines: characters on their way to devices, each a real frame long. */
#include "sim/devices/serial.h"

#include <string.h>

#include "sim/machine.h"

#define TOLERANCE_PERCENT 3u

struct serial_line *serial_line_of(struct k5sim *sim, uint32_t device)
{
    for (uint32_t i = 0; i < sim->devices.serial.count; i++) {
        if (sim->devices.serial.line[i].device == device) {
            return &sim->devices.serial.line[i];
        }
    }
    return NULL;
}

void serial_touch(struct k5sim *sim, const struct serial_line *line)
{
    sim->devices.received |= UINT32_C(1) << (line - sim->devices.serial.line);
}

static void note_next(struct k5sim *sim)
{
    uint64_t next = SERIAL_NEVER;

    for (uint32_t i = 0; i < sim->devices.serial.count; i++) {
        uint64_t due = sim->devices.serial.line[i].due;

        next = due < next ? due : next;
    }
    machine_set_timer(sim, TIMERS_SERIAL, next);
}

static struct device_frame frame_of(const struct k5sim *sim, const struct serial_line *line)
{
    const struct device *d = &sim->devices.row[line->device].device;

    return d->model->frame(d);
}

/* The next character's frame begins at tick `at`, at the sender's speed. */
static void begin_frame(struct k5sim *sim, struct serial_line *line, uint64_t at)
{
    uint64_t hz = sim->system->tick_hz;
    struct device_frame frame = frame_of(sim, line);
    uint32_t baud = line->baud;

    line->due = SERIAL_NEVER;
    if (line->count == 0) {
        return;
    }
    if (frame.ticks == 0 && baud == 0) {
        baud = SERIAL_BAUD;
    }
    line->bits = frame.bits == 0 ? 10u : frame.bits;
    line->ticks = baud == 0 ? frame.ticks : (line->bits * hz + baud / 2u) / baud;
    line->ticks = line->ticks == 0 ? 1u : line->ticks;
    line->due = at + line->ticks;
}

void serial_reset(struct k5sim *sim)
{
    for (uint32_t i = 0; i < sim->devices.serial.count; i++) {
        struct serial_line *line = &sim->devices.serial.line[i];

        line->first = 0;
        line->count = 0;
        line->damage = 0;
        line->due = SERIAL_NEVER;
    }
    sim->devices.received = UINT32_MAX;
    note_next(sim);
}

uint32_t serial_send(struct k5sim *sim, struct serial_line *line, const uint8_t *characters,
                     uint32_t count)
{
    uint32_t taken = 0;

    serial_touch(sim, line);
    while (taken < count && line->count < SERIAL_WAITING) {
        line->waiting[(line->first + line->count) % SERIAL_WAITING] = characters[taken++];
        line->count++;
    }
    if (line->due == SERIAL_NEVER) {
        begin_frame(sim, line, machine_now(sim));
        note_next(sim);
    }
    return taken;
}

/* Bit times that differ by more than both sides forgive: a stop bit is not where it is due. */
static bool is_out_of_step(const struct serial_line *line, struct device_frame frame)
{
    uint64_t ours = frame.ticks * line->bits;
    uint64_t theirs = line->ticks * frame.bits;
    uint64_t apart = ours > theirs ? ours - theirs : theirs - ours;

    return apart * 100u > ours * TOLERANCE_PERCENT;
}

static void deliver(struct k5sim *sim, struct serial_line *line)
{
    struct device *d = devices_at_work(sim, line->device);
    struct device_frame frame = frame_of(sim, line);
    uint32_t character = line->waiting[line->first];
    uint32_t errors = line->damage;

    if ((errors & K5SIM_SERIAL_BREAK) != 0) {
        character = 0; /* the line is low all the time */
    }
    line->first = (line->first + 1u) % SERIAL_WAITING;
    line->count--;
    line->damage = 0;
    if (!frame.receives || frame.ticks == 0 || sim->devices.row[line->device].held) {
        errors |= K5SIM_SERIAL_LOST;
    } else if (is_out_of_step(line, frame)) {
        errors |= K5SIM_SERIAL_FRAMING;
        character ^= 0xa5u; /* some other bits were sampled */
    }
    devices_record(sim, K5SIM_EVENT_SERIAL, line->device,
                   (const uint32_t[5]){character, 1, errors, (uint32_t)line->ticks, line->bits});
    if ((errors & K5SIM_SERIAL_LOST) == 0) {
        d->model->received(d, character, errors);
    }
    devices_settle(sim, line->device);
}

void serial_arrive(struct k5sim *sim)
{
    uint64_t now = machine_now(sim);

    for (uint32_t i = 0; i < sim->devices.serial.count; i++) {
        struct serial_line *line = &sim->devices.serial.line[i];

        if (line->due <= now) {
            uint64_t due = line->due;

            serial_touch(sim, line);
            deliver(sim, line);
            begin_frame(sim, line, due);
        }
    }
    note_next(sim);
    machine_cut_run(sim);
}

void device_send(struct device *d, uint32_t character, uint32_t errors)
{
    struct k5sim *sim = ((struct sim_device *)d)->sim;
    struct device_frame frame = d->model->frame(d);

    devices_record(sim, K5SIM_EVENT_SERIAL, devices_index(d),
                   (const uint32_t[5]){character, 0, errors, (uint32_t)frame.ticks, frame.bits});
}

bool device_arriving(const struct device *d)
{
    const struct sim_device *row = (const struct sim_device *)d;
    const struct serial_line *line = serial_line_of(row->sim, devices_index(d));

    return line != NULL && line->due != SERIAL_NEVER && line->due - line->ticks <= d->now;
}
