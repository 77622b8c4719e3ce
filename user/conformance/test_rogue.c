/* Tests: a rogue misbehaves in ways that take more than one system call. Right is the rogue, left
 * its peer, middle a bystander that serves.
 */
#include "actors.h"
#include "k5_task.h"
#include "rogue_ways.h"
#include "suite_slots.h"

/* The bystander is well. */
static void check_bystander(void)
{
    struct k5_message message = k5_short(0, 20, 0, 0, 0);

    CHECK_EQUAL(k5_call(CAP_MIDDLE, &message), K5_OK);
    CHECK_EQUAL(message.word[0], 21);
}

static void begin(enum rogue_way way, uint32_t b, uint32_t c)
{
    order(MIDDLE, DO_SERVE, 0, 0, 0);
    order(RIGHT, DO_RUN, way, b, c);
}

static void reply_twice(void)
{
    begin(WAY_reply_twice, 0, 0);
    order_call(LEFT, RIGHT, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_OK);
    CHECK_EQUAL(result(LEFT, R_W0), 1);
    CHECK_EQUAL(report(RIGHT)->value, K5_E_STALE);
    check_bystander();
}

static void reply_to_guesses(void)
{
    order_call(LEFT, MIDDLE, 0, 0, 0, 0, 0); /* somebody else's call, to guess at */
    order_recv(MIDDLE);
    order(RIGHT, DO_RUN, WAY_reply_to_guesses, 0, 0);

    struct k5_message message = k5_short(0, 0, 0, 0, 0);

    CHECK_EQUAL(k5_call(CAP_RIGHT, &message), K5_OK);
    CHECK_EQUAL(message.word[0], 1);
    CHECK_EQUAL(report(RIGHT)->value, 0);
    CHECK_EQUAL(outcome(LEFT), WAITS);
}

static void never_reply(void)
{
    begin(WAY_never_reply, 0, 0);
    order_call(LEFT, RIGHT, 0, 0, 0, 0, 0);
    k5_sleep_us(LATER_US);
    CHECK_EQUAL(state(LEFT), K5_THREAD_AWAITING);
    check_bystander();
    CHECK_EQUAL(k5_task_stop(task_of(RIGHT)), K5_OK);
    CHECK_EQUAL(outcome(LEFT), K5_E_STOPPED);
}

static void die_instead_of_reply(void)
{
    begin(WAY_die_instead_of_reply, 0, 0);
    order_call(LEFT, RIGHT, 0, 0, 0, 0, 0);
    CHECK_EQUAL(fault(RIGHT).kind, K5_FAULT_PANIC);
    check_bystander();
    revive(RIGHT);
    CHECK_EQUAL(outcome(LEFT), K5_E_RESTARTED);
}

/* Lends to the rogue, which does something wrong with it and dies of a fault of kind `kind`. */
static void misuse_loan(enum rogue_way way, uint32_t message_kind, uint32_t fault_kind)
{
    uint32_t base = report(LEFT)->arena + 256;

    begin(way, 0, 0);
    order_call(LEFT, RIGHT, message_kind, base, 256, 0, 0);
    CHECK_EQUAL(fault(RIGHT).kind, fault_kind);
    check_bystander();
    revive(RIGHT);
    CHECK_EQUAL(peek(LEFT, base), 64);
    CHECK_EQUAL(peek(LEFT, base - 4), 63);
    CHECK_EQUAL(peek(LEFT, base + 256), 128);
    CHECK(can_store(LEFT, base, 1));
}

static void write_read_loan(void)
{
    misuse_loan(WAY_write_read_loan, K5_MSG_LEND, K5_FAULT_DATA);
}

static void write_past_loan(void)
{
    misuse_loan(WAY_write_past_loan, K5_MSG_LEND_MUT, K5_FAULT_DATA);
}

static void read_before_loan(void)
{
    misuse_loan(WAY_read_before_loan, K5_MSG_LEND, K5_FAULT_DATA);
}

static void execute_loan(void)
{
    misuse_loan(WAY_execute_loan, K5_MSG_LEND_MUT, K5_FAULT_FETCH);
}

static void use_loan_after_reply(void)
{
    misuse_loan(WAY_use_loan_after_reply, K5_MSG_LEND_MUT, K5_FAULT_DATA);
}

static void reply_with_loan(void)
{
    begin(WAY_reply_with_loan, 0, 0);
    order_call(LEFT, RIGHT, 0, 0, 0, 0, 0);
    CHECK_EQUAL(report(RIGHT)->value, K5_E_INVALID);
    CHECK_EQUAL(outcome(LEFT), K5_OK);
    check_bystander();
}

static void keep_all_replies(void)
{
    struct k5_message message = k5_short(0, 0, 0, 0, 0);

    begin(WAY_keep_all_replies, 2, 0);
    order_call(LEFT, RIGHT, 0, 0, 0, 0, 0);
    CHECK_EQUAL(k5_send(CAP_RIGHT, &message), K5_OK);
    CHECK_EQUAL(report(RIGHT)->value, 2);
    CHECK_EQUAL(outcome(LEFT), WAITS);
    check_bystander();
    revive(RIGHT);
    CHECK_EQUAL(outcome(LEFT), K5_E_RESTARTED);
}

static void flood(void)
{
    begin(WAY_flood, SLOT_LEFT, 0);
    CHECK_EQUAL(report(RIGHT)->value, 0);
    CHECK_EQUAL(outcome(RIGHT), K5_E_WOULD_BLOCK);
    check_bystander();
}

static void forge_cptrs(void)
{
    begin(WAY_forge_cptrs, 0, 0);
    CHECK_EQUAL(report(RIGHT)->busy, 0);
    CHECK_EQUAL(report(RIGHT)->value, 0);
    check_bystander();
}

static void fill_table(void)
{
    begin(WAY_fill_table, SLOT_LEFT, K5_RIGHT_SEND);
    CHECK_EQUAL(outcome(RIGHT), K5_E_SLOTS);
    check_bystander();
    order_syscall(LEFT, K5_SYS_MINT, CPTR(SLOT_RIGHT), K5_RIGHT_SEND, 1, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_OK); /* its own table is its own affair */
}

static void recurse(void)
{
    begin(WAY_recurse, 0, 0);
    CHECK(fault(RIGHT).kind == K5_FAULT_STACK_OVERFLOW || fault(RIGHT).kind == K5_FAULT_DATA);
    check_bystander();
}

static void return_from_main(void)
{
    order(MIDDLE, DO_SERVE, 0, 0, 0);
    order(RIGHT, DO_RETURN, 0, 0, 0);
    CHECK_EQUAL(fault(RIGHT).kind, K5_FAULT_PANIC);
    check_bystander();
}

static void wild_pointers(void)
{
    begin(WAY_wild_pointers, SLOT_LEFT, 0);
    CHECK_EQUAL(report(RIGHT)->busy, 0);
    CHECK_EQUAL(report(RIGHT)->value, 0);
    check_bystander();
}

static void wild_loans(void)
{
    order_recv(LEFT);
    begin(WAY_wild_loans, SLOT_LEFT, K5_MSG_LEND_MUT);
    CHECK_EQUAL(report(RIGHT)->busy, 0);
    CHECK_EQUAL(report(RIGHT)->value, 0);
    CHECK_EQUAL(outcome(LEFT), WAITS);
    check_bystander();
}

static void steal_messages(void)
{
    order_syscall(LEFT, K5_SYS_SEND, CPTR(SLOT_MIDDLE), 0, 0, 0, 0, 0, 0);
    order(RIGHT, DO_RUN, WAY_steal_messages, 0, 0);
    CHECK_EQUAL(report(RIGHT)->value, 0);
    CHECK_EQUAL(outcome(LEFT), WAITS);
}

static void call_in_circles(void)
{
    begin(WAY_call_in_circles, SLOT_LEFT, 0);
    order_call(LEFT, RIGHT, 0, 0, 0, 0, 0);
    CHECK_EQUAL(report(RIGHT)->value, K5_E_DEADLOCK);
    CHECK_EQUAL(outcome(LEFT), K5_OK);
    check_bystander();
}

/* Below the judge's priority, or nobody could see it. */
static void spin_in_call(void)
{
    struct k5_thread_status status = {0};

    CHECK_EQUAL(k5_thread_set_priority(thread_of(LEFT), 6), K5_OK);
    CHECK_EQUAL(k5_thread_set_priority(thread_of(RIGHT), 5), K5_OK);
    begin(WAY_spin_in_call, 0, 0);
    order_call(LEFT, RIGHT, 0, 0, 0, 0, 0);
    k5_sleep_us(LATER_US);
    check_bystander();
    CHECK_EQUAL(k5_thread_status(thread_of(RIGHT), &status), K5_OK);
    CHECK_EQUAL(status.effective, 6); /* on left's priority, no more */
    CHECK_EQUAL(k5_task_stop(task_of(RIGHT)), K5_OK);
    CHECK_EQUAL(k5_thread_set_priority(thread_of(LEFT), 20), K5_OK);
    CHECK_EQUAL(k5_thread_set_priority(thread_of(RIGHT), 20), K5_OK);
    CHECK_EQUAL(outcome(LEFT), K5_E_STOPPED);
}

/* Dies as soon as it lives, again and again: each time the judge restarts it. */
static void restart_loop(void)
{
    order(MIDDLE, DO_SERVE, 0, 0, 0);
    for (uint32_t i = 0; i < 10; i++) {
        order(RIGHT, DO_CRIME, 0, 0, 0);
        CHECK(fault(RIGHT).kind != 0);
        revive(RIGHT);
        check_bystander();
    }
    order_call(LEFT, RIGHT, K5_FLAG_TRY, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_E_RESTARTED); /* once, however often */
    order_call(LEFT, RIGHT, K5_FLAG_TRY, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_E_WOULD_BLOCK);
}

/* Every system call with every argument out of its range comes back with an error, and it lives. */
static void wild_arguments(void)
{
    static const uint32_t words[] = {0xffffffffu, 0x80000000u, 0x7fffffffu, 0xdeadbeefu};
    static const uint8_t calls[] = {
        K5_SYS_SEND,
        K5_SYS_CALL,
        K5_SYS_RECV,
        K5_SYS_REPLY,
        K5_SYS_REPLY_RECV,
        K5_SYS_LOG,
        K5_SYS_CAPS,
        K5_SYS_SIGNAL,
        K5_SYS_WAIT,
        K5_SYS_MINT,
        K5_SYS_DELETE,
        K5_SYS_REVOKE,
        K5_SYS_MAP,
        K5_SYS_UNMAP,
        K5_SYS_IRQ_ACK,
        K5_SYS_LISTEN,
        K5_SYS_CONNECT,
        K5_SYS_TASK_STATUS,
        K5_SYS_TASK_START,
        K5_SYS_TASK_STOP,
        K5_SYS_TASK_HOLD,
        K5_SYS_THREAD_STATUS,
        K5_SYS_THREAD_STOP,
        K5_SYS_TASK_RESTART,
        K5_SYS_TASK_RESUME,
        K5_SYS_THREAD_START,
        K5_SYS_THREAD_SET_PRIORITY,
        K5_SYS_THREAD_SET_BUDGET,
    };

    for (uint32_t i = 0; i < COUNT_OF(calls); i++) {
        for (uint32_t k = 0; k < COUNT_OF(words); k++) {
            uint32_t w = words[k];

            order_syscall(RIGHT, (enum k5_syscall)calls[i], w, w, w, w, w, w, w);
            CHECK(outcome(RIGHT) < 0);
        }
    }
    CHECK_EQUAL(fault(RIGHT).kind, 0);
}

/* The kernel's results go to registers, so nothing that a task passes is written through; what it
 * passes as a buffer may be any part of it, its stack too.
 */
static void buffer_on_the_stack(void)
{
    order_syscall(RIGHT, K5_SYS_RECV, CPTR(SLOT_OWN), K5_FLAG_RECV_BUF, 0, 0, report(RIGHT)->ram,
                  256, 0);
    CHECK(outcome(RIGHT) == WAITS || outcome(RIGHT) == K5_E_ADDRESS);
    order_syscall(LEFT, K5_SYS_SEND, CPTR(SLOT_RIGHT), K5_MSG_COPY, report(LEFT)->arena, 256, 0, 0,
                  0);
    order(MIDDLE, DO_SERVE, 0, 0, 0);
    check_bystander(); /* whatever became of right, that was its own stack */
}

static const struct test tests[] = {
    {"rogue.way.reply_twice", "A reply capability is valid once.", reply_twice},
    {"rogue.way.reply_to_guesses", "Nobody answers another's call.", reply_to_guesses},
    {"rogue.way.never_reply", "A server that never replies is its supervisor's affair.",
     never_reply},
    {"rogue.way.die_instead_of_reply", "Each call ends with exactly one reply or error.",
     die_instead_of_reply},
    {"rogue.way.write_read_loan", "Writing what is lent for reading is a fault.", write_read_loan},
    {"rogue.way.write_past_loan", "So is writing beyond a loan.", write_past_loan},
    {"rogue.way.read_before_loan", "So is reading outside of it.", read_before_loan},
    {"rogue.way.execute_loan", "So is executing it.", execute_loan},
    {"rogue.way.use_loan_after_reply", "So is using it after the reply.", use_loan_after_reply},
    {"rogue.way.reply_with_loan", "A reply does not lend.", reply_with_loan},
    {"rogue.way.keep_all_replies", "Calls that a server keeps end with it.", keep_all_replies},
    {"rogue.way.flood", "Who does not receive is not flooded.", flood},
    {"rogue.way.forge_cptrs", "A cptr that was not given is none.", forge_cptrs},
    {"rogue.way.fill_table", "A full table is its task's own affair.", fill_table},
    {"rogue.way.recurse", "A stack that is full is a fault.", recurse},
    {"rogue.way.return_from_main", "A task that comes to its end has panicked.", return_from_main},
    {"rogue.way.wild_pointers", "No buffer lies outside of its task.", wild_pointers},
    {"rogue.way.wild_loans", "No loan lies outside of its task.", wild_loans},
    {"rogue.way.steal_messages", "Messages are their receiver's.", steal_messages},
    {"rogue.way.call_in_circles", "A ring of calls is refused.", call_in_circles},
    {"rogue.way.spin_in_call", "A server runs on its caller's priority, no more.", spin_in_call},
    {"rogue.way.restart_loop", "A task that dies again and again hurts nobody.", restart_loop},
    {"rogue.way.wild_arguments", "The caller's mistake is an error code.", wild_arguments},
    {"rogue.way.buffer_on_the_stack", "A task may spoil its own stack, and only that.",
     buffer_on_the_stack},
};
const struct test_group rogue_tests = GROUP(tests);
