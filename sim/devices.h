/* The machine's devices and interrupt lines: the core behind sim/device.h. */
#pragma once

#include <stddef.h>

#include "sim/device.h"
#include "sim/k5sim.h"

#define DEVICES           32u
#define DEVICE_NAME_BYTES 32u

struct k5sim;

struct sim_device {
    struct device device;
    char name[DEVICE_NAME_BYTES];
    uint32_t base;
    uint32_t line; /* of the interrupt controller, or K5SIM_NO_LINE */
    bool raised;   /* what device.raises() said last */
};

struct devices {
    uint32_t count;
    struct sim_device row[DEVICES];
};

/* By the name that boards use; NULL: there is none. */
const struct device_model *device_model_find(const char *name);

/* The models' names in one line, for messages; cut off at `bytes`. */
void device_model_names(char *out, size_t bytes);

/* NULL: there is no register at this offset. */
const char *device_register_name(const struct device_model *model, uint32_t offset);

/* All devices as after power-on. */
void devices_reset(struct k5sim *sim);

/*
 * An access of 1, 2 or 4 bytes, aligned, inside device `index`. False: refused with a bus error,
 * and nothing has happened.
 */
bool devices_read(struct k5sim *sim, uint32_t index, uint32_t offset, uint32_t bytes,
                  uint32_t *value);
bool devices_write(struct k5sim *sim, uint32_t index, uint32_t offset, uint32_t bytes,
                   uint32_t value);

/* The event of device `index` has come. */
void devices_event(struct k5sim *sim, uint32_t index);

/* The lowest line that is raised and not masked, or K5SIM_NO_LINE. */
uint32_t devices_pending_line(const struct k5sim *sim);

/* Lines were raised, lowered, masked or unmasked: an interrupt comes, or comes no longer. */
void devices_update_lines(struct k5sim *sim);
