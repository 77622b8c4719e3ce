/* The device interface: what a model of a peripheral is made of, and all that it knows.
 *
 * A model is a table of registers, a function for the side effects of a write,
 * at most one pending event, and a pure function for its interrupt line. The core
 * (sim/devices.c) does the rest: it finds the register, applies the masks, tells
 * misuse from what is not modelled, keeps time, asks for the line after each
 * change, and records. A device's whole state is struct device, plain data.
 *
 * Time is counted in the kernel's ticks. A model reads `now` and sets `event_at`;
 * it has no other clock.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define DEVICE_REGISTERS 32u
#define DEVICE_STATES    8u
#define DEVICE_NEVER     UINT64_MAX

struct device_register {
    uint32_t offset; /* bytes; a multiple of 4, ascending in the table */
    const char *name;
    uint32_t reset;
    uint32_t write;      /* bits that take what is written */
    uint32_t w1c;        /* bits that are cleared by writing 1 */
    uint32_t unmodelled; /* bits that mean something on the chip, but nothing here */
};

struct device;

struct device_model {
    const char *name; /* of struct k5sim_device */
    uint32_t bytes;   /* of its registers; a multiple of 4 */
    const struct device_register *registers;
    uint32_t register_count;
    /* Bytes and halfwords: refused with a bus error, or misuse (they read 0 and write nothing). */
    bool narrow_is_refused;

    /* Any of these may be NULL. Registers are named by their place in the table. */
    void (*reset)(struct device *d);               /* reg[] has the reset values */
    void (*reading)(struct device *d, unsigned r); /* brings reg[r] up to date, before it is read */
    void (*written)(struct device *d, unsigned r, uint32_t old); /* after the masks; was `old` */
    void (*event)(struct device *d);                             /* event_at has come */
    bool (*raises)(const struct device *d);                      /* the interrupt line; pure */
};

struct device {
    const struct device_model *model;
    uint64_t now;      /* the core's: set before each of the model's functions */
    uint64_t tick_hz;  /* the core's */
    uint64_t event_at; /* the model's: absolute tick behind `now`, or DEVICE_NEVER. Consumed when it
                          comes; `now` is exactly that tick then. */
    uint32_t reg[DEVICE_REGISTERS];
    uint64_t state[DEVICE_STATES]; /* what is in no register; named by the model; 0 at reset */
};

/* peripherals/: one model each. */
extern const struct device_model cmsdk_timer_model;
extern const struct device_model goldfish_rtc_model;
