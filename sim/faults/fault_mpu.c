/* Faults of the protection unit: it takes a region for another one than the kernel programmed.
 *
 * They work on what the registers say, before regions are decided between: so what overlaps is
 * refused on Armv8-M, and on RV32 is the lower entry's, as in hardware. What the unit lets pass
 * that way meets the machine as it is: flash cannot be stored to.
 */
#include "sim/machine.h"

#define TOP (UINT64_C(1) << 32)

static bool is_inside(int64_t base, int64_t end)
{
    return base >= 0 && base < end && end <= (int64_t)TOP;
}

/* Borders that leave the address space take the region with them. */
static void change(struct mpu_entry *entry, const struct fault_region *fault)
{
    int64_t base = (int64_t)entry->base;
    int64_t end = (int64_t)entry->end;

    if (fault->kind == K5SIM_FAULT_REGION_DROP) {
        end = base;
    } else if (fault->kind == K5SIM_FAULT_REGION_SHIFT) {
        base += fault->by;
        end += fault->by;
    } else if (fault->by < 0) {
        base += fault->by;
    } else {
        end += fault->by;
    }
    entry->base = is_inside(base, end) ? (uint64_t)base : entry->base;
    entry->end = is_inside(base, end) ? (uint64_t)end : entry->base;
}

void faults_decode_mpu(const struct k5sim *sim, uint32_t task, struct mpu_entries *entries,
                       struct mpu *mpu)
{
    bool changed = false;

    for (uint32_t i = 0; i < sim->faults.region_count; i++) {
        const struct fault_region *fault = &sim->faults.region[i];

        if (fault->task == task && fault->place < entries->count) {
            change(&entries->entry[fault->place], fault);
            changed = true;
        }
    }
    sim->guest->build_mpu(mpu, entries);
    for (uint32_t i = 0; changed && i < sim->memory->count; i++) {
        const struct memory_range *range = &sim->memory->range[i];

        if (!range->writable) {
            mpu_protect(mpu, range->base, range->base + (range->bytes - 1u));
        }
    }
}

static bool has_fault(const struct k5sim *sim, uint32_t task)
{
    uint32_t i = 0;

    while (i < sim->faults.region_count && sim->faults.region[i].task != task) {
        i++;
    }
    return i < sim->faults.region_count;
}

/* Calls `act` for each part of a RAM in which the task may do all of `want`. */
static void for_parts(struct k5sim *sim, uint32_t task, uint32_t want, struct cpu *cpu,
                      void (*act)(struct k5sim *sim, struct cpu *cpu, uint32_t at, uint32_t bytes))
{
    const struct mpu *mpu = &sim->task[task].mpu;

    for (uint32_t i = 0; i < mpu->count; i++) {
        const struct mpu_region *region = &mpu->region[i];

        for (uint32_t k = 0; (region->access & want) == want && k < sim->memory->count; k++) {
            const struct memory_range *range = &sim->memory->range[k];
            uint32_t range_last = range->base + (range->bytes - 1u);
            uint32_t first = region->first > range->base ? region->first : range->base;
            uint32_t last = region->last < range_last ? region->last : range_last;

            if (range->writable && first <= last) {
                act(sim, cpu, first, last - first + 1u);
            }
        }
    }
}

static void touch(struct k5sim *sim, struct cpu *cpu, uint32_t at, uint32_t bytes)
{
    (void)cpu;
    memory_touch(sim->memory, at, bytes);
}

void faults_touch(struct k5sim *sim, uint32_t task)
{
    if (has_fault(sim, task)) {
        for_parts(sim, task, SYS_WRITE, NULL, touch);
    }
}

static void renew(struct k5sim *sim, struct cpu *cpu, uint32_t at, uint32_t bytes)
{
    (void)sim;
    cpu_code_written(cpu, at, bytes);
}

void faults_refresh_code(struct k5sim *sim, uint32_t task, struct cpu *cpu)
{
    if (has_fault(sim, task)) {
        for_parts(sim, task, SYS_EXECUTE, cpu, renew);
    }
}

void fault_refresh_regions(struct k5sim *sim)
{
    for (uint32_t i = 0; i < CFG_TASKS; i++) {
        machine_refresh_mpu(sim, i);
    }
}

/* ---------------------------------------------------------------- from the outside */

static int check_bytes(struct k5sim *sim, const struct k5sim_fault *f, uint32_t grain)
{
    if (f->kind != K5SIM_FAULT_REGION_DROP && f->value % (int32_t)grain != 0) {
        return machine_error(sim, K5SIM_BAD_ARGUMENT,
                             "%d bytes: regions of this protection unit end at multiples of %u",
                             (int)f->value, (unsigned)grain);
    }
    return K5SIM_OK;
}

/* One that leaves the address space is a mistake of the caller's, if it does so at once. */
static int check_place(struct k5sim *sim, const struct k5sim_fault *f,
                       const struct fault_region *fault)
{
    struct mpu_entries entries;

    machine_list_mpu(sim, f->task, &entries);
    int result = fault_check(sim, "region", f->where, entries.count);

    if (result != K5SIM_OK || f->kind == K5SIM_FAULT_REGION_DROP) {
        return result;
    }
    struct mpu_entry entry = entries.entry[f->where];

    change(&entry, fault);
    if (entry.base == entry.end) {
        return machine_error(sim, K5SIM_BAD_ARGUMENT,
                             "%d bytes take region %u out of the address space", (int)f->value,
                             (unsigned)f->where);
    }
    return K5SIM_OK;
}

int fault_region(struct k5sim *sim, const struct k5sim_fault *f)
{
    const struct fault_region fault = {f->task, f->where, f->kind, f->value};
    struct faults *faults = &sim->faults;
    struct mpu mpu;
    int result = fault_check(sim, "task", f->task, sim->system->task_count);

    if (result == K5SIM_OK) {
        machine_view(sim, f->task, &mpu);
        result = check_bytes(sim, f, mpu.grain);
    }
    if (result == K5SIM_OK) {
        result = check_place(sim, f, &fault);
    }
    if (result != K5SIM_OK) {
        return result;
    }
    if (f->kind != K5SIM_FAULT_REGION_DROP && f->value == 0) {
        return K5SIM_NOTHING;
    }
    if (faults->region_count == FAULT_REGIONS) {
        return machine_error(sim, K5SIM_BAD_ARGUMENT, "%u regions with faults are the most",
                             FAULT_REGIONS);
    }
    result = fault_begins(sim, f);
    if (result == K5SIM_OK) {
        faults->region[faults->region_count++] = fault;
        machine_refresh_mpu(sim, f->task);
    }
    return result;
}
