/* The PMSAv8 memory protection unit as unprivileged code meets it.
 *
 * It decides from the register values that the kernel programmed, at the grain
 * of the hardware (32 bytes), with no background region. An address in two
 * enabled regions faults (Armv8-M ARM B8.2.2).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/armv8m/armv8m_types.h"

#define MPU_REGIONS 8u
#define MPU_GRAIN   32u

struct mpu_region {
    uint32_t first;  /* first byte */
    uint32_t last;   /* last byte */
    uint32_t access; /* enum sys_access bits */
};

struct mpu {
    uint32_t count; /* enabled regions, also those that allow nothing */
    struct mpu_region region[MPU_REGIONS];
};

/* What a range allows: everywhere in it, and at least somewhere. */
struct mpu_access {
    uint32_t all;
    uint32_t any;
};

/* Takes the first `count` regions of the image: the chip has no more. */
void mpu_decode(struct mpu *mpu, const struct armv8m_mpu_image *image, uint32_t count);

/* [address, address + bytes); bytes is not 0 and the range does not wrap. */
struct mpu_access mpu_range(const struct mpu *mpu, uint32_t address, uint32_t bytes);

/* enum sys_access bits at one byte. */
static inline uint32_t mpu_at(const struct mpu *mpu, uint32_t address)
{
    uint32_t access = 0;
    uint32_t hits = 0;

    for (uint32_t i = 0; i < mpu->count; i++) {
        if (address >= mpu->region[i].first && address <= mpu->region[i].last) {
            access = mpu->region[i].access;
            hits++;
        }
    }
    return hits == 1 ? access : 0;
}

/* One access of at most 32 bytes, so it meets at most two grains. It must not wrap. */
static inline bool mpu_allows(const struct mpu *mpu, uint32_t address, uint32_t bytes,
                              uint32_t want)
{
    uint32_t last = address + bytes - 1u;

    if ((mpu_at(mpu, address) & want) != want) {
        return false;
    }
    return (address ^ last) < MPU_GRAIN || (mpu_at(mpu, last) & want) == want;
}
