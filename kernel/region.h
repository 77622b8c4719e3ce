/* What memory a task may touch: its view.
 *
 * A view is made of the task's own regions (from the system description, and
 * region objects that it has mapped) and what is lent to it, less what it has
 * lent. It is a sorted table without overlaps, from which the port compiles the
 * protection hardware's registers.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "kernel/kassert.h"
#include "kernel/state.h"

struct range {
    uint32_t base;
    uint32_t bytes;
};

/* Loans and region objects begin and end on multiples of this, on all hardware. */
#define REGION_GRAIN 32u

/*
 * True if task `task` may access [base, base + bytes) in all ways of `access`
 * (SYS_READ, SYS_WRITE), in memory without any of the flags `refused`. Bounded by
 * CFG_MPU_REGIONS; an empty range is always allowed.
 */
bool region_check_flags(uint32_t task, struct range range, uint32_t access, uint32_t refused);

/* The same for a buffer: anywhere but in device registers. */
bool region_check(uint32_t task, uint32_t base, uint32_t bytes, uint32_t access);

static inline bool region_overlap(struct range a, struct range b)
{
    return a.base - b.base < b.bytes || b.base - a.base < a.bytes;
}

/* The view of task `task` as the description says. */
void region_boot(uint32_t task);

/*
 * Task `from` lends to task `to`. False: the protection hardware of one of them has
 * no room for it; nothing has changed. Room is counted so that every loan can
 * return, whichever ends first; *entries is what it takes of the lender's.
 */
K5_MUST_USE bool region_lend(uint32_t from, uint32_t to, const struct sys_region *lent,
                             bool exclusive, uint8_t *entries);

/* The loan, which is in the list of loans no more, returns; `to` has lent none of it. */
void region_give_back(uint32_t from, uint32_t to, const struct sys_region *lent, uint8_t entries);

/* Maps the region object of capability `slot` into the task, with `access`. E_BUSY, E_REGIONS. */
K5_MUST_USE enum k5_error region_map(uint32_t task, struct cap *cap, uint32_t access);

/* True if the task has nothing in this range, nor has lent any of it: on most hardware regions of
 * one task must not overlap, so nobody gets a range twice. */
bool region_is_free(uint32_t task, struct range range);

/* Takes a region object out again that is mapped, and of which nothing is lent. */
void region_forget(uint32_t task, struct cap *cap);

/* The same, at a task's wish. E_STATE: it is not mapped; E_BUSY: some of it is lent. */
K5_MUST_USE enum k5_error region_unmap(uint32_t task, struct cap *cap);

/*
 * Moves a movable region, whose capability is `slot` in task `from`, to a free
 * slot of task `to`, mapped there; *moved is that slot. E_INVALID, E_BUSY,
 * E_SLOTS, E_REGIONS: then nothing has changed.
 */
K5_MUST_USE enum k5_error region_move(uint32_t from, struct cap *cap, uint32_t to, uint32_t *moved);

/* System calls: kernel/syscall.c. */
enum k5_error region_call_map(struct thread *thread, struct cap *cap);
enum k5_error region_call_unmap(struct thread *thread, struct cap *cap);
