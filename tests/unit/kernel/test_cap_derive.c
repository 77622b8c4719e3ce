/* Derived capabilities: mint, delete, revoke, and capabilities in messages. */
#include "kernel/cap.h"

#include "kernel/system.h"
#include "tests/unit/kit.h"

#define GIVER 0u /* has a capability to its own endpoint, and to the taker's */
#define TAKER 1u
#define THIRD 2u

#define S K5_RIGHT_SEND
#define R K5_RIGHT_RECV
#define G K5_RIGHT_GRANT

static uint32_t own;        /* the giver's: send, recv, grant on its own endpoint */
static uint32_t to_taker;   /* the giver's */
static uint32_t to_third;   /* the taker's */
static uint32_t take;       /* the taker's */
static uint32_t third_take; /* the third's */

static void build_three(uint32_t spare)
{
    kit_setup(NULL);
    for (uint32_t i = 0; i < 3; i++) {
        build_single(10);
        build_spare_slots(i, spare);
    }
    build_endpoint(GIVER);
    build_endpoint(TAKER);
    build_endpoint(THIRD);
    own = build_cap(GIVER, 0, S | R | G, 0);
    to_taker = build_cap(GIVER, 1, S | G, 5);
    take = build_cap(TAKER, 1, R | S, 0);
    to_third = build_cap(TAKER, 2, S, 0);
    third_take = build_cap(THIRD, 2, R, 0);
}

static void boot_three(uint32_t spare)
{
    build_three(spare);
    kit_boot();
}

static uint32_t mint(uint32_t who, uint32_t cptr, uint32_t rights, uint32_t badge)
{
    TURN_TO(who);
    PLAY(who, K5_SYS_MINT, cptr, rights, badge);
    ASSERT_ERROR(who, K5_OK);
    return kit_reg(who, 1);
}

static const struct cap *cap_of(uint32_t task, uint32_t cptr)
{
    return &k5.slot[sys_task(task)->first_slot + (cptr & 0xffffu)];
}

/* How many capabilities are in the spare slots of all tables. */
static uint32_t derived_count(void)
{
    uint32_t count = 0;

    for (uint32_t t = 0; t < port_system()->task_count; t++) {
        for (uint32_t i = sys_task(t)->cap_count; i < sys_task(t)->slot_count; i++) {
            count += k5.slot[sys_task(t)->first_slot + i].kind != K5_KIND_NONE;
        }
    }
    return count;
}

/* The giver passes `cptr` to the taker, which finds its own; 0 if it was refused. */
static uint32_t pass(uint32_t cptr)
{
    TURN_TO(TAKER);
    PLAY(TAKER, K5_SYS_RECV, take);
    TURN_TO(GIVER);
    PLAY(GIVER, K5_SYS_SEND, to_taker, kit_info(3, K5_FLAG_CAP), 11, cptr, 33, 44);
    return kit_reg(GIVER, 0) == K5_OK ? kit_reg(TAKER, 3) : 0;
}

/* The taker passes one on to the third. */
static uint32_t pass_on(uint32_t cptr)
{
    TURN_TO(THIRD);
    PLAY(THIRD, K5_SYS_RECV, third_take);
    TURN_TO(TAKER);
    PLAY(TAKER, K5_SYS_SEND, to_third, K5_FLAG_CAP, 0, cptr);
    ASSERT_ERROR(TAKER, K5_OK);
    return kit_reg(THIRD, 3);
}

/* ------------------------------------------------------------ mint */

static void test_mint_gives_what_was_asked_for(void **state)
{
    (void)state;
    boot_three(4);
    for (uint32_t rights = 0; rights < 8; rights++) {
        uint32_t minted = mint(GIVER, own, rights, 0x100 + rights);

        assert_int_equal(cap_of(GIVER, minted)->rights, rights);
        assert_int_equal(cap_of(GIVER, minted)->badge, 0x100 + rights);
        PLAY(GIVER, K5_SYS_CAPS, minted & 0xffffu);
        assert_int_equal(kit_reg(GIVER, 1), minted);
        assert_int_equal(kit_reg(GIVER, 2), K5_KIND_ENDPOINT | rights << 8);
        assert_int_equal(kit_reg(GIVER, 3), 0x100 + rights);
        PLAY(GIVER, K5_SYS_DELETE, minted);
        ASSERT_ERROR(GIVER, K5_OK);
    }
}

static void test_mint_of_every_kind(void **state)
{
    (void)state;
    build_single(10);
    build_endpoint(0);
    build_interrupt(5, build_notification(0), 0);
    build_port("p");
    build_object(64, SYS_READ, SYS_REGION_SHARED);
    build_spare_slots(0, 8);
    for (uint32_t kind = K5_KIND_ENDPOINT; kind <= K5_KIND_THREAD; kind++) {
        build_cap_for(0, (enum k5_kind)kind, 0, 5, 0);
    }
    kit_boot();
    for (uint32_t kind = K5_KIND_ENDPOINT; kind <= K5_KIND_THREAD; kind++) {
        uint32_t minted = mint(0, 0x10000 + kind - 1, 1, 0);

        assert_int_equal(cap_of(0, minted)->kind, kind);
        assert_int_equal(cap_of(0, minted)->rights, 1);
    }
}

static void test_mint_errors(void **state)
{
    (void)state;
    boot_three(1);

    const struct {
        uint32_t cptr, rights, badge;
        enum k5_error want;
    } row[] = {
        {own, 8, 0, K5_E_RIGHTS},          {own, 0xffffffff, 0, K5_E_RIGHTS},
        {to_taker, S | R, 5, K5_E_RIGHTS}, {to_taker, S, 6, K5_E_INVALID},
        {to_taker, S, 0, K5_E_INVALID},    {0x10063, 0, 0, K5_E_CPTR},
        {own + 0x10000, 0, 0, K5_E_STALE}, {0, 0, 0, K5_E_STALE},
    };

    TURN_TO(GIVER);
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        kit_row("mint", i);
        PLAY(GIVER, K5_SYS_MINT, row[i].cptr, row[i].rights, row[i].badge);
        ASSERT_ERROR(GIVER, row[i].want);
        assert_int_equal(derived_count(), 0);
    }
    mint(GIVER, to_taker, S, 5); /* its own badge it may keep */
    PLAY(GIVER, K5_SYS_MINT, own, S, 0);
    ASSERT_ERROR(GIVER, K5_E_SLOTS);
}

/* A list of derivation has a bounded depth, so that a walk has an end. */
static void test_mint_too_deep_is_refused(void **state)
{
    (void)state;
    boot_three(252); /* more than the depth could be */

    uint32_t from = own;
    uint32_t depth = 0;

    for (; depth < 300; depth++) {
        TURN_TO(GIVER);
        PLAY(GIVER, K5_SYS_MINT, from, G, 0);
        if (kit_reg(GIVER, 0) != K5_OK) {
            break;
        }
        from = kit_reg(GIVER, 1);
    }
    ASSERT_ERROR(GIVER, K5_E_SLOTS);
    assert_in_range(depth, 16, 251);
    mint(GIVER, own, S, 0); /* there is room, but not that deep */
}

/* ------------------------------------------------------------ delete */

static void test_delete_makes_the_cptr_stale(void **state)
{
    (void)state;
    boot_three(1);

    uint32_t first = mint(GIVER, own, S, 1);

    PLAY(GIVER, K5_SYS_DELETE, first);
    ASSERT_ERROR(GIVER, K5_OK);
    PLAY(GIVER, K5_SYS_DELETE, first);
    ASSERT_ERROR(GIVER, K5_E_STALE);

    uint32_t second = mint(GIVER, own, S, 2);

    assert_int_equal(second & 0xffffu, first & 0xffffu); /* the same slot, */
    assert_int_not_equal(second, first);                 /* another number */
    PLAY(GIVER, K5_SYS_DELETE, first);
    ASSERT_ERROR(GIVER, K5_E_STALE);
    PLAY(GIVER, K5_SYS_SEND, first, K5_FLAG_TRY);
    ASSERT_ERROR(GIVER, K5_E_STALE);
    PLAY(GIVER, K5_SYS_DELETE, second);
    ASSERT_ERROR(GIVER, K5_OK);
}

static void test_delete_of_a_parent_is_refused(void **state)
{
    (void)state;
    boot_three(3);

    uint32_t child = mint(GIVER, own, S | G, 1);
    uint32_t grandchild = mint(GIVER, child, S, 1);

    PLAY(GIVER, K5_SYS_DELETE, own);
    ASSERT_ERROR(GIVER, K5_E_BUSY);
    PLAY(GIVER, K5_SYS_DELETE, child);
    ASSERT_ERROR(GIVER, K5_E_BUSY);
    PLAY(GIVER, K5_SYS_DELETE, grandchild);
    ASSERT_ERROR(GIVER, K5_OK);
    PLAY(GIVER, K5_SYS_DELETE, child);
    ASSERT_ERROR(GIVER, K5_OK);
    PLAY(GIVER, K5_SYS_DELETE, own);
    ASSERT_ERROR(GIVER, K5_OK);
    PLAY(GIVER, K5_SYS_DELETE, own);
    ASSERT_ERROR(GIVER, K5_E_CPTR); /* a slot of the description keeps its number */
}

/* A sister deletes the capability through which a thread waits: it waits no more. */
static void test_delete_ends_the_wait_of_a_sister(void **state)
{
    (void)state;
    build_three(1);

    uint32_t task = build_task(SYS_POLICY_RESTART);
    uint32_t waiter = build_thread(task, 10);
    uint32_t sister = build_thread(task, 10);
    uint32_t cptr = build_cap(task, 0, S, 0);

    kit_boot();
    TURN_TO(waiter);
    PLAY(waiter, K5_SYS_CALL, cptr, 0, 1);
    ASSERT_STATE(waiter, K5_THREAD_CALLING);
    TURN_TO(sister);
    PLAY(sister, K5_SYS_DELETE, cptr);
    ASSERT_ERROR(sister, K5_OK);
    ASSERT_STATE(waiter, K5_THREAD_READY);
    ASSERT_ERROR(waiter, K5_E_STALE);
    TURN_TO(GIVER);
    PLAY(GIVER, K5_SYS_RECV, own, K5_FLAG_TRY);
    ASSERT_ERROR(GIVER, K5_E_WOULD_BLOCK);
}

/* What the description gave is there again after a restart, under the same number. */
static void test_delete_lasts_until_the_restart(void **state)
{
    (void)state;
    boot_three(0);
    TURN_TO(GIVER);
    PLAY(GIVER, K5_SYS_DELETE, to_taker);
    ASSERT_ERROR(GIVER, K5_OK);
    PLAY(GIVER, K5_SYS_SEND, to_taker, K5_FLAG_TRY);
    ASSERT_ERROR(GIVER, K5_E_CPTR);
    FAULT(GIVER);
    kit_advance(BUILD_BACKOFF);
    TURN_TO(GIVER);
    PLAY(GIVER, K5_SYS_SEND, to_taker, K5_FLAG_TRY);
    ASSERT_ERROR(GIVER, K5_E_WOULD_BLOCK);
}

/* A slot whose generation would wrap is retired: no number is ever used twice. */
static void test_delete_retires_a_slot_before_its_generation_wraps(void **state)
{
    (void)state;
    boot_three(1);

    uint32_t last = 0;
    uint32_t made = 0;

    TURN_TO(GIVER);
    for (uint32_t i = 0; i < 0x20000; i++) {
        PLAY(GIVER, K5_SYS_MINT, own, S, 0);
        if (kit_reg(GIVER, 0) != K5_OK) {
            break;
        }
        assert_true(kit_reg(GIVER, 1) > last); /* each number once */
        last = kit_reg(GIVER, 1);
        made++;
        PLAY(GIVER, K5_SYS_DELETE, last);
        ASSERT_ERROR(GIVER, K5_OK);
    }
    ASSERT_ERROR(GIVER, K5_E_SLOTS);
    assert_int_equal(made, 0xffff);
    PLAY(GIVER, K5_SYS_SEND, last & 0xffffu);
    ASSERT_ERROR(GIVER, K5_E_CPTR);
}

/* ------------------------------------------------------------ in messages */

static void test_cap_in_a_message_is_derived_for_the_receiver(void **state)
{
    (void)state;
    boot_three(2);

    uint32_t got = pass(own);

    assert_int_equal(kit_reg(TAKER, 1), kit_info(3, K5_FLAG_CAP));
    assert_int_equal(kit_reg(TAKER, 2), 11);
    assert_int_equal(kit_reg(TAKER, 4), 33);
    assert_int_equal(kit_reg(TAKER, 5), 44);
    assert_int_equal(cap_of(TAKER, got)->rights, S | R | G);
    PLAY(GIVER, K5_SYS_SLEEP, 1000, 0);
    TURN_TO(TAKER);
    PLAY(TAKER, K5_SYS_SEND, got, K5_FLAG_TRY);
    ASSERT_ERROR(TAKER, K5_E_WOULD_BLOCK); /* it works */
    PLAY(TAKER, K5_SYS_RECV, got, K5_FLAG_TRY);
    ASSERT_ERROR(TAKER, K5_E_RIGHTS); /* but only one thread receives */
}

/* By call and back by the reply. */
static void test_cap_travels_by_call_and_reply(void **state)
{
    (void)state;
    for (uint32_t number = K5_SYS_REPLY; number <= K5_SYS_REPLY_RECV; number++) {
        boot_three(2);
        TURN_TO(TAKER);
        PLAY(TAKER, K5_SYS_RECV, take);
        TURN_TO(GIVER);
        PLAY(GIVER, K5_SYS_CALL, to_taker, K5_FLAG_CAP, 0, own);
        ASSERT_CURRENT(TAKER);

        uint32_t reply = kit_reg(TAKER, 7);
        uint32_t got = kit_reg(TAKER, 3);

        PLAY(TAKER, number, reply, kit_info(1, K5_FLAG_CAP), 21, got, 22, 23, take);
        ASSERT_ERROR(GIVER, K5_OK);
        assert_int_equal(kit_reg(GIVER, 1), kit_info(1, K5_FLAG_CAP));
        assert_int_equal(kit_reg(GIVER, 2), 21);
        assert_int_equal(cap_of(GIVER, kit_reg(GIVER, 3))->rights, S | R | G);
        assert_int_equal(cap_of(GIVER, kit_reg(GIVER, 3))->depth, 2);
        assert_int_equal(derived_count(), 2);
    }
}

static void test_cap_in_a_message_errors(void **state)
{
    (void)state;
    boot_three(2);

    uint32_t no_grant = mint(GIVER, own, S | R, 0);
    const struct {
        uint32_t cptr;
        enum k5_error want;
    } row[] = {
        {no_grant, K5_E_RIGHTS},
        {0, K5_E_STALE},
        {0x10010, K5_E_CPTR},
        {own + 0x20000, K5_E_STALE},
    };

    TURN_TO(TAKER);
    PLAY(TAKER, K5_SYS_RECV, take);
    TURN_TO(GIVER);
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        for (uint32_t number = K5_SYS_SEND; number <= K5_SYS_CALL; number++) {
            kit_row("cap", i);
            PLAY(GIVER, number, to_taker, K5_FLAG_CAP, 0, row[i].cptr);
            ASSERT_ERROR(GIVER, row[i].want);
            ASSERT_STATE(TAKER, K5_THREAD_RECEIVING);
        }
    }
    PLAY(GIVER, K5_SYS_SEND, to_taker, K5_FLAG_CAP | K5_MSG_COPY, build_buffer(GIVER, 0), 8);
    ASSERT_ERROR(GIVER, K5_E_INVALID);
    assert_int_equal(derived_count(), 1);
}

/* A full table: nothing is delivered, and whoever waits goes on waiting. */
static void test_cap_for_a_full_table_is_refused(void **state)
{
    (void)state;
    boot_three(0);
    assert_int_equal(pass(own), 0);
    ASSERT_ERROR(GIVER, K5_E_SLOTS);
    ASSERT_STATE(TAKER, K5_THREAD_RECEIVING);
    PLAY(GIVER, K5_SYS_CALL, to_taker, K5_FLAG_CAP, 0, own);
    ASSERT_ERROR(GIVER, K5_E_SLOTS);
    PLAY(GIVER, K5_SYS_CALL, to_taker, 0, 1); /* its caller's table is full as well */
    ASSERT_CURRENT(TAKER);

    uint32_t reply = kit_reg(TAKER, 7);

    PLAY(TAKER, K5_SYS_REPLY, reply, K5_FLAG_CAP, 0, take);
    ASSERT_ERROR(TAKER, K5_E_RIGHTS);
    ASSERT_STATE(GIVER, K5_THREAD_AWAITING); /* the reply is undone */
    PLAY(TAKER, K5_SYS_REPLY, reply);
    ASSERT_ERROR(TAKER, K5_OK);
}

static void test_cap_reply_to_a_full_table_leaves_the_reply_undone(void **state)
{
    (void)state;
    build_three(0);

    uint32_t gift = build_cap(TAKER, 1, S | G, 0);

    kit_boot();
    TURN_TO(TAKER);
    PLAY(TAKER, K5_SYS_RECV, take);
    TURN_TO(GIVER);
    PLAY(GIVER, K5_SYS_CALL, to_taker, 0, 1);

    uint32_t reply = kit_reg(TAKER, 7);

    PLAY(TAKER, K5_SYS_REPLY, reply, K5_FLAG_CAP, 0, gift);
    ASSERT_ERROR(TAKER, K5_E_SLOTS);
    PLAY(TAKER, K5_SYS_REPLY_RECV, reply, K5_FLAG_CAP, 0, gift, 0, 0, take);
    ASSERT_ERROR(TAKER, K5_E_SLOTS);
    ASSERT_STATE(GIVER, K5_THREAD_AWAITING);
    PLAY(TAKER, K5_SYS_REPLY, reply);
    ASSERT_ERROR(TAKER, K5_OK);
    ASSERT_ERROR(GIVER, K5_OK);
}

/* It is looked at when the message is taken: by then it may be gone. */
static void test_cap_that_goes_while_its_message_waits(void **state)
{
    (void)state;
    build_three(2);
    build_thread_of(GIVER)->priority = 10;
    kit_boot();

    uint32_t minted = mint(GIVER, own, S | G, 0);

    PLAY(GIVER, K5_SYS_SEND, to_taker, K5_FLAG_CAP, 0, minted);
    ASSERT_STATE(GIVER, K5_THREAD_SENDING);
    k5.slot[sys_task(GIVER)->first_slot + (minted & 0xffffu)].rights = S; /* a sister's doing */
    TURN_TO(TAKER);
    PLAY(TAKER, K5_SYS_RECV, take, K5_FLAG_TRY);
    ASSERT_ERROR(TAKER, K5_E_WOULD_BLOCK);
    ASSERT_ERROR(GIVER, K5_E_RIGHTS);
}

/* ------------------------------------------------------------ revoke */

static uint32_t revoke(uint32_t who, uint32_t cptr)
{
    uint32_t entries = 0;

    TURN_TO(who);
    do {
        PLAY(who, K5_SYS_REVOKE, cptr);
        entries++;
        assert_true(entries < 1000);
    } while (kit_reg(who, 0) == (uint32_t)K5_E_AGAIN);
    ASSERT_ERROR(who, K5_OK);
    return entries;
}

static void test_revoke_removes_all_descendants_everywhere(void **state)
{
    (void)state;
    boot_three(6);

    uint32_t child = mint(GIVER, own, S | G, 1);
    uint32_t sibling = mint(GIVER, own, S, 2);
    uint32_t takers = pass(child);
    uint32_t takers_own = mint(TAKER, takers, S | G, 1);
    uint32_t thirds = pass_on(takers_own);

    assert_int_equal(derived_count(), 5);
    revoke(GIVER, child);
    assert_int_equal(derived_count(), 2);
    TURN_TO(TAKER);
    PLAY(TAKER, K5_SYS_SEND, takers, K5_FLAG_TRY);
    ASSERT_ERROR(TAKER, K5_E_STALE);
    PLAY(TAKER, K5_SYS_SEND, takers_own, K5_FLAG_TRY);
    ASSERT_ERROR(TAKER, K5_E_STALE);
    TURN_TO(THIRD);
    PLAY(THIRD, K5_SYS_SEND, thirds, K5_FLAG_TRY);
    ASSERT_ERROR(THIRD, K5_E_STALE);
    TURN_TO(GIVER); /* itself it stays, and so do those beside it */
    PLAY(GIVER, K5_SYS_SEND, child, K5_FLAG_TRY);
    ASSERT_ERROR(GIVER, K5_E_DEADLOCK);
    PLAY(GIVER, K5_SYS_SEND, sibling, K5_FLAG_TRY);
    ASSERT_ERROR(GIVER, K5_E_DEADLOCK);
    revoke(GIVER, own);
    assert_int_equal(derived_count(), 0);
}

static void test_revoke_of_a_child_leaves_its_parent_and_siblings(void **state)
{
    (void)state;
    boot_three(6);

    uint32_t left = mint(GIVER, own, S | G, 1);
    uint32_t middle = mint(GIVER, own, S | G, 2);
    uint32_t right = mint(GIVER, own, S | G, 3);
    uint32_t under_left = mint(GIVER, left, S, 1);
    uint32_t under_middle = mint(GIVER, middle, S, 2);

    revoke(GIVER, middle);
    assert_int_equal(cap_of(GIVER, under_middle)->kind, K5_KIND_NONE);
    assert_int_equal(cap_of(GIVER, under_left)->kind, K5_KIND_ENDPOINT);
    assert_int_equal(cap_of(GIVER, right)->kind, K5_KIND_ENDPOINT);
    assert_int_equal(cap_of(GIVER, middle)->kind, K5_KIND_ENDPOINT);
    assert_int_equal(derived_count(), 4);
}

static void test_revoke_takes_bounded_time(void **state)
{
    (void)state;
    boot_three(20);
    for (uint32_t i = 0; i < 20; i++) {
        mint(GIVER, own, S, i);
    }
    assert_true(revoke(GIVER, own) >= 5); /* a few an entry */
    assert_int_equal(derived_count(), 0);
}

static void test_revoke_of_nothing_is_done_at_once(void **state)
{
    (void)state;
    boot_three(1);
    assert_int_equal(revoke(GIVER, own), 1);
    PLAY(GIVER, K5_SYS_REVOKE, 0x10009);
    ASSERT_ERROR(GIVER, K5_E_CPTR);
    PLAY(GIVER, K5_SYS_REVOKE, own + 0x10000);
    ASSERT_ERROR(GIVER, K5_E_STALE);
}

/* Who waits in a queue through a revoked capability learns of it at once. */
static void test_revoke_ends_the_calls_that_wait_through_it(void **state)
{
    static const uint32_t number[] = {K5_SYS_SEND, K5_SYS_CALL};

    (void)state;
    for (uint32_t i = 0; i < 2; i++) {
        boot_three(2);

        uint32_t got = pass(own);

        TURN_TO(TAKER);
        PLAY(TAKER, number[i], got, 0, 1);
        ASSERT_STATE(TAKER, i == 0 ? K5_THREAD_SENDING : K5_THREAD_CALLING);
        revoke(GIVER, own);
        ASSERT_STATE(TAKER, K5_THREAD_READY);
        ASSERT_ERROR(TAKER, K5_E_STALE);
        PLAY(GIVER, K5_SYS_RECV, own, K5_FLAG_TRY);
        ASSERT_ERROR(GIVER, K5_E_WOULD_BLOCK); /* its message went with it */
    }
}

/* ------------------------------------------------------------ the end of a task */

static void test_caps_of_a_dead_task_go_with_all_that_came_from_them(void **state)
{
    (void)state;
    boot_three(4);

    uint32_t takers = pass(own);
    uint32_t thirds = pass_on(takers);
    uint32_t givers = mint(GIVER, own, S, 9);

    TURN_TO(TAKER);
    FAULT(TAKER);
    assert_int_equal(cap_of(TAKER, takers)->kind, K5_KIND_NONE);
    assert_int_equal(cap_of(THIRD, thirds)->kind, K5_KIND_NONE);
    assert_int_equal(cap_of(GIVER, givers)->kind, K5_KIND_ENDPOINT);
    TURN_TO(THIRD);
    PLAY(THIRD, K5_SYS_SEND, thirds, K5_FLAG_TRY);
    ASSERT_ERROR(THIRD, K5_E_STALE);
    kit_advance(BUILD_BACKOFF);
    TURN_TO(TAKER); /* its new incarnation cannot use the old one's */
    PLAY(TAKER, K5_SYS_SEND, takers, K5_FLAG_TRY);
    ASSERT_ERROR(TAKER, K5_E_STALE);
}

/* What others derived from what the description gave stays: it is the description's. */
static void test_caps_that_others_got_from_initial_ones_stay(void **state)
{
    (void)state;
    boot_three(4);

    uint32_t takers = pass(own);
    uint32_t givers = mint(GIVER, own, S, 9);

    FAULT(GIVER);
    assert_int_equal(cap_of(GIVER, givers)->kind, K5_KIND_NONE);
    assert_int_equal(cap_of(TAKER, takers)->kind, K5_KIND_ENDPOINT);
    kit_advance(BUILD_BACKOFF);
    TURN_TO(TAKER);
    PLAY(TAKER, K5_SYS_SEND, takers, K5_FLAG_TRY);
    ASSERT_ERROR(TAKER, K5_E_RESTARTED);
    PLAY(TAKER, K5_SYS_SEND, takers, K5_FLAG_TRY);
    ASSERT_ERROR(TAKER, K5_E_WOULD_BLOCK);
    revoke(GIVER, own); /* and the new incarnation can take it back */
    assert_int_equal(cap_of(TAKER, takers)->kind, K5_KIND_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        KIT_TEST(test_mint_gives_what_was_asked_for),
        KIT_TEST(test_mint_of_every_kind),
        KIT_TEST(test_mint_errors),
        KIT_TEST(test_mint_too_deep_is_refused),
        KIT_TEST(test_delete_makes_the_cptr_stale),
        KIT_TEST(test_delete_of_a_parent_is_refused),
        KIT_TEST(test_delete_ends_the_wait_of_a_sister),
        KIT_TEST(test_delete_lasts_until_the_restart),
        KIT_TEST(test_delete_retires_a_slot_before_its_generation_wraps),
        KIT_TEST(test_cap_in_a_message_is_derived_for_the_receiver),
        KIT_TEST(test_cap_travels_by_call_and_reply),
        KIT_TEST(test_cap_in_a_message_errors),
        KIT_TEST(test_cap_for_a_full_table_is_refused),
        KIT_TEST(test_cap_reply_to_a_full_table_leaves_the_reply_undone),
        KIT_TEST(test_cap_that_goes_while_its_message_waits),
        KIT_TEST(test_revoke_removes_all_descendants_everywhere),
        KIT_TEST(test_revoke_of_a_child_leaves_its_parent_and_siblings),
        KIT_TEST(test_revoke_takes_bounded_time),
        KIT_TEST(test_revoke_of_nothing_is_done_at_once),
        KIT_TEST(test_revoke_ends_the_calls_that_wait_through_it),
        KIT_TEST(test_caps_of_a_dead_task_go_with_all_that_came_from_them),
        KIT_TEST(test_caps_that_others_got_from_initial_ones_stay),
    };

    return cmocka_run_group_tests_name("cap_derive", tests, NULL, NULL);
}
