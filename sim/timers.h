/* What will happen at which tick: at most one pending event a source.
 *
 * Sources are the kernel's deadline and, later, the devices. Few and fixed, so a
 * table with the earliest one remembered is faster than a heap, and it is plain
 * data: a snapshot is a copy.
 */
#pragma once

#include <stdint.h>

#define TIMERS_NEVER   UINT64_MAX
#define TIMERS_SOURCES 16u

enum timers_source {
    TIMERS_KERNEL, /* the deadline that the kernel asked for */
    TIMERS_DEVICE, /* first of the devices' */
};

struct timers {
    uint64_t at[TIMERS_SOURCES];
    uint64_t next; /* the least of them */
};

void timers_reset(struct timers *timers);

/* Replaces what the source asked for. */
void timers_set(struct timers *timers, uint32_t source, uint64_t at);

/* A source that is due at `now`, its event consumed; the lowest first. -1: none. */
int timers_take_due(struct timers *timers, uint64_t now);
