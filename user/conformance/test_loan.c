/* Tests: what a loan is, who sees what while it is out, what cannot be lent. */
#include "actors.h"
#include "k5_task.h"
#include "rogue_ways.h"
#include "suite_slots.h"

#define OFFSET 256u
#define BYTES  256u
#define WORD   (OFFSET / 4) /* what the first word of the loan holds at first */

/* Left lends from the middle of its memory to right, which has received it. */
static void lend(uint32_t kind)
{
    order_recv(RIGHT);
    order_call(LEFT, RIGHT, kind, report(LEFT)->arena + OFFSET, BYTES, 7, 8);
}

static uint32_t loan(void)
{
    return report(LEFT)->arena + OFFSET;
}

static void arrives(uint32_t kind)
{
    lend(5u << 16 | kind);
    CHECK_EQUAL(outcome(LEFT), WAITS);
    CHECK_EQUAL(outcome(RIGHT), K5_OK);
    CHECK_EQUAL(result(RIGHT, R_INFO), 5u << 16 | kind);
    CHECK_EQUAL(result(RIGHT, R_W0), loan());
    CHECK_EQUAL(result(RIGHT, R_W1), BYTES);
    CHECK_EQUAL(result(RIGHT, R_W2), 7);
    CHECK_EQUAL(result(RIGHT, R_W3), 8);
}

static void mut_arrives(void)
{
    arrives(K5_MSG_LEND_MUT);
}

static void read_arrives(void)
{
    arrives(K5_MSG_LEND);
}

static void mut_borrower_reads_and_writes(void)
{
    lend(K5_MSG_LEND_MUT);
    CHECK_EQUAL(peek(RIGHT, loan()), WORD);
    CHECK_EQUAL(peek(RIGHT, loan() + BYTES - 4), WORD + BYTES / 4 - 1);
    CHECK(can_store(RIGHT, loan(), 1000));
    CHECK(can_store(RIGHT, loan() + BYTES - 4, 1001));
    order_reply(RIGHT, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_OK);
    CHECK_EQUAL(peek(LEFT, loan()), 1000);
    CHECK_EQUAL(peek(LEFT, loan() + BYTES - 4), 1001);
    CHECK_EQUAL(peek(LEFT, loan() + 4), WORD + 1);
}

static void mut_owner_cannot_load(void)
{
    lend(K5_MSG_LEND_MUT);
    CHECK(!can_load(HAND, loan()));
}

static void mut_owner_cannot_store(void)
{
    lend(K5_MSG_LEND_MUT);
    CHECK(!can_store(HAND, loan() + BYTES - 4, 1));
    CHECK_EQUAL(peek(RIGHT, loan() + BYTES - 4), WORD + BYTES / 4 - 1);
}

static void mut_owner_keeps_the_rest(void)
{
    lend(K5_MSG_LEND_MUT);
    CHECK(can_store(HAND, loan() - 4, 1));
    CHECK(can_store(HAND, loan() + BYTES, 2));
    CHECK_EQUAL(peek(HAND, loan() - 4), 1);
    CHECK_EQUAL(peek(HAND, loan() + BYTES), 2);
}

static void read_both_read(void)
{
    lend(K5_MSG_LEND);
    CHECK_EQUAL(peek(RIGHT, loan()), WORD);
    CHECK_EQUAL(peek(HAND, loan()), WORD);
}

static void read_borrower_cannot_store(void)
{
    order(RIGHT, DO_RUN, WAY_write_read_loan, 0, 0);
    order_call(LEFT, RIGHT, K5_MSG_LEND, loan(), BYTES, 0, 0);
    CHECK_EQUAL(report(RIGHT)->value, WORD);
    CHECK_EQUAL(fault(RIGHT).kind, K5_FAULT_DATA);
    CHECK_EQUAL(fault(RIGHT).address, loan());
    revive(RIGHT);
    CHECK_EQUAL(outcome(LEFT), K5_E_RESTARTED);
    CHECK_EQUAL(peek(LEFT, loan()), WORD);
}

static void read_owner_cannot_store(void)
{
    lend(K5_MSG_LEND);
    CHECK(can_store(HAND, loan() - 4, 1));
    CHECK(!can_store(HAND, loan(), 1));
    CHECK_EQUAL(peek(RIGHT, loan()), WORD);
}

static void borrower_stays_below_its_end(void)
{
    order(RIGHT, DO_RUN, WAY_write_past_loan, 0, 0);
    order_call(LEFT, RIGHT, K5_MSG_LEND_MUT, loan(), 32, 0, 0);
    CHECK_EQUAL(report(RIGHT)->value, WORD + 7);
    CHECK_EQUAL(fault(RIGHT).kind, K5_FAULT_DATA);
    CHECK_EQUAL(fault(RIGHT).address, loan() + 32);
    CHECK_EQUAL(peek(HAND, loan() + 32), WORD + 8);
}

static void borrower_stays_above_its_start(void)
{
    order(RIGHT, DO_RUN, WAY_read_before_loan, 0, 0);
    order_call(LEFT, RIGHT, K5_MSG_LEND, loan(), 32, 0, 0);
    CHECK_EQUAL(fault(RIGHT).kind, K5_FAULT_DATA);
    CHECK_EQUAL(fault(RIGHT).address, loan() - 4);
}

static void loans_are_not_executable(void)
{
    order(RIGHT, DO_RUN, WAY_execute_loan, 0, 0);
    order_call(LEFT, RIGHT, K5_MSG_LEND, report(LEFT)->text, 64, 0, 0);
    CHECK_EQUAL(fault(RIGHT).kind, K5_FAULT_FETCH);
}

static void ends_with_the_reply(void)
{
    order(RIGHT, DO_RUN, WAY_use_loan_after_reply, 0, 0);
    order_call(LEFT, RIGHT, K5_MSG_LEND_MUT, loan(), BYTES, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_OK);
    CHECK_EQUAL(result(LEFT, R_W0), WORD);
    CHECK_EQUAL(fault(RIGHT).kind, K5_FAULT_DATA);
    CHECK_EQUAL(fault(RIGHT).address, loan());
    CHECK(can_store(LEFT, loan(), 1));
}

static void everybody_else_sees_nothing(void)
{
    lend(K5_MSG_LEND);
    CHECK(!can_load(MIDDLE, loan()));
}

static void again_and_again(void)
{
    for (uint32_t i = 0; i < 20; i++) {
        lend(i % 2 == 0 ? K5_MSG_LEND : K5_MSG_LEND_MUT);
        CHECK_EQUAL(peek(RIGHT, loan() + 4), WORD + 1);
        order_reply(RIGHT, 0, 0, 0, 0, 0);
        CHECK_EQUAL(outcome(LEFT), K5_OK);
    }
    CHECK(can_store(LEFT, loan(), 1));
}

/* Left's movable region, mapped: lending all of it takes no further MPU region of left's. */
static uint32_t parcel(void)
{
    order_syscall(HAND, K5_SYS_MAP, CPTR(SLOT_PARCEL), K5_MAP_READ_WRITE, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(HAND), K5_OK);
    return report(HAND)->r[1];
}

static void two_at_a_time(void)
{
    uint32_t first = parcel();
    uint32_t second = first + PARCEL_BYTES / 2;

    order_recv(RIGHT);
    order_call(LEFT, RIGHT, K5_MSG_LEND_MUT, first, PARCEL_BYTES / 2, 0, 0);
    order_recv(MIDDLE);
    order_call(HAND, MIDDLE, K5_MSG_LEND_MUT, second, PARCEL_BYTES / 2, 0, 0);
    CHECK_EQUAL(outcome(RIGHT), K5_OK);
    CHECK_EQUAL(outcome(MIDDLE), K5_OK);
    order_reply(RIGHT, 0, 0, 0, 0, 0);
    CHECK(can_store(LEFT, first, 1));
    CHECK(can_store(MIDDLE, second, 3));
    order_reply(MIDDLE, 0, 0, 0, 0, 0);
    CHECK_EQUAL(peek(LEFT, second), 3);
}

static void with_a_buffer_for_the_reply(void)
{
    order_recv(RIGHT);
    order_call(LEFT, RIGHT, K5_MSG_LEND | K5_FLAG_RECV_BUF, loan(), BYTES, report(LEFT)->arena, 16);
    CHECK_EQUAL(result(RIGHT, R_W2), 0);
    order_reply(RIGHT, K5_MSG_COPY, report(RIGHT)->arena + 16, 16, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_OK);
    CHECK_EQUAL(peek(LEFT, report(LEFT)->arena), 4);
}

static void kernel_refuses_what_is_lent(void)
{
    lend(K5_MSG_LEND_MUT);
    order_syscall(HAND, K5_SYS_SEND, CPTR(SLOT_MIDDLE), K5_MSG_COPY | K5_FLAG_TRY, loan(), 16, 0, 0,
                  0);
    CHECK_EQUAL(outcome(HAND), K5_E_ADDRESS);
    order_call(HAND, MIDDLE, K5_FLAG_RECV_BUF | K5_FLAG_TRY, 0, 0, loan() - 4, 8);
    CHECK_EQUAL(outcome(HAND), K5_E_ADDRESS);
    order_call(HAND, MIDDLE, K5_MSG_LEND | K5_FLAG_TRY, loan() - 32, 64, 0, 0);
    CHECK_EQUAL(outcome(HAND), K5_E_ADDRESS);
}

static void kernel_does_not_write_what_is_shared(void)
{
    lend(K5_MSG_LEND);
    order_call(HAND, MIDDLE, K5_FLAG_RECV_BUF | K5_FLAG_TRY, 0, 0, loan(), 8);
    CHECK_EQUAL(outcome(HAND), K5_E_ADDRESS);
    order_syscall(RIGHT, K5_SYS_RECV, CPTR(SLOT_OWN), K5_FLAG_RECV_BUF | K5_FLAG_TRY, 0, 0, loan(),
                  8, 0);
    CHECK_EQUAL(outcome(RIGHT), K5_E_ADDRESS);
}

/* ---------------------------------------------------------------- refusals */

/* Refused with `error`, and right did not notice. */
static void refused(uint32_t kind, uint32_t base, uint32_t bytes, enum k5_error error)
{
    order_recv(RIGHT);
    order_call(LEFT, RIGHT, kind, base, bytes, 0, 0);
    CHECK_EQUAL(outcome(LEFT), error);
    CHECK_EQUAL(outcome(RIGHT), WAITS);
    order_call(LEFT, RIGHT, 0, 1, 0, 0, 0);
    order_reply(RIGHT, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_OK);
}

static void misaligned(void)
{
    refused(K5_MSG_LEND, loan() + 4, 32, K5_E_ALIGNMENT);
    refused(K5_MSG_LEND_MUT, loan(), 33, K5_E_ALIGNMENT);
    refused(K5_MSG_LEND_MUT, loan() + 16, 48, K5_E_ALIGNMENT);
    refused(K5_MSG_LEND, loan() + 1, 31, K5_E_ALIGNMENT);
}

static void empty(void)
{
    refused(K5_MSG_LEND, loan(), 0, K5_E_ALIGNMENT);
    refused(K5_MSG_LEND_MUT, loan(), 0, K5_E_ALIGNMENT);
}

static void of_a_stack(void)
{
    refused(K5_MSG_LEND, report(LEFT)->stack, 32, K5_E_ADDRESS);
    refused(K5_MSG_LEND_MUT, report(LEFT)->stack, 32, K5_E_ADDRESS);
    refused(K5_MSG_LEND_MUT, report(HAND)->stack, 32, K5_E_ADDRESS);
}

static void of_all_its_memory(void)
{
    refused(K5_MSG_LEND, report(LEFT)->ram, (report(LEFT)->ram_end - report(LEFT)->ram) & ~31u,
            K5_E_ADDRESS);
    refused(K5_MSG_LEND_MUT, 0, 0xffffffe0u, K5_E_ADDRESS);
}

static void beyond_its_end(void)
{
    refused(K5_MSG_LEND, report(LEFT)->ram_end - 32, 64, K5_E_ADDRESS);
    refused(K5_MSG_LEND, report(LEFT)->ram_end, 32, K5_E_ADDRESS);
}

static void around_the_end_of_memory(void)
{
    refused(K5_MSG_LEND, 0xffffffe0u, 64, K5_E_ADDRESS);
    refused(K5_MSG_LEND_MUT, loan(), 0xffffffe0u, K5_E_ADDRESS);
}

static void of_somebody_elses(void)
{
    refused(K5_MSG_LEND, report(MIDDLE)->arena, 64, K5_E_ADDRESS);
    refused(K5_MSG_LEND_MUT, report(RIGHT)->arena, 64, K5_E_ADDRESS);
}

static void of_code_to_be_written(void)
{
    refused(K5_MSG_LEND_MUT, report(LEFT)->text, 64, K5_E_ADDRESS);
}

static void of_what_others_share(void)
{
    uint32_t stage = (uint32_t)(uintptr_t)REGION_STAGE;

    refused(K5_MSG_LEND, stage, 64, K5_E_ADDRESS);
    refused(K5_MSG_LEND_MUT, stage, 64, K5_E_ADDRESS);
}

static void of_wild_places(void)
{
    order_recv(RIGHT);
    order(LEFT, DO_RUN, WAY_wild_loans, SLOT_RIGHT, K5_MSG_LEND);
    CHECK_EQUAL(report(LEFT)->value, 0);
    order(LEFT, DO_RUN, WAY_wild_loans, SLOT_RIGHT, K5_MSG_LEND_MUT);
    CHECK_EQUAL(report(LEFT)->value, 0);
    CHECK_EQUAL(outcome(RIGHT), WAITS);
}

static void to_the_same_task(void)
{
    order_recv(LEFT);
    order_call(HAND, LEFT, K5_MSG_LEND_MUT, loan(), BYTES, 0, 0);
    CHECK_EQUAL(outcome(HAND), K5_E_INVALID);
    CHECK_EQUAL(outcome(LEFT), WAITS);
}

static void by_send(void)
{
    order_recv(RIGHT);
    order_syscall(LEFT, K5_SYS_SEND, CPTR(SLOT_RIGHT), K5_MSG_LEND, loan(), BYTES, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_E_INVALID);
    order_syscall(LEFT, K5_SYS_SEND, CPTR(SLOT_RIGHT), K5_MSG_LEND_MUT, loan(), BYTES, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_E_INVALID);
}

static void by_reply(void)
{
    order(RIGHT, DO_RUN, WAY_reply_with_loan, 0, 0);
    order_call(LEFT, RIGHT, 0, 0, 0, 0, 0);
    CHECK_EQUAL(report(RIGHT)->value, K5_E_INVALID);
    CHECK_EQUAL(outcome(LEFT), K5_OK);
}

/* Read-only twice at a time: two borrowers, one owner, three readers. */
static void read_by_two(void)
{
    uint32_t base = parcel();

    order_recv(RIGHT);
    order_call(LEFT, RIGHT, K5_MSG_LEND, base, PARCEL_BYTES, 0, 0);
    order_recv(MIDDLE);
    order_call(HAND, MIDDLE, K5_MSG_LEND, base, PARCEL_BYTES, 0, 0);
    CHECK_EQUAL(peek(MIDDLE, base), 0);
    CHECK_EQUAL(peek(RIGHT, base), 0);
    order_reply(RIGHT, 0, 0, 0, 0, 0);
    CHECK(!can_store(LEFT, base, 1)); /* middle still reads */
}

static void mutably_while_read(void)
{
    lend(K5_MSG_LEND);
    order_call(HAND, MIDDLE, K5_MSG_LEND_MUT | K5_FLAG_TRY, loan(), BYTES, 0, 0);
    CHECK_EQUAL(outcome(HAND), K5_E_ADDRESS);
}

static void twice_to_the_same_borrower(void)
{
    lend(K5_MSG_LEND);
    order_recv(RIGHT);
    order_call(HAND, RIGHT, K5_MSG_LEND, loan(), BYTES, 0, 0);
    CHECK_EQUAL(outcome(HAND), K5_E_BUSY);
    CHECK_EQUAL(outcome(RIGHT), WAITS);
}

static const struct test tests[] = {
    {"loan.mut.arrives", "lend_mut: the callee gets range and two words.", mut_arrives},
    {"loan.mut.borrower_reads_and_writes", "lend_mut: the callee reads and writes the range.",
     mut_borrower_reads_and_writes},
    {"loan.mut.owner_cannot_load",
     "While a range is lent mutably its owner cannot touch it, whichever of its threads tries.",
     mut_owner_cannot_load},
    {"loan.mut.owner_cannot_store",
     "While a range is lent mutably its owner cannot touch it, whichever of its threads tries.",
     mut_owner_cannot_store},
    {"loan.mut.owner_keeps_the_rest", "What is not lent stays as it was.",
     mut_owner_keeps_the_rest},
    {"loan.read.arrives", "lend: the callee gets range and two words.", read_arrives},
    {"loan.read.both_read", "lend: caller and callee may read.", read_both_read},
    {"loan.read.borrower_cannot_store", "lend: the callee may not write.",
     read_borrower_cannot_store},
    {"loan.read.owner_cannot_store", "lend: the owner may not write until the reply.",
     read_owner_cannot_store},
    {"loan.read.by_two", "A range may be lent for reading to two.", read_by_two},
    {"loan.borrower.stays_below_its_end", "A loan ends exactly where it says.",
     borrower_stays_below_its_end},
    {"loan.borrower.stays_above_its_start", "A loan begins exactly where it says.",
     borrower_stays_above_its_start},
    {"loan.borrower.cannot_execute", "What is lent cannot be executed.", loans_are_not_executable},
    {"loan.borrower.loses_it_with_the_reply", "A loan ends with the reply.", ends_with_the_reply},
    {"loan.borrower.is_the_only_one", "A loan is for the callee alone.",
     everybody_else_sees_nothing},
    {"loan.many.again_and_again", "Every loan ends; then the memory is its owner's again.",
     again_and_again},
    {"loan.many.two_at_a_time", "Several loans of one task end each by itself.", two_at_a_time},
    {"loan.call.with_a_buffer_for_the_reply", "A call that lends may have a receive buffer.",
     with_a_buffer_for_the_reply},
    {"loan.kernel.refuses_what_is_lent", "Pointers are checked against live loans.",
     kernel_refuses_what_is_lent},
    {"loan.kernel.does_not_write_what_is_shared", "Pointers are checked for the right access.",
     kernel_does_not_write_what_is_shared},
    {"loan.refused.misaligned", "A range begins and ends on a multiple of 32 bytes.", misaligned},
    {"loan.refused.empty", "A range is not empty.", empty},
    {"loan.refused.stack", "Stacks are never lent.", of_a_stack},
    {"loan.refused.all_memory", "Not even as part of a range.", of_all_its_memory},
    {"loan.refused.beyond_its_end", "A range is wholly in the lender's memory.", beyond_its_end},
    {"loan.refused.wraps", "Pointers are checked for wrap-around.", around_the_end_of_memory},
    {"loan.refused.somebody_elses", "Nobody lends what is not his.", of_somebody_elses},
    {"loan.refused.code_mutably", "Pointers are checked for the right access.",
     of_code_to_be_written},
    {"loan.refused.shared", "What several tasks share cannot be lent.", of_what_others_share},
    {"loan.refused.wild", "Nor devices, nor what is not memory.", of_wild_places},
    {"loan.refused.same_task", "Not to a thread of the same task.", to_the_same_task},
    {"loan.refused.by_send", "Only a call lends: send.", by_send},
    {"loan.refused.by_reply", "Only a call lends: reply.", by_reply},
    {"loan.refused.mutably_while_read", "A range lent for reading is not writable for its owner.",
     mutably_while_read},
    {"loan.refused.twice_to_one", "Nobody gets a range twice.", twice_to_the_same_borrower},
};
const struct test_group loan_tests = GROUP(tests);
