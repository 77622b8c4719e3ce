/* Signals between devices, and pins to the outside.
 *
 * What a device drives is asked of it after each change (device_model.drives); the level of a pad
 * is whatever the strongest of these says: the chip, the outside (who drives the pin, then other
 * devices at its wires), a pull of the chip, a pull of the board. Where several devices drive one
 * signal the lowest level wins, as with open drains.
 *
 * A wire to a pad carries what its own end drives, and not what that gets by wires itself: so two
 * pads may be wired both ways, and let go of each other.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define WIRES     256u
#define PINS      256u
#define PIN_BYTES 32u

struct k5sim;

/* Of one device, a bit a signal: 0 to 31. */
struct signals {
    uint32_t level;          /* now */
    uint32_t driven;         /* by the chip */
    uint32_t open;           /* of pads: neither by the chip nor by the outside */
    uint32_t own;            /* driven by the chip, or by who drives the pin: to other pads */
    uint32_t own_high;       /* its level */
    uint32_t outside_driven; /* pads alone: by who drives the pin, */
    uint32_t outside_high;
    uint32_t wired_driven; /* and by devices at its wires */
    uint32_t wired_high;
    uint32_t board_high; /* pulled up by the board */
    uint32_t named;      /* some pin is there */
    uint32_t stuck;      /* pads alone, faults: whoever drives them, they are at this level */
    uint32_t stuck_high;
};

struct wire {
    uint8_t from;
    uint8_t from_signal;
    uint8_t to;
    uint8_t to_signal;
    bool shared; /* others end there, too */
};

struct pin {
    char name[PIN_BYTES];
    uint32_t device;
    uint32_t signal;
};

struct wires {
    uint32_t count;
    struct wire row[WIRES];
    uint32_t pin_count;
    struct pin pin[PINS];
};

/* What device `index` drives now reaches whom it concerns; marks those whose inputs changed as
 * unsettled. */
void wires_spread(struct k5sim *sim, uint32_t index);

/* Drives a pin from the outside: 0, 1, or -1 for not any more. */
void wires_drive_pin(struct k5sim *sim, uint32_t pin, int32_t level);
bool wires_pin_level(const struct k5sim *sim, uint32_t pin);

/* A pin sticks at a level, or (-1) no longer. */
void wires_stick_pin(struct k5sim *sim, uint32_t pin, int32_t level);
