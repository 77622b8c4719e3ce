/* Tests: regions that change owner. */
#include "actors.h"
#include "k5_task.h"
#include "map.h"
#include "rogue_ways.h"
#include "suite_slots.h"

static void move(enum actor from, enum actor to, uint32_t cptr)
{
    order_recv(to);
    order_call(from, to, K5_MSG_MOVE, cptr, 0, 0, 0);
}

static void changes_its_owner(void)
{
    uint32_t base = map(LEFT, SLOT_PARCEL, K5_MAP_READ_WRITE);

    CHECK(can_store(LEFT, base + 16, 4711));
    move(LEFT, RIGHT, CPTR(SLOT_PARCEL));
    CHECK_EQUAL(outcome(RIGHT), K5_OK);
    CHECK_EQUAL(result(RIGHT, R_INFO) & 0xff, K5_MSG_MOVE);
    CHECK_EQUAL(result(RIGHT, R_W0), base);
    CHECK_EQUAL(result(RIGHT, R_W1), PARCEL_BYTES);
    CHECK_EQUAL(result(RIGHT, R_W3), 0);
    CHECK_EQUAL(peek(RIGHT, base + 16), 4711);
    CHECK(can_store(RIGHT, base, 5));
    order_reply(RIGHT, 0, 0, 0, 0, 0);
    CHECK(!can_load(LEFT, base));
}

static void capability_goes_with_it(void)
{
    struct k5_cap_info info;

    move(LEFT, RIGHT, CPTR(SLOT_PARCEL));

    uint32_t got = result(RIGHT, R_W2);

    REQUIRE(cap_of(RIGHT, got & 0xffff, &info));
    CHECK_EQUAL(info.cptr, got);
    CHECK_EQUAL(info.kind, K5_KIND_REGION);
    CHECK_EQUAL(info.rights, K5_RIGHT_READ | K5_RIGHT_WRITE | K5_RIGHT_GRANT);
    order_recv(RIGHT);
    CHECK_EQUAL(outcome(RIGHT), WAITS);
    CHECK(!cap_of(HAND, SLOT_PARCEL, &info)); /* left's slot is empty */
}

static void moves_on_and_back(void)
{
    move(LEFT, RIGHT, CPTR(SLOT_PARCEL));

    uint32_t base = result(RIGHT, R_W0);
    uint32_t got = result(RIGHT, R_W2);

    order_reply(RIGHT, K5_MSG_MOVE, got, 0, 0, 0);
    CHECK_EQUAL(outcome(RIGHT), K5_OK);
    CHECK_EQUAL(outcome(LEFT), K5_OK);
    CHECK_EQUAL(result(LEFT, R_W0), base);
    CHECK(can_store(LEFT, base, 1));
    CHECK(!can_load(RIGHT, base));
}

static void by_send_too(void)
{
    order_recv(RIGHT);
    order_syscall(LEFT, K5_SYS_SEND, CPTR(SLOT_RIGHT), K5_MSG_MOVE, CPTR(SLOT_PARCEL), 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_OK);
    CHECK(can_store(RIGHT, result(RIGHT, R_W0), 1));
}

static void needs_the_right(void)
{
    move(MIDDLE, RIGHT, CPTR(SLOT_KEEPSAKE));
    CHECK_EQUAL(outcome(MIDDLE), K5_E_RIGHTS);
    CHECK_EQUAL(outcome(RIGHT), WAITS);
}

static void needs_a_movable_region(void)
{
    move(LEFT, RIGHT, CPTR(SLOT_PAGE(1)));
    CHECK_EQUAL(outcome(LEFT), K5_E_INVALID);
    order_call(LEFT, RIGHT, K5_MSG_MOVE, CPTR(SLOT_MIDDLE), 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_E_INVALID);
    order_call(LEFT, RIGHT, K5_MSG_MOVE, CPTR(MEMORY_SLOTS - 1), 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_E_CPTR);
    CHECK_EQUAL(outcome(RIGHT), WAITS);
}

static void old_owners_cptr_is_stale(void)
{
    move(LEFT, RIGHT, CPTR(SLOT_PARCEL));
    order_syscall(HAND, K5_SYS_MAP, CPTR(SLOT_PARCEL), K5_MAP_READ, 0, 0, 0, 0, 0);
    CHECK(outcome(HAND) == K5_E_CPTR || outcome(HAND) == K5_E_STALE);
}

static void neither_minted_nor_passed(void)
{
    order_syscall(LEFT, K5_SYS_MINT, CPTR(SLOT_PARCEL), K5_RIGHT_READ, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_E_INVALID);
    order_recv(RIGHT);
    order_call(LEFT, RIGHT, K5_FLAG_CAP, 0, CPTR(SLOT_PARCEL), 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_E_INVALID);
    CHECK_EQUAL(outcome(RIGHT), WAITS);
}

static void not_while_part_of_it_is_lent(void)
{
    uint32_t base = map(LEFT, SLOT_PARCEL, K5_MAP_READ_WRITE);

    order_recv(RIGHT);
    order_call(LEFT, RIGHT, K5_MSG_LEND, base, 256, 0, 0);
    CHECK_EQUAL(outcome(RIGHT), K5_OK);
    move(HAND, MIDDLE, CPTR(SLOT_PARCEL));
    CHECK_EQUAL(outcome(HAND), K5_E_BUSY);
    unmap(HAND, SLOT_PARCEL);
    CHECK_EQUAL(outcome(HAND), K5_E_BUSY);
    order_reply(RIGHT, 0, 0, 0, 0, 0);
    order_call(LEFT, MIDDLE, K5_MSG_MOVE, CPTR(SLOT_PARCEL), 0, 0, 0);
    CHECK_EQUAL(outcome(MIDDLE), K5_OK);
}

static void returns_cleared_when_its_owner_dies(void)
{
    uint32_t base = map(LEFT, SLOT_PARCEL, K5_MAP_READ_WRITE);

    CHECK(can_store(LEFT, base, 1));
    CHECK(can_store(LEFT, base + PARCEL_BYTES - 4, 2));
    move(LEFT, RIGHT, CPTR(SLOT_PARCEL));
    revive(RIGHT);
    CHECK(!can_load(RIGHT, base));
    CHECK_EQUAL(outcome(LEFT), K5_E_RESTARTED);
    CHECK_EQUAL(map(LEFT, SLOT_PARCEL, K5_MAP_READ_WRITE), base);
    CHECK_EQUAL(outcome(LEFT), K5_OK);
    CHECK_EQUAL(peek(LEFT, base), 0);
    CHECK_EQUAL(peek(LEFT, base + PARCEL_BYTES - 4), 0);
}

static void stays_when_its_home_dies(void)
{
    uint32_t base = map(LEFT, SLOT_PARCEL, K5_MAP_READ_WRITE);

    move(LEFT, RIGHT, CPTR(SLOT_PARCEL));
    revive(LEFT);
    CHECK(can_store(RIGHT, base, 3));
    CHECK(!can_load(LEFT, base));
}

static void home_keeps_its_slot(void)
{
    struct k5_cap_info info;

    move(LEFT, RIGHT, CPTR(SLOT_PARCEL));
    order_reply(RIGHT, 0, 0, 0, 0, 0);
    order(LEFT, DO_RUN, WAY_fill_table, SLOT_RIGHT, K5_RIGHT_SEND);
    CHECK_EQUAL(outcome(LEFT), K5_E_SLOTS);
    CHECK(!cap_of(LEFT, SLOT_PARCEL, &info));
    revive(RIGHT);
    CHECK(cap_of(LEFT, SLOT_PARCEL, &info));
}

static void receiver_without_a_slot(void)
{
    order(RIGHT, DO_RUN, WAY_fill_table, SLOT_LEFT, K5_RIGHT_SEND);
    move(LEFT, RIGHT, CPTR(SLOT_PARCEL));
    CHECK_EQUAL(outcome(LEFT), K5_E_SLOTS);
    CHECK_EQUAL(outcome(RIGHT), WAITS);
    (void)map(LEFT, SLOT_PARCEL, K5_MAP_READ_WRITE);
    CHECK_EQUAL(outcome(LEFT), K5_OK);
}

static void receiver_without_a_region(void)
{
    (void)map_all(RIGHT);
    move(LEFT, RIGHT, CPTR(SLOT_PARCEL));
    CHECK_EQUAL(outcome(LEFT), K5_E_REGIONS);
    CHECK_EQUAL(outcome(RIGHT), WAITS);
    (void)map(LEFT, SLOT_PARCEL, K5_MAP_READ_WRITE);
    CHECK_EQUAL(outcome(LEFT), K5_OK);
}

static const struct test tests[] = {
    {"move.region.changes_owner", "move: a whole region changes owner.", changes_its_owner},
    {"move.region.capability_goes_with_it", "Its one capability goes with it.",
     capability_goes_with_it},
    {"move.region.by_reply", "A reply may move a region.", moves_on_and_back},
    {"move.region.by_send", "A send may move a region.", by_send_too},
    {"move.region.old_cptr_is_stale", "The old owner's cptr is none any more.",
     old_owners_cptr_is_stale},
    {"move.region.not_minted", "A movable region has one capability.", neither_minted_nor_passed},
    {"move.refused.needs_grant", "Moving needs the right GRANT.", needs_the_right},
    {"move.refused.not_movable", "Only what was declared movable moves.", needs_a_movable_region},
    {"move.refused.lent", "Not while part of it is lent.", not_while_part_of_it_is_lent},
    {"move.refused.no_slot", "The receiver needs a slot; else nothing has changed.",
     receiver_without_a_slot},
    {"move.refused.no_region", "The receiver needs an MPU region; else nothing has changed.",
     receiver_without_a_region},
    {"move.home.returns_cleared", "When its owner dies it returns, cleared, to its home.",
     returns_cleared_when_its_owner_dies},
    {"move.home.may_die", "When its home dies it stays with its owner.", stays_when_its_home_dies},
    {"move.home.keeps_the_slot", "Its place at home is kept for it.", home_keeps_its_slot},
};
const struct test_group move_tests = GROUP(tests);
