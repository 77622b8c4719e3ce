/* Capability tables: from a number that a task passes to an object it may use.
 *
 * Slots that the system description fills are roots and keep their place; the
 * slots behind them are for what a task derives or is given. A root and all that
 * is derived from it are one list, each capability behind its parent: what
 * follows with a greater depth is derived from it.
 */
#pragma once

#include "kernel/kassert.h"
#include "kernel/state.h"
#include "kernel/system.h"

/* A cptr is generation << 16 | slot; 0 and every forged or outdated number is no capability. */
static inline uint32_t cap_cptr(uint32_t slot, uint32_t generation)
{
    return generation << 16 | slot;
}

/* The cptr of slot `slot`, counted over all tables, in the table that it belongs to. */
static inline uint32_t cap_cptr_of(uint32_t slot, uint32_t slot_base)
{
    return cap_cptr(slot - slot_base, k5.slot[slot].generation);
}

/*
 * Finds the capability that `cptr` names in the table of thread `id`'s task. On
 * K5_OK *slot is its index in k5.slot. E_CPTR, E_STALE. Constant time.
 */
K5_MUST_USE enum k5_error cap_find_any(uint32_t id, uint32_t cptr, uint32_t *slot);

/* The same, and checks that it is of `kind` and holds all `rights`. E_KIND, E_RIGHTS. */
K5_MUST_USE enum k5_error cap_find(uint32_t id, uint32_t cptr, enum k5_kind kind, uint32_t rights,
                                   uint32_t *slot);

/* Boot: all slots of all tables. */
void cap_init_all(void);

/* Fills the description's slots of a task that are empty, with the same cptrs as ever. */
void cap_reset_table(uint32_t task);

/*
 * A free slot of task `task`, or its slot `home` if that is its own: a movable
 * region goes there. False: none. Bounded by the size of the table.
 */
K5_MUST_USE bool cap_free_slot(uint32_t task, uint32_t home, uint32_t *slot);

/* True if something is derived from the capability in this slot. */
static inline bool cap_has_children(uint32_t slot)
{
    uint32_t next = k5.slot[slot].next;

    return next != NO_SLOT && k5.slot[next].depth > k5.slot[slot].depth;
}

/*
 * Derives a capability for task `task` from the one in slot `parent`; the caller
 * has checked rights and badge. *slot is where it is. E_SLOTS.
 */
K5_MUST_USE enum k5_error cap_derive(uint32_t parent, uint32_t task, uint32_t rights,
                                     uint32_t badge, uint32_t *slot);

/* Movable regions have one capability, which changes place and has no children. */
static inline bool cap_is_movable(const struct cap *cap)
{
    return cap->kind == K5_KIND_REGION &&
           (sys_object(cap->object)->flags & SYS_REGION_MOVABLE) != 0;
}

/* A movable region's capability moves to another slot, which is free. */
void cap_move(uint32_t from, uint32_t to);

/*
 * Removes a capability that nothing is derived from. Who waits in a queue
 * through it gets E_STALE; a region that is mapped through it is unmapped.
 */
void cap_remove(uint32_t slot);

/* A capability that is derived from the one in this slot, itself at worst, and has no children. */
uint32_t cap_leaf(uint32_t slot);

/* The task whose table has this slot. */
uint32_t cap_owner(uint32_t slot);

/* What `caps` says; it has no slot to look up and is never slow. */
void cap_describe(struct thread *thread);

/* System calls: kernel/syscall.c. */
enum k5_error cap_call_mint(struct thread *thread, uint32_t parent);
enum k5_error cap_call_delete(struct thread *thread, uint32_t slot);
enum k5_error cap_call_revoke(struct thread *thread, uint32_t slot);
