/* The memory protection unit as unprivileged code meets it: PMSAv8 or PMP.
 *
 * It decides from the register values that the kernel programmed, at the grain
 * of the hardware, with no background region. Decoded, both are alike: ranges
 * that allow something, and an address in none of them, or in two, is refused.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct armv8m_mpu_image;
struct rv32_mpu_image;

#define MPU_REGIONS 16u /* 8 entries of a PMP cut memory into up to 15 pieces */

struct mpu_region {
    uint32_t first;  /* first byte */
    uint32_t last;   /* last byte */
    uint32_t access; /* enum sys_access bits */
};

struct mpu {
    uint32_t count; /* also those that allow nothing */
    uint32_t grain; /* bytes: a power of two; every border is a multiple of it */
    struct mpu_region region[MPU_REGIONS];
    uint32_t disjoint; /* 1: no address is in two regions, so a search may end at the first */
};

/* What a range allows: everywhere in it, and at least somewhere. */
struct mpu_access {
    uint32_t all;
    uint32_t any;
};

/* What a region or an entry covers, before the unit decides between them. */
#define MPU_ENTRIES 8u
struct mpu_entry {
    uint64_t base;
    uint64_t end; /* behind the last byte; equal to base: it covers nothing */
    uint32_t access;
};

struct mpu_entries {
    uint32_t count;
    struct mpu_entry entry[MPU_ENTRIES];
};

/*
 * PMSAv8: the first `count` regions of the image, the chip has no more; 32-byte grain. An address
 * in two enabled regions faults (Armv8-M ARM B8.2.2).
 */
#define MPU_PMSAV8_GRAIN 32u
void mpu_decode_pmsav8(struct mpu *mpu, const struct armv8m_mpu_image *image, uint32_t count);
/* The same in two steps: those that are enabled, in the order of their numbers; what they say. */
void mpu_list_pmsav8(struct mpu_entries *entries, const struct armv8m_mpu_image *image,
                     uint32_t count);
void mpu_build_pmsav8(struct mpu *mpu, const struct mpu_entries *entries);

/*
 * PMP: the first `count` entries; 4-byte grain. The lowest entry that matches an address decides
 * (Privileged Architecture 3.7.1). A misaligned access is several, each checked by itself, as the
 * manual permits.
 */
#define MPU_PMP_GRAIN 4u
void mpu_decode_pmp(struct mpu *mpu, const struct rv32_mpu_image *image, uint32_t count);
/* The same in two steps: those that match something, in the order of their numbers; what they say.
 */
void mpu_list_pmp(struct mpu_entries *entries, const struct rv32_mpu_image *image, uint32_t count);
void mpu_build_pmp(struct mpu *mpu, const struct mpu_entries *entries);

/* Nothing in [first, last] may be written any more. Pieces for which there is no room are lost. */
void mpu_protect(struct mpu *mpu, uint32_t first, uint32_t last);

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
            if (mpu->disjoint != 0) {
                break;
            }
        }
    }
    return hits == 1 ? access : 0;
}

/* One access of at most a grain's bytes, so it meets at most two grains. It must not wrap. */
static inline bool mpu_allows(const struct mpu *mpu, uint32_t address, uint32_t bytes,
                              uint32_t want)
{
    uint32_t last = address + bytes - 1u;

    if ((mpu_at(mpu, address) & want) != want) {
        return false;
    }
    return (address ^ last) < mpu->grain || (mpu_at(mpu, last) & want) == want;
}
