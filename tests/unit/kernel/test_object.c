/* Region objects: mapped, unmapped, moved, and sent home. */
#include "kernel/region.h"

#include <string.h>

#include "kernel/system.h"
#include "tests/unit/kit.h"

#define OWNER 0u
#define OTHER 1u
#define THIRD 2u

#define RW       (SYS_READ | SYS_WRITE)
#define ALL      (K5_RIGHT_READ | K5_RIGHT_WRITE | K5_RIGHT_GRANT)
#define BYTES    512u
#define NOT_HERE 0u

static uint32_t object, base;
static uint32_t cptr;                      /* the owner's, of the object */
static uint32_t to_other, take;            /* an endpoint of OTHER: the owner's and its own */
static uint32_t to_third, third_take;      /* an endpoint of THIRD: OTHER's and its own */
static uint32_t back_to_owner, owner_take; /* an endpoint of OWNER: THIRD's and its own */

static void build_with(uint32_t access, uint32_t flags, uint32_t rights)
{
    kit_setup(NULL);
    for (uint32_t i = 0; i < 3; i++) {
        build_single(10);
        build_spare_slots(i, 2);
    }
    object = build_object(BYTES, access, flags);
    cptr = build_cap_for(OWNER, K5_KIND_REGION, object, rights, 0);
    to_other = build_cap(OWNER, build_endpoint(OTHER), K5_RIGHT_SEND, 0);
    take = build_cap(OTHER, 0, K5_RIGHT_RECV, 0);
    to_third = build_cap(OTHER, build_endpoint(THIRD), K5_RIGHT_SEND, 0);
    third_take = build_cap(THIRD, 1, K5_RIGHT_RECV, 0);
    back_to_owner = build_cap(THIRD, build_endpoint(OWNER), K5_RIGHT_SEND, 0);
    owner_take = build_cap(OWNER, 2, K5_RIGHT_RECV, 0);
}

static void boot_with(uint32_t access, uint32_t flags, uint32_t rights)
{
    build_with(access, flags, rights);
    kit_boot();
    base = sys_object(object)->base;
    kit_remember_memory();
}

static const struct cap *home(void)
{
    return &k5.slot[sys_task(OWNER)->first_slot + (cptr & 0xffffu)];
}

/* `number` is send or call; returns the receiver's new capability. */
static uint32_t move(uint32_t number, uint32_t from, uint32_t to, uint32_t through, uint32_t at,
                     uint32_t moved)
{
    TURN_TO(to);
    PLAY(to, K5_SYS_RECV, at);
    TURN_TO(from);
    PLAY(from, number, through, kit_info(6, K5_MSG_MOVE), moved, 1, 2, 3);
    ASSERT_ERROR(to, K5_OK);
    return kit_reg(to, 4);
}

/* ------------------------------------------------------------ map */

static void test_map_gives_the_access_that_was_asked_for(void **state)
{
    (void)state;
    for (uint32_t access = SYS_READ; access <= RW; access += SYS_WRITE) {
        boot_with(RW, SYS_REGION_SHARED, ALL);
        ASSERT_ACCESS(OWNER, base, BYTES, NOT_HERE);
        TURN_TO(OWNER);
        PLAY(OWNER, K5_SYS_MAP, cptr, access);
        ASSERT_ERROR(OWNER, K5_OK);
        assert_int_equal(kit_reg(OWNER, 1), base);
        assert_int_equal(kit_reg(OWNER, 2), BYTES);
        ASSERT_ACCESS(OWNER, base, BYTES, access);
        ASSERT_ACCESS(OTHER, base, BYTES, NOT_HERE);
        PLAY(OWNER, K5_SYS_MAP, cptr, access);
        ASSERT_ERROR(OWNER, K5_E_BUSY); /* it is there already */
        PLAY(OWNER, K5_SYS_UNMAP, cptr);
        ASSERT_ERROR(OWNER, K5_OK);
        ASSERT_MEMORY_AS_REMEMBERED();
        PLAY(OWNER, K5_SYS_UNMAP, cptr);
        ASSERT_ERROR(OWNER, K5_E_STATE);
    }
}

static void test_map_errors(void **state)
{
    (void)state;
    boot_with(RW, SYS_REGION_SHARED, K5_RIGHT_READ);

    const struct {
        uint32_t cptr, access;
        enum k5_error want;
    } row[] = {
        {cptr, RW, K5_E_RIGHTS},
        {cptr, 0, K5_E_INVALID},
        {cptr, SYS_WRITE, K5_E_INVALID}, /* nothing is only writable */
        {cptr, SYS_READ | 0x100, K5_E_INVALID},
        {cptr + 0x10000, SYS_READ, K5_E_STALE},
        {0x10017, SYS_READ, K5_E_CPTR},
    };

    TURN_TO(OWNER);
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        kit_row("map", i);
        PLAY(OWNER, K5_SYS_MAP, row[i].cptr, row[i].access);
        ASSERT_ERROR(OWNER, row[i].want);
        ASSERT_MEMORY_AS_REMEMBERED();
    }
    boot_with(RW, SYS_REGION_SHARED, ALL);
    TURN_TO(OWNER);
    PLAY(OWNER, K5_SYS_MAP, cptr, SYS_READ | SYS_EXECUTE);
    ASSERT_ERROR(OWNER, K5_E_INVALID);
}

static void test_map_without_room_in_the_hardware_is_refused(void **state)
{
    (void)state;
    build_with(RW, SYS_REGION_SHARED, ALL);
    for (uint32_t i = 3; i < CFG_MPU_REGIONS; i++) {
        build_region(OWNER, FAKE_RAM_BASE + FAKE_RAM_BYTES - 64 * i, 32, SYS_READ);
    }
    kit_boot();
    kit_remember_memory();
    TURN_TO(OWNER);
    PLAY(OWNER, K5_SYS_MAP, cptr, SYS_READ);
    ASSERT_ERROR(OWNER, K5_E_REGIONS);
    PLAY(OWNER, K5_SYS_UNMAP, cptr);
    ASSERT_ERROR(OWNER, K5_E_STATE);
    ASSERT_MEMORY_AS_REMEMBERED();
}

/* Shared memory: each with the access of its own capability, at the same addresses. */
static void test_map_by_two_tasks_shares_the_memory(void **state)
{
    (void)state;
    build_with(RW, SYS_REGION_SHARED, ALL);

    uint32_t readers = build_cap_for(OTHER, K5_KIND_REGION, object, K5_RIGHT_READ, 0);

    kit_boot();
    base = sys_object(object)->base;
    TURN_TO(OWNER);
    PLAY(OWNER, K5_SYS_MAP, cptr, RW);
    TURN_TO(OTHER);
    PLAY(OTHER, K5_SYS_MAP, readers, SYS_READ);
    ASSERT_ERROR(OTHER, K5_OK);
    ASSERT_ACCESS(OWNER, base, BYTES, RW);
    ASSERT_ACCESS(OTHER, base, BYTES, SYS_READ);
    PLAY(OTHER, K5_SYS_UNMAP, readers);
    ASSERT_ACCESS(OTHER, base, BYTES, NOT_HERE);
    ASSERT_ACCESS(OWNER, base, BYTES, RW);
}

/* Whatever ends the capability ends the mapping. */
static void test_map_ends_with_its_capability(void **state)
{
    static const uint32_t number[] = {K5_SYS_DELETE, K5_SYS_REVOKE};

    (void)state;
    for (uint32_t i = 0; i < 2; i++) {
        boot_with(RW, SYS_REGION_SHARED, ALL);
        TURN_TO(OWNER);
        PLAY(OWNER, K5_SYS_MINT, cptr, K5_RIGHT_READ, 0);

        uint32_t minted = kit_reg(OWNER, 1);

        PLAY(OWNER, K5_SYS_MAP, minted, SYS_READ);
        ASSERT_ACCESS(OWNER, base, BYTES, SYS_READ);
        PLAY(OWNER, number[i], i == 0 ? minted : cptr);
        ASSERT_ERROR(OWNER, K5_OK);
        ASSERT_MEMORY_AS_REMEMBERED();
    }
}

static void test_map_of_another_task_ends_by_revoke(void **state)
{
    (void)state;
    boot_with(RW, SYS_REGION_SHARED, ALL);
    TURN_TO(OTHER);
    PLAY(OTHER, K5_SYS_RECV, take);
    TURN_TO(OWNER);
    PLAY(OWNER, K5_SYS_SEND, to_other, K5_FLAG_CAP, 0, cptr);
    TURN_TO(OTHER);

    uint32_t got = kit_reg(OTHER, 3);

    PLAY(OTHER, K5_SYS_MAP, got, RW);
    ASSERT_ACCESS(OTHER, base, BYTES, RW);
    TURN_TO(OWNER);
    PLAY(OWNER, K5_SYS_REVOKE, cptr);
    ASSERT_ERROR(OWNER, K5_OK);
    ASSERT_ACCESS(OTHER, base, BYTES, NOT_HERE);
}

static void test_map_ends_with_its_task(void **state)
{
    (void)state;
    boot_with(RW, SYS_REGION_SHARED, ALL);
    TURN_TO(OWNER);
    PLAY(OWNER, K5_SYS_MAP, cptr, RW);
    FAULT(OWNER);
    ASSERT_MEMORY_AS_REMEMBERED();
    kit_advance(BUILD_BACKOFF);
    TURN_TO(OWNER);
    ASSERT_MEMORY_AS_REMEMBERED();
    PLAY(OWNER, K5_SYS_MAP, cptr, RW);
    ASSERT_ERROR(OWNER, K5_OK);
}

/* The old name of a buffer in a mapped region counts as long as it is mapped. */
static void test_unmap_takes_the_buffers_of_messages_along(void **state)
{
    (void)state;
    boot_with(RW, SYS_REGION_SHARED, ALL);
    TURN_TO(OWNER);
    PLAY(OWNER, K5_SYS_MAP, cptr, SYS_READ);
    PLAY(OWNER, K5_SYS_SEND, to_other, K5_MSG_COPY | K5_FLAG_TRY, base, 16);
    ASSERT_ERROR(OWNER, K5_E_WOULD_BLOCK);
    PLAY(OWNER, K5_SYS_UNMAP, cptr);
    PLAY(OWNER, K5_SYS_SEND, to_other, K5_MSG_COPY | K5_FLAG_TRY, base, 16);
    ASSERT_ERROR(OWNER, K5_E_ADDRESS);
}

/* ------------------------------------------------------------ move */

static void test_move_changes_the_owner(void **state)
{
    static const uint32_t number[] = {K5_SYS_SEND, K5_SYS_CALL};

    (void)state;
    for (uint32_t i = 0; i < 4; i++) {
        boot_with(RW, SYS_REGION_MOVABLE, ALL);
        TURN_TO(OWNER);
        if (i >= 2) {
            PLAY(OWNER, K5_SYS_MAP, cptr, RW);
            ASSERT_ERROR(OWNER, K5_OK);
        }
        kit_fill(base, BYTES, 8);

        uint32_t got = move(number[i % 2], OWNER, OTHER, to_other, take, cptr);

        assert_int_equal(kit_reg(OTHER, 1), kit_info(6, K5_MSG_MOVE));
        assert_int_equal(kit_reg(OTHER, 2), base);
        assert_int_equal(kit_reg(OTHER, 3), BYTES);
        assert_int_equal(kit_reg(OTHER, 5), 0);
        ASSERT_ACCESS(OTHER, base, BYTES, RW);
        ASSERT_ACCESS(OWNER, base, BYTES, NOT_HERE);
        kit_assert_filled(base, BYTES, 8); /* with all that is in it */
        TURN_TO(OTHER);
        PLAY(OTHER, K5_SYS_UNMAP, got);
        ASSERT_ERROR(OTHER, K5_OK);
        PLAY(OTHER, K5_SYS_MAP, got, SYS_READ);
        ASSERT_ACCESS(OTHER, base, BYTES, SYS_READ);
        assert_int_equal(home()->kind, K5_KIND_NONE);
    }
}

static void test_move_goes_by_reply_too(void **state)
{
    (void)state;
    for (uint32_t number = K5_SYS_REPLY; number <= K5_SYS_REPLY_RECV; number++) {
        boot_with(RW, SYS_REGION_MOVABLE, ALL);
        TURN_TO(OWNER);
        PLAY(OWNER, K5_SYS_RECV, owner_take);
        TURN_TO(THIRD);
        PLAY(THIRD, K5_SYS_CALL, back_to_owner, 0, 1);
        ASSERT_CURRENT(OWNER);
        PLAY(OWNER, number, kit_reg(OWNER, 7), kit_info(2, K5_MSG_MOVE), cptr, 0, 0, 0, owner_take);
        ASSERT_ERROR(THIRD, K5_OK);
        assert_int_equal(kit_reg(THIRD, 1), kit_info(2, K5_MSG_MOVE));
        assert_int_equal(kit_reg(THIRD, 2), base);
        ASSERT_ACCESS(THIRD, base, BYTES, RW);
    }
}

/* Round a circle: back in its home slot, under its first name. */
static void test_move_back_home_gives_the_first_cptr_again(void **state)
{
    (void)state;
    boot_with(RW, SYS_REGION_MOVABLE, ALL);

    uint32_t others = move(K5_SYS_SEND, OWNER, OTHER, to_other, take, cptr);
    uint32_t thirds = move(K5_SYS_SEND, OTHER, THIRD, to_third, third_take, others);

    assert_int_equal(move(K5_SYS_SEND, THIRD, OWNER, back_to_owner, owner_take, thirds), cptr);
    ASSERT_ACCESS(OWNER, base, BYTES, RW);
    ASSERT_ACCESS(OTHER, base, BYTES, NOT_HERE);
    ASSERT_ACCESS(THIRD, base, BYTES, NOT_HERE);
    TURN_TO(OTHER);
    PLAY(OTHER, K5_SYS_MAP, others, RW);
    ASSERT_ERROR(OTHER, K5_E_STALE);
}

/* Read-only regions move as such. */
static void test_move_keeps_the_rights(void **state)
{
    (void)state;
    boot_with(RW, SYS_REGION_MOVABLE, K5_RIGHT_READ | K5_RIGHT_GRANT);

    uint32_t got = move(K5_SYS_SEND, OWNER, OTHER, to_other, take, cptr);

    ASSERT_ACCESS(OTHER, base, BYTES, SYS_READ);
    TURN_TO(OTHER);
    PLAY(OTHER, K5_SYS_UNMAP, got);
    PLAY(OTHER, K5_SYS_MAP, got, RW);
    ASSERT_ERROR(OTHER, K5_E_RIGHTS);
}

/* A movable region has one capability: no copy of it can be made, by no way. */
static void test_move_is_the_only_way_of_a_movable_region(void **state)
{
    (void)state;
    boot_with(RW, SYS_REGION_MOVABLE, ALL);
    TURN_TO(OWNER);
    PLAY(OWNER, K5_SYS_MINT, cptr, K5_RIGHT_READ, 0);
    ASSERT_ERROR(OWNER, K5_E_INVALID);
    PLAY(OWNER, K5_SYS_DELETE, cptr);
    ASSERT_ERROR(OWNER, K5_E_BUSY);
    TURN_TO(OTHER);
    PLAY(OTHER, K5_SYS_RECV, take);
    TURN_TO(OWNER);
    PLAY(OWNER, K5_SYS_SEND, to_other, K5_FLAG_CAP, 0, cptr);
    ASSERT_ERROR(OWNER, K5_E_INVALID);
    ASSERT_STATE(OTHER, K5_THREAD_RECEIVING);
}

static void test_move_errors_change_nothing(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 6; i++) {
        enum k5_error want = K5_E_RIGHTS;
        uint32_t moved = 0;

        kit_row("move", i);
        if (i == 0) { /* without grant */
            boot_with(RW, SYS_REGION_MOVABLE, K5_RIGHT_READ | K5_RIGHT_WRITE);
        } else if (i == 1) { /* a region that is shared */
            boot_with(RW, SYS_REGION_SHARED, ALL);
            want = K5_E_INVALID;
        } else if (i == 2) { /* no free slot at the receiver */
            build_with(RW, SYS_REGION_MOVABLE, ALL);
            build_spare_slots(OTHER, 0);
            kit_boot();
            want = K5_E_SLOTS;
        } else if (i == 3) { /* no free region at the receiver */
            build_with(RW, SYS_REGION_MOVABLE, ALL);
            for (uint32_t r = 3; r < CFG_MPU_REGIONS; r++) {
                build_region(OTHER, FAKE_RAM_BASE + FAKE_RAM_BYTES - 64 * r, 32, SYS_READ);
            }
            kit_boot();
            want = K5_E_REGIONS;
        } else { /* no region at all */
            boot_with(RW, SYS_REGION_MOVABLE, ALL);
            moved = i == 4 ? 0x10009 : 0x20000;
            want = i == 4 ? K5_E_CPTR : K5_E_STALE;
        }
        TURN_TO(OWNER);
        if (i != 1) {
            PLAY(OWNER, K5_SYS_MAP, cptr, RW);
            ASSERT_ERROR(OWNER, K5_OK);
        }
        kit_remember_memory();
        TURN_TO(OTHER);
        PLAY(OTHER, K5_SYS_RECV, take);
        TURN_TO(OWNER);
        for (uint32_t number = K5_SYS_SEND; number <= K5_SYS_CALL; number++) {
            PLAY(OWNER, number, to_other, K5_MSG_MOVE, moved != 0 ? moved : cptr);
            ASSERT_ERROR(OWNER, want);
            ASSERT_STATE(OTHER, K5_THREAD_RECEIVING);
            ASSERT_MEMORY_AS_REMEMBERED();
        }
        assert_int_equal(home()->kind, K5_KIND_REGION);
    }
}

/* An endpoint, a notification: other kinds do not move. */
static void test_move_of_another_kind_is_refused(void **state)
{
    (void)state;
    build_with(RW, SYS_REGION_MOVABLE, ALL);

    uint32_t granted = build_cap(OWNER, 0, K5_RIGHT_SEND | K5_RIGHT_GRANT, 0);

    kit_boot();
    TURN_TO(OTHER);
    PLAY(OTHER, K5_SYS_RECV, take);
    TURN_TO(OWNER);
    PLAY(OWNER, K5_SYS_SEND, to_other, K5_MSG_MOVE, granted);
    ASSERT_ERROR(OWNER, K5_E_INVALID);
    PLAY(OWNER, K5_SYS_SEND, to_other, K5_MSG_MOVE, to_other);
    ASSERT_ERROR(OWNER, K5_E_RIGHTS);
    ASSERT_STATE(OTHER, K5_THREAD_RECEIVING);
}

/* Part of it is lent: it stays until the loan ends. */
static void test_move_of_what_is_lent_is_refused(void **state)
{
    (void)state;
    boot_with(RW, SYS_REGION_MOVABLE, ALL);

    uint32_t others = move(K5_SYS_SEND, OWNER, OTHER, to_other, take, cptr);

    /* OTHER's task lends half of it to THIRD; its second thread would have to move it: by hand. */
    TURN_TO(THIRD);
    PLAY(THIRD, K5_SYS_RECV, third_take);
    TURN_TO(OTHER);
    PLAY(OTHER, K5_SYS_CALL, to_third, K5_MSG_LEND_MUT, base, BYTES / 2);
    ASSERT_CURRENT(THIRD);
    ASSERT_ACCESS(THIRD, base, BYTES / 2, RW);
    ASSERT_ACCESS(OTHER, base, BYTES / 2, NOT_HERE);
    ASSERT_ACCESS(OTHER, base + BYTES / 2, BYTES / 2, RW);

    struct cap *cap = &k5.slot[sys_task(OTHER)->first_slot + (others & 0xffffu)];
    uint32_t moved = 0;

    assert_int_equal(region_unmap(OTHER, cap), K5_E_BUSY);
    assert_int_equal(region_move(OTHER, cap, THIRD, &moved), K5_E_BUSY);
    PLAY(THIRD, K5_SYS_REPLY, kit_reg(THIRD, 7));
    ASSERT_ACCESS(OTHER, base, BYTES, RW);
    ASSERT_ACCESS(THIRD, base, BYTES, NOT_HERE);
}

/* ------------------------------------------------------------ home */

static void assert_cleared(void)
{
    const uint8_t *memory = fake_machine_memory(&kit_machine, base, BYTES);

    for (uint32_t i = 0; i < BYTES; i++) {
        assert_int_equal(memory[i], 0);
    }
}

/* The owner dies: nobody finds what was in it. */
static void test_move_ends_at_home_cleared_when_the_owner_dies(void **state)
{
    (void)state;
    for (uint32_t stopped = 0; stopped < 2; stopped++) {
        build_with(RW, SYS_REGION_MOVABLE, ALL);
        build_task_of(OTHER)->policy = stopped ? SYS_POLICY_STOP : SYS_POLICY_RESTART;
        kit_boot();
        base = sys_object(object)->base;
        move(K5_SYS_SEND, OWNER, OTHER, to_other, take, cptr);
        kit_fill(base, BYTES, 3);
        TURN_TO(OTHER);
        FAULT(OTHER);
        ASSERT_ACCESS(OTHER, base, BYTES, NOT_HERE);
        ASSERT_ACCESS(OWNER, base, BYTES, NOT_HERE); /* home, but not mapped */
        assert_int_equal(home()->kind, K5_KIND_REGION);
        assert_int_equal(home()->rights, ALL);
        assert_int_equal(home()->badge, 0);
        assert_cleared();
        TURN_TO(OWNER);
        PLAY(OWNER, K5_SYS_MAP, cptr, RW);
        ASSERT_ERROR(OWNER, K5_OK);
    }
}

/* While it is away its home task restarts: the slot waits for it. */
static void test_move_home_slot_waits_over_a_restart(void **state)
{
    (void)state;
    boot_with(RW, SYS_REGION_MOVABLE, ALL);
    move(K5_SYS_SEND, OWNER, OTHER, to_other, take, cptr);
    TURN_TO(OWNER);
    FAULT(OWNER);
    ASSERT_ACCESS(OTHER, base, BYTES, RW);
    kit_advance(BUILD_BACKOFF);
    TURN_TO(OWNER);
    PLAY(OWNER, K5_SYS_MAP, cptr, RW);
    ASSERT_ERROR(OWNER, K5_E_CPTR);
    TURN_TO(OTHER);
    FAULT(OTHER);
    TURN_TO(OWNER);
    PLAY(OWNER, K5_SYS_MAP, cptr, RW);
    ASSERT_ERROR(OWNER, K5_OK);
}

/* The owner at home dies with it mapped: what it wrote is gone for its next incarnation as well. */
static void test_move_region_at_home_is_cleared_at_its_owners_death(void **state)
{
    (void)state;
    boot_with(RW, SYS_REGION_MOVABLE, ALL);
    TURN_TO(OWNER);
    PLAY(OWNER, K5_SYS_MAP, cptr, RW);
    kit_fill(base, BYTES, 3);
    FAULT(OWNER);
    ASSERT_ACCESS(OWNER, base, BYTES, NOT_HERE);
    assert_cleared();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        KIT_TEST(test_map_gives_the_access_that_was_asked_for),
        KIT_TEST(test_map_errors),
        KIT_TEST(test_map_without_room_in_the_hardware_is_refused),
        KIT_TEST(test_map_by_two_tasks_shares_the_memory),
        KIT_TEST(test_map_ends_with_its_capability),
        KIT_TEST(test_map_of_another_task_ends_by_revoke),
        KIT_TEST(test_map_ends_with_its_task),
        KIT_TEST(test_unmap_takes_the_buffers_of_messages_along),
        KIT_TEST(test_move_changes_the_owner),
        KIT_TEST(test_move_goes_by_reply_too),
        KIT_TEST(test_move_back_home_gives_the_first_cptr_again),
        KIT_TEST(test_move_keeps_the_rights),
        KIT_TEST(test_move_is_the_only_way_of_a_movable_region),
        KIT_TEST(test_move_errors_change_nothing),
        KIT_TEST(test_move_of_another_kind_is_refused),
        KIT_TEST(test_move_of_what_is_lent_is_refused),
        KIT_TEST(test_move_ends_at_home_cleared_when_the_owner_dies),
        KIT_TEST(test_move_home_slot_waits_over_a_restart),
        KIT_TEST(test_move_region_at_home_is_cleared_at_its_owners_death),
    };

    return cmocka_run_group_tests_name("object", tests, NULL, NULL);
}
