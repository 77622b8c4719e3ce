/* Capabilities: look at, derive, give up, take back; regions: map, unmap.
 * k5_types.h says what the errors mean that are not explained here.
 */
#pragma once

#include "k5_types.h"

struct k5_cap_info {
    k5_cptr_t cptr;
    uint32_t badge;
    uint8_t kind;   /* enum k5_kind */
    uint8_t rights; /* K5_RIGHT_ bits; what a bit means depends on the kind */
};

/*
 * Describes slot `slot` of this task's capability table.
 * K5_E_CPTR: the slot is empty. K5_E_INVALID: the table ends before it.
 */
K5_MUST_USE enum k5_error k5_caps(uint32_t slot, struct k5_cap_info *info);

/*
 * Derives a capability in this task's table: `rights` is some of those that `from`
 * has. A badge of 0 in `from` can be replaced, any other must be given as it is.
 *
 * K5_E_RIGHTS: `from` has not all of these rights.
 * K5_E_INVALID: another badge, or a movable region, of which there is one capability.
 * K5_E_SLOTS: the table is full (`slots` in the description), or `from` is derived too deep.
 */
K5_MUST_USE enum k5_error k5_mint(k5_cptr_t from, uint8_t rights, uint32_t badge,
                                  k5_cptr_t *minted);

/*
 * Gives up a capability of this task; its cptr is stale from then on.
 * K5_E_BUSY: something is derived from it (k5_revoke() first), or it is a region that is lent.
 */
K5_MUST_USE static inline enum k5_error k5_delete(k5_cptr_t cptr)
{
    return (enum k5_error)k5_sys_delete(cptr);
}

/*
 * Removes all that was derived from a capability, in whatever table it is; itself
 * it stays. The kernel does it a few at a time, other threads run in between.
 */
K5_MUST_USE enum k5_error k5_revoke(k5_cptr_t cptr);

/* What k5_map() asks for. */
enum k5_map_access {
    K5_MAP_READ = K5_RIGHT_READ,
    K5_MAP_READ_WRITE = K5_RIGHT_READ | K5_RIGHT_WRITE,
};

/*
 * Maps a region into this task: *base and *bytes say where it lies. On an error both stay.
 *
 * K5_E_RIGHTS: the capability does not allow this access.
 * K5_E_REGIONS: the task has no MPU region left for it.
 * K5_E_BUSY: mapped already.
 */
K5_MUST_USE enum k5_error k5_map(k5_cptr_t region, enum k5_map_access access, void **base,
                                 size_t *bytes);

/*
 * Takes a region out of this task; touching it is a fault from then on.
 * K5_E_BUSY: part of it is lent. K5_E_STATE: not mapped through this capability.
 */
K5_MUST_USE static inline enum k5_error k5_unmap(k5_cptr_t region)
{
    return (enum k5_error)k5_sys_unmap(region);
}
