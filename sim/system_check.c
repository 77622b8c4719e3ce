/* The boot tables, checked before the kernel believes them.
 *
 * The builder made them and checked what they mean; here it is only asked whether
 * the kernel could run on them without stepping outside its arrays. No bytes
 * that a user hands to the library may end in an assertion of the kernel.
 */
#include <string.h>

#include "arch/armv8m/frame.h"
#include "sim/machine.h"

#define FLAGS_ALL  (SYS_REGION_DEVICE | SYS_REGION_SHARED)
#define GRAIN      32u
#define PRIORITIES 32u

#define BAD(sim, ...) machine_error(sim, K5SIM_BAD_SYSTEM, "boot tables: " __VA_ARGS__)

static int check_table(struct k5sim *sim, const struct sys_header *h, const char *name,
                       uint32_t offset, uint32_t count, uint32_t each)
{
    uint64_t end = (uint64_t)offset + (uint64_t)count * each;

    if (offset % 4 != 0 || offset < h->header_bytes || end > h->total_bytes) {
        return BAD(sim, "%s at offset %u, %u of them, do not fit %u bytes", name, (unsigned)offset,
                   (unsigned)count, (unsigned)h->total_bytes);
    }
    return K5SIM_OK;
}

static int check_header(struct k5sim *sim, const struct sys_header *h, size_t bytes)
{
    if (h->magic != SYS_MAGIC) {
        return BAD(sim, "magic number is 0x%08x, not 0x%08x", (unsigned)h->magic, SYS_MAGIC);
    }
    if (h->version != SYS_VERSION || h->header_bytes != sizeof *h) {
        return BAD(sim, "version %u with a header of %u bytes, this is version %u with %zu",
                   h->version, h->header_bytes, SYS_VERSION, sizeof *h);
    }
    if (h->total_bytes != bytes) {
        return BAD(sim, "say that they have %u bytes, but have %zu", (unsigned)h->total_bytes,
                   bytes);
    }
    if (h->task_count < 1 || h->task_count > CFG_TASKS || h->thread_count > CFG_THREADS ||
        h->endpoint_count > CFG_ENDPOINTS || h->slot_count > CFG_SLOTS) {
        return BAD(sim, "%u tasks, %u threads, %u endpoints, %u slots; at most %u, %u, %u, %u",
                   h->task_count, h->thread_count, h->endpoint_count, h->slot_count, CFG_TASKS,
                   CFG_THREADS, CFG_ENDPOINTS, CFG_SLOTS);
    }
    if (h->mpu_regions > sim->mpu_regions) {
        return BAD(sim, "want %u MPU regions, the board has %u", h->mpu_regions,
                   (unsigned)sim->mpu_regions);
    }
    return h->tick_hz != 0 ? K5SIM_OK : BAD(sim, "tick_hz is 0");
}

static int check_layout(struct k5sim *sim, const struct sys_header *h)
{
    const struct {
        const char *name;
        uint32_t offset;
        uint32_t count;
        uint32_t each;
    } tables[] = {
        {"tasks", h->tasks_offset, h->task_count, sizeof(struct sys_task)},
        {"threads", h->threads_offset, h->thread_count, sizeof(struct sys_thread)},
        {"endpoints", h->endpoints_offset, h->endpoint_count, sizeof(struct sys_endpoint)},
        {"capabilities", h->caps_offset, h->cap_count, sizeof(struct sys_cap)},
        {"regions", h->regions_offset, h->region_count, sizeof(struct sys_region)},
    };
    int result = K5SIM_OK;

    for (size_t i = 0; result == K5SIM_OK && i < sizeof tables / sizeof tables[0]; i++) {
        result =
            check_table(sim, h, tables[i].name, tables[i].offset, tables[i].count, tables[i].each);
    }
    return result;
}

static const void *at(const struct sys_header *h, uint32_t offset)
{
    return (const uint8_t *)h + offset;
}

static int check_task(struct k5sim *sim, const struct sys_header *h, unsigned i)
{
    const struct sys_task *task = (const struct sys_task *)at(h, h->tasks_offset) + i;

    if (task->first_region + task->region_count > h->region_count ||
        task->region_count > h->mpu_regions) {
        return BAD(sim, "task %u: regions %u to %u; there are %u, and %u for each task", i,
                   task->first_region, task->first_region + task->region_count, h->region_count,
                   h->mpu_regions);
    }
    if (task->first_cap + task->cap_count > h->cap_count || task->cap_count > task->slot_count ||
        task->first_slot + task->slot_count > h->slot_count) {
        return BAD(sim, "task %u: capabilities or slots outside their tables", i);
    }
    if (i > 0 && task->first_slot < task[-1].first_slot + task[-1].slot_count) {
        return BAD(sim, "task %u: its slots are another task's as well", i);
    }
    if (task->first_thread + task->thread_count > h->thread_count) {
        return BAD(sim, "task %u: threads %u to %u; there are %u", i, task->first_thread,
                   task->first_thread + task->thread_count, h->thread_count);
    }
    return task->policy <= SYS_POLICY_STOP ? K5SIM_OK
                                           : BAD(sim, "task %u: policy %u", i, task->policy);
}

/* Each thread that a task lists must be its own. */
static int check_ownership(struct k5sim *sim, const struct sys_header *h, unsigned i)
{
    const struct sys_task *task = (const struct sys_task *)at(h, h->tasks_offset) + i;
    const struct sys_thread *threads = at(h, h->threads_offset);

    for (unsigned k = task->first_thread; k < task->first_thread + task->thread_count; k++) {
        if (threads[k].task != i) {
            return BAD(sim, "task %u lists thread %u, which belongs to task %u", i, k,
                       threads[k].task);
        }
    }
    return K5SIM_OK;
}

/* The hardware has no write-only and no execute-only regions, and nothing may be W and X. */
static bool is_possible(uint32_t access)
{
    return access == 0 || access == SYS_READ || access == (SYS_READ | SYS_WRITE) ||
           access == (SYS_READ | SYS_EXECUTE);
}

static int check_region(struct k5sim *sim, unsigned task, const struct sys_region *region)
{
    uint32_t last = region->base + (region->bytes - 1u);
    const struct memory_range *range = memory_range_of(sim->memory, region->base);
    bool device = (region->flags & SYS_REGION_DEVICE) != 0;

    if (region->base % GRAIN != 0 || region->bytes % GRAIN != 0 || region->bytes == 0 ||
        last < region->base) {
        return BAD(sim, "task %u: region 0x%08x + 0x%x is not made of 32-byte grains", task,
                   (unsigned)region->base, (unsigned)region->bytes);
    }
    if (!is_possible(region->access) || (region->flags & ~FLAGS_ALL) != 0) {
        return BAD(sim, "task %u: region 0x%08x has access %u, flags %u", task,
                   (unsigned)region->base, region->access, region->flags);
    }
    if (!device && memory_host(sim->memory, region->base, region->bytes) == NULL) {
        return BAD(sim, "task %u: region 0x%08x + 0x%x is not in one memory of the board", task,
                   (unsigned)region->base, (unsigned)region->bytes);
    }
    if (!device && (region->access & SYS_WRITE) != 0 && !range->writable) {
        return BAD(sim, "task %u: region 0x%08x is writable, but lies in flash", task,
                   (unsigned)region->base);
    }
    return K5SIM_OK;
}

static int check_regions(struct k5sim *sim, const struct sys_header *h, unsigned i)
{
    const struct sys_task *task = (const struct sys_task *)at(h, h->tasks_offset) + i;
    const struct sys_region *region =
        (const struct sys_region *)at(h, h->regions_offset) + task->first_region;

    for (unsigned k = 0; k < task->region_count; k++) {
        int result = check_region(sim, i, &region[k]);

        if (result != K5SIM_OK) {
            return result;
        }
        if (k > 0 && region[k].base - 1u < region[k - 1].base + (region[k - 1].bytes - 1u)) {
            return BAD(sim, "task %u: region 0x%08x is not behind the one before it", i,
                       (unsigned)region[k].base);
        }
    }
    uint32_t entries = sim->guest->port->mpu_entries(region, task->region_count);

    if (entries > sim->mpu_regions) {
        return BAD(sim, "task %u: its regions take %u entries of the protection unit, of %u", i,
                   (unsigned)entries, (unsigned)sim->mpu_regions);
    }
    return K5SIM_OK;
}

static bool overlap(const struct sys_region *a, const struct sys_region *b)
{
    return a->base - b->base < b->bytes || b->base - a->base < a->bytes;
}

/* What one task may write is no other's, unless both regions say that they are shared. */
static int check_sharing(struct k5sim *sim, const struct sys_header *h, unsigned i, unsigned k)
{
    const struct sys_task *tasks = at(h, h->tasks_offset);
    const struct sys_region *regions = at(h, h->regions_offset);

    for (unsigned m = 0; m < tasks[i].region_count; m++) {
        const struct sys_region *a = &regions[tasks[i].first_region + m];

        for (unsigned n = 0; n < tasks[k].region_count; n++) {
            const struct sys_region *b = &regions[tasks[k].first_region + n];

            if (overlap(a, b) && ((a->access | b->access) & SYS_WRITE) != 0 &&
                (a->flags & b->flags & SYS_REGION_SHARED) == 0) {
                return BAD(sim, "tasks %u and %u both have 0x%08x, writable and not shared", k, i,
                           (unsigned)(a->base > b->base ? a->base : b->base));
            }
        }
    }
    return K5SIM_OK;
}

static int check_all_sharing(struct k5sim *sim, const struct sys_header *h)
{
    for (unsigned i = 1; i < h->task_count; i++) {
        for (unsigned k = 0; k < i; k++) {
            int result = check_sharing(sim, h, i, k);

            if (result != K5SIM_OK) {
                return result;
            }
        }
    }
    return K5SIM_OK;
}

/* Is [base, base + bytes) all in one region of the task that it may write? */
static bool is_writable(const struct sys_header *h, const struct sys_task *task, uint32_t base,
                        uint32_t bytes)
{
    const struct sys_region *region =
        (const struct sys_region *)at(h, h->regions_offset) + task->first_region;

    for (unsigned i = 0; i < task->region_count; i++) {
        uint32_t offset = base - region[i].base;

        if (offset < region[i].bytes && bytes <= region[i].bytes - offset &&
            (region[i].access & SYS_WRITE) != 0 && (region[i].flags & SYS_REGION_DEVICE) == 0) {
            return true;
        }
    }
    return false;
}

static int check_thread(struct k5sim *sim, const struct sys_header *h, unsigned i)
{
    const struct sys_thread *thread = (const struct sys_thread *)at(h, h->threads_offset) + i;
    const struct sys_task *tasks = at(h, h->tasks_offset);

    if (thread->task >= h->task_count ||
        i - tasks[thread->task].first_thread >= tasks[thread->task].thread_count) {
        return BAD(sim, "thread %u: belongs to task %u, which does not list it", i, thread->task);
    }
    if (thread->priority >= PRIORITIES) {
        return BAD(sim, "thread %u: priority %u, at most %u", i, thread->priority, PRIORITIES - 1u);
    }
    uint32_t bytes = thread->stack_top - thread->stack_base;

    if (thread->stack_base % 8 != 0 || thread->stack_top % 8 != 0 ||
        thread->stack_top < thread->stack_base || bytes < FRAME_BYTES ||
        !is_writable(h, &tasks[thread->task], thread->stack_base, bytes)) {
        return BAD(sim, "thread %u: stack 0x%08x to 0x%08x is no writable memory of its task", i,
                   (unsigned)thread->stack_base, (unsigned)thread->stack_top);
    }
    if (thread->budget > INT32_MAX || thread->overrun > INT32_MAX) {
        return BAD(sim, "thread %u: budget %u, overrun %u; at most %d", i, (unsigned)thread->budget,
                   (unsigned)thread->overrun, INT32_MAX);
    }
    return K5SIM_OK;
}

static int check_objects(struct k5sim *sim, const struct sys_header *h)
{
    const struct sys_endpoint *endpoint = at(h, h->endpoints_offset);
    const struct sys_cap *cap = at(h, h->caps_offset);

    for (unsigned i = 0; i < h->endpoint_count; i++) {
        if (endpoint[i].receiver >= h->thread_count) {
            return BAD(sim, "endpoint %u: received by thread %u; there are %u", i,
                       endpoint[i].receiver, h->thread_count);
        }
    }
    for (unsigned i = 0; i < h->cap_count; i++) {
        if (cap[i].kind > K5_KIND_ENDPOINT ||
            (cap[i].kind == K5_KIND_ENDPOINT && cap[i].object >= h->endpoint_count)) {
            return BAD(sim, "capability %u: kind %u to object %u", i, cap[i].kind, cap[i].object);
        }
    }
    return K5SIM_OK;
}

int system_check(struct k5sim *sim, const void *blob, size_t bytes)
{
    const struct sys_header *h = blob;

    if (bytes < sizeof *h) {
        return BAD(sim, "%zu bytes are too few", bytes);
    }
    int result = check_header(sim, h, bytes);

    if (result == K5SIM_OK) {
        result = check_layout(sim, h);
    }
    for (unsigned i = 0; result == K5SIM_OK && i < h->task_count; i++) {
        result = check_task(sim, h, i);
        if (result == K5SIM_OK) {
            result = check_ownership(sim, h, i);
        }
        if (result == K5SIM_OK) {
            result = check_regions(sim, h, i);
        }
    }
    if (result == K5SIM_OK) {
        result = check_all_sharing(sim, h);
    }
    for (unsigned i = 0; result == K5SIM_OK && i < h->thread_count; i++) {
        result = check_thread(sim, h, i);
    }
    return result == K5SIM_OK ? check_objects(sim, h) : result;
}
