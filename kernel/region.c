/* What memory a task may touch: its view. */
#include "kernel/region.h"

#include "kernel/cap.h"
#include "kernel/loan.h"
#include "kernel/system.h"
#include "kernel/thread.h"

static uint32_t last_of(const struct sys_region *region)
{
    return region->base + (region->bytes - 1);
}

static struct range range_of(const struct sys_region *region)
{
    return (struct range){region->base, region->bytes};
}

/* ------------------------------------------------------------ questions */

bool region_check_flags(uint32_t task, struct range range, uint32_t access, uint32_t refused)
{
    const struct task *owner = &k5.task[task];
    uint32_t cursor = range.base;
    uint32_t left = range.bytes;

    if (left == 0) {
        return true;
    }
    if (cursor + (left - 1) < cursor) {
        return false;
    }
    for (uint32_t i = 0; i < owner->region_count; i++) {
        const struct sys_region *region = &owner->region[i];
        uint32_t into = cursor - region->base;

        if (cursor < region->base) {
            return false;
        }
        if (into >= region->bytes) {
            continue;
        }
        if ((region->access & access) != access || (region->flags & refused) != 0) {
            return false;
        }
        if (left <= region->bytes - into) {
            return true;
        }
        left -= region->bytes - into;
        cursor = region->base + region->bytes;
    }
    return false;
}

bool region_check(uint32_t task, uint32_t base, uint32_t bytes, uint32_t access)
{
    return region_check_flags(task, (struct range){base, bytes}, access, SYS_REGION_DEVICE);
}

/* ------------------------------------------------------------ changing the table */

static void insert(struct task *owner, uint32_t at, const struct sys_region *region)
{
    KASSERT(owner->region_count < CFG_MPU_REGIONS); /* region_rebuild() counts */
    for (uint32_t i = owner->region_count; i > at; i--) {
        owner->region[i] = owner->region[i - 1];
    }
    owner->region[at] = *region;
    owner->region_count++;
}

static void add(struct task *owner, const struct sys_region *region)
{
    uint32_t at = owner->region_count;

    while (at > 0 && owner->region[at - 1].base > region->base) {
        at--;
    }
    insert(owner, at, region);
}

/* Splits region `at` so that a region begins at `base`, which lies inside it. */
static void split(struct task *owner, uint32_t at, uint32_t base)
{
    struct sys_region *region = &owner->region[at];
    uint32_t head = base - region->base;

    insert(owner, at, region);
    region->bytes = head;
    region[1].base = base;
    region[1].bytes -= head;
}

static void take_out(struct task *owner, uint32_t at)
{
    owner->region_count--;
    for (uint32_t i = at; i < owner->region_count; i++) {
        owner->region[i] = owner->region[i + 1];
    }
}

/*
 * What lies between `first` and `last` of region `at` is lent: no longer writable
 * by its owner, or not at all any more. It becomes a region of its own first.
 */
static void lend_part(struct task *owner, uint32_t at, uint32_t first, uint32_t last,
                      bool exclusive)
{
    struct sys_region *region = &owner->region[at];
    bool head = region->base < first;
    bool tail = last_of(region) > last;

    if (exclusive && head && !tail) {
        region->bytes = first - region->base;
    } else if (exclusive && tail && !head) {
        region->bytes = last_of(region) - last;
        region->base = last + 1;
    } else if (exclusive && head) {
        split(owner, at, last + 1);
        region->bytes = first - region->base;
    } else if (exclusive) {
        take_out(owner, at);
    } else {
        if (head) {
            split(owner, at++, first);
        }
        if (tail) {
            split(owner, at, last + 1);
        }
        owner->region[at].access &= (uint8_t)~SYS_WRITE;
    }
}

static bool is_exclusive(uint32_t lender)
{
    return k5.thread[lender].lends == K5_MSG_LEND_MUT;
}

static void lend_out(struct task *owner, uint32_t lender)
{
    struct range range = loan_range(lender);

    for (uint32_t i = owner->region_count; i-- > 0;) { /* from the end: pieces behind are done */
        const struct sys_region *region = &owner->region[i];

        if (region_overlap(range, range_of(region)) &&
            (is_exclusive(lender) || (region->access & SYS_WRITE) != 0)) {
            lend_part(owner, i, range.base, range.base + (range.bytes - 1), is_exclusive(lender));
        }
    }
}

/* ------------------------------------------------------------ what it is made of */

static uint32_t own_count(uint32_t task)
{
    return sys_task(task)->region_count + (uint32_t)k5.task[task].mapped_count;
}

/* Number `index` of those of the description, and behind them of those that are mapped. */
static void own_region(uint32_t task, uint32_t index, struct sys_region *region)
{
    const struct sys_task *table = sys_task(task);

    if (index < table->region_count) {
        *region = *sys_region(table->first_region + index);
    } else {
        const struct cap *cap = &k5.slot[k5.task[task].mapped[index - table->region_count]];

        *region = *sys_object(cap->object);
        region->access = (uint8_t)cap->seen;
    }
}

static void borrowed_region(uint32_t lender, struct sys_region *region)
{
    struct range range = loan_range(lender);

    *region = (struct sys_region){
        .base = range.base,
        .bytes = range.bytes,
        .access = is_exclusive(lender) ? SYS_READ | SYS_WRITE : SYS_READ,
        .flags = SYS_REGION_BORROWED,
    };
}

/* The entries that `region` may come to need for what `task` has lent of it. */
static uint32_t entries_for(uint32_t task, const struct sys_region *region)
{
    uint32_t edges = 0;
    uint32_t holes = 0;
    bool whole = true;

    for (uint32_t id = k5.loans; id != NO_THREAD; id = k5.thread[id].next_loan) {
        struct range range = loan_range(id);

        if (k5.thread[id].task != task || !region_overlap(range, range_of(region)) ||
            (!is_exclusive(id) && (region->access & SYS_WRITE) == 0)) {
            continue;
        }

        uint32_t inside = (range.base > region->base ? 1u : 0u) +
                          (range.base + (range.bytes - 1) < last_of(region) ? 1u : 0u);

        whole = false;
        if (!is_exclusive(id)) {
            edges += inside;
        } else if (inside == 2) {
            holes++;
        }
    }
    return port_mpu_entries(region, whole, edges, holes);
}

bool region_rebuild(uint32_t task)
{
    struct task *owner = &k5.task[task];
    uint32_t own = own_count(task);
    uint32_t lender = k5.loans;
    uint32_t left = port_system()->mpu_regions;

    owner->region_count = 0;
    for (uint32_t i = 0; i < own || lender != NO_THREAD; i++) {
        struct sys_region region;

        if (i < own) {
            own_region(task, i, &region);
        } else {
            uint32_t id = lender;

            lender = k5.thread[id].next_loan;
            if (loan_borrower(id) != task) {
                continue;
            }
            borrowed_region(id, &region);
        }

        uint32_t entries = entries_for(task, &region);

        if (entries > left) {
            return false;
        }
        left -= entries;
        add(owner, &region);
    }
    for (uint32_t id = k5.loans; id != NO_THREAD; id = k5.thread[id].next_loan) {
        if (k5.thread[id].task == task) {
            lend_out(owner, id);
        }
    }
    port_mpu_compile((uint8_t)task);
    return true;
}

void region_restore(uint32_t task)
{
    bool fits = region_rebuild(task);

    KASSERT(fits);
}

/* ------------------------------------------------------------ region objects */

static bool is_free(uint32_t task, const struct sys_region *object)
{
    const struct task *owner = &k5.task[task];

    for (uint32_t i = 0; i < owner->region_count; i++) {
        if (region_overlap(range_of(&owner->region[i]), range_of(object))) {
            return false;
        }
    }
    return !loan_is_lent(task, range_of(object));
}

enum k5_error region_map(uint32_t task, uint32_t slot, uint32_t access)
{
    struct task *owner = &k5.task[task];
    struct cap *cap = &k5.slot[slot];

    if (!is_free(task, sys_object(cap->object))) {
        return K5_E_BUSY;
    }
    if (own_count(task) == CFG_MPU_REGIONS) {
        return K5_E_REGIONS;
    }

    uint16_t before = cap->seen;

    cap->seen = (uint16_t)access;
    owner->mapped[owner->mapped_count++] = (uint16_t)slot;
    if (!region_rebuild(task)) {
        owner->mapped_count--;
        cap->seen = before;
        region_restore(task);
        return K5_E_REGIONS;
    }
    return K5_OK;
}

static void forget_mapping(uint32_t task, uint32_t slot)
{
    struct task *owner = &k5.task[task];
    uint32_t i = 0;

    while (owner->mapped[i] != slot) {
        i++;
        KASSERT(i < owner->mapped_count);
    }
    owner->mapped[i] = owner->mapped[--owner->mapped_count];
    k5.slot[slot].seen = 0;
}

enum k5_error region_unmap(uint32_t task, uint32_t slot)
{
    const struct cap *cap = &k5.slot[slot];

    if (cap->seen == 0) {
        return K5_E_STATE;
    }
    if (loan_is_lent(task, range_of(sys_object(cap->object)))) {
        return K5_E_BUSY;
    }
    forget_mapping(task, slot);
    region_restore(task);
    return K5_OK;
}

enum k5_error region_move(uint32_t from, uint32_t slot, uint32_t to, uint32_t *moved)
{
    const struct cap *cap = &k5.slot[slot];
    const struct sys_region *object = sys_object(cap->object);
    uint32_t access = cap->rights & (K5_RIGHT_READ | K5_RIGHT_WRITE);

    if ((object->flags & SYS_REGION_MOVABLE) == 0 || from == to) {
        return K5_E_INVALID;
    }
    if ((access & SYS_READ) == 0) {
        return K5_E_RIGHTS;
    }
    if (loan_is_lent(from, range_of(object))) {
        return K5_E_BUSY;
    }
    if (!cap_free_slot(to, object->home, moved)) {
        return K5_E_SLOTS;
    }

    bool was_mapped = cap->seen != 0;
    enum k5_error error = region_map(to, slot, access);

    if (error != K5_OK) {
        return error;
    }
    if (was_mapped) {
        forget_mapping(from, slot);
        region_restore(from);
    }
    k5.task[to].mapped[k5.task[to].mapped_count - 1u] = (uint16_t)*moved;
    cap_move(slot, *moved);
    k5.slot[*moved].seen = (uint16_t)access;
    return K5_OK;
}

/* ------------------------------------------------------------ system calls */

enum k5_error region_call_map(struct thread *thread, uint32_t slot)
{
    const struct cap *cap = &k5.slot[slot];
    uint32_t access = thread->reg[1];

    if (access != SYS_READ && access != (SYS_READ | SYS_WRITE)) {
        return K5_E_INVALID;
    }
    if ((cap->rights & access) != access) {
        return K5_E_RIGHTS;
    }

    enum k5_error error = region_map(thread->task, slot, access);

    if (error == K5_OK) {
        thread->reg[1] = sys_object(cap->object)->base;
        thread->reg[2] = sys_object(cap->object)->bytes;
    }
    return error;
}

enum k5_error region_call_unmap(struct thread *thread, uint32_t slot)
{
    return region_unmap(thread->task, slot);
}
