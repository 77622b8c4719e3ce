/* Tests: capabilities in messages. */
#include "actors.h"
#include "rogue_ways.h"
#include "suite_slots.h"
#include "k5_task.h"

static void call_with(uint32_t cptr)
{
    order_call(LEFT, RIGHT, K5_FLAG_CAP, 1, cptr, 3, 4);
}

static void receiver_gets_its_own(void)
{
    struct k5_cap_info info;
    uint32_t got;

    order_recv(RIGHT);
    call_with(CPTR(SLOT_MIDDLE));
    CHECK_EQUAL(outcome(RIGHT), K5_OK);
    CHECK((result(RIGHT, R_INFO) & K5_FLAG_CAP) != 0);
    CHECK_EQUAL(result(RIGHT, R_W0), 1);
    CHECK_EQUAL(result(RIGHT, R_W2), 3);
    got = result(RIGHT, R_W1);
    REQUIRE(cap_of(RIGHT, got & 0xffff, &info));
    CHECK_EQUAL(info.cptr, got);
    CHECK_EQUAL(info.kind, K5_KIND_ENDPOINT);
    CHECK_EQUAL(info.rights, K5_RIGHT_SEND | K5_RIGHT_GRANT);
    CHECK_EQUAL(info.badge, 1); /* left's */
}

static void it_works(void)
{
    order_recv(RIGHT);
    order_recv(MIDDLE);
    call_with(CPTR(SLOT_MIDDLE));
    order_syscall(RIGHT, K5_SYS_SEND, result(RIGHT, R_W1), 0, 42, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(RIGHT), K5_OK);
    CHECK_EQUAL(result(MIDDLE, R_W0), 42);
    CHECK_EQUAL(result(MIDDLE, R_BADGE), 1);
}

static void by_reply(void)
{
    struct k5_cap_info info;

    order_recv(RIGHT);
    order_call(LEFT, RIGHT, 0, 0, 0, 0, 0);
    order_reply(RIGHT, K5_FLAG_CAP, 0, CPTR(SLOT_MIDDLE), 0, 0);
    CHECK_EQUAL(outcome(RIGHT), K5_OK);
    CHECK_EQUAL(outcome(LEFT), K5_OK);
    REQUIRE(cap_of(LEFT, result(LEFT, R_W1) & 0xffff, &info));
    CHECK_EQUAL(info.badge, 3); /* right's */
}

static void by_send(void)
{
    order_recv(RIGHT);
    order_syscall(LEFT, K5_SYS_SEND, CPTR(SLOT_RIGHT), K5_FLAG_CAP, 0, CPTR(SLOT_MIDDLE), 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_OK);
    order_syscall(RIGHT, K5_SYS_SEND, result(RIGHT, R_W1), K5_FLAG_TRY, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(RIGHT), K5_E_WOULD_BLOCK);
}

static void needs_grant(void)
{
    order_recv(RIGHT);
    call_with(CPTR(SLOT_MUTE));
    CHECK_EQUAL(outcome(LEFT), K5_E_RIGHTS);
    CHECK_EQUAL(outcome(RIGHT), WAITS);
}

static void must_be_there(void)
{
    order_recv(RIGHT);
    call_with(CPTR(IPC_SLOTS - 1));
    CHECK_EQUAL(outcome(LEFT), K5_E_CPTR);
    call_with(CPTR(SLOT_MIDDLE) + 0x10000);
    CHECK_EQUAL(outcome(LEFT), K5_E_STALE);
    CHECK_EQUAL(outcome(RIGHT), WAITS);
}

static void full_table_refuses(void)
{
    order(RIGHT, DO_RUN, WAY_fill_table, SLOT_LEFT, K5_RIGHT_SEND);
    CHECK_EQUAL(outcome(RIGHT), K5_E_SLOTS);
    order_recv(RIGHT);
    call_with(CPTR(SLOT_MIDDLE));
    CHECK_EQUAL(outcome(LEFT), K5_E_SLOTS);
    CHECK_EQUAL(outcome(RIGHT), WAITS);
    order_call(LEFT, RIGHT, 0, 5, 0, 0, 0);
    CHECK_EQUAL(result(RIGHT, R_W0), 5);
}

static void full_table_of_the_caller_refuses_the_reply(void)
{
    order(LEFT, DO_RUN, WAY_fill_table, SLOT_RIGHT, K5_RIGHT_SEND);
    order_recv(RIGHT);
    order_call(LEFT, RIGHT, 0, 0, 0, 0, 0);

    uint32_t reply = result(RIGHT, R_REPLY);

    order_syscall(RIGHT, K5_SYS_REPLY, reply, K5_FLAG_CAP, 0, CPTR(SLOT_MIDDLE), 0, 0, 0);
    CHECK_EQUAL(outcome(RIGHT), K5_E_SLOTS);
    CHECK_EQUAL(outcome(LEFT), WAITS);
    order_syscall(RIGHT, K5_SYS_REPLY, reply, 0, 1, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_OK);
}

static void revoked_with_its_parent(void)
{
    order_recv(RIGHT);
    call_with(CPTR(SLOT_MIDDLE));

    uint32_t got = result(RIGHT, R_W1);

    order_reply(RIGHT, 0, 0, 0, 0, 0);
    order_syscall(LEFT, K5_SYS_REVOKE, CPTR(SLOT_MIDDLE), 0, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_OK);
    order_syscall(RIGHT, K5_SYS_SEND, got, K5_FLAG_TRY, 0, 0, 0, 0, 0);
    CHECK(outcome(RIGHT) == K5_E_CPTR || outcome(RIGHT) == K5_E_STALE);
}

static void only_with_short_messages(void)
{
    order_recv(RIGHT);
    order_call(LEFT, RIGHT, K5_FLAG_CAP | K5_MSG_COPY, report(LEFT)->arena, 8, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_E_INVALID);
    order_call(LEFT, RIGHT, K5_FLAG_CAP | K5_MSG_LEND, report(LEFT)->arena, 64, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_E_INVALID);
    CHECK_EQUAL(outcome(RIGHT), WAITS);
}

static void waits_like_any_message(void)
{
    order_syscall(LEFT, K5_SYS_SEND, CPTR(SLOT_BOX), K5_FLAG_CAP, 0, CPTR(SLOT_MIDDLE), 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), WAITS); /* the queue is for plain messages */
    order_syscall(RIGHT, K5_SYS_RECV, CPTR(SLOT_BOX), 0, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_OK);
    order_syscall(RIGHT, K5_SYS_SEND, result(RIGHT, R_W1), K5_FLAG_TRY, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(RIGHT), K5_E_WOULD_BLOCK);
}

static void deleted_while_it_waits(void)
{
    order_syscall(MIDDLE, K5_SYS_MINT, CPTR(SLOT_LEFT), K5_RIGHT_SEND | K5_RIGHT_GRANT, 2, 0, 0, 0,
                  0);

    uint32_t minted = report(MIDDLE)->r[1];

    order_recv(RIGHT);
    order_syscall(MIDDLE, K5_SYS_CALL, CPTR(SLOT_RIGHT), K5_FLAG_CAP, 0, minted, 0, 0, 0);
    CHECK_EQUAL(outcome(MIDDLE), WAITS);
    revive(MIDDLE);

    uint32_t got = result(RIGHT, R_W1);

    order_syscall(RIGHT, K5_SYS_SEND, got, K5_FLAG_TRY, 0, 0, 0, 0, 0);
    CHECK(outcome(RIGHT) == K5_E_CPTR || outcome(RIGHT) == K5_E_STALE);
}

static const struct test tests[] = {
    {"pass.cap.receiver_gets_its_own",
     "The receiver of a capability finds its own, derived from it, with rights and badge.",
     receiver_gets_its_own},
    {"pass.cap.works", "A capability that was passed on works.", it_works},
    {"pass.cap.by_reply", "A reply may carry a capability.", by_reply},
    {"pass.cap.by_send", "A send may carry a capability.", by_send},
    {"pass.cap.needs_grant", "Capabilities travel where the sender holds grant.", needs_grant},
    {"pass.cap.must_be_there", "An empty slot or a stale cptr is refused.", must_be_there},
    {"pass.cap.full_table", "Where the receiver's table is full nothing is delivered.",
     full_table_refuses},
    {"pass.cap.full_table_of_caller", "Where the caller's table is full its call stays open.",
     full_table_of_the_caller_refuses_the_reply},
    {"pass.cap.revoked_with_its_parent", "revoke removes every descendant, in every table.",
     revoked_with_its_parent},
    {"pass.cap.short_only", "Only short messages carry a capability.", only_with_short_messages},
    {"pass.cap.waits", "A message with a capability does not go into an endpoint's queue.",
     waits_like_any_message},
    {"pass.cap.gone_with_its_giver",
     "At a task's death what was derived from its derived capabilities goes.",
     deleted_while_it_waits},
};
const struct test_group pass_tests = GROUP(tests);
