/* Loans: memory that a caller lends to the callee until the reply. */
#include "kernel/loan.h"

#include "kernel/reaper.h"
#include "kernel/system.h"
#include "kernel/thread.h"

static bool touches_stack(uint32_t task, struct range range)
{
    const struct sys_task *table = sys_task(task);

    for (uint32_t i = 0; i < table->thread_count; i++) {
        const struct sys_thread *thread = sys_thread(table->first_thread + i);
        struct range stack = {thread->stack_base, thread->stack_top - thread->stack_base};

        if (region_overlap(stack, range)) {
            return true;
        }
    }
    return false;
}

enum k5_error loan_check(uint32_t id)
{
    const struct thread *thread = &k5.thread[id];
    bool exclusive = (thread->reg[1] & 0xffu) == K5_MSG_LEND_MUT;
    struct range range = loan_range(id);
    uint32_t access = exclusive ? SYS_READ | SYS_WRITE : SYS_READ;

    if (range.bytes == 0 || (range.base | range.bytes) % REGION_GRAIN != 0) {
        return K5_E_ALIGNMENT;
    }
    if (!region_check_flags(thread->task, range, access, SYS_REGION_DEVICE | SYS_REGION_SHARED) ||
        touches_stack(thread->task, range)) {
        return K5_E_ADDRESS;
    }
    return K5_OK;
}

uint32_t loan_of(uint32_t task, struct range range)
{
    uint32_t id = k5.loans;

    while (id != NO_THREAD &&
           (k5.thread[id].task != task || !region_overlap(loan_range(id), range))) {
        id = k5.thread[id].next_loan;
    }
    return id;
}

static void take_out(uint32_t lender)
{
    struct thread *thread = &k5.thread[lender];
    uint8_t *link = &k5.loans;

    while (*link != lender) { /* it is in the list: k5.thread[].lends says so */
        link = &k5.thread[*link].next_loan;
    }
    *link = thread->next_loan;
    thread->lends = 0;
}

enum k5_error loan_begin(uint32_t lender, uint32_t borrower)
{
    struct thread *thread = &k5.thread[lender];
    uint32_t to = k5.thread[borrower].task;
    struct range range = loan_range(lender);

    if (!region_is_free(to, range)) {
        return K5_E_BUSY;
    }
    thread->lends = thread->reg[1] & 0xffu;
    thread->holder = (uint8_t)borrower;

    struct sys_region lent = loan_region(lender);

    if (!region_lend(thread->task, to, &lent, loan_is_exclusive(lender), &thread->loan_entries)) {
        thread->lends = 0;
        return K5_E_REGIONS;
    }
    thread->next_loan = k5.loans;
    k5.loans = (uint8_t)lender;
    port_trace(K5_EVENT_LOAN, lender, borrower | (uint32_t)thread->lends << 8, range.base,
               range.bytes);
    return K5_OK;
}

void loan_end(uint32_t lender)
{
    struct thread *thread = &k5.thread[lender];
    struct sys_region lent = loan_region(lender);

    port_trace(K5_EVENT_LOAN_END, lender, thread->holder, lent.base, lent.bytes);
    take_out(lender);
    region_give_back(thread->task, loan_borrower(lender), &lent, thread->loan_entries);
    if (thread->state == K5_THREAD_LENDING) {
        thread_set_state(thread, K5_THREAD_OFF);
    }
    reaper_retry();
}
