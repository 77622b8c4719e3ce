/* Recorded events, until somebody takes them. */
#include "sim/ring.h"

#include <stdlib.h>
#include <string.h>

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

size_t ring_take(struct ring *ring, struct k5sim_event *out, size_t most)
{
    size_t count = most < ring->count ? most : ring->count;
    size_t to_end = RING_EVENTS - ring->first;
    size_t head = count < to_end ? count : to_end;

    if (count > 0) {
        memcpy(out, &ring->event[ring->first], head * sizeof *out);
        memcpy(out + head, ring->event, (count - head) * sizeof *out);
    }
    ring->first = (ring->first + count) % RING_EVENTS;
    ring->count -= count;
    return count;
}
