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

/* False if the ring has no room: then the machine ran on although ring_is_full(). */
bool ring_put(struct ring *ring, const struct k5sim_event *event);
size_t ring_take(struct ring *ring, struct k5sim_event *out, size_t most);

/* No room for all that one more entry into the kernel may emit. */
static inline bool ring_is_full(const struct ring *ring)
{
    return ring->count > RING_EVENTS - RING_SPARE;
}
