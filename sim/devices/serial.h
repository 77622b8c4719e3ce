/* Serial lines: characters on their way to devices, each a real frame long. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define SERIAL_LINES   8u
#define SERIAL_WAITING 4096u   /* characters; a power of two */
#define SERIAL_BAUD    115200u /* of the outside, where it knows no other */
#define SERIAL_NEVER   UINT64_MAX

struct k5sim;

struct serial_line {
    uint32_t device;
    uint32_t baud;   /* of the outside; 0: the device's */
    uint32_t damage; /* errors of the next character */
    uint32_t first;  /* in `waiting` */
    uint32_t count;
    uint64_t due;   /* end of the frame under way, or SERIAL_NEVER */
    uint64_t ticks; /* of that frame */
    uint32_t bits;
    uint32_t reserved; /* no holes */
    uint8_t waiting[SERIAL_WAITING];
};

struct serial {
    uint32_t count;
    struct serial_line line[SERIAL_LINES];
};

/* The line of a device, or NULL: its model has none. */
struct serial_line *serial_line_of(struct k5sim *sim, uint32_t device);

/* The line is about to change: the next snapshot takes it anew. */
void serial_touch(struct k5sim *sim, const struct serial_line *line);

/* Nothing is under way any more. The outside's speed stays. */
void serial_reset(struct k5sim *sim);

/* Characters that the line takes; the first begins now, if nothing is under way. */
uint32_t serial_send(struct k5sim *sim, struct serial_line *line, const uint8_t *characters,
                     uint32_t count);

/* What is due has come: the devices get it. */
void serial_arrive(struct k5sim *sim);
