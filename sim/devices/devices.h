/* The machine's devices: the core behind sim/device.h, and what connects them.
 *
 * devices.c: registers, accesses, events, resets. devices_open.c: from a board. lines.c:
 * interrupt lines. wires.c: signals between devices, and pins. serial.c: characters on
 * their way in. bus.c: SPI and I2C.
 */
#pragma once

#include <stddef.h>

#include "sim/cpu/cpu.h"
#include "sim/device.h"
#include "sim/k5sim.h"
#include "sim/devices/serial.h"
#include "sim/timers.h"
#include "sim/devices/wires.h"

#define DEVICES              64u
#define DEVICE_NAME_BYTES    32u
#define DEVICES_GUEST_ERRORS 256u
#define DEVICE_PLACES        256u
#define DEVICE_NONE          UINT32_MAX

_Static_assert(DEVICE_LINES == sizeof((struct k5sim_device *)0)->line / sizeof(uint32_t),
               "as many lines in both headers");

_Static_assert(DEVICES <= CPU_DEVICES && DEVICES <= 64 &&
                   (unsigned)TIMERS_DEVICE + DEVICES <= TIMERS_SOURCES,
               "a place on the bus, a bit and a timer for each");

struct k5sim;

/* A bit of another device's register. */
struct gate {
    uint32_t device; /* or DEVICE_NONE */
    uint32_t place;  /* of the register in its model's table */
    uint32_t bit;
};

struct sim_device {
    struct device device; /* first: models get a pointer to it */

    /* More of its state: */
    uint32_t raised; /* what device.raises() said last */
    uint32_t target; /* of the I2C transfer on its bus, or DEVICE_NONE */
    uint32_t held;   /* 1: in reset: it has no events, and takes nothing in */
    struct signals signals;

    /* What it is on this board: */
    struct k5sim *sim; /* whose it is */
    char name[DEVICE_NAME_BYTES];
    uint32_t base;
    uint32_t line[DEVICE_LINES];  /* of the interrupt controller, or K5SIM_NO_LINE */
    uint8_t place[DEVICE_PLACES]; /* of the register at each of its first words; or the count */
    uint32_t bus;                 /* the device on whose bus it hangs, or DEVICE_NONE */
    struct gate clock;
    struct gate reset;
    bool signalling; /* it has outputs */
};

struct devices {
    uint32_t count;
    struct sim_device row[DEVICES];
    uint64_t unsettled; /* bit k: device k may have changed */
    uint64_t worked;    /* bit k: device k may differ from the last snapshot */
    uint32_t received;  /* bit k: so may the k-th serial line */
    bool erred;         /* so may the guest errors */
    uint64_t gates;     /* bit k: device k has bits that hold others in reset */
    struct wires wires;
    struct serial serial;
    uint32_t guest_error_count;
    struct k5sim_guest_error guest_error[DEVICES_GUEST_ERRORS];
};

/* By the name that boards use; NULL: there is none. */
const struct device_model *device_model_find(const char *name);

/* The models' names in one line, for messages; cut off at `bytes`. */
void device_model_names(char *out, size_t bytes);

/* Place of the register at `offset` in the model's table, or its count. */
uint32_t device_model_register(const struct device_model *model, uint32_t offset);

/* The board's devices and what connects them, which board_check() has found good. False: out of
 * memory for the models' own. */
bool devices_open(struct k5sim *sim, const struct k5sim_board *board);
void devices_close(struct k5sim *sim);

/* All devices anew; after DEVICE_RESET_POWER at first boot also what is non-volatile. */
void devices_boot(struct k5sim *sim);
void devices_reset(struct k5sim *sim, enum device_reset why);

/*
 * An access of 1, 2 or 4 bytes, aligned, inside device `index`. False: refused with a bus error,
 * and nothing has happened.
 */
bool devices_read(struct k5sim *sim, uint32_t index, uint32_t offset, uint32_t bytes,
                  uint32_t *value);
bool devices_write(struct k5sim *sim, uint32_t index, uint32_t offset, uint32_t bytes,
                   uint32_t value);

/* The register as a task would read it now, without side effects: what is due at this very tick has
 * not come yet. False: there is none. */
bool devices_peek(struct k5sim *sim, uint32_t index, uint32_t offset, uint32_t *value);

/* The event of device `index` has come. */
void devices_event(struct k5sim *sim, uint32_t index);

/*
 * The device as it is now, its due events consumed: before one of its functions is called. Behind
 * the call goes devices_settle(): its event, lines and signals, and whatever follows from them.
 */
struct device *devices_at_work(struct k5sim *sim, uint32_t index);
/* The same for a device that another one's function is about to call; it will be settled. */
struct device *devices_touched(struct k5sim *sim, uint32_t index);
void devices_settle(struct k5sim *sim, uint32_t index);

/* Records an event of a device. */
void devices_record(struct k5sim *sim, uint32_t kind, uint32_t index, const uint32_t arg[5]);

/* The place of a device. */
uint32_t devices_index(const struct device *d);

/* ---- lines.c ---- */

/* The lowest line that is raised and not masked, or K5SIM_NO_LINE. */
uint32_t devices_pending_line(const struct k5sim *sim);

/* Lines were raised, lowered, masked or unmasked: an interrupt comes, or comes no longer. */
void devices_update_lines(struct k5sim *sim);

/* Bit k of `raised`: the device's k-th interrupt. Records what has changed. */
void lines_show(struct k5sim *sim, uint32_t index, uint32_t raised);

/* Something that the line's level depends on has changed. */
void lines_set(struct k5sim *sim, uint32_t line);

/* The outside holds a line up, or no longer. */
void lines_force(struct k5sim *sim, uint32_t line, bool raised);

/* An interrupt of this line comes to the kernel now: is it a storm? Then it is recorded. */
void lines_fired(struct k5sim *sim, uint32_t line);
