/* The board's physical memories as host memory. No devices: those come beside it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MEMORY_RANGES 8

struct memory_range {
    uint32_t base;
    uint32_t bytes;
    uint8_t *host; /* page aligned */
    bool writable; /* RAM; otherwise flash */
    /* Offsets between which bytes may differ from those of an erased memory. */
    uint32_t dirty_low;
    uint32_t dirty_high;
};

/* Words some of whose bits cannot change. Memory always holds them so: whoever writes it sees to
 * that behind the write, and readers need not know. */
#define MEMORY_STUCK 16u
struct memory_stuck {
    uint32_t count;
    struct {
        uint32_t address; /* multiple of 4 */
        uint32_t mask;
        uint32_t level; /* of the bits of `mask` */
    } word[MEMORY_STUCK];
};

struct memory {
    uint32_t count;
    struct memory_range range[MEMORY_RANGES];
    const struct memory_stuck *stuck; /* NULL: none, ever */
};

/* Adds an erased range: RAM is all zero, flash 0xff. False when out of memory. */
bool memory_add(struct memory *memory, uint32_t base, uint32_t bytes, bool writable);
void memory_free(struct memory *memory);

/* [address, address + bytes) of one range may be written from now on. */
void memory_touch(struct memory *memory, uint32_t address, uint32_t bytes);

/* Erases RAM, or flash, as far as it was touched. */
void memory_erase(struct memory *memory, bool writable);

/* [address, address + bytes) was written: stuck bits in there are as ever. */
void memory_hold_stuck(const struct memory *memory, uint32_t address, uint32_t bytes);

/* Is one of the stuck words in [address, address + bytes)? */
static inline bool memory_has_stuck(const struct memory *memory, uint32_t address, uint32_t bytes)
{
    for (uint32_t i = 0; memory->stuck != NULL && i < memory->stuck->count; i++) {
        if (memory->stuck->word[i].address - address < bytes) {
            return true;
        }
    }
    return false;
}

static inline const struct memory_range *memory_range_of(const struct memory *memory,
                                                         uint32_t address)
{
    for (uint32_t i = 0; i < memory->count; i++) {
        if (address - memory->range[i].base < memory->range[i].bytes) {
            return &memory->range[i];
        }
    }
    return NULL;
}

/* The host's view of [address, address + bytes), or NULL if that is not all in one range. */
static inline uint8_t *memory_host(const struct memory *memory, uint32_t address, uint32_t bytes)
{
    const struct memory_range *range = memory_range_of(memory, address);

    if (range == NULL || bytes > range->bytes - (address - range->base)) {
        return NULL;
    }
    return range->host + (address - range->base);
}
