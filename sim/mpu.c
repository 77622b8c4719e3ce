/* The memory protection unit as unprivileged code meets it: PMSAv8 or PMP. */
#include "sim/mpu.h"

#include "arch/armv8m/pmsav8.h"
#include "arch/rv32/pmp.h"

static bool is_disjoint(const struct mpu *mpu)
{
    for (uint32_t i = 0; i < mpu->count; i++) {
        for (uint32_t k = 0; k < i; k++) {
            if (mpu->region[i].first <= mpu->region[k].last &&
                mpu->region[k].first <= mpu->region[i].last) {
                return false;
            }
        }
    }
    return true;
}

void mpu_decode_pmsav8(struct mpu *mpu, const struct armv8m_mpu_image *image, uint32_t count)
{
    *mpu = (struct mpu){.grain = MPU_PMSAV8_GRAIN};
    for (uint32_t i = 0; i < count && i < PMSAV8_REGIONS; i++) {
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
    mpu->disjoint = is_disjoint(mpu);
}

/* ---------------------------------------------------------------- PMP */

#define TOP     (UINT64_C(1) << 32)
#define BORDERS (2u * PMP_ENTRIES)
_Static_assert(MPU_REGIONS >= BORDERS - 1u, "pieces between the borders of all entries");

struct borders {
    uint32_t count;
    uint64_t at[BORDERS]; /* ascending, none twice */
};

static void add_border(struct borders *borders, uint64_t at)
{
    uint32_t i = borders->count;

    for (uint32_t k = 0; k < borders->count; k++) {
        if (borders->at[k] == at) {
            return;
        }
    }
    for (; i > 0 && borders->at[i - 1u] > at; i--) {
        borders->at[i] = borders->at[i - 1u];
    }
    borders->at[i] = at;
    borders->count++;
}

/* What the lowest entry that matches says; nothing where none does. */
static uint32_t access_at(const struct pmp_range *range, uint32_t count, uint64_t at)
{
    for (uint32_t i = 0; i < count; i++) {
        if (at >= range[i].base && at < range[i].end) {
            return range[i].access;
        }
    }
    return 0;
}

void mpu_decode_pmp(struct mpu *mpu, const struct rv32_mpu_image *image, uint32_t count)
{
    struct pmp_range range[PMP_ENTRIES];
    struct borders borders = {.count = 0};

    count = count < PMP_ENTRIES ? count : PMP_ENTRIES;
    for (uint32_t i = 0; i < count; i++) {
        range[i] = pmp_range(image, i);
        range[i].end = range[i].end < TOP ? range[i].end : TOP;
        if (range[i].base < range[i].end) {
            add_border(&borders, range[i].base);
            add_border(&borders, range[i].end);
        }
    }
    *mpu = (struct mpu){.grain = MPU_PMP_GRAIN};
    for (uint32_t i = 0; i + 1u < borders.count; i++) {
        uint32_t access = access_at(range, count, borders.at[i]);

        if (access != 0) {
            mpu->region[mpu->count++] = (struct mpu_region){
                (uint32_t)borders.at[i],
                (uint32_t)(borders.at[i + 1u] - 1u),
                access,
            };
        }
    }
    mpu->disjoint = 1;
}

/* ---------------------------------------------------------------- ranges */

/* The last byte behind `address`, at most `end`, up to which no region begins or ends. */
static uint32_t alike_up_to(const struct mpu *mpu, uint32_t address, uint32_t end)
{
    for (uint32_t i = 0; i < mpu->count; i++) {
        const struct mpu_region *region = &mpu->region[i];

        if (region->first > address && region->first - 1u < end) {
            end = region->first - 1u;
        }
        if (region->last >= address && region->last < end) {
            end = region->last;
        }
    }
    return end;
}

struct mpu_access mpu_range(const struct mpu *mpu, uint32_t address, uint32_t bytes)
{
    struct mpu_access access = {.all = UINT32_MAX, .any = 0};
    uint32_t last = address + (bytes - 1u);
    uint32_t end;

    do {
        uint32_t here = mpu_at(mpu, address);

        access.all &= here;
        access.any |= here;
        end = alike_up_to(mpu, address, last);
        address = end + 1u;
    } while (end != last);
    return access;
}
