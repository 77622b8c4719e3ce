/* Recorded events, until somebody takes them. */
#include "sim/ring.h"

#include <stdlib.h>

bool ring_open(struct ring *ring)
{
    *ring = (struct ring){.event = malloc(RING_EVENTS * sizeof *ring->event)};
    return ring->event != NULL;
}

void ring_close(struct ring *ring)
{
    free(ring->event);
    ring->event = NULL;
}

void ring_clear(struct ring *ring)
{
    ring->first = 0;
    ring->count = 0;
}

bool ring_put(struct ring *ring, const struct k5sim_event *event)
{
    if (ring->count == RING_EVENTS) {
        return false;
    }
    ring->event[(ring->first + ring->count) % RING_EVENTS] = *event;
    ring->count++;
    return true;
}

size_t ring_take(struct ring *ring, struct k5sim_event *out, size_t most)
{
    size_t taken = 0;

    while (taken < most && ring->count > 0) {
        out[taken++] = ring->event[ring->first];
        ring->first = (ring->first + 1) % RING_EVENTS;
        ring->count--;
    }
    return taken;
}
