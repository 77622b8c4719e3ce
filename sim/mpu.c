/* The PMSAv8 memory protection unit as unprivileged code meets it. */
#include "sim/mpu.h"

#include "arch/armv8m/pmsav8.h"

void mpu_decode(struct mpu *mpu, const struct armv8m_mpu_image *image, uint32_t count)
{
    *mpu = (struct mpu){.count = 0};
    for (uint32_t i = 0; i < count && i < MPU_REGIONS; i++) {
        uint32_t rbar = image->region[i].rbar;
        uint32_t rlar = image->region[i].rlar;

        if ((rlar & PMSAV8_RLAR_EN) != 0) {
            mpu->region[mpu->count++] = (struct mpu_region){
                pmsav8_first_byte(rbar),
                pmsav8_last_byte(rlar),
                pmsav8_access(rbar, rlar),
            };
        }
    }
}

struct mpu_access mpu_range(const struct mpu *mpu, uint32_t address, uint32_t bytes)
{
    struct mpu_access access = {.all = UINT32_MAX, .any = 0};
    uint32_t grains = (address % MPU_GRAIN + bytes + MPU_GRAIN - 1u) / MPU_GRAIN;
    uint32_t base = address & ~(MPU_GRAIN - 1u);

    for (uint32_t i = 0; i < grains; i++) {
        uint32_t here = mpu_at(mpu, base + i * MPU_GRAIN);

        access.all &= here;
        access.any |= here;
    }
    return access;
}
