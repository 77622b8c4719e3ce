/* Regions and region objects of the boot tables, and who shares what. */
#include "sim/system_check.h"

#define GRAIN 32u

/* The hardware has no write-only and no execute-only regions, and nothing may be W and X. */
static bool is_possible(uint32_t access)
{
    return access == 0 || access == SYS_READ || access == (SYS_READ | SYS_WRITE) ||
           access == (SYS_READ | SYS_EXECUTE);
}

/* `what` and `i` name the region: "task 3: region", "object". */
static int check_region(struct k5sim *sim, const char *what, unsigned i,
                        const struct sys_region *region)
{
    uint32_t last = region->base + (region->bytes - 1u);
    const struct memory_range *range = memory_range_of(sim->memory, region->base);
    bool device = (region->flags & SYS_REGION_DEVICE) != 0;
    unsigned base = (unsigned)region->base;

    if (region->base % GRAIN != 0 || region->bytes % GRAIN != 0 || region->bytes == 0 ||
        last < region->base) {
        return BAD(sim, "%s %u: region 0x%08x + 0x%x is not made of 32-byte grains", what, i, base,
                   (unsigned)region->bytes);
    }
    if (!is_possible(region->access) || (device && (region->access & SYS_EXECUTE) != 0)) {
        return BAD(sim, "%s %u: region 0x%08x has access %u, flags %u", what, i, base,
                   region->access, region->flags);
    }
    if (!device && memory_host(sim->memory, region->base, region->bytes) == NULL) {
        return BAD(sim, "%s %u: region 0x%08x + 0x%x is not in one memory of the board", what, i,
                   base, (unsigned)region->bytes);
    }
    if (!device && (region->access & SYS_WRITE) != 0 && !range->writable) {
        return BAD(sim, "%s %u: region 0x%08x is writable, but lies in flash", what, i, base);
    }
    return K5SIM_OK;
}

static bool overlap(const struct sys_region *a, const struct sys_region *b)
{
    return system_overlap(a->base, a->bytes, b->base, b->bytes);
}

/* ---------------------------------------------------------------- tasks' regions */

static int check_regions(struct k5sim *sim, const struct tables *t, unsigned i)
{
    const struct sys_task *task = &t->task[i];
    const struct sys_region *region = &t->region[task->first_region];
    uint32_t entries = 0;

    for (unsigned k = 0; k < task->region_count; k++) {
        int result = check_region(sim, "task", i, &region[k]);

        if (result != K5SIM_OK) {
            return result;
        }
        if ((region[k].flags & ~(SYS_REGION_DEVICE | SYS_REGION_SHARED)) != 0) {
            return BAD(sim, "task %u: region 0x%08x has flags %u, at most %u", i,
                       (unsigned)region[k].base, region[k].flags,
                       SYS_REGION_DEVICE | SYS_REGION_SHARED);
        }
        if (k > 0 && region[k].base - 1u < region[k - 1].base + (region[k - 1].bytes - 1u)) {
            return BAD(sim, "task %u: region 0x%08x is not behind the one before it", i,
                       (unsigned)region[k].base);
        }
        entries += sim->guest->port->mpu_entries(&region[k], true, 0, 0); /* as the kernel counts */
    }
    if (entries > t->header->mpu_regions) {
        return BAD(sim, "task %u: its regions take %u entries of the protection unit, of %u", i,
                   (unsigned)entries, t->header->mpu_regions);
    }
    return K5SIM_OK;
}

/* What one task may write is no other's, unless both regions say that they are shared. */
static int check_sharing(struct k5sim *sim, const struct tables *t, unsigned i, unsigned k)
{
    for (unsigned m = 0; m < t->task[i].region_count; m++) {
        const struct sys_region *a = &t->region[t->task[i].first_region + m];

        for (unsigned n = 0; n < t->task[k].region_count; n++) {
            const struct sys_region *b = &t->region[t->task[k].first_region + n];

            if (overlap(a, b) && ((a->access | b->access) & SYS_WRITE) != 0 &&
                (a->flags & b->flags & SYS_REGION_SHARED) == 0) {
                return BAD(sim, "tasks %u and %u both have 0x%08x, writable and not shared", k, i,
                           (unsigned)(a->base > b->base ? a->base : b->base));
            }
        }
    }
    return K5SIM_OK;
}

static int check_all_sharing(struct k5sim *sim, const struct tables *t)
{
    for (unsigned i = 1; i < t->header->task_count; i++) {
        for (unsigned k = 0; k < i; k++) {
            int result = check_sharing(sim, t, i, k);

            if (result != K5SIM_OK) {
                return result;
            }
        }
    }
    return K5SIM_OK;
}

/* ---------------------------------------------------------------- region objects */

/* Nothing else may lie where an object is: who has it mapped changes at run time. */
static int check_object_alone(struct k5sim *sim, const struct tables *t, unsigned i)
{
    const struct sys_region *object = &t->object[i];

    for (unsigned k = 0; k < i; k++) {
        if (overlap(object, &t->object[k])) {
            return BAD(
                sim, "objects %u and %u both have 0x%08x", k, i,
                (unsigned)(object->base > t->object[k].base ? object->base : t->object[k].base));
        }
    }
    for (unsigned k = 0; k < t->header->region_count; k++) {
        const struct sys_region *region = &t->region[k];
        bool shared = (object->flags & region->flags & SYS_REGION_SHARED) != 0;

        if (overlap(object, region) && !shared) {
            return BAD(sim, "object %u at 0x%08x lies in region 0x%08x of a task", i,
                       (unsigned)object->base, (unsigned)region->base);
        }
    }
    return K5SIM_OK;
}

/* The task whose table slot `home` is in, which begins with a capability there; or NULL. */
static const struct sys_cap *initial_cap(const struct tables *t, uint32_t home)
{
    for (unsigned i = 0; i < t->header->task_count; i++) {
        uint32_t slot = home - t->task[i].first_slot;

        if (slot < t->task[i].cap_count) {
            return &t->cap[t->task[i].first_cap + slot];
        }
    }
    return NULL;
}

static int check_movable(struct k5sim *sim, const struct tables *t, unsigned i)
{
    const struct sys_region *object = &t->object[i];
    const struct sys_cap *home = initial_cap(t, object->home);
    const struct memory_range *range = memory_range_of(sim->memory, object->base);
    unsigned holders = 0;

    if (range == NULL || !range->writable) {
        return BAD(sim, "object %u at 0x%08x is movable, but does not lie in RAM", i,
                   (unsigned)object->base);
    }
    if (home == NULL || home->kind != K5_KIND_REGION || home->object != i) {
        return BAD(sim, "object %u: its home, slot %u, does not begin with its capability", i,
                   object->home);
    }
    for (unsigned k = 0; k < t->header->cap_count; k++) {
        holders += t->cap[k].kind == K5_KIND_REGION && t->cap[k].object == i;
    }
    return holders == 1
               ? K5SIM_OK
               : BAD(sim, "object %u is movable and has %u capabilities, not one", i, holders);
}

static int check_object(struct k5sim *sim, const struct tables *t, unsigned i)
{
    const struct sys_region *object = &t->object[i];
    bool movable = (object->flags & SYS_REGION_MOVABLE) != 0;
    uint32_t kind =
        movable ? SYS_REGION_MOVABLE : object->flags & (SYS_REGION_SHARED | SYS_REGION_DEVICE);
    int result = check_region(sim, "object", i, object);

    if (result != K5SIM_OK) {
        return result;
    }
    if (object->flags != kind || (!movable && (kind & SYS_REGION_SHARED) == 0)) {
        return BAD(sim, "object %u: flags %u; it is movable (%u) or shared (%u, a device %u)", i,
                   object->flags, SYS_REGION_MOVABLE, SYS_REGION_SHARED,
                   SYS_REGION_SHARED | SYS_REGION_DEVICE);
    }
    if ((object->access & SYS_READ) == 0 || (object->access & SYS_EXECUTE) != 0) {
        return BAD(sim, "object %u: access %u; it is read, or read and written", i, object->access);
    }
    result = check_object_alone(sim, t, i);
    return result == K5SIM_OK && movable ? check_movable(sim, t, i) : result;
}

int system_check_memory(struct k5sim *sim, const struct tables *t)
{
    int result = K5SIM_OK;

    for (unsigned i = 0; result == K5SIM_OK && i < t->header->task_count; i++) {
        result = check_regions(sim, t, i);
    }
    if (result == K5SIM_OK) {
        result = check_all_sharing(sim, t);
    }
    for (unsigned i = 0; result == K5SIM_OK && i < t->header->object_count; i++) {
        result = check_object(sim, t, i);
    }
    return result;
}
