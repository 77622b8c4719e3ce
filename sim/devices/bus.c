/* SPI and I2C: the targets on a controller's bus. What one does may change its own lines and
 * signals: the controller's caller settles it. One that is held in reset is not there. */
#include "sim/machine.h"

struct device *device_parent(struct device *d)
{
    const struct sim_device *row = (const struct sim_device *)d;

    return row->bus == DEVICE_NONE ? NULL : &row->sim->devices.row[row->bus].device;
}

static bool hangs_on(const struct k5sim *sim, uint32_t index, uint32_t controller)
{
    const struct sim_device *row = &sim->devices.row[index];

    return row->bus == controller && !row->held;
}

uint32_t device_spi(struct device *d, uint32_t out, uint32_t bits)
{
    struct k5sim *sim = ((struct sim_device *)d)->sim;
    uint32_t controller = devices_index(d);
    uint32_t in = bits >= 32u ? UINT32_MAX : (UINT32_C(1) << bits) - 1u;

    for (uint32_t i = 0; i < sim->devices.count; i++) {
        if (hangs_on(sim, i, controller) && sim->devices.row[i].device.model->spi != NULL) {
            struct device *target = devices_touched(sim, i);

            in &= target->model->spi(target, out, bits);
        }
    }
    return in;
}

/* ---------------------------------------------------------------- I2C */

static struct device *i2c_target(struct device *d)
{
    const struct sim_device *row = (const struct sim_device *)d;

    if (row->target == DEVICE_NONE || row->sim->devices.row[row->target].held) {
        return NULL;
    }
    return devices_touched(row->sim, row->target);
}

bool device_i2c_start(struct device *d, uint32_t address, bool reading)
{
    struct sim_device *row = (struct sim_device *)d;
    struct k5sim *sim = row->sim;
    uint32_t controller = devices_index(d);

    row->target = DEVICE_NONE;
    for (uint32_t i = 0; row->target == DEVICE_NONE && i < sim->devices.count; i++) {
        const struct device_model *model = sim->devices.row[i].device.model;

        if (hangs_on(sim, i, controller) && model->i2c_start != NULL &&
            model->i2c_start(devices_touched(sim, i), address, reading)) {
            row->target = i;
        }
    }
    return row->target != DEVICE_NONE;
}

bool device_i2c_write(struct device *d, uint8_t byte)
{
    struct device *target = i2c_target(d);

    return target != NULL && target->model->i2c_write != NULL &&
           target->model->i2c_write(target, byte);
}

uint8_t device_i2c_read(struct device *d)
{
    struct device *target = i2c_target(d);

    if (target == NULL || target->model->i2c_read == NULL) {
        return 0xff;
    }
    return target->model->i2c_read(target);
}

void device_i2c_stop(struct device *d)
{
    struct device *target = i2c_target(d);

    if (target != NULL && target->model->i2c_stop != NULL) {
        target->model->i2c_stop(target);
    }
    ((struct sim_device *)d)->target = DEVICE_NONE;
}
