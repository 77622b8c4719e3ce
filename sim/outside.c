/* libk5sim, what happens to the machine from the outside: pins, characters, quantities, faults. */
#pragma GCC visibility push(default) /* these names, and no others, leave the library */
#include "sim/k5sim.h"
#pragma GCC visibility pop

#include <string.h>

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

/* ---------------------------------------------------------------- pins, lines */

int k5sim_pin_drive(struct k5sim *sim, uint32_t pin, int32_t level)
{
    int result = check(sim, "pin", pin, sim->devices.wires.pin_count);

    if (result == K5SIM_OK) {
        machine_acts(sim);
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
        machine_acts(sim);
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
    if (count != 0) { /* 0 asks whether there is a line */
        machine_acts(sim);
    }
    return (int)serial_send(sim, line, characters, count);
}

int k5sim_serial_speed(struct k5sim *sim, uint32_t device, uint32_t baud)
{
    struct serial_line *line = find_line(sim, device);

    if (line == NULL) {
        return K5SIM_BAD_ARGUMENT;
    }
    machine_acts(sim);
    serial_touch(sim, line);
    line->baud = baud;
    return K5SIM_OK;
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
    machine_acts(sim);
    serial_touch(sim, line);
    line->damage = errors;
    return K5SIM_OK;
}

/* ---------------------------------------------------------------- devices */

int k5sim_value_set(struct k5sim *sim, uint32_t device, uint32_t value, int32_t to)
{
    int result = check_device(sim, device);

    if (result != K5SIM_OK) {
        return result;
    }
    const struct device_model *model = sim->devices.row[device].device.model;

    if (value >= model->value_count) {
        return no_such(sim, "value", value, model->value_count);
    }
    machine_acts(sim);
    struct device *d = devices_at_work(sim, device);

    d->value[value] = to;
    devices_record(sim, K5SIM_EVENT_VALUE, device, (const uint32_t[5]){value, (uint32_t)to});
    if (model->changed != NULL && !sim->devices.row[device].held) {
        model->changed(d, value);
    }
    devices_settle(sim, device);
    return K5SIM_OK;
}

const char *k5sim_value_name(const struct k5sim *sim, uint32_t device, uint32_t value)
{
    if (device >= sim->devices.count) {
        return NULL;
    }
    const struct device_model *model = sim->devices.row[device].device.model;

    return value < model->value_count ? model->values[value] : NULL;
}

void *k5sim_device_memory(struct k5sim *sim, uint32_t device, uint32_t *bytes)
{
    if (device >= sim->devices.count) {
        return NULL;
    }
    sim->devices.worked |= UINT64_C(1) << device; /* by the caller, for all we know */
    *bytes = sim->devices.row[device].device.model->memory_bytes;
    return sim->devices.row[device].device.memory;
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
    machine_acts(sim);
    return machine_kill(sim, task, code);
}

int k5sim_reset(struct k5sim *sim, uint32_t why)
{
    int result = check(sim, "reason for a reset", why, K5SIM_RESET_WATCHDOG + 1u);

    if (result != K5SIM_OK) {
        return result;
    }
    machine_acts(sim);
    return machine_reset(sim, why);
}
