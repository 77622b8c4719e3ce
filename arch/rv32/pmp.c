/* From a task's regions to the values of the PMP registers, and back. */
#include "arch/rv32/pmp.h"

#define WORD_SHIFT 2u

static uint32_t cfg_of(const struct sys_region *region)
{
    uint32_t value = 0;

    /* Write without read is a reserved combination, and execute without read saves nobody. */
    if (region->access != 0) {
        value |= PMP_R;
    }
    if ((region->access & SYS_WRITE) != 0) {
        value |= PMP_W;
    }
    /* Write and execute never go together, whatever the tables say. */
    if ((region->access & SYS_EXECUTE) != 0 && (region->access & SYS_WRITE) == 0 &&
        (region->flags & SYS_REGION_DEVICE) == 0) {
        value |= PMP_X;
    }
    return value;
}

/* One entry says it all: the size is a power of two from 8 on, and divides the base. */
static bool is_napot(const struct sys_region *region)
{
    return region->bytes >= 2u * PMP_GRAIN && (region->bytes & (region->bytes - 1u)) == 0 &&
           (region->base & (region->bytes - 1u)) == 0;
}

/* How a region goes into entries. */
enum shape {
    SHAPE_POWER, /* one entry, NAPOT */
    SHAPE_TOP,   /* one entry, top-of-range: what lies before it is its bottom */
    SHAPE_PAIR,  /* its bottom in an entry that is off, and its top */
};

/* What the regions so far have come to. */
struct place {
    uint32_t used;     /* entries */
    uint32_t end;      /* behind the last region */
    bool top_of_range; /* that region's entry, so `end` is in its address register */
};

/*
 * A region that continues a top-of-range one stays top-of-range, be it a power of two or not:
 * else the next one would need a bottom again, and a region that is cut in pieces more entries
 * than pmp_entries_most() says. A region from address 0 has its bottom in hardware.
 */
static enum shape shape_of(const struct sys_region *region, const struct place *place)
{
    if (place->top_of_range && place->end == region->base) {
        return SHAPE_TOP;
    }
    if (is_napot(region)) {
        return SHAPE_POWER;
    }
    return place->used == 0 && region->base == 0 ? SHAPE_TOP : SHAPE_PAIR;
}

static void advance(struct place *place, const struct sys_region *region, enum shape shape)
{
    place->used += shape == SHAPE_PAIR ? 2u : 1u;
    place->end = region->base + region->bytes;
    place->top_of_range = shape != SHAPE_POWER;
}

uint32_t pmp_entries(const struct sys_region *region, uint32_t count)
{
    struct place place = {0};

    for (uint32_t i = 0; i < count; i++) {
        advance(&place, &region[i], shape_of(&region[i], &place));
    }
    return place.used;
}

uint32_t pmp_entries_most(const struct sys_region *region, bool whole, uint32_t edges,
                          uint32_t holes)
{
    return whole && is_napot(region) ? 1u : 2u + edges + 2u * holes;
}

static void put(struct rv32_mpu_image *image, uint32_t index, uint32_t addr, uint32_t cfg)
{
    image->addr[index] = addr;
    image->cfg[index / 4u] |= cfg << index % 4u * 8u;
}

/* The first address behind a region, in words; of one that ends at the top of memory 2^30. */
static uint32_t top_of(const struct sys_region *region)
{
    return (region->base >> WORD_SHIFT) + (region->bytes >> WORD_SHIFT);
}

static void put_region(struct rv32_mpu_image *image, uint32_t index,
                       const struct sys_region *region, enum shape shape)
{
    uint32_t base = region->base >> WORD_SHIFT;

    switch (shape) {
    case SHAPE_POWER:
        /* Ones below the base, one fewer than the size in words has zeros: 8 bytes have 0. */
        put(image, index, base | (region->bytes / (2u * PMP_GRAIN) - 1u),
            cfg_of(region) | PMP_A_NAPOT);
        break;
    case SHAPE_PAIR:
        put(image, index++, base, PMP_A_OFF); /* matches nothing; its address is the bottom */
        put(image, index, top_of(region), cfg_of(region) | PMP_A_TOR);
        break;
    case SHAPE_TOP:
        put(image, index, top_of(region), cfg_of(region) | PMP_A_TOR);
        break;
    }
}

bool pmp_compile(const struct sys_region *region, uint32_t count, struct rv32_mpu_image *image)
{
    struct place place = {0};

    *image = (struct rv32_mpu_image){0};
    for (uint32_t i = 0; i < count; i++) {
        enum shape shape = shape_of(&region[i], &place);
        uint32_t index = place.used;

        advance(&place, &region[i], shape);
        if (place.used > PMP_ENTRIES) {
            return false;
        }
        put_region(image, index, &region[i], shape);
    }
    return true;
}

static uint32_t cfg_at(const struct rv32_mpu_image *image, uint32_t index)
{
    return image->cfg[index / 4u] >> index % 4u * 8u & PMP_CFG_MASK;
}

static uint32_t access_of(uint32_t cfg)
{
    return ((cfg & PMP_R) != 0 ? SYS_READ : 0u) | ((cfg & PMP_W) != 0 ? SYS_WRITE : 0u) |
           ((cfg & PMP_X) != 0 ? SYS_EXECUTE : 0u);
}

struct pmp_range pmp_range(const struct rv32_mpu_image *image, uint32_t index)
{
    uint32_t cfg = cfg_at(image, index);
    uint64_t addr = image->addr[index];
    uint64_t base = 0;
    uint64_t end = 0;

    switch (cfg & PMP_A) {
    case PMP_A_TOR:
        base = index == 0 ? 0 : (uint64_t)image->addr[index - 1u] << WORD_SHIFT;
        end = addr << WORD_SHIFT;
        break;
    case PMP_A_NA4:
        base = addr << WORD_SHIFT;
        end = base + PMP_GRAIN;
        break;
    case PMP_A_NAPOT:
        /* The lowest zero and the ones below it are no part of the base. */
        base = (addr & (addr + 1u)) << WORD_SHIFT;
        end = base + ((addr ^ (addr + 1u)) + 1u) * PMP_GRAIN;
        break;
    default: /* off */
        break;
    }
    return (struct pmp_range){base, end, access_of(cfg)};
}

bool pmp_allows(const struct rv32_mpu_image *image, uint32_t address, uint32_t bytes,
                uint32_t access)
{
    uint64_t end = (uint64_t)address + bytes;

    for (uint32_t i = 0; i < PMP_ENTRIES; i++) {
        struct pmp_range range = pmp_range(image, i);

        if (address < range.end && end > range.base && range.base < range.end) {
            return address >= range.base && end <= range.end && (range.access & access) == access;
        }
    }
    return false;
}
