/* Loans: memory that a caller lends to the callee until the reply.
 *
 * A loan is a thread that is AWAITING (or dead: LENDING) with `lends` set; its
 * message registers hold the range. All such threads are one list. What a task
 * may touch follows from it: kernel/region.h.
 */
#pragma once

#include "kernel/region.h"

static inline struct range loan_range(uint32_t lender)
{
    return (struct range){k5.thread[lender].reg[2], k5.thread[lender].reg[3]};
}

static inline bool loan_is_exclusive(uint32_t lender)
{
    return k5.thread[lender].lends == K5_MSG_LEND_MUT;
}

/* The region that the borrower has for it. */
static inline struct sys_region loan_region(uint32_t lender)
{
    struct range range = loan_range(lender);

    return (struct sys_region){
        .base = range.base,
        .bytes = range.bytes,
        .access = loan_is_exclusive(lender) ? SYS_READ | SYS_WRITE : SYS_READ,
        .flags = SYS_REGION_BORROWED,
    };
}

static inline uint32_t loan_borrower(uint32_t lender)
{
    return k5.thread[k5.thread[lender].holder].task;
}

/*
 * Whether the running thread's call may lend what its registers say. E_ALIGNMENT,
 * E_ADDRESS: also where a stack, device registers or shared memory are touched.
 */
K5_MUST_USE enum k5_error loan_check(uint32_t id);

/*
 * Thread `lender` lends to thread `borrower` from now on. E_BUSY: the borrower's
 * task has part of it already, or had lent it. E_REGIONS: no room in the protection
 * hardware of either. Then nothing has changed.
 */
K5_MUST_USE enum k5_error loan_begin(uint32_t lender, uint32_t borrower);

/* The range is its owner's again. A dead thread, which was there for nothing else, is off. */
void loan_end(uint32_t lender);

/* A thread of task `task` that lends some of `range`, or NO_THREAD. */
uint32_t loan_of(uint32_t task, struct range range);

/* True if task `task` has lent some of `range`. */
static inline bool loan_is_lent(uint32_t task, struct range range)
{
    return loan_of(task, range) != NO_THREAD;
}

/* A thread of the borrower's task that lends some of this loan to somebody else in turn, or
 * NO_THREAD. */
static inline uint32_t loan_onward(uint32_t lender)
{
    return loan_of(loan_borrower(lender), loan_range(lender));
}

static inline bool loan_is_passed_on(uint32_t lender)
{
    return loan_onward(lender) != NO_THREAD;
}
