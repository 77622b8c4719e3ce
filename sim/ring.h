/* Recorded events, until somebody takes them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "sim/k5sim.h"

#define RING_EVENTS 8192u
#define RING_SPARE  1024u /* more than one entry into the kernel can emit */

struct ring {
    struct k5sim_event *event; /* RING_EVENTS of them */
    size_t first;
    size_t count;
};

bool ring_open(struct ring *ring);
void ring_close(struct ring *ring);
void ring_clear(struct ring *ring);

/* Moves up to `most` of the oldest events to `out`; returns how many. */
size_t ring_take(struct ring *ring, struct k5sim_event *out, size_t most);

/* No room for all that one more entry into the kernel may emit. */
static inline bool ring_is_full(const struct ring *ring)
{
    return ring->count > RING_EVENTS - RING_SPARE;
}

/* The place of one more event, for the caller to fill. NULL: the ring has no room, so the machine
 * ran on although ring_is_full(). In line: kernel events come by the million. */
static inline struct k5sim_event *ring_put(struct ring *ring)
{
    if (ring->count == RING_EVENTS) {
        return NULL;
    }
    return &ring->event[(ring->first + ring->count++) % RING_EVENTS];
}
