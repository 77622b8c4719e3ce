/* libk5sim, what happens to the machine from the outside: pins, characters, quantities, faults. */
#pragma GCC visibility push(default) /* these names, and no others, leave the library */
#include "sim/k5sim.h"
#pragma GCC visibility pop

#include <string.h>

#include "sim/past/history.h"
#include "sim/machine.h"

#define SERIAL_ERRORS                                                                              \
    ((unsigned)(K5SIM_SERIAL_FRAMING | K5SIM_SERIAL_PARITY | K5SIM_SERIAL_NOISE |                  \
                K5SIM_SERIAL_BREAK | K5SIM_SERIAL_LOST))

static int no_such(struct k5sim *sim, const char *what, uint32_t number, uint32_t count)
{
    return machine_error(sim, K5SIM_BAD_ARGUMENT, "there is no %s %u, but %u of them", what,
                         (unsigned)number, (unsigned)count);
}

/* Number `number` of `count` can be acted on: the machine was booted, and there is one. */
static int check(struct k5sim *sim, const char *what, uint32_t number, uint32_t count)
{
    if (!sim->booted) {
        return machine_error(sim, K5SIM_BAD_ARGUMENT, "this machine was not booted");
    }
    return number < count ? K5SIM_OK : no_such(sim, what, number, count);
}

static int check_device(struct k5sim *sim, uint32_t device)
{
    return check(sim, "device", device, sim->devices.count);
}

/* What is about to happen, written down, where it takes no data. */
static int input(struct k5sim *sim, enum k5sim_input input, uint32_t target, int32_t value)
{
    const struct k5sim_entry what = {.input = input, .target = target, .value = value};

    return history_input(sim, &what, NULL, 0);
}

/* ---------------------------------------------------------------- pins, lines */

int k5sim_pin_drive(struct k5sim *sim, uint32_t pin, int32_t level)
{
    int result = check(sim, "pin", pin, sim->devices.wires.pin_count);

    if (result == K5SIM_OK) {
        result = input(sim, K5SIM_INPUT_PIN, pin, level);
    }
    if (result == K5SIM_OK) {
        wires_drive_pin(sim, pin, level);
    }
    return result;
}

int k5sim_pin_level(struct k5sim *sim, uint32_t pin)
{
    int result = check(sim, "pin", pin, sim->devices.wires.pin_count);

    return result == K5SIM_OK ? wires_pin_level(sim, pin) : result;
}

int k5sim_line_force(struct k5sim *sim, uint32_t line, bool raised)
{
    int result = check(sim, "interrupt line", line, HOSTPORT_LINES);

    if (result == K5SIM_OK) {
        result = input(sim, K5SIM_INPUT_LINE, line, raised);
    }
    if (result == K5SIM_OK) {
        lines_force(sim, line, raised);
    }
    return result;
}

int k5sim_line_state(struct k5sim *sim, uint32_t line)
{
    int result = check(sim, "interrupt line", line, HOSTPORT_LINES);

    if (result != K5SIM_OK) {
        return result;
    }
    uint32_t raised = (sim->raised[line / 32u] >> line % 32u) & 1u;
    uint32_t unmasked = (sim->port.unmasked[line / 32u] >> line % 32u) & 1u;

    return (int)(raised | (unmasked ^ 1u) << 1);
}

/* ---------------------------------------------------------------- serial lines */

static struct serial_line *find_line(struct k5sim *sim, uint32_t device)
{
    if (check_device(sim, device) != K5SIM_OK) {
        return NULL;
    }
    struct serial_line *line = serial_line_of(sim, device);

    if (line == NULL) {
        machine_error(sim, K5SIM_BAD_ARGUMENT, "device '%s' has no serial line",
                      sim->devices.row[device].name);
    }
    return line;
}

int k5sim_serial_send(struct k5sim *sim, uint32_t device, const void *characters, uint32_t count)
{
    struct serial_line *line = find_line(sim, device);

    if (line == NULL) {
        return K5SIM_BAD_ARGUMENT;
    }
    const struct k5sim_entry what = {.input = K5SIM_INPUT_SERIAL, .target = device};
    uint32_t room = SERIAL_WAITING - line->count;
    uint32_t taken = count < room ? count : room;

    if (taken == 0) {
        return 0; /* also for who asks whether there is a line */
    }
    int result = history_input(sim, &what, characters, taken);

    return result == K5SIM_OK ? (int)serial_send(sim, line, characters, taken) : result;
}

int k5sim_serial_speed(struct k5sim *sim, uint32_t device, uint32_t baud)
{
    struct serial_line *line = find_line(sim, device);

    if (line == NULL) {
        return K5SIM_BAD_ARGUMENT;
    }
    int result = input(sim, K5SIM_INPUT_SPEED, device, (int32_t)baud);

    if (result == K5SIM_OK) {
        serial_touch(sim, line);
        line->baud = baud;
    }
    return result;
}

int k5sim_serial_damage(struct k5sim *sim, uint32_t device, uint32_t errors)
{
    struct serial_line *line = find_line(sim, device);

    if (line == NULL) {
        return K5SIM_BAD_ARGUMENT;
    }
    if ((errors & ~SERIAL_ERRORS) != 0) {
        return machine_error(sim, K5SIM_BAD_ARGUMENT, "0x%x is no serial error: bits of 0x%x are",
                             (unsigned)errors, SERIAL_ERRORS);
    }
    int result = input(sim, K5SIM_INPUT_DAMAGE, device, (int32_t)errors);

    if (result == K5SIM_OK) {
        serial_touch(sim, line);
        line->damage = errors;
    }
    return result;
}

/* ---------------------------------------------------------------- devices */

void outside_set_value(struct k5sim *sim, uint32_t device, uint32_t value, int32_t to)
{
    const struct device_model *model = sim->devices.row[device].device.model;
    struct device *d = devices_at_work(sim, device);

    d->value[value] = to;
    devices_record(sim, K5SIM_EVENT_VALUE, device, (const uint32_t[5]){value, (uint32_t)to});
    if (model->changed != NULL && !sim->devices.row[device].held) {
        model->changed(d, value);
    }
    devices_settle(sim, device);
}

int k5sim_value_set(struct k5sim *sim, uint32_t device, uint32_t value, int32_t to)
{
    int result = check_device(sim, device);

    if (result != K5SIM_OK) {
        return result;
    }
    uint32_t count = sim->devices.row[device].device.model->value_count;

    if (value >= count) {
        return no_such(sim, "value", value, count);
    }
    const struct k5sim_entry what = {
        .input = K5SIM_INPUT_VALUE,
        .target = device,
        .extra = value,
        .value = to,
    };

    result = history_input(sim, &what, NULL, 0);
    if (result == K5SIM_OK) {
        outside_set_value(sim, device, value, to);
    }
    return result;
}

const char *k5sim_value_name(const struct k5sim *sim, uint32_t device, uint32_t value)
{
    if (device >= sim->devices.count) {
        return NULL;
    }
    const struct device_model *model = sim->devices.row[device].device.model;

    return value < model->value_count ? model->values[value] : NULL;
}

const void *k5sim_device_memory(const struct k5sim *sim, uint32_t device, uint32_t *bytes)
{
    if (device >= sim->devices.count) {
        return NULL;
    }
    *bytes = sim->devices.row[device].device.model->memory_bytes;
    return sim->devices.row[device].device.memory;
}

int k5sim_device_memory_write(struct k5sim *sim, uint32_t device, uint32_t offset, const void *data,
                              uint32_t bytes)
{
    int result = check_device(sim, device);

    if (result != K5SIM_OK) {
        return result;
    }
    const struct sim_device *row = &sim->devices.row[device];
    uint32_t size = row->device.memory == NULL ? 0 : row->device.model->memory_bytes;

    if (offset > size || bytes > size - offset) {
        return machine_error(sim, K5SIM_BAD_ADDRESS,
                             "%u + %u is outside the %u bytes of memory of device '%s'",
                             (unsigned)offset, (unsigned)bytes, (unsigned)size, row->name);
    }
    const struct k5sim_entry what = {
        .input = K5SIM_INPUT_MEMORY,
        .target = device,
        .extra = offset,
    };

    if (bytes != 0) {
        result = history_input(sim, &what, data, bytes);
    }
    if (result == K5SIM_OK && bytes != 0) {
        sim->devices.worked |= UINT64_C(1) << device;
        memcpy(row->device.memory + offset, data, bytes);
    }
    return result;
}

int k5sim_device_peek(struct k5sim *sim, uint32_t device, uint32_t offset, uint32_t *value)
{
    int result = check_device(sim, device);

    if (result == K5SIM_OK && !devices_peek(sim, device, offset, value)) {
        return machine_error(sim, K5SIM_BAD_ARGUMENT, "device '%s' has no register at 0x%x",
                             sim->devices.row[device].name, (unsigned)offset);
    }
    return result;
}

const char *k5sim_device_register(const struct k5sim *sim, uint32_t device, uint32_t offset)
{
    if (device >= sim->devices.count) {
        return NULL;
    }
    const struct device_model *model = sim->devices.row[device].device.model;
    uint32_t r =
        device_model_register(model, model->access == DEVICE_BYTES ? offset : offset & ~3u);

    return r < model->register_count ? model->registers[r].name : NULL;
}

size_t k5sim_guest_errors(const struct k5sim *sim, struct k5sim_guest_error *out, size_t most)
{
    size_t count = sim->devices.guest_error_count;

    memcpy(out, sim->devices.guest_error, (count < most ? count : most) * sizeof *out);
    return count;
}

/* ---------------------------------------------------------------- tasks, the MCU */

int k5sim_task_kill(struct k5sim *sim, uint32_t task, uint32_t code)
{
    int result = check(sim, "task", task, sim->booted ? sim->system->task_count : 0);

    if (result != K5SIM_OK) {
        return result;
    }
    if (sim->panicked || sim->kernel.task[task].state != K5_TASK_READY) {
        return machine_error(sim, K5SIM_BAD_ARGUMENT, "task %u does not run", (unsigned)task);
    }
    result = input(sim, K5SIM_INPUT_KILL, task, (int32_t)code);
    if (result == K5SIM_OK) {
        machine_kill(sim, task, code);
    }
    return result;
}

int k5sim_reset(struct k5sim *sim, uint32_t why)
{
    int result = check(sim, "reason for a reset", why, K5SIM_RESET_WATCHDOG + 1u);

    if (result == K5SIM_OK) {
        result = input(sim, K5SIM_INPUT_RESET, why, 0);
    }
    return result == K5SIM_OK ? machine_reset(sim, why) : result;
}
