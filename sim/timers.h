/* What will happen at which tick: at most one pending event a source.
 *
 * Sources are the kernel's deadline, the interrupt lines, the serial lines and the devices. Few and
 * fixed, so a table with the earliest one remembered is faster than a heap, and it
 * is plain data: a snapshot is a copy.
 */
#pragma once

#include <stdint.h>

#define TIMERS_NEVER   UINT64_MAX
#define TIMERS_SOURCES 67u

/* In the order in which those of one tick come. */
enum timers_source {
    TIMERS_KERNEL,    /* the deadline that the kernel asked for */
    TIMERS_INTERRUPT, /* a line is raised and not masked: at once */
    TIMERS_SERIAL,    /* a character has come in on a serial line */
    TIMERS_DEVICE,    /* first of the devices' */
};

struct timers {
    uint32_t count; /* sources in use */
    uint64_t next;  /* the least of them */
    uint64_t at[TIMERS_SOURCES];
};

/* Sources 0 to count - 1, none of them pending. */
void timers_reset(struct timers *timers, uint32_t count);

/* Replaces what the source asked for. */
void timers_set(struct timers *timers, uint32_t source, uint64_t at);

/* The lowest source that is due at `now`, to be consumed by timers_set(); -1: none. */
int timers_due(const struct timers *timers, uint64_t now);
