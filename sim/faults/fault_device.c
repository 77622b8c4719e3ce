/* Faults around the core: pins, quantities of devices, the kernel's timer, the supply. */
#include "kernel/port.h"
#include "sim/machine.h"

/* ---------------------------------------------------------------- pins */

int fault_pin(struct k5sim *sim, const struct k5sim_fault *f)
{
    int result = fault_check(sim, "pin", f->where, sim->devices.wires.pin_count);

    if (result != K5SIM_OK) {
        return result;
    }
    if (f->value != 0 && f->value != 1) {
        return machine_error(sim, K5SIM_BAD_ARGUMENT, "%d is no level: 0 and 1 are", (int)f->value);
    }
    const struct pin *pin = &sim->devices.wires.pin[f->where];
    const struct signals *signals = &sim->devices.row[pin->device].signals;
    uint32_t bit = UINT32_C(1) << pin->signal;

    if ((signals->stuck & bit) != 0 && ((signals->stuck_high & bit) != 0) == (f->value != 0)) {
        return K5SIM_NOTHING;
    }
    result = fault_begins(sim, f);
    if (result == K5SIM_OK) {
        wires_stick_pin(sim, f->where, f->value);
    }
    return result;
}

void fault_release_pins(struct k5sim *sim)
{
    for (uint32_t i = 0; i < sim->devices.wires.pin_count; i++) {
        const struct pin *pin = &sim->devices.wires.pin[i];

        if (((sim->devices.row[pin->device].signals.stuck >> pin->signal) & 1u) != 0) {
            wires_stick_pin(sim, i, -1);
        }
    }
}

/* ---------------------------------------------------------------- quantities */

int fault_value(struct k5sim *sim, const struct k5sim_fault *f)
{
    int result = fault_check(sim, "device", f->task, sim->devices.count);

    if (result == K5SIM_OK) {
        result = fault_check(sim, "value", f->where,
                             sim->devices.row[f->task].device.model->value_count);
    }
    if (result != K5SIM_OK) {
        return result;
    }
    if (sim->devices.row[f->task].device.value[f->where] == f->value) {
        return K5SIM_NOTHING;
    }
    result = fault_begins(sim, f);
    if (result == K5SIM_OK) {
        outside_set_value(sim, f->task, f->where, f->value);
    }
    return result;
}

/* ---------------------------------------------------------------- the timer */

int fault_jitter(struct k5sim *sim, const struct k5sim_fault *f)
{
    struct faults *faults = &sim->faults;

    if (f->value < 0) {
        return machine_error(sim, K5SIM_BAD_ARGUMENT, "%d ticks: a timer comes late, never early",
                             (int)f->value);
    }
    if (faults->jitter_most == (uint32_t)f->value &&
        (f->value == 0 || faults->jitter_seed == f->mask)) {
        return K5SIM_NOTHING;
    }
    int result = fault_begins(sim, f);

    if (result == K5SIM_OK) {
        faults->jitter_most = (uint32_t)f->value;
        faults->jitter_seed = f->value == 0 ? 0 : f->mask;
        timers_set(&sim->timers, TIMERS_KERNEL, faults_deadline(sim));
    }
    return result;
}

/* Spreads any two values that differ (the finalizer of MurmurHash3). */
static uint64_t scatter(uint64_t x)
{
    x ^= x >> 33;
    x *= UINT64_C(0xff51afd7ed558ccd);
    x ^= x >> 33;
    x *= UINT64_C(0xc4ceb9fe1a85ec53);
    return x ^ x >> 33;
}

/* How late depends on the deadline and the seed alone: the kernel may ask for the same one again.
 */
uint64_t faults_deadline(const struct k5sim *sim)
{
    uint64_t at = sim->port.deadline;
    uint64_t most = sim->faults.jitter_most;

    if (most == 0 || at == PORT_NEVER) {
        return at;
    }
    uint64_t late = scatter(at ^ (uint64_t)sim->faults.jitter_seed << 32) % (most + 1u);

    return at > PORT_NEVER - late ? at : at + late;
}

/* ---------------------------------------------------------------- the supply */

int fault_power(struct k5sim *sim, const struct k5sim_fault *f)
{
    int result = fault_begins(sim, f);

    return result == K5SIM_OK ? machine_reset(sim, DEVICE_RESET_POWER) : result;
}
