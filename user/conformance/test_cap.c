/* Tests: capabilities: look, mint, delete, revoke. */
#include "actors.h"
#include "k5_task.h"
#include "rogue_ways.h"
#include "suite_slots.h"

#define SEND_GRANT (K5_RIGHT_SEND | K5_RIGHT_GRANT)

/* The new cptr, or 0. */
static uint32_t mint(enum actor who, uint32_t cptr, uint32_t rights, uint32_t badge)
{
    order_syscall(who, K5_SYS_MINT, cptr, rights, badge, 0, 0, 0, 0);
    return outcome(who) == K5_OK ? report(who)->r[1] : 0;
}

static int32_t delete (enum actor who, uint32_t cptr)
{
    order_syscall(who, K5_SYS_DELETE, cptr, 0, 0, 0, 0, 0, 0);
    return outcome(who);
}

/* As libk5 does it: again while there is more to do. */
static int32_t revoke(enum actor who, uint32_t cptr)
{
    do {
        order_syscall(who, K5_SYS_REVOKE, cptr, 0, 0, 0, 0, 0, 0);
    } while (outcome(who) == K5_E_AGAIN);
    return outcome(who);
}

/* Whether the cptr still sends: nobody receives, so good means K5_E_WOULD_BLOCK. */
static bool sends(enum actor who, uint32_t cptr)
{
    order_syscall(who, K5_SYS_SEND, cptr, K5_FLAG_TRY, 0, 0, 0, 0, 0);
    if (outcome(who) != K5_E_WOULD_BLOCK) {
        CHECK(outcome(who) == K5_E_STALE || outcome(who) == K5_E_CPTR);
    }
    return outcome(who) == K5_E_WOULD_BLOCK;
}

/* ---------------------------------------------------------------- look */

static void table_shows_what_was_given(void)
{
    struct k5_cap_info info;

    REQUIRE(cap_of(LEFT, SLOT_MIDDLE, &info));
    CHECK_EQUAL(info.cptr, CPTR(SLOT_MIDDLE));
    CHECK_EQUAL(info.kind, K5_KIND_ENDPOINT);
    CHECK_EQUAL(info.rights, SEND_GRANT);
    CHECK_EQUAL(info.badge, 1);
    REQUIRE(cap_of(LEFT, SLOT_EVENTS, &info));
    CHECK_EQUAL(info.kind, K5_KIND_NOTIFICATION);
    REQUIRE(cap_of(LEFT, SLOT_SHOP, &info));
    CHECK_EQUAL(info.kind, K5_KIND_PORT);
}

static void table_has_an_end(void)
{
    struct k5_cap_info info;

    CHECK(!cap_of(LEFT, OBJECT_SLOTS - 1, &info));
    CHECK_EQUAL(outcome(LEFT), K5_E_CPTR);
    CHECK(!cap_of(LEFT, OBJECT_SLOTS, &info));
    CHECK_EQUAL(outcome(LEFT), K5_E_INVALID);
    CHECK(!cap_of(LEFT, 0xffffffffu, &info));
    CHECK_EQUAL(outcome(LEFT), K5_E_INVALID);
}

static void forged_cptrs_are_refused(void)
{
    order(LEFT, DO_RUN, WAY_forge_cptrs, 0, 0);
    CHECK_EQUAL(report(LEFT)->busy, 0);
    CHECK_EQUAL(report(LEFT)->value, 0);
}

static void wrong_kinds_are_refused(void)
{
    static const struct {
        uint32_t number;
        uint32_t slot;
    } wrong[] = {
        {K5_SYS_SEND, SLOT_EVENTS},     {K5_SYS_CALL, SLOT_SHOP},
        {K5_SYS_RECV, SLOT_EVENTS},     {K5_SYS_SIGNAL, SLOT_OWN},
        {K5_SYS_WAIT, SLOT_SHOP},       {K5_SYS_MAP, SLOT_OWN},
        {K5_SYS_UNMAP, SLOT_EVENTS},    {K5_SYS_IRQ_ACK, SLOT_OWN},
        {K5_SYS_LISTEN, SLOT_OWN},      {K5_SYS_CONNECT, SLOT_EVENTS},
        {K5_SYS_TASK_STATUS, SLOT_OWN}, {K5_SYS_TASK_STOP, SLOT_SHOP},
        {K5_SYS_THREAD_STOP, SLOT_OWN}, {K5_SYS_THREAD_STATUS, SLOT_EVENTS},
        {K5_SYS_TASK_RESUME, SLOT_OWN}, {K5_SYS_THREAD_SET_PRIORITY, SLOT_OWN},
    };

    for (uint32_t i = 0; i < COUNT_OF(wrong); i++) {
        order_syscall(LEFT, (enum k5_syscall)wrong[i].number, CPTR(wrong[i].slot), 0, 1, 0, 0, 0,
                      0);
        CHECK_EQUAL(outcome(LEFT), K5_E_KIND);
    }
}

/* ---------------------------------------------------------------- mint */

static void minted_works(void)
{
    uint32_t minted = mint(LEFT, CPTR(SLOT_MIDDLE), K5_RIGHT_SEND, 1);

    order_recv(MIDDLE);
    order_syscall(LEFT, K5_SYS_SEND, minted, 0, 31, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_OK);
    CHECK_EQUAL(result(MIDDLE, R_W0), 31);
    CHECK_EQUAL(result(MIDDLE, R_BADGE), 1);
}

static void mint_sets_a_badge(void)
{
    struct k5_cap_info info;
    uint32_t minted = mint(LEFT, CPTR(SLOT_BLANK), K5_RIGHT_SEND, 0xcafe);

    REQUIRE(cap_of(LEFT, minted & 0xffff, &info));
    CHECK_EQUAL(info.cptr, minted);
    CHECK_EQUAL(info.badge, 0xcafe);
    CHECK_EQUAL(info.rights, K5_RIGHT_SEND);
    order_recv(RIGHT);
    order_syscall(LEFT, K5_SYS_SEND, minted, 0, 0, 0, 0, 0, 0);
    CHECK_EQUAL(result(RIGHT, R_BADGE), 0xcafe);
}

static void badge_stays(void)
{
    CHECK_EQUAL(mint(LEFT, CPTR(SLOT_MIDDLE), K5_RIGHT_SEND, 2), 0);
    CHECK_EQUAL(outcome(LEFT), K5_E_INVALID);

    uint32_t minted = mint(LEFT, CPTR(SLOT_BLANK), SEND_GRANT, 5);

    CHECK_EQUAL(mint(LEFT, minted, K5_RIGHT_SEND, 6), 0);
    CHECK_EQUAL(outcome(LEFT), K5_E_INVALID);
}

static void rights_do_not_grow(void)
{
    uint32_t minted = mint(LEFT, CPTR(SLOT_MIDDLE), K5_RIGHT_SEND, 1);

    CHECK_EQUAL(mint(LEFT, CPTR(SLOT_MIDDLE), K5_RIGHT_SEND | K5_RIGHT_RECV, 1), 0);
    CHECK_EQUAL(outcome(LEFT), K5_E_RIGHTS);
    CHECK_EQUAL(mint(LEFT, minted, SEND_GRANT, 1), 0);
    CHECK_EQUAL(outcome(LEFT), K5_E_RIGHTS);
    CHECK_EQUAL(mint(LEFT, CPTR(SLOT_MIDDLE), 0xffffffffu, 1), 0);
    CHECK(outcome(LEFT) == K5_E_RIGHTS || outcome(LEFT) == K5_E_INVALID);
}

static void without_rights_it_does_nothing(void)
{
    uint32_t minted = mint(LEFT, CPTR(SLOT_MIDDLE), 0, 1);

    if (minted == 0) {
        CHECK_EQUAL(outcome(LEFT), K5_E_INVALID);
        return;
    }
    order_syscall(LEFT, K5_SYS_SEND, minted, K5_FLAG_TRY, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_E_RIGHTS);
}

static void full_table(void)
{
    order(LEFT, DO_RUN, WAY_fill_table, SLOT_MIDDLE, SEND_GRANT);
    CHECK_EQUAL(outcome(LEFT), K5_E_SLOTS);
    CHECK(report(LEFT)->value > 0);
    CHECK_EQUAL(revoke(LEFT, CPTR(SLOT_MIDDLE)), K5_OK);
    CHECK(mint(LEFT, CPTR(SLOT_MIDDLE), K5_RIGHT_SEND, 1) != 0);
}

/* ---------------------------------------------------------------- delete */

static void deleted_is_gone(void)
{
    uint32_t minted = mint(LEFT, CPTR(SLOT_MIDDLE), K5_RIGHT_SEND, 1);

    CHECK(sends(LEFT, minted));
    CHECK_EQUAL(delete (LEFT, minted), K5_OK);
    CHECK(!sends(LEFT, minted));
    CHECK_EQUAL(delete (LEFT, minted), K5_E_STALE);
    CHECK(sends(LEFT, CPTR(SLOT_MIDDLE)));
}

static void slot_used_again_has_another_cptr(void)
{
    uint32_t first = mint(LEFT, CPTR(SLOT_MIDDLE), K5_RIGHT_SEND, 1);

    CHECK_EQUAL(delete (LEFT, first), K5_OK);

    uint32_t second = mint(LEFT, CPTR(SLOT_MIDDLE), K5_RIGHT_SEND, 1);

    CHECK_EQUAL(second & 0xffff, first & 0xffff);
    CHECK(second != first);
    CHECK(!sends(LEFT, first));
    CHECK(sends(LEFT, second));
}

static void not_while_something_is_derived(void)
{
    uint32_t parent = mint(LEFT, CPTR(SLOT_MIDDLE), SEND_GRANT, 1);
    uint32_t child = mint(LEFT, parent, K5_RIGHT_SEND, 1);

    CHECK_EQUAL(delete (LEFT, parent), K5_E_BUSY);
    CHECK_EQUAL(delete (LEFT, child), K5_OK);
    CHECK_EQUAL(delete (LEFT, parent), K5_OK);
}

static void initial_ones_come_back(void)
{
    struct k5_cap_info info;

    CHECK_EQUAL(delete (LEFT, CPTR(SLOT_MIDDLE)), K5_OK);
    CHECK(!cap_of(LEFT, SLOT_MIDDLE, &info));
    revive(LEFT);
    REQUIRE(cap_of(LEFT, SLOT_MIDDLE, &info));
    CHECK_EQUAL(info.cptr, CPTR(SLOT_MIDDLE));
    acquaint(LEFT);
    CHECK(sends(LEFT, CPTR(SLOT_MIDDLE)));
}

/* ---------------------------------------------------------------- revoke */

static void revoke_leaves_the_parent(void)
{
    uint32_t minted = mint(LEFT, CPTR(SLOT_MIDDLE), SEND_GRANT, 1);

    CHECK_EQUAL(revoke(LEFT, CPTR(SLOT_MIDDLE)), K5_OK);
    CHECK(!sends(LEFT, minted));
    CHECK(sends(LEFT, CPTR(SLOT_MIDDLE)));
    CHECK_EQUAL(revoke(LEFT, CPTR(SLOT_MIDDLE)), K5_OK); /* nothing left */
}

static void revoke_takes_all_generations(void)
{
    uint32_t cptr[5] = {CPTR(SLOT_MIDDLE)};

    for (uint32_t i = 1; i < COUNT_OF(cptr); i++) {
        cptr[i] = mint(LEFT, cptr[i - 1], SEND_GRANT, 1);
        CHECK(cptr[i] != 0);
    }
    CHECK_EQUAL(revoke(LEFT, cptr[1]), K5_OK);
    CHECK(sends(LEFT, cptr[1]));
    for (uint32_t i = 2; i < COUNT_OF(cptr); i++) {
        CHECK(!sends(LEFT, cptr[i]));
    }
}

static void revoke_leaves_siblings(void)
{
    uint32_t first = mint(LEFT, CPTR(SLOT_MIDDLE), SEND_GRANT, 1);
    uint32_t second = mint(LEFT, CPTR(SLOT_MIDDLE), SEND_GRANT, 1);
    uint32_t child = mint(LEFT, first, K5_RIGHT_SEND, 1);

    CHECK_EQUAL(revoke(LEFT, first), K5_OK);
    CHECK(!sends(LEFT, child));
    CHECK(sends(LEFT, first));
    CHECK(sends(LEFT, second));
}

/* Left passes to middle, middle to right. */
static uint32_t pass(enum actor from, enum actor to, uint32_t cptr)
{
    order_recv(to);
    order_call(from, to, K5_FLAG_CAP, 0, cptr, 0, 0);

    uint32_t got = result(to, R_W1);

    order_reply(to, 0, 0, 0, 0, 0);
    return got;
}

static void revoke_reaches_every_table(void)
{
    uint32_t minted = mint(LEFT, CPTR(SLOT_BLANK), SEND_GRANT, 9);
    uint32_t middles = pass(LEFT, MIDDLE, minted);
    uint32_t rights = pass(MIDDLE, RIGHT, middles);

    CHECK(sends(MIDDLE, middles));
    CHECK_EQUAL(revoke(LEFT, minted), K5_OK);
    CHECK(!sends(MIDDLE, middles));
    order_syscall(RIGHT, K5_SYS_SEND, rights, K5_FLAG_TRY, 0, 0, 0, 0, 0);
    CHECK(outcome(RIGHT) == K5_E_STALE || outcome(RIGHT) == K5_E_CPTR);
    CHECK(sends(LEFT, minted));
}

static void revoke_of_many(void)
{
    order(LEFT, DO_RUN, WAY_fill_table, SLOT_BLANK, SEND_GRANT);
    order(MIDDLE, DO_RUN, WAY_fill_table, SLOT_LEFT, SEND_GRANT);
    CHECK_EQUAL(revoke(LEFT, CPTR(SLOT_BLANK)), K5_OK);
    CHECK(mint(LEFT, CPTR(SLOT_BLANK), K5_RIGHT_SEND, 0) != 0);
    CHECK_EQUAL(mint(MIDDLE, CPTR(SLOT_LEFT), K5_RIGHT_SEND, 2), 0); /* not its business */
    CHECK_EQUAL(outcome(MIDDLE), K5_E_SLOTS);
}

static void waiting_calls_learn_of_it(void)
{
    uint32_t middles = pass(LEFT, MIDDLE, CPTR(SLOT_BLANK));

    order_syscall(MIDDLE, K5_SYS_CALL, middles, 0, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(MIDDLE), WAITS);
    CHECK_EQUAL(revoke(LEFT, CPTR(SLOT_BLANK)), K5_OK);
    CHECK_EQUAL(outcome(MIDDLE), K5_E_STALE);
}

static void received_calls_go_on(void)
{
    uint32_t middles = pass(LEFT, MIDDLE, CPTR(SLOT_BLANK));

    order_recv(RIGHT);
    order_syscall(MIDDLE, K5_SYS_CALL, middles, 0, 0, 0, 0, 0, 0);
    CHECK_EQUAL(revoke(LEFT, CPTR(SLOT_BLANK)), K5_OK);
    CHECK_EQUAL(outcome(MIDDLE), WAITS);
    order_reply(RIGHT, 0, 3, 0, 0, 0);
    CHECK_EQUAL(outcome(MIDDLE), K5_OK);
    CHECK_EQUAL(result(MIDDLE, R_W0), 3);
}

static void deletable_by_who_got_it(void)
{
    uint32_t middles = pass(LEFT, MIDDLE, CPTR(SLOT_BLANK));

    CHECK_EQUAL(delete (LEFT, CPTR(SLOT_BLANK)), K5_E_BUSY);
    CHECK_EQUAL(delete (MIDDLE, middles), K5_OK);
    CHECK_EQUAL(delete (LEFT, CPTR(SLOT_BLANK)), K5_OK);
}

/* ---------------------------------------------------------------- death */

static void derived_ones_die_with_the_task(void)
{
    uint32_t minted = mint(LEFT, CPTR(SLOT_BLANK), SEND_GRANT, 9);
    uint32_t middles = pass(LEFT, MIDDLE, minted);

    revive(LEFT);
    acquaint(MIDDLE);
    CHECK(!sends(MIDDLE, middles));
    CHECK(!sends(LEFT, minted));
}

static void from_initial_ones_stay(void)
{
    uint32_t middles = pass(LEFT, MIDDLE, CPTR(SLOT_BLANK));

    revive(LEFT);
    CHECK(sends(MIDDLE, middles));
}

static void restart_is_told_once_a_capability(void)
{
    uint32_t minted = mint(LEFT, CPTR(SLOT_MIDDLE), K5_RIGHT_SEND, 1);

    revive(MIDDLE);
    order_syscall(LEFT, K5_SYS_SEND, minted, K5_FLAG_TRY, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_E_RESTARTED);
    CHECK(sends(LEFT, minted));
    order_syscall(LEFT, K5_SYS_SEND, CPTR(SLOT_MIDDLE), K5_FLAG_TRY, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_E_RESTARTED);
    CHECK(sends(LEFT, CPTR(SLOT_MIDDLE)));
}

static const struct test tests[] = {
    {"cap.table.shows_what_was_given", "caps shows kind, rights and badge.",
     table_shows_what_was_given},
    {"cap.table.has_an_end", "caps tells empty slots from those past the table.", table_has_an_end},
    {"cap.forged.refused", "A task acts only through its capability table.",
     forged_cptrs_are_refused},
    {"cap.kind.checked", "Each call checks the kind.", wrong_kinds_are_refused},
    {"cap.mint.works", "mint derives a capability that works.", minted_works},
    {"cap.mint.badge", "mint sets a badge where there is none.", mint_sets_a_badge},
    {"cap.mint.badge_stays", "Elsewhere the badge stays.", badge_stays},
    {"cap.mint.rights_do_not_grow", "No capability has rights its parent lacks.",
     rights_do_not_grow},
    {"cap.mint.no_rights", "Without rights it is good for nothing.",
     without_rights_it_does_nothing},
    {"cap.mint.full_table", "A full table is an error; room comes back.", full_table},
    {"cap.delete.gone", "delete gives up a capability; its cptr is stale.", deleted_is_gone},
    {"cap.delete.generation", "A stale cptr is never somebody else's object.",
     slot_used_again_has_another_cptr},
    {"cap.delete.not_with_children", "Not while something is derived from it.",
     not_while_something_is_derived},
    {"cap.delete.comes_back", "A restarted task finds its initial table again.",
     initial_ones_come_back},
    {"cap.delete.by_receiver", "Who got a capability may give it up.", deletable_by_who_got_it},
    {"cap.revoke.leaves_the_parent", "revoke leaves the capability itself.",
     revoke_leaves_the_parent},
    {"cap.revoke.all_generations", "revoke removes all descendants.", revoke_takes_all_generations},
    {"cap.revoke.leaves_siblings", "And only these.", revoke_leaves_siblings},
    {"cap.revoke.every_table", "Everywhere.", revoke_reaches_every_table},
    {"cap.revoke.many", "However many there are, a few at a time.", revoke_of_many},
    {"cap.revoke.waiting_calls", "Calls that wait through one of them get an error.",
     waiting_calls_learn_of_it},
    {"cap.revoke.received_calls", "Calls that were received go on.", received_calls_go_on},
    {"cap.death.derived", "What a task derived goes with it.", derived_ones_die_with_the_task},
    {"cap.death.from_initial", "What others have from its initial ones stays.",
     from_initial_ones_stay},
    {"cap.restart.told_once_each", "A restart is told once for each capability.",
     restart_is_told_once_a_capability},
};
const struct test_group cap_tests = GROUP(tests);
