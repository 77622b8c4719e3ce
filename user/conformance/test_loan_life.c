/* Tests: what deadlines, revocation, death, restart and stop of either side do to a loan; and loans
 * that are passed on.
 */
#include "actors.h"
#include "k5_task.h"
#include "rogue_ways.h"
#include "suite_slots.h"

#define OFFSET 256u
#define BYTES  256u
#define WORD   (OFFSET / 4)

#define GRACE_US 50000u /* loan_grace_us of the actors */

static uint32_t loan(void)
{
    return report(LEFT)->arena + OFFSET;
}

static void lend_to(enum actor server, uint32_t kind)
{
    order_recv(server);
    order_call(LEFT, server, kind, loan(), BYTES, 0, 0);
}

/* Left owns it alone again. */
static void check_is_back(void)
{
    CHECK(can_store(LEFT, loan(), WORD));
    CHECK_EQUAL(peek(LEFT, loan() + BYTES - 4), WORD + BYTES / 4 - 1);
}

/* ---------------------------------------------------------------- before it is received */

static void not_before_it_is_received(void)
{
    order_call(LEFT, RIGHT, K5_MSG_LEND_MUT, loan(), BYTES, 0, 0);
    CHECK_EQUAL(state(LEFT), K5_THREAD_CALLING);
    CHECK(can_store(HAND, loan(), 5));
    CHECK(!can_load(RIGHT, loan()));
}

static void taken_back_by_its_deadline(void)
{
    order_syscall(LEFT, K5_SYS_CALL, CPTR(SLOT_RIGHT), K5_MSG_LEND_MUT | K5_FLAG_TIMED, loan(),
                  BYTES, 0, 0, k5_deadline_in_us(SOON_US));
    k5_sleep_us(LATER_US);
    CHECK_EQUAL(outcome(LEFT), K5_E_TIMEOUT);
    check_is_back();
    order_syscall(RIGHT, K5_SYS_RECV, CPTR(SLOT_OWN), K5_FLAG_TRY, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(RIGHT), K5_E_WOULD_BLOCK);
}

static void deadline_does_not_end_it(void)
{
    order_recv(RIGHT);
    order_syscall(LEFT, K5_SYS_CALL, CPTR(SLOT_RIGHT), K5_MSG_LEND_MUT | K5_FLAG_TIMED, loan(),
                  BYTES, 0, 0, k5_deadline_in_us(SOON_US));
    k5_sleep_us(LATER_US);
    CHECK_EQUAL(outcome(LEFT), WAITS);
    CHECK(can_store(RIGHT, loan(), 6));
    order_reply(RIGHT, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_OK);
    CHECK_EQUAL(peek(LEFT, loan()), 6);
}

/* Left calls through a capability that middle gave it and takes back. */
static uint32_t borrowed_capability(void)
{
    order_recv(LEFT);
    order_call(MIDDLE, LEFT, K5_FLAG_CAP, 0, CPTR(SLOT_RIGHT), 0, 0);

    uint32_t cptr = result(LEFT, R_W1);

    order_reply(LEFT, 0, 0, 0, 0, 0);
    return cptr;
}

static void taken_back_by_revocation(void)
{
    uint32_t cptr = borrowed_capability();

    order_syscall(LEFT, K5_SYS_CALL, cptr, K5_MSG_LEND_MUT, loan(), BYTES, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), WAITS);
    order_syscall(MIDDLE, K5_SYS_REVOKE, CPTR(SLOT_RIGHT), 0, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_E_STALE);
    check_is_back();
}

static void revocation_does_not_end_it(void)
{
    uint32_t cptr = borrowed_capability();

    order_recv(RIGHT);
    order_syscall(LEFT, K5_SYS_CALL, cptr, K5_MSG_LEND_MUT, loan(), BYTES, 0, 0, 0);
    order_syscall(MIDDLE, K5_SYS_REVOKE, CPTR(SLOT_RIGHT), 0, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), WAITS);
    CHECK(can_store(RIGHT, loan(), 6));
    order_reply(RIGHT, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_OK);
    CHECK_EQUAL(peek(LEFT, loan()), 6);
}

static void server_dead_before_it_is_received(void)
{
    order_call(LEFT, RIGHT, K5_MSG_LEND_MUT, loan(), BYTES, 0, 0);
    revive(RIGHT);
    CHECK_EQUAL(outcome(LEFT), K5_E_RESTARTED);
    check_is_back();
}

/* ---------------------------------------------------------------- the borrower's end */

static void borrower_dies(void)
{
    order(RIGHT, DO_RUN, WAY_die_instead_of_reply, 0, 0);
    order_call(LEFT, RIGHT, K5_MSG_LEND_MUT, loan(), BYTES, 0, 0);
    CHECK_EQUAL(fault(RIGHT).kind, K5_FAULT_PANIC);
    CHECK_EQUAL(state(LEFT), K5_THREAD_AWAITING); /* right is held, for its supervisor */
    revive(RIGHT);
    CHECK_EQUAL(outcome(LEFT), K5_E_RESTARTED);
    check_is_back();
    CHECK(!can_load(RIGHT, loan()));
}

static void borrower_restarted(void)
{
    lend_to(RIGHT, K5_MSG_LEND);
    revive(RIGHT);
    CHECK_EQUAL(outcome(LEFT), K5_E_RESTARTED);
    check_is_back();
}

static void borrower_stopped(void)
{
    lend_to(RIGHT, K5_MSG_LEND_MUT);
    CHECK_EQUAL(k5_task_stop(task_of(RIGHT)), K5_OK);
    CHECK_EQUAL(outcome(LEFT), K5_E_STOPPED);
    check_is_back();
}

static void borrower_dies_by_its_policy(void)
{
    order(STRANGER, DO_RUN, WAY_die_instead_of_reply, 0, 0);
    order_syscall(LEFT, K5_SYS_CALL, CPTR(SLOT_STRANGER), K5_MSG_LEND_MUT, loan(), BYTES, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_E_RESTARTED);
    check_is_back();
    k5_sleep_us(LATER_US); /* it lives again */
}

static void borrower_held(void)
{
    lend_to(RIGHT, K5_MSG_LEND_MUT);
    CHECK_EQUAL(k5_task_hold(task_of(RIGHT)), K5_OK);
    CHECK_EQUAL(outcome(LEFT), WAITS);
    CHECK(can_store(HAND, loan() + BYTES, 1));
    CHECK_EQUAL(k5_task_resume(task_of(RIGHT)), K5_OK);
    CHECK(can_store(RIGHT, loan(), WORD));
    order_reply(RIGHT, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_OK);
    check_is_back();
}

static void borrower_restarted_while_it_receives_again(void)
{
    lend_to(RIGHT, K5_MSG_LEND_MUT);
    order_recv(RIGHT);
    CHECK_EQUAL(outcome(LEFT), WAITS); /* the call is open */
    revive(RIGHT);
    CHECK_EQUAL(outcome(LEFT), K5_E_RESTARTED);
    check_is_back();
}

/* ---------------------------------------------------------------- the lender's end */

/* By its hand, which is not in the call. Its supervisor, the judge, leaves it held. */
static void lender_dies(void)
{
    order(HAND, DO_CRIME, 0, 0, 0);
    CHECK(fault(LEFT).kind != 0);
}

static void held_lender_goes_on_lending(void)
{
    lend_to(RIGHT, K5_MSG_LEND_MUT);
    lender_dies();
    CHECK(can_store(RIGHT, loan(), 9));
    CHECK_EQUAL(state(LEFT), K5_THREAD_AWAITING);
    order_reply(RIGHT, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(RIGHT), K5_OK);
}

static void restart_of_the_lender_waits(void)
{
    struct k5_task_status status = {0};
    uint32_t lives = report(LEFT)->lives;

    lend_to(RIGHT, K5_MSG_LEND_MUT);
    CHECK_EQUAL(k5_task_restart(task_of(LEFT)), K5_OK);
    CHECK_EQUAL(state(LEFT), K5_THREAD_LENDING);
    CHECK_EQUAL(report(LEFT)->lives, lives);
    CHECK_EQUAL(k5_task_status(task_of(LEFT), &status), K5_OK);
    CHECK_EQUAL(status.state, K5_TASK_BACKOFF);
    CHECK(can_store(RIGHT, loan(), 9)); /* it has what it was promised */
    CHECK_EQUAL(peek(RIGHT, loan()), 9);
    order_reply(RIGHT, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(RIGHT), K5_E_STALE);
    CHECK_EQUAL(report(LEFT)->lives, lives + 1);
    CHECK(!can_load(RIGHT, loan()));
}

static void restart_of_the_lender_ends_with_the_borrower(void)
{
    uint32_t lives = report(LEFT)->lives;

    lend_to(RIGHT, K5_MSG_LEND);
    CHECK_EQUAL(k5_task_restart(task_of(LEFT)), K5_OK);
    CHECK_EQUAL(report(LEFT)->lives, lives);
    revive(RIGHT);
    CHECK_EQUAL(report(LEFT)->lives, lives + 1);
}

/* The stranger borrows and does not give back: its own policy restarts it. */
static void grace_ends_in_a_timeout_fault(void)
{
    uint32_t lives = report(STRANGER)->lives;
    uint32_t lefts_lives = report(LEFT)->lives;

    order(STRANGER, DO_RUN, WAY_never_reply, 0, 0);
    order_syscall(LEFT, K5_SYS_CALL, CPTR(SLOT_STRANGER), K5_MSG_LEND_MUT, loan(), BYTES, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), WAITS);
    CHECK_EQUAL(k5_task_restart(task_of(LEFT)), K5_OK);
    k5_sleep_us(GRACE_US / 2);
    CHECK_EQUAL(state(LEFT), K5_THREAD_LENDING);
    CHECK_EQUAL(report(LEFT)->lives, lefts_lives);
    k5_sleep_us(GRACE_US);
    CHECK_EQUAL(report(STRANGER)->lives, lives + 1);
    CHECK_EQUAL(report(LEFT)->lives, lefts_lives + 1);
    revive(LEFT);
    check_is_back();
}

/* A borrower that is held for its supervisor does not keep it either. */
static void grace_ends_for_a_held_borrower(void)
{
    uint32_t lives = report(LEFT)->lives;

    lend_to(RIGHT, K5_MSG_LEND_MUT);
    CHECK_EQUAL(k5_task_hold(task_of(RIGHT)), K5_OK);
    CHECK_EQUAL(k5_task_restart(task_of(LEFT)), K5_OK);
    CHECK_EQUAL(report(LEFT)->lives, lives);
    k5_sleep_us(2 * GRACE_US);
    CHECK_EQUAL(report(LEFT)->lives, lives + 1);
}

/* It waits for orders: no thread of it can stand in its supervisor's queue, so its policy counts.
 */
static void grace_ends_for_a_waiting_borrower(void)
{
    uint32_t lives = report(LEFT)->lives;
    uint32_t rights_lives = report(RIGHT)->lives;

    lend_to(RIGHT, K5_MSG_LEND_MUT);
    CHECK_EQUAL(k5_task_restart(task_of(LEFT)), K5_OK);
    k5_sleep_us(2 * GRACE_US);
    CHECK_EQUAL(report(LEFT)->lives, lives + 1);
    k5_sleep_us(1000000); /* longer than its back-off */
    CHECK_EQUAL(report(RIGHT)->lives, rights_lives + 1);
}

static void grace_tells_the_supervisor(void)
{
    uint32_t lives = report(LEFT)->lives;

    CHECK_EQUAL(k5_thread_set_priority(thread_of(LEFT), 6), K5_OK); /* below the judge */
    CHECK_EQUAL(k5_thread_set_priority(thread_of(RIGHT), 5), K5_OK);
    order(RIGHT, DO_RUN, WAY_spin_in_call, 0, 0);
    order_call(LEFT, RIGHT, K5_MSG_LEND_MUT, loan(), BYTES, 0, 0);
    k5_sleep_us(GRACE_US / 2);
    CHECK_EQUAL(state(LEFT), K5_THREAD_AWAITING);
    CHECK_EQUAL(k5_task_restart(task_of(LEFT)), K5_OK);
    CHECK_EQUAL(state(LEFT), K5_THREAD_LENDING);
    k5_sleep_us(2 * GRACE_US);
    CHECK_EQUAL(fault(RIGHT).kind, K5_FAULT_TIMEOUT);
    CHECK_EQUAL(k5_task_restart(task_of(RIGHT)), K5_OK);
    k5_sleep_us(GRACE_US);
    CHECK_EQUAL(report(LEFT)->lives, lives + 1);
    CHECK_EQUAL(k5_thread_set_priority(thread_of(LEFT), 20), K5_OK);
    CHECK_EQUAL(k5_thread_set_priority(thread_of(RIGHT), 20), K5_OK);
}

static void stopped_lender_gets_it_back_for_its_next_life(void)
{
    lend_to(RIGHT, K5_MSG_LEND_MUT);
    CHECK_EQUAL(k5_task_stop(task_of(LEFT)), K5_OK);
    CHECK_EQUAL(k5_task_start(task_of(LEFT)), K5_E_BUSY);
    CHECK(can_store(RIGHT, loan(), WORD));
    order_reply(RIGHT, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(RIGHT), K5_E_STALE);
    CHECK_EQUAL(k5_task_start(task_of(LEFT)), K5_OK);
    revive(LEFT);
    check_is_back();
}

static void server_survives_its_dead_client(void)
{
    order(RIGHT, DO_SERVE, 0, 0, 0);
    order_call(LEFT, RIGHT, 0, 1, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_OK);
    revive(LEFT);
    acquaint(LEFT);
    order_call(LEFT, RIGHT, K5_MSG_LEND_MUT, loan(), BYTES, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_OK);
    CHECK_EQUAL(result(LEFT, R_W0), loan() + 1);
    CHECK_EQUAL(outcome(RIGHT), WAITS);
}

static void both_die(void)
{
    lend_to(RIGHT, K5_MSG_LEND_MUT);
    lender_dies();
    order(RIGHT, DO_CRIME, 0, 0, 0);
    CHECK(fault(RIGHT).kind != 0);
    revive(RIGHT);
    revive(LEFT);
    check_is_back();
}

/* ---------------------------------------------------------------- passed on */

static void pass_on(uint32_t kind, uint32_t base, uint32_t bytes)
{
    order_recv(RIGHT);
    order_call(MIDDLE, RIGHT, kind, base, bytes, 0, 0);
}

static void passed_on_wholly(void)
{
    lend_to(MIDDLE, K5_MSG_LEND_MUT);

    uint32_t reply = result(MIDDLE, R_REPLY);

    pass_on(K5_MSG_LEND_MUT, loan(), BYTES);
    CHECK_EQUAL(outcome(RIGHT), K5_OK);
    CHECK(can_store(RIGHT, loan(), 12));
    order_reply(RIGHT, 0, 0, 0, 0, 0);
    CHECK_EQUAL(peek(MIDDLE, loan()), 12);
    order_syscall(MIDDLE, K5_SYS_REPLY, reply, 0, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_OK);
    CHECK_EQUAL(peek(LEFT, loan()), 12);
}

static void passed_on_in_part(void)
{
    lend_to(MIDDLE, K5_MSG_LEND_MUT);
    pass_on(K5_MSG_LEND, loan() + 64, 64);
    CHECK_EQUAL(peek(RIGHT, loan() + 64), WORD + 16);
    CHECK(!can_load(RIGHT, loan()));
}

static void read_loan_cannot_be_passed_on_mutably(void)
{
    lend_to(MIDDLE, K5_MSG_LEND);
    pass_on(K5_MSG_LEND_MUT, loan(), BYTES);
    CHECK_EQUAL(outcome(MIDDLE), K5_E_ADDRESS);
    CHECK_EQUAL(outcome(RIGHT), WAITS);
    order_call(MIDDLE, RIGHT, K5_MSG_LEND, loan(), BYTES, 0, 0);
    CHECK_EQUAL(peek(RIGHT, loan()), WORD);
}

static void beyond_the_loan_cannot_be_passed_on(void)
{
    lend_to(MIDDLE, K5_MSG_LEND_MUT);
    pass_on(K5_MSG_LEND_MUT, loan(), BYTES + 32);
    CHECK_EQUAL(outcome(MIDDLE), K5_E_ADDRESS);
}

/* Middle keeps the call from left open, gets back what it passed on only by right's reply: until
 * then it waits itself, so the reply to left is tried by nobody but middle. */
static void last_borrower_dies(void)
{
    lend_to(MIDDLE, K5_MSG_LEND_MUT);

    uint32_t reply = result(MIDDLE, R_REPLY);

    pass_on(K5_MSG_LEND_MUT, loan(), BYTES);
    revive(RIGHT);
    CHECK_EQUAL(outcome(MIDDLE), K5_E_RESTARTED);
    CHECK(can_store(MIDDLE, loan(), WORD));
    CHECK_EQUAL(outcome(LEFT), WAITS);
    order_syscall(MIDDLE, K5_SYS_REPLY, reply, 0, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_OK);
    check_is_back();
}

/* The one in between dies: what it passed on stays with right, and left waits for that. */
static void middle_borrower_dies(void)
{
    lend_to(MIDDLE, K5_MSG_LEND_MUT);
    pass_on(K5_MSG_LEND_MUT, loan(), BYTES);
    CHECK_EQUAL(k5_task_restart(task_of(MIDDLE)), K5_OK);
    CHECK_EQUAL(outcome(LEFT), WAITS);
    CHECK(can_store(RIGHT, loan(), WORD));
    order_reply(RIGHT, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(RIGHT), K5_E_STALE);
    CHECK_EQUAL(outcome(LEFT), K5_E_RESTARTED);
    check_is_back();
}

static void first_lender_dies(void)
{
    lend_to(MIDDLE, K5_MSG_LEND_MUT);

    uint32_t reply = result(MIDDLE, R_REPLY);

    pass_on(K5_MSG_LEND_MUT, loan(), BYTES);
    CHECK_EQUAL(k5_task_restart(task_of(LEFT)), K5_OK);
    CHECK(can_store(RIGHT, loan(), 1));
    order_reply(RIGHT, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(MIDDLE), K5_OK);
    CHECK_EQUAL(state(LEFT), K5_THREAD_LENDING);
    order_syscall(MIDDLE, K5_SYS_REPLY, reply, 0, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(MIDDLE), K5_E_STALE);
    CHECK_EQUAL(state(LEFT), K5_THREAD_RECEIVING);
    revive(LEFT);
    check_is_back();
}

/* Left's hand borrows through left's other call: one task lends and borrows at a time. */
static void lender_borrows_too(void)
{
    lend_to(RIGHT, K5_MSG_LEND_MUT);
    CHECK_EQUAL(outcome(LEFT), WAITS);
    order_recv(RIGHT);
    order_call(MIDDLE, RIGHT, K5_MSG_LEND_MUT, report(MIDDLE)->arena, 256, 0, 0);
    CHECK_EQUAL(outcome(RIGHT), K5_OK);
    CHECK(can_store(RIGHT, report(MIDDLE)->arena, 4));
    CHECK(can_store(RIGHT, loan(), WORD));
    order_reply(RIGHT, 0, 0, 0, 0, 0);
    CHECK_EQUAL(peek(MIDDLE, report(MIDDLE)->arena), 4);
    CHECK_EQUAL(outcome(LEFT), WAITS);
}

static const struct test tests[] = {
    {"loan_life.waiting.not_before_it_is_received", "A range is lent from when it is received.",
     not_before_it_is_received},
    {"loan_life.waiting.deadline", "A deadline cancels a call until it is received.",
     taken_back_by_its_deadline},
    {"loan_life.waiting.revocation", "Revocation cancels a call until it is received.",
     taken_back_by_revocation},
    {"loan_life.waiting.server_dies", "Whoever waits for the dead learns it at once.",
     server_dead_before_it_is_received},
    {"loan_life.received.deadline", "From then on a loan lasts until the reply.",
     deadline_does_not_end_it},
    {"loan_life.received.revocation", "Calls that were received go on.",
     revocation_does_not_end_it},
    {"loan_life.borrower.dies", "If the borrower dies the loan comes back.", borrower_dies},
    {"loan_life.borrower.dies_by_policy", "The same where its policy restarts it.",
     borrower_dies_by_its_policy},
    {"loan_life.borrower.restarted", "If the borrower is restarted the loan comes back.",
     borrower_restarted},
    {"loan_life.borrower.stopped", "If the borrower is stopped the loan comes back.",
     borrower_stopped},
    {"loan_life.borrower.held", "A held borrower keeps its loan.", borrower_held},
    {"loan_life.borrower.receives_again", "A call that it left open ends with it.",
     borrower_restarted_while_it_receives_again},
    {"loan_life.lender.held", "A held lender goes on lending.", held_lender_goes_on_lending},
    {"loan_life.lender.restart_waits",
     "A dead owner's memory stays lent, its restart waiting, until the reply.",
     restart_of_the_lender_waits},
    {"loan_life.lender.restart_ends_with_borrower", "Or until the borrower's death.",
     restart_of_the_lender_ends_with_the_borrower},
    {"loan_life.lender.grace",
     "For at most a configured grace, after which the borrower gets a timeout fault.",
     grace_ends_in_a_timeout_fault},
    {"loan_life.lender.grace_for_held", "A held borrower does not keep it longer.",
     grace_ends_for_a_held_borrower},
    {"loan_life.lender.grace_for_waiting", "One that waits does not, either.",
     grace_ends_for_a_waiting_borrower},
    {"loan_life.lender.grace_tells_supervisor",
     "The timeout fault goes to the borrower's supervisor.", grace_tells_the_supervisor},
    {"loan_life.lender.stop_waits", "The same for stop.",
     stopped_lender_gets_it_back_for_its_next_life},
    {"loan_life.lender.server_goes_on", "A client can never crash a server.",
     server_survives_its_dead_client},
    {"loan_life.both.die", "Every loan ends.", both_die},
    {"loan_life.passed_on.wholly", "The borrower may pass a loan on by a further call.",
     passed_on_wholly},
    {"loan_life.passed_on.in_part", "Or a part of it, for less.", passed_on_in_part},
    {"loan_life.passed_on.not_for_more", "Not for writing what it can only read.",
     read_loan_cannot_be_passed_on_mutably},
    {"loan_life.passed_on.not_beyond", "Not more than it has.",
     beyond_the_loan_cannot_be_passed_on},
    {"loan_life.passed_on.last_dies", "If the last one dies the one before has it again.",
     last_borrower_dies},
    {"loan_life.passed_on.middle_dies",
     "If one in between dies the owner waits until the onward loan ends, too.",
     middle_borrower_dies},
    {"loan_life.passed_on.first_dies", "If the owner dies it waits for all of them.",
     first_lender_dies},
    {"loan_life.many.from_two_lenders", "A borrower may have several loans.", lender_borrows_too},
};
const struct test_group loan_life_tests = GROUP(tests);
