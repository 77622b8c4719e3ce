/* From a task's regions to the values of the PMSAv8 registers. */
#include "arch/armv8m/pmsav8.h"

#define RLAR_ATTR_SHIFT 1u

static uint32_t rbar_of(const struct sys_region *region)
{
    uint32_t value = region->base & PMSAV8_RBAR_BASE;

    /* Without read or write the region stays privileged and read-only: nothing for the task. */
    if (region->access != 0) {
        value |= PMSAV8_RBAR_AP_ANY;
    }
    if ((region->access & SYS_WRITE) == 0) {
        value |= PMSAV8_RBAR_AP_RO;
    }
    /* Write and execute never go together, whatever the tables say. */
    if ((region->access & SYS_EXECUTE) == 0 || (region->access & SYS_WRITE) != 0 ||
        (region->flags & SYS_REGION_DEVICE) != 0) {
        value |= PMSAV8_RBAR_XN;
    }
    return value; /* SH is 0: one core, nothing is shared */
}

static uint32_t rlar_of(const struct sys_region *region)
{
    uint32_t attr =
        (region->flags & SYS_REGION_DEVICE) != 0 ? PMSAV8_ATTR_DEVICE : PMSAV8_ATTR_NORMAL;

    /* The limit is the last byte. With the first byte behind the region here, 32 bytes too many
     * would be open. */
    uint32_t last = region->base + region->bytes - 1u;

    return (last & PMSAV8_RLAR_LIMIT) | (attr << RLAR_ATTR_SHIFT) | PMSAV8_RLAR_EN;
}

void pmsav8_compile(const struct sys_region *region, uint32_t count, struct armv8m_mpu_image *image)
{
    for (uint32_t i = 0; i < PMSAV8_REGIONS; i++) {
        bool used = i < count && region[i].bytes != 0;

        image->region[i].rbar = used ? rbar_of(&region[i]) : 0;
        image->region[i].rlar = used ? rlar_of(&region[i]) : 0;
    }
}

uint32_t pmsav8_access(uint32_t rbar, uint32_t rlar)
{
    uint32_t access = SYS_READ;

    if ((rlar & PMSAV8_RLAR_EN) == 0 || (rbar & PMSAV8_RBAR_AP_ANY) == 0) {
        return 0;
    }
    if ((rbar & PMSAV8_RBAR_AP_RO) == 0) {
        access |= SYS_WRITE;
    }
    if ((rbar & PMSAV8_RBAR_XN) == 0) {
        access |= SYS_EXECUTE;
    }
    return access;
}
