/* From a task's regions to the values of the PMSAv8 registers.
 *
 * Pure: the image and the hosted port use it alike, so the model checks the very
 * register values that the chip gets (Armv8-M ARM B8, D1.2.204 to D1.2.207).
 */
#pragma once

#include "kernel/system.h"

/* MPU_MAIR0: attribute 0 is normal memory, write-back, not shared; 1 is Device-nGnRE. */
#define PMSAV8_MAIR0       UINT32_C(0x000004ff)
#define PMSAV8_ATTR_NORMAL 0u
#define PMSAV8_ATTR_DEVICE 1u

#define PMSAV8_REGIONS 8u
#define PMSAV8_GRAIN   32u

#define PMSAV8_RBAR_BASE   UINT32_C(0xffffffe0)
#define PMSAV8_RBAR_AP_ANY (1u << 1) /* AP[1]: unprivileged code has the access as well */
#define PMSAV8_RBAR_AP_RO  (1u << 2) /* AP[2]: nobody writes */
#define PMSAV8_RBAR_XN     (1u << 0)
#define PMSAV8_RLAR_LIMIT  UINT32_C(0xffffffe0)
#define PMSAV8_RLAR_EN     (1u << 0)

/*
 * Fills `image` from `count` regions (at most PMSAV8_REGIONS); the rest of it is
 * disabled regions. The regions are as kernel/system.h promises.
 */
void pmsav8_compile(const struct sys_region *region, uint32_t count,
                    struct armv8m_mpu_image *image);

/* As port_mpu_entries() of kernel/port.h: a region each for a part of one. */
static inline uint32_t pmsav8_entries_most(uint32_t edges, uint32_t holes)
{
    return 1u + edges + holes;
}

/* enum sys_access bits that an enabled region gives unprivileged code; 0 for a disabled one. */
uint32_t pmsav8_access(uint32_t rbar, uint32_t rlar);

/* Last byte of a region: the limit register is inclusive and its low five bits read as ones. */
static inline uint32_t pmsav8_last_byte(uint32_t rlar)
{
    return rlar | (PMSAV8_GRAIN - 1u);
}

static inline uint32_t pmsav8_first_byte(uint32_t rbar)
{
    return rbar & PMSAV8_RBAR_BASE;
}
