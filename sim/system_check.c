/* The boot tables, checked before the kernel believes them.
 *
 * The builder made them and checked what they mean; here it is only asked whether
 * the kernel could run on them without stepping outside its arrays. No bytes
 * that a user hands to the library may end in an assertion of the kernel.
 */
#include "sim/system_check.h"

#include <string.h>

#include "arch/armv8m/frame.h"

/* ---------------------------------------------------------------- the header */

static int check_counts(struct k5sim *sim, const struct sys_header *h)
{
    const struct {
        const char *name;
        uint32_t count;
        uint32_t most;
    } limits[] = {
        {"tasks", h->task_count, CFG_TASKS},
        {"threads", h->thread_count, CFG_THREADS},
        {"endpoints", h->endpoint_count, CFG_ENDPOINTS},
        {"slots", h->slot_count, CFG_SLOTS},
        {"notifications", h->notification_count, CFG_NOTIFICATIONS},
        {"interrupts", h->interrupt_count, CFG_INTERRUPTS},
        {"ports", h->port_count, CFG_PORTS},
        {"region objects", h->object_count, CFG_OBJECTS},
        {"places in queues", h->message_count, CFG_MESSAGES},
    };

    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        if (limits[i].count > limits[i].most) {
            return BAD(sim, "%u %s; the simulator has room for %u", (unsigned)limits[i].count,
                       limits[i].name, (unsigned)limits[i].most);
        }
    }
    return h->task_count != 0 ? K5SIM_OK : BAD(sim, "no tasks; there must be one");
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
    if (h->mpu_regions > sim->mpu_regions) {
        return BAD(sim, "want %u MPU regions, the board has %u", h->mpu_regions,
                   (unsigned)sim->mpu_regions);
    }
    if (h->last_resort > SYS_LAST_HALT) {
        return BAD(sim, "last resort %u, at most %u", h->last_resort, SYS_LAST_HALT);
    }
    if (h->budget_least > INT32_MAX) {
        return BAD(sim, "least budget is %u ticks, at most %d", (unsigned)h->budget_least,
                   INT32_MAX);
    }
    return h->tick_hz != 0 ? check_counts(sim, h) : BAD(sim, "tick_hz is 0");
}

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
        {"region objects", h->objects_offset, h->object_count, sizeof(struct sys_region)},
        {"notifications", h->notifications_offset, h->notification_count,
         sizeof(struct sys_notification)},
        {"interrupts", h->interrupts_offset, h->interrupt_count, sizeof(struct sys_interrupt)},
        {"ports", h->ports_offset, h->port_count, sizeof(struct sys_port)},
    };
    int result = K5SIM_OK;

    for (size_t i = 0; result == K5SIM_OK && i < sizeof tables / sizeof tables[0]; i++) {
        result =
            check_table(sim, h, tables[i].name, tables[i].offset, tables[i].count, tables[i].each);
    }
    return result;
}

static struct tables tables_of(const struct sys_header *h)
{
    const uint8_t *start = (const uint8_t *)h;

    return (struct tables){
        .header = h,
        .task = (const void *)(start + h->tasks_offset),
        .thread = (const void *)(start + h->threads_offset),
        .endpoint = (const void *)(start + h->endpoints_offset),
        .cap = (const void *)(start + h->caps_offset),
        .region = (const void *)(start + h->regions_offset),
        .object = (const void *)(start + h->objects_offset),
        .notification = (const void *)(start + h->notifications_offset),
        .interrupt = (const void *)(start + h->interrupts_offset),
        .port = (const void *)(start + h->ports_offset),
    };
}

/* ---------------------------------------------------------------- tasks */

static int check_ranges(struct k5sim *sim, const struct tables *t, unsigned i)
{
    const struct sys_header *h = t->header;
    const struct sys_task *task = &t->task[i];

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
    for (unsigned k = 0; k < i; k++) {
        const struct sys_task *other = &t->task[k];

        if (system_share_rows(task->first_slot, task->slot_count, other->first_slot,
                              other->slot_count)) {
            return BAD(sim, "tasks %u and %u have slots in common", k, i);
        }
        if (system_share_rows(task->first_cap, task->cap_count, other->first_cap,
                              other->cap_count)) {
            return BAD(sim, "tasks %u and %u have capabilities in common", k, i);
        }
    }
    if (task->first_thread + task->thread_count > h->thread_count) {
        return BAD(sim, "task %u: threads %u to %u; there are %u", i, task->first_thread,
                   task->first_thread + task->thread_count, h->thread_count);
    }
    return K5SIM_OK;
}

static int check_task(struct k5sim *sim, const struct tables *t, unsigned i)
{
    const struct sys_task *task = &t->task[i];

    if (task->policy > SYS_POLICY_STOP) {
        return BAD(sim, "task %u: policy %u, at most %u", i, task->policy, SYS_POLICY_STOP);
    }
    if ((task->flags & ~SYS_TASK_STOPPED) != 0) {
        return BAD(sim, "task %u: flags %u, of which only %u has a meaning", i, task->flags,
                   SYS_TASK_STOPPED);
    }
    if (task->supervisor != SYS_NONE && task->supervisor >= t->header->endpoint_count) {
        return BAD(sim, "task %u: supervised through endpoint %u; there are %u", i,
                   task->supervisor, t->header->endpoint_count);
    }
    /* Each thread that a task lists must be its own. */
    for (unsigned k = task->first_thread; k < task->first_thread + task->thread_count; k++) {
        if (t->thread[k].task != i) {
            return BAD(sim, "task %u lists thread %u, which belongs to task %u", i, k,
                       t->thread[k].task);
        }
    }
    return K5SIM_OK;
}

/* Once endpoints are known to have receivers. */
static int check_supervisor(struct k5sim *sim, const struct tables *t, unsigned i)
{
    uint8_t supervisor = t->task[i].supervisor;

    if (supervisor != SYS_NONE && t->thread[t->endpoint[supervisor].receiver].task == i) {
        return BAD(sim, "task %u: endpoint %u makes it its own supervisor", i, supervisor);
    }
    return K5SIM_OK;
}

/* ---------------------------------------------------------------- threads */

/* Is [base, base + bytes) all in one region of the task that it may write? */
static bool is_writable(const struct tables *t, const struct sys_task *task, uint32_t base,
                        uint32_t bytes)
{
    const struct sys_region *region = &t->region[task->first_region];

    for (unsigned i = 0; i < task->region_count; i++) {
        uint32_t offset = base - region[i].base;

        if (offset < region[i].bytes && bytes <= region[i].bytes - offset &&
            (region[i].access & SYS_WRITE) != 0 && (region[i].flags & SYS_REGION_DEVICE) == 0) {
            return true;
        }
    }
    return false;
}

static int check_stack(struct k5sim *sim, const struct tables *t, unsigned i)
{
    const struct sys_thread *thread = &t->thread[i];
    const struct sys_task *task = &t->task[thread->task];
    uint32_t bytes = thread->stack_top - thread->stack_base;

    if (thread->stack_base % 8 != 0 || thread->stack_top % 8 != 0 ||
        thread->stack_top < thread->stack_base || bytes < FRAME_BYTES ||
        !is_writable(t, task, thread->stack_base, bytes)) {
        return BAD(sim, "thread %u: stack 0x%08x to 0x%08x is no writable memory of its task", i,
                   (unsigned)thread->stack_base, (unsigned)thread->stack_top);
    }
    for (unsigned k = task->first_thread; k < i; k++) {
        const struct sys_thread *other = &t->thread[k];

        if (system_overlap(thread->stack_base, bytes, other->stack_base,
                           other->stack_top - other->stack_base)) {
            return BAD(sim, "thread %u: its stack 0x%08x to 0x%08x is thread %u's as well", i,
                       (unsigned)thread->stack_base, (unsigned)thread->stack_top, k);
        }
    }
    return K5SIM_OK;
}

static int check_thread_flags(struct k5sim *sim, const struct tables *t, unsigned i)
{
    const struct sys_thread *thread = &t->thread[i];

    if ((thread->flags & ~(SYS_THREAD_FPU | SYS_THREAD_OFF)) != 0) {
        return BAD(sim, "thread %u: flags %u, at most %u", i, thread->flags,
                   SYS_THREAD_FPU | SYS_THREAD_OFF);
    }
    if ((thread->flags & SYS_THREAD_FPU) != 0 && !sim->guest->has_fpu) {
        return BAD(sim, "thread %u: has the FPU, but a %s has none", i, sim->guest->cpu);
    }
    if (thread->notification != SYS_NONE &&
        (thread->notification >= t->header->notification_count ||
         t->notification[thread->notification].receiver != i)) {
        return BAD(sim, "thread %u: bound to notification %u, which is none of its own", i,
                   thread->notification);
    }
    return K5SIM_OK;
}

static int check_thread(struct k5sim *sim, const struct tables *t, unsigned i)
{
    const struct sys_thread *thread = &t->thread[i];

    if (thread->task >= t->header->task_count ||
        i - t->task[thread->task].first_thread >= t->task[thread->task].thread_count) {
        return BAD(sim, "thread %u: belongs to task %u, which does not list it", i, thread->task);
    }
    if (thread->priority >= CFG_PRIORITIES) {
        return BAD(sim, "thread %u: priority %u, at most %u", i, thread->priority,
                   CFG_PRIORITIES - 1u);
    }
    if (thread->budget > INT32_MAX || thread->overrun > INT32_MAX) {
        return BAD(sim, "thread %u: budget %u, overrun %u; at most %d", i, (unsigned)thread->budget,
                   (unsigned)thread->overrun, INT32_MAX);
    }
    if (thread->budget != 0 && thread->budget < t->header->budget_least) {
        return BAD(sim, "thread %u: budget %u, at least %u (or 0: passive)", i,
                   (unsigned)thread->budget, (unsigned)t->header->budget_least);
    }
    int result = check_stack(sim, t, i);

    return result == K5SIM_OK ? check_thread_flags(sim, t, i) : result;
}

/* ---------------------------------------------------------------- all of it */

typedef int check_row(struct k5sim *sim, const struct tables *t, unsigned i);

static int check_rows(struct k5sim *sim, const struct tables *t, uint32_t count, check_row *check)
{
    int result = K5SIM_OK;

    for (uint32_t i = 0; result == K5SIM_OK && i < count; i++) {
        result = check(sim, t, i);
    }
    return result;
}

/* In an order in which each check may believe what the ones before it have looked at. */
static int check_tables(struct k5sim *sim, const struct tables *t)
{
    uint32_t tasks = t->header->task_count;
    int result = check_rows(sim, t, tasks, check_ranges);

    if (result == K5SIM_OK) {
        result = check_rows(sim, t, tasks, check_task);
    }
    if (result == K5SIM_OK) {
        result = system_check_memory(sim, t);
    }
    if (result == K5SIM_OK) {
        result = check_rows(sim, t, t->header->thread_count, check_thread);
    }
    if (result == K5SIM_OK) {
        result = system_check_objects(sim, t);
    }
    return result == K5SIM_OK ? check_rows(sim, t, tasks, check_supervisor) : result;
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
    if (result != K5SIM_OK) {
        return result;
    }
    struct tables t = tables_of(h);

    return check_tables(sim, &t);
}
