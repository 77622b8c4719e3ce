/* The memory protection unit as unprivileged code meets it: PMSAv8 or PMP. */
#include "sim/cpu/mpu.h"

#include "arch/armv8m/pmsav8.h"
#include "arch/rv32/pmp.h"
#include "kernel/system.h"

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

void mpu_list_pmsav8(struct mpu_entries *entries, const struct armv8m_mpu_image *image,
                     uint32_t count)
{
    entries->count = 0;
    for (uint32_t i = 0; i < count && i < PMSAV8_REGIONS; i++) {
        uint32_t rbar = image->region[i].rbar;
        uint32_t rlar = image->region[i].rlar;

        if ((rlar & PMSAV8_RLAR_EN) != 0) {
            entries->entry[entries->count++] = (struct mpu_entry){
                pmsav8_first_byte(rbar),
                pmsav8_last_byte(rlar) + UINT64_C(1),
                pmsav8_access(rbar, rlar),
            };
        }
    }
}

void mpu_build_pmsav8(struct mpu *mpu, const struct mpu_entries *entries)
{
    *mpu = (struct mpu){.grain = MPU_PMSAV8_GRAIN};
    for (uint32_t i = 0; i < entries->count; i++) {
        const struct mpu_entry *entry = &entries->entry[i];

        if (entry->base < entry->end) {
            mpu->region[mpu->count++] = (struct mpu_region){
                (uint32_t)entry->base,
                (uint32_t)(entry->end - 1u),
                entry->access,
            };
        }
    }
    mpu->disjoint = is_disjoint(mpu);
}

void mpu_decode_pmsav8(struct mpu *mpu, const struct armv8m_mpu_image *image, uint32_t count)
{
    struct mpu_entries entries;

    mpu_list_pmsav8(&entries, image, count);
    mpu_build_pmsav8(mpu, &entries);
}

/* ---------------------------------------------------------------- PMP */

#define TOP     (UINT64_C(1) << 32)
#define BORDERS (2u * PMP_ENTRIES)
_Static_assert(MPU_REGIONS >= BORDERS - 1u, "pieces between the borders of all entries");
_Static_assert(MPU_ENTRIES >= PMP_ENTRIES, "room for all of them");
_Static_assert(MPU_ENTRIES >= PMSAV8_REGIONS, "and of the other unit's");

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
static uint32_t access_at(const struct mpu_entries *entries, uint64_t at)
{
    for (uint32_t i = 0; i < entries->count; i++) {
        if (at >= entries->entry[i].base && at < entries->entry[i].end) {
            return entries->entry[i].access;
        }
    }
    return 0;
}

void mpu_list_pmp(struct mpu_entries *entries, const struct rv32_mpu_image *image, uint32_t count)
{
    entries->count = 0;
    for (uint32_t i = 0; i < count && i < PMP_ENTRIES; i++) {
        const struct pmp_range range = pmp_range(image, i);
        uint64_t end = range.end < TOP ? range.end : TOP;

        if (range.base < end) {
            entries->entry[entries->count++] = (struct mpu_entry){range.base, end, range.access};
        }
    }
}

void mpu_build_pmp(struct mpu *mpu, const struct mpu_entries *entries)
{
    struct borders borders = {.count = 0};

    for (uint32_t i = 0; i < entries->count; i++) {
        if (entries->entry[i].base < entries->entry[i].end) {
            add_border(&borders, entries->entry[i].base);
            add_border(&borders, entries->entry[i].end);
        }
    }
    *mpu = (struct mpu){.grain = MPU_PMP_GRAIN};
    for (uint32_t i = 0; i + 1u < borders.count; i++) {
        uint32_t access = access_at(entries, borders.at[i]);

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

void mpu_decode_pmp(struct mpu *mpu, const struct rv32_mpu_image *image, uint32_t count)
{
    struct mpu_entries entries;

    mpu_list_pmp(&entries, image, count);
    mpu_build_pmp(mpu, &entries);
}

/* ---------------------------------------------------------------- ranges */

static void add_piece(struct mpu *mpu, uint64_t first, uint64_t last, uint32_t access)
{
    if (first <= last && mpu->count < MPU_REGIONS) {
        mpu->region[mpu->count++] = (struct mpu_region){(uint32_t)first, (uint32_t)last, access};
    }
}

void mpu_protect(struct mpu *mpu, uint32_t first, uint32_t last)
{
    const struct mpu before = *mpu;

    mpu->count = 0;
    for (uint32_t i = 0; i < before.count; i++) {
        const struct mpu_region *r = &before.region[i];

        if ((r->access & SYS_WRITE) == 0 || r->first > last || r->last < first) {
            add_piece(mpu, r->first, r->last, r->access);
            continue;
        }
        uint64_t from = r->first > first ? r->first : first;
        uint64_t to = r->last < last ? r->last : last;

        if (r->first < from) {
            add_piece(mpu, r->first, from - 1u, r->access);
        }
        add_piece(mpu, from, to, r->access & ~(uint32_t)SYS_WRITE);
        add_piece(mpu, to + 1u, r->last, r->access);
    }
}

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
