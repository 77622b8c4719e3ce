/* From a task's regions to the values of the PMP registers, and back.
 *
 * Pure: the image and the hosted port use it alike, so the model checks the very
 * register values that the chip gets (RISC-V Privileged Architecture 1.12, 3.7).
 */
#pragma once

#include "kernel/system.h"

#define PMP_GRAIN 4u /* bytes: pmpaddr counts words, and all our chips have G = 0 */

/* A byte of pmpcfg. L stays 0 in all we write: locked entries would bind the kernel as well. */
#define PMP_R        (1u << 0)
#define PMP_W        (1u << 1)
#define PMP_X        (1u << 2)
#define PMP_A        (3u << 3)
#define PMP_A_OFF    (0u << 3)
#define PMP_A_TOR    (1u << 3) /* from the address of the entry before to its own, exclusive */
#define PMP_A_NA4    (2u << 3)
#define PMP_A_NAPOT  (3u << 3)
#define PMP_L        (1u << 7)
#define PMP_CFG_MASK (PMP_R | PMP_W | PMP_X | PMP_A | PMP_L)

/*
 * How many entries these regions take: one where a region follows a top-of-range
 * region without a gap, or is a power of two and lies on a multiple of it; else
 * two. The builder refuses what needs more than PMP_ENTRIES.
 */
uint32_t pmp_entries(const struct sys_region *region, uint32_t count);

/* As port_mpu_entries() of kernel/port.h: pmp_entries() is never above the sum of these. */
uint32_t pmp_entries_most(const struct sys_region *region, bool whole, uint32_t edges,
                          uint32_t holes);

/*
 * Fills `image` from `count` regions, which are as kernel/system.h promises; the
 * rest of it is entries that are off. False if pmp_entries() exceeds PMP_ENTRIES:
 * what does not fit is left out, so a task never has more than its regions say.
 */
bool pmp_compile(const struct sys_region *region, uint32_t count, struct rv32_mpu_image *image);

/* What an entry covers, decoded from register values. */
struct pmp_range {
    uint64_t base;
    uint64_t end;    /* behind the last byte; equal to base or less: the entry matches nothing */
    uint32_t access; /* enum sys_access bits of unprivileged code */
};

/* Entry `index` of `image`; one that is off has no bytes. */
struct pmp_range pmp_range(const struct rv32_mpu_image *image, uint32_t index);

/*
 * True if unprivileged code may access [address, address + bytes) in all ways of
 * `access`: the lowest entry that matches any byte must match all of them, and
 * decides. At most 8 bytes, as of one access; no match is a refusal.
 */
bool pmp_allows(const struct rv32_mpu_image *image, uint32_t address, uint32_t bytes,
                uint32_t access);
