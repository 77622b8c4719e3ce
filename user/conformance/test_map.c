/* Tests: regions that are mapped, and the hardware as their limit. */
#include "actors.h"
#include "k5_task.h"
#include "map.h"
#include "rogue_ways.h"
#include "suite_slots.h"

uint32_t map(enum actor who, uint32_t slot, uint32_t access)
{
    order_syscall(who, K5_SYS_MAP, CPTR(slot), access, 0, 0, 0, 0, 0);
    return report(who)->r[1];
}

void unmap(enum actor who, uint32_t slot)
{
    order_syscall(who, K5_SYS_UNMAP, CPTR(slot), 0, 0, 0, 0, 0, 0);
}

/* ---------------------------------------------------------------- map, unmap */

static void mapped_is_accessible(void)
{
    uint32_t base = map(LEFT, SLOT_PAGE(1), K5_MAP_READ_WRITE);

    CHECK_EQUAL(outcome(LEFT), K5_OK);
    CHECK_EQUAL(report(LEFT)->r[2], PAGE_BYTES);
    CHECK_EQUAL(base & 31u, 0);
    CHECK(can_store(LEFT, base, 1));
    CHECK(can_store(LEFT, base + PAGE_BYTES - 4, 2));
    CHECK_EQUAL(peek(LEFT, base), 1);
}

static void not_before(void)
{
    uint32_t base = map(LEFT, SLOT_PAGE(1), K5_MAP_READ_WRITE);

    CHECK(!can_load(MIDDLE, base));
}

static void for_reading_only(void)
{
    uint32_t base = map(LEFT, SLOT_PAGE(1), K5_MAP_READ);

    CHECK_EQUAL(outcome(LEFT), K5_OK);
    CHECK(can_load(LEFT, base));
    CHECK(!can_store(LEFT, base, 1));
}

static void not_beyond_its_rights(void)
{
    (void)map(LEFT, SLOT_PAGE_READ, K5_MAP_READ_WRITE);
    CHECK_EQUAL(outcome(LEFT), K5_E_RIGHTS);
    (void)map(LEFT, SLOT_PAGE_READ, K5_MAP_READ);
    CHECK_EQUAL(outcome(LEFT), K5_OK);
}

static void odd_accesses_are_refused(void)
{
    static const uint32_t odd[] = {0, K5_RIGHT_WRITE, 4, 7, 0x80000001u};

    for (uint32_t i = 0; i < COUNT_OF(odd); i++) {
        (void)map(LEFT, SLOT_PAGE(1), odd[i]);
        CHECK(outcome(LEFT) == K5_E_INVALID || outcome(LEFT) == K5_E_RIGHTS);
    }
}

static void shared_by_two(void)
{
    uint32_t base = map(LEFT, SLOT_PAGE(1), K5_MAP_READ_WRITE);

    CHECK_EQUAL(map(MIDDLE, SLOT_PAGE(1), K5_MAP_READ), base);
    CHECK(can_store(LEFT, base + 8, 99));
    CHECK_EQUAL(peek(MIDDLE, base + 8), 99);
    CHECK(!can_store(MIDDLE, base + 8, 1));
}

static void not_twice(void)
{
    (void)map(LEFT, SLOT_PAGE(1), K5_MAP_READ);
    (void)map(LEFT, SLOT_PAGE(1), K5_MAP_READ_WRITE);
    CHECK_EQUAL(outcome(LEFT), K5_E_BUSY);
    (void)map(LEFT, SLOT_PAGE_READ, K5_MAP_READ); /* another capability to the same */
    CHECK_EQUAL(outcome(LEFT), K5_E_BUSY);
}

static void unmapped_is_gone(void)
{
    uint32_t base = map(LEFT, SLOT_PAGE(1), K5_MAP_READ_WRITE);

    unmap(LEFT, SLOT_PAGE(1));
    CHECK_EQUAL(outcome(LEFT), K5_OK);
    CHECK(!can_load(LEFT, base));
}

static void unmap_needs_a_mapping(void)
{
    unmap(LEFT, SLOT_PAGE(1));
    CHECK_EQUAL(outcome(LEFT), K5_E_STATE);
    (void)map(LEFT, SLOT_PAGE(1), K5_MAP_READ);
    unmap(LEFT, SLOT_PAGE_READ);
    CHECK_EQUAL(outcome(LEFT), K5_E_STATE);
}

static void mapping_ends_with_the_task(void)
{
    uint32_t base = map(LEFT, SLOT_PAGE(1), K5_MAP_READ_WRITE);

    revive(LEFT);
    CHECK(!can_load(LEFT, base));
}

static void other_threads_see_it(void)
{
    uint32_t base = map(LEFT, SLOT_PAGE(1), K5_MAP_READ_WRITE);

    CHECK(can_store(HAND, base, 1));
    unmap(HAND, SLOT_PAGE(1));
    CHECK_EQUAL(outcome(HAND), K5_OK);
    CHECK(!can_load(LEFT, base));
}

uint32_t map_all(enum actor who)
{
    uint32_t count = 0;

    for (uint32_t i = 1; i <= PAGES; i++) {
        (void)map(who, SLOT_PAGE(i), K5_MAP_READ_WRITE);
        if (outcome(who) == K5_OK) {
            count++;
        } else {
            CHECK_EQUAL(outcome(who), K5_E_REGIONS);
        }
    }
    return count;
}

static void hardware_is_the_limit(void)
{
    uint32_t count = map_all(LEFT);

    CHECK(count > 0);
    CHECK(count < PAGES); /* it has more pages than the hardware has room for */
    CHECK(can_store(LEFT, report(LEFT)->arena, 1));
    unmap(LEFT, SLOT_PAGE(1));
    (void)map(LEFT, SLOT_PAGE(2 + count - 1), K5_MAP_READ);
    CHECK_EQUAL(outcome(LEFT), K5_OK);
}

static void no_region_left_for_the_lender(void)
{
    (void)map_all(LEFT);
    order_recv(RIGHT);
    order_call(LEFT, RIGHT, K5_MSG_LEND, report(LEFT)->arena + 256, 256, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_E_REGIONS);
    CHECK_EQUAL(outcome(RIGHT), WAITS);
    CHECK(can_store(LEFT, report(LEFT)->arena + 256, 1)); /* nothing has changed */
    CHECK(can_store(HAND, report(LEFT)->arena + 508, 1));
}

static void no_region_left_for_the_borrower(void)
{
    (void)map_all(LEFT);
    order_recv(LEFT);
    order_call(RIGHT, LEFT, K5_MSG_LEND_MUT, report(RIGHT)->arena + 256, 256, 0, 0);
    CHECK_EQUAL(outcome(RIGHT), K5_E_REGIONS);
    CHECK_EQUAL(outcome(LEFT), WAITS);
    CHECK(can_store(RIGHT, report(RIGHT)->arena + 256, 1));
}

/* The receiver comes later: the one who waits learns of it then, and it receives what is behind. */
static void no_region_left_when_received(void)
{
    (void)map_all(LEFT);
    order_call(RIGHT, LEFT, K5_MSG_LEND_MUT, report(RIGHT)->arena + 256, 256, 0, 0);
    CHECK_EQUAL(outcome(RIGHT), WAITS);
    order_call(MIDDLE, LEFT, 0, 5, 0, 0, 0);
    order_recv(LEFT);
    CHECK_EQUAL(outcome(RIGHT), K5_E_REGIONS);
    CHECK_EQUAL(outcome(LEFT), K5_OK);
    CHECK_EQUAL(result(LEFT, R_W0), 5);
}

static void copy_into_a_mapped_region(void)
{
    uint32_t base = map(RIGHT, SLOT_PAGE(2), K5_MAP_READ_WRITE);

    order_syscall(RIGHT, K5_SYS_RECV, CPTR(SLOT_OWN), K5_FLAG_RECV_BUF, 0, 0, base, 64, 0);
    order_syscall(LEFT, K5_SYS_SEND, CPTR(SLOT_RIGHT), K5_MSG_COPY, report(LEFT)->arena + 64, 8, 0,
                  0, 0);
    CHECK_EQUAL(outcome(RIGHT), K5_OK);
    CHECK_EQUAL(peek(RIGHT, base), 16);
}

/* Who waits with a buffer that is unmapped meanwhile learns of it when it would be used. */
static void buffer_unmapped_while_it_waits(void)
{
    uint32_t base = map(HAND, SLOT_PAGE(2), K5_MAP_READ_WRITE);

    order_syscall(LEFT, K5_SYS_RECV, CPTR(SLOT_OWN), K5_FLAG_RECV_BUF, 0, 0, base, 64, 0);
    unmap(HAND, SLOT_PAGE(2));
    order_syscall(RIGHT, K5_SYS_SEND, CPTR(SLOT_LEFT), K5_MSG_COPY, report(RIGHT)->arena, 8, 0, 0,
                  0);
    CHECK_EQUAL(outcome(LEFT), K5_E_ADDRESS);
    CHECK_EQUAL(outcome(RIGHT), WAITS); /* nothing is lost */
    order_recv(LEFT);
    CHECK_EQUAL(outcome(RIGHT), K5_OK);
}

static void revoked_region_is_unmapped(void)
{
    order_recv(RIGHT);
    order_call(LEFT, RIGHT, K5_FLAG_CAP, 0, CPTR(SLOT_PAGE(4)), 0, 0);

    uint32_t got = result(RIGHT, R_W1);

    order_reply(RIGHT, 0, 0, 0, 0, 0);
    order_syscall(RIGHT, K5_SYS_MAP, got, K5_MAP_READ_WRITE, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(RIGHT), K5_OK);

    uint32_t base = report(RIGHT)->r[1];

    CHECK(can_store(RIGHT, base, 1));
    order_syscall(LEFT, K5_SYS_REVOKE, CPTR(SLOT_PAGE(4)), 0, 0, 0, 0, 0, 0);
    CHECK_EQUAL(outcome(LEFT), K5_OK);
    CHECK(!can_load(RIGHT, base));
}

static const struct test tests[] = {
    {"region.map.accessible", "map makes a region accessible.", mapped_is_accessible},
    {"region.map.only_for_who_maps", "And only for the task that maps it.", not_before},
    {"region.map.read_only", "With the access that was asked for.", for_reading_only},
    {"region.map.not_beyond_rights", "Not beyond the capability's rights.", not_beyond_its_rights},
    {"region.map.odd_access", "READ, or READ and WRITE.", odd_accesses_are_refused},
    {"region.map.by_two", "A region that does not move can be mapped by several tasks.",
     shared_by_two},
    {"region.map.not_twice", "Once a task.", not_twice},
    {"region.map.threads", "All threads of a task have the same memory.", other_threads_see_it},
    {"region.map.hardware_is_the_limit",
     "Where the protection hardware has no room it is refused, and nothing has changed.",
     hardware_is_the_limit},
    {"region.map.copy_into_it", "A mapped region is memory of the task.",
     copy_into_a_mapped_region},
    {"region.unmap.gone", "unmap takes it out of the task.", unmapped_is_gone},
    {"region.unmap.needs_a_mapping", "What is not mapped through this capability is not unmapped.",
     unmap_needs_a_mapping},
    {"region.unmap.under_a_waiting_buffer", "Pointers are checked at the moment of use.",
     buffer_unmapped_while_it_waits},
    {"region.unmap.at_death", "A new life begins with nothing mapped.", mapping_ends_with_the_task},
    {"region.unmap.by_revoke", "A capability that is revoked is unmapped.",
     revoked_region_is_unmapped},
    {"loan.refused.lender_full", "A loan that would need more regions than the lender has.",
     no_region_left_for_the_lender},
    {"loan.refused.borrower_full", "Or than the borrower has.", no_region_left_for_the_borrower},
    {"loan.refused.borrower_full_later", "Also where that shows only when it is received.",
     no_region_left_when_received},
};
const struct test_group map_tests = GROUP(tests);
