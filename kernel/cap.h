/* Capability tables: from a number that a task passes to an object it may use. */
#pragma once

#include "kernel/kassert.h"
#include "kernel/state.h"

/* A cptr is generation << 16 | slot; 0 and every forged or outdated number is no capability. */
static inline uint32_t cap_cptr(uint32_t slot, uint32_t generation)
{
    return generation << 16 | slot;
}

/*
 * Finds the capability that `cptr` names in the table of thread `id`'s task and
 * checks that it is of `kind` and holds all `rights`. On K5_OK *slot is its
 * index in k5.slot. E_CPTR, E_STALE, E_KIND, E_RIGHTS. Constant time.
 */
K5_MUST_USE enum k5_error cap_find(uint32_t id, uint32_t cptr, enum k5_kind kind, uint32_t rights,
                                   uint32_t *slot);

/* Puts a task's table back to what the system description gave it, with the same cptrs. */
void cap_reset_table(uint32_t task);
