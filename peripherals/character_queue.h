/* A queue of characters in a device's state: the FIFO of a UART.
 *
 * It takes QUEUE_STATES places of state[], from `at` on; empty when they are 0. An
 * entry has 16 bits: what a model keeps beside a character is its own business.
 */
#pragma once

#include "sim/device.h"

#define QUEUE_WORDS  4u
#define QUEUE_MOST   (4u * QUEUE_WORDS) /* entries */
#define QUEUE_STATES (QUEUE_WORDS + 1u)

static inline uint32_t queue_count(const struct device *d, unsigned at)
{
    return (uint32_t)d->state[at + QUEUE_WORDS];
}

/* The i-th oldest entry. */
static inline uint32_t queue_entry(const struct device *d, unsigned at, uint32_t i)
{
    return (uint32_t)(d->state[at + i / 4u] >> 16u * (i % 4u)) & 0xffffu;
}

static inline void queue_replace(struct device *d, unsigned at, uint32_t i, uint32_t entry)
{
    uint64_t *word = &d->state[at + i / 4u];
    unsigned shift = 16u * (i % 4u);

    *word = (*word & ~(UINT64_C(0xffff) << shift)) | (uint64_t)(entry & 0xffffu) << shift;
}

/* Not when it is full. */
static inline void queue_push(struct device *d, unsigned at, uint32_t entry)
{
    queue_replace(d, at, queue_count(d, at), entry);
    d->state[at + QUEUE_WORDS]++;
}

/* The oldest entry, which it has no longer. Not when it is empty. */
static inline uint32_t queue_pop(struct device *d, unsigned at)
{
    uint32_t entry = queue_entry(d, at, 0);

    for (unsigned i = 0; i < QUEUE_WORDS; i++) {
        uint64_t next = i + 1u < QUEUE_WORDS ? d->state[at + i + 1u] : 0;

        d->state[at + i] = d->state[at + i] >> 16 | next << 48;
    }
    d->state[at + QUEUE_WORDS]--;
    return entry;
}

static inline void queue_clear(struct device *d, unsigned at)
{
    d->state[at + QUEUE_WORDS] = 0;
}
