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
    const struct task *owner = task_at(task);
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
    KASSERT(owner->region_count < CFG_MPU_REGIONS); /* entries are counted before */
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

/* ------------------------------------------------------------ what a view is made of */

/* Walks through the task's own regions and those that it has borrowed. */
struct walk {
    uint32_t task;
    uint32_t index;  /* of its own ones: the description's, and behind them the mapped ones */
    uint32_t lender; /* of the next loan to look at */
};

static struct walk walk_from_start(uint32_t task)
{
    return (struct walk){.task = task, .lender = k5.loans};
}

/* False: that was all. */
static bool walk_on(struct walk *walk, struct sys_region *region)
{
    const struct sys_task *table = sys_task(walk->task);
    uint32_t mapped = walk->index - table->region_count;

    if (walk->index < table->region_count) {
        *region = *sys_region(table->first_region + walk->index++);
        return true;
    }
    if (mapped < k5.task[walk->task].mapped_count) {
        const struct cap *cap = cap_at(k5.task[walk->task].mapped[mapped]);

        *region = *sys_object(cap->object);
        region->access = (uint8_t)cap->seen;
        walk->index++;
        return true;
    }
    while (walk->lender != NO_THREAD) {
        uint32_t lender = walk->lender;

        walk->lender = k5.thread[lender].next_loan;
        if (loan_borrower(lender) == walk->task) {
            *region = loan_region(lender);
            return true;
        }
    }
    return false;
}

/* ------------------------------------------------------------ room */

static bool take_room(struct task *owner, uint32_t entries)
{
    if (owner->entries + entries > port_system()->mpu_regions) {
        return false;
    }
    owner->entries = (uint8_t)(owner->entries + entries);
    return true;
}

static uint32_t entries_of(const struct sys_region *region)
{
    return port_mpu_entries(region, true, 0, 0);
}

/*
 * How many more entries the task may come to need while it has lent `lent`, whichever
 * of its loans end first: so it counts from whole regions, not from what is left of them.
 */
static uint32_t entries_to_lend(uint32_t task, const struct sys_region *lent, bool exclusive)
{
    struct walk walk = walk_from_start(task);
    struct sys_region region;
    uint32_t entries = 0;
    bool all = false; /* mostly it lies in one region */

    while (!all && walk_on(&walk, &region)) {
        uint32_t inside =
            (lent->base > region.base ? 1u : 0u) + (last_of(lent) < last_of(&region) ? 1u : 0u);

        all = lent->base - region.base < region.bytes &&
              last_of(&region) - last_of(lent) < region.bytes;
        if (region_overlap(range_of(lent), range_of(&region)) &&
            (exclusive || (region.access & SYS_WRITE) != 0)) {
            entries += port_mpu_entries(&region, false, exclusive ? 0 : inside,
                                        exclusive && inside == 2 ? 1 : 0) -
                       entries_of(&region);
        }
    }
    return entries;
}

/* ------------------------------------------------------------ the view */

static void lend_out(struct task *owner, const struct sys_region *lent, bool exclusive)
{
    uint32_t last = last_of(lent);

    for (uint32_t i = owner->region_count; i-- > 0;) { /* from the end: pieces behind are done */
        const struct sys_region *region = &owner->region[i];

        if (region->base > last) {
            continue;
        }
        if (last_of(region) < lent->base) {
            break;
        }
        if (exclusive || (region->access & SYS_WRITE) != 0) {
            lend_part(owner, i, lent->base, last, exclusive);
        }
    }
}

static void make_view(uint32_t task)
{
    struct task *owner = task_at(task);
    struct walk walk = walk_from_start(task);
    struct sys_region region;

    owner->region_count = 0;
    while (walk_on(&walk, &region)) {
        add(owner, &region);
    }
    for (uint32_t id = k5.loans; id != NO_THREAD; id = k5.thread[id].next_loan) {
        if (k5.thread[id].task == task) {
            region = loan_region(id);
            lend_out(owner, &region, loan_is_exclusive(id));
        }
    }
    owner->stale = 1;
}

void region_boot(uint32_t task)
{
    struct task *owner = task_at(task);
    struct walk walk = walk_from_start(task);
    struct sys_region region;

    while (
        walk_on(&walk, &region)) { /* whoever made the boot tables has seen to it that they fit */
        owner->entries = (uint8_t)(owner->entries + entries_of(&region));
    }
    make_view(task);
}

/* ------------------------------------------------------------ loans */

bool region_lend(uint32_t from, uint32_t to, const struct sys_region *lent, bool exclusive,
                 uint8_t *entries)
{
    struct task *owner = task_at(from);
    struct task *borrower = task_at(to);
    uint32_t needed = entries_to_lend(from, lent, exclusive);

    if (!take_room(borrower, entries_of(lent))) {
        return false;
    }
    if (!take_room(owner, needed)) {
        borrower->entries = (uint8_t)(borrower->entries - entries_of(lent));
        return false;
    }
    *entries = (uint8_t)needed;
    add(borrower, lent);
    lend_out(owner, lent, exclusive);
    borrower->stale = 1;
    owner->stale = 1;
    return true;
}

/* Takes out a region of which nothing is lent. */
static void drop(struct task *owner, const struct sys_region *region)
{
    uint32_t at = owner->region_count - 1u;

    while (at > 0 && owner->region[at].base != region->base) {
        at--;
    }
    take_out(owner, at);
    owner->entries = (uint8_t)(owner->entries - entries_of(region));
    owner->stale = 1;
}

void region_give_back(uint32_t from, uint32_t to, const struct sys_region *lent, uint8_t entries)
{
    struct task *owner = task_at(from);

    drop(task_at(to), lent);
    owner->entries = (uint8_t)(owner->entries - entries);
    make_view(from);
}

/* ------------------------------------------------------------ region objects */

bool region_is_free(uint32_t task, struct range range)
{
    const struct task *owner = task_at(task);

    for (uint32_t i = 0; i < owner->region_count; i++) {
        if (region_overlap(range_of(&owner->region[i]), range)) {
            return false;
        }
    }
    return !loan_is_lent(task, range);
}

enum k5_error region_map(uint32_t task, struct cap *cap, uint32_t access)
{
    struct task *owner = task_at(task);
    const struct sys_region *object = sys_object(cap->object);

    if (!region_is_free(task, range_of(object))) {
        return K5_E_BUSY;
    }
    if (!take_room(owner, entries_of(object))) {
        return K5_E_REGIONS;
    }

    struct sys_region region = *object;

    region.access = (uint8_t)access;
    add(owner, &region);
    owner->stale = 1;
    cap->seen = (uint16_t)access;
    owner->mapped[owner->mapped_count++] = (uint16_t)cap_slot(cap);
    return K5_OK;
}

void region_forget(uint32_t task, struct cap *cap)
{
    struct task *owner = task_at(task);
    uint32_t slot = cap_slot(cap);
    uint32_t i = --owner->mapped_count;
    uint16_t last = owner->mapped[i];

    while (i > 0 && owner->mapped[i] != slot) {
        i--;
    }
    owner->mapped[i] = last;
    cap->seen = 0;
    drop(owner, sys_object(cap->object));
}

enum k5_error region_unmap(uint32_t task, struct cap *cap)
{
    if (cap->seen == 0) {
        return K5_E_STATE;
    }
    if (loan_is_lent(task, range_of(sys_object(cap->object)))) {
        return K5_E_BUSY;
    }
    region_forget(task, cap);
    return K5_OK;
}

enum k5_error region_move(uint32_t from, struct cap *cap, uint32_t to, uint32_t *moved)
{
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

    struct cap *place = cap_free_slot(to, object->home);

    if (place == NULL) {
        return K5_E_SLOTS;
    }

    bool was_mapped = cap->seen != 0;
    enum k5_error error = region_map(to, cap, access);

    if (error != K5_OK) {
        return error;
    }
    if (was_mapped) {
        region_forget(from, cap);
    }
    *moved = cap_slot(place);
    k5.task[to].mapped[k5.task[to].mapped_count - 1u] = (uint16_t)*moved;
    cap_move(cap, place);
    place->seen = (uint16_t)access;
    return K5_OK;
}

/* ------------------------------------------------------------ system calls */

enum k5_error region_call_map(struct thread *thread, struct cap *cap)
{
    uint32_t access = thread->reg[1];

    if (access != SYS_READ && access != (SYS_READ | SYS_WRITE)) {
        return K5_E_INVALID;
    }
    if ((cap->rights & access) != access) {
        return K5_E_RIGHTS;
    }

    enum k5_error error = region_map(thread->task, cap, access);

    if (error == K5_OK) {
        thread->reg[1] = sys_object(cap->object)->base;
        thread->reg[2] = sys_object(cap->object)->bytes;
    }
    return error;
}

enum k5_error region_call_unmap(struct thread *thread, struct cap *cap)
{
    return region_unmap(thread->task, cap);
}
