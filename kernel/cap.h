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

/* The slot that a capability is in, counted over all tables. */
static inline uint32_t cap_slot(const struct cap *cap)
{
    return (uint32_t)(cap - k5.slot);
}

/* The cptr of a capability in the table of `thread`'s task. */
static inline uint32_t cap_cptr_of(const struct cap *cap, const struct thread *thread)
{
    return cap_cptr(cap_slot(cap) - thread->slot_base, cap->generation);
}

/*
 * Finds the capability that `cptr` names in the table of the thread's task. *cap is
 * set on K5_OK only. E_CPTR, E_STALE. Constant time.
 */
K5_MUST_USE enum k5_error cap_find_any(const struct thread *thread, uint32_t cptr,
                                       struct cap **cap);

/* What a system call asks of a capability: its kind, and all of these rights. */
#define CAP_NEED(kind, rights) ((uint32_t)(kind) | (uint32_t)(rights) << 8)

/* The same, and checks that it is what is needed. E_KIND, E_RIGHTS. */
K5_MUST_USE enum k5_error cap_find(const struct thread *thread, uint32_t cptr, uint32_t need,
                                   struct cap **cap);

/* Boot: all slots of all tables. */
void cap_init_all(void);

/* Fills the description's slots of a task that are empty, with the same cptrs as ever. */
void cap_reset_table(uint32_t task);

/*
 * A free slot of task `task`, or its slot `home` if that is its own: a movable
 * region goes there. NULL: none. Bounded by the size of the table.
 */
struct cap *cap_free_slot(uint32_t task, uint32_t home);

/* True if something is derived from this capability. */
static inline bool cap_has_children(const struct cap *cap)
{
    return cap->next != NO_SLOT && k5.slot[cap->next].depth > cap->depth;
}

/*
 * Derives a capability for task `task`; the caller has checked rights and badge.
 * NULL: its table is full, or the chain of derivation too long.
 */
struct cap *cap_derive(struct cap *parent, uint32_t task, uint32_t rights, uint32_t badge);

/* Movable regions have one capability, which changes place and has no children. */
static inline bool cap_is_movable(const struct cap *cap)
{
    return cap->kind == K5_KIND_REGION &&
           (sys_object(cap->object)->flags & SYS_REGION_MOVABLE) != 0;
}

/* A movable region's capability moves to another slot, which is free. */
void cap_move(struct cap *from, struct cap *to);

/*
 * Removes a capability that nothing is derived from. Who waits in a queue
 * through it gets E_STALE; a region that is mapped through it is unmapped.
 */
void cap_remove(struct cap *cap);

/* A capability that is derived from this one, itself at worst, and has no children. */
struct cap *cap_leaf(struct cap *cap);

/* The task whose table has this slot. */
uint32_t cap_owner(uint32_t slot);

/* What `caps` says; it has no slot to look up and is never slow. */
void cap_describe(struct thread *thread);

/* System calls: kernel/syscall.c. */
enum k5_error cap_call_mint(struct thread *thread, struct cap *parent);
enum k5_error cap_call_delete(struct thread *thread, struct cap *cap);
enum k5_error cap_call_revoke(struct thread *thread, struct cap *cap);
