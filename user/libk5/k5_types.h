/* What all parts of libk5 share. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "k5_abi.h"
#include "k5_syscall.h"

#define K5_MUST_USE __attribute__((warn_unused_result))

/* Names a capability of this task: slot number and generation. Not a pointer. */
typedef uint32_t k5_cptr_t;

/* Until when to wait, see k5_time.h. */
typedef uint32_t k5_deadline_t;

/*
 * Errors that every call with a cptr may give, and that its own text leaves out:
 *
 * K5_E_CPTR:   no such slot, or nothing in it.
 * K5_E_STALE:  what the cptr named is gone: deleted, revoked, or its object.
 * K5_E_KIND:   the capability is of another kind.
 * K5_E_RIGHTS: it lacks the right that the call needs.
 */
