/* region_check() against an oracle that looks at each byte by itself. */
#include "kernel/region.h"

#include <stdio.h>

#include "tests/unit/kit.h"

#define TASK 0u

/* Regions of one task as a test writes them down. */
struct region {
    uint32_t base;
    uint32_t bytes;
    uint32_t access;
};

/* All tasks' views, and no loans. */
static void boot_memory(void)
{
    fake_machine_init(&kit_machine, build_finish());
    k5.loans = NO_THREAD;
    for (uint32_t i = 0; i < port_system()->task_count; i++) {
        region_boot(i);
    }
}

/* The kit's own regions out of the way: a task with exactly these. */
static void use_regions(const struct region *region, uint32_t count)
{
    build_reset();
    build_task(SYS_POLICY_STOP);
    build_task_of(TASK)->region_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        build_region(TASK, region[i].base, region[i].bytes, region[i].access);
    }
    boot_memory();
}

static bool byte_allowed(uint32_t address, uint32_t access)
{
    const struct sys_task *task = build_task_of(TASK);

    for (uint32_t i = 0; i < task->region_count; i++) {
        const struct sys_region *region = build_region_of(TASK, i);
        uint64_t end = (uint64_t)region->base + region->bytes;

        if (address >= region->base && address < end) {
            return (region->access & access) == access && region->flags == 0;
        }
    }
    return false;
}

static bool oracle(uint32_t base, uint32_t bytes, uint32_t access)
{
    for (uint64_t i = 0; i < bytes; i++) {
        if (base + i > UINT32_MAX || !byte_allowed((uint32_t)(base + i), access)) {
            return false;
        }
    }
    return true;
}

#define RW (SYS_READ | SYS_WRITE)
#define RX (SYS_READ | SYS_EXECUTE)

static void test_region_edges_are_exact_to_the_byte(void **state)
{
    static const struct {
        uint32_t base, bytes, access;
        bool allowed;
    } row[] = {
        {0x20000000, 1, SYS_READ, true},
        {0x20000000, 0x100, RW, true},
        {0x20000000, 0x101, RW, false}, /* one byte past the end */
        {0x1fffffff, 2, SYS_READ, false},
        {0x1fffffff, 1, SYS_READ, false},
        {0x200000ff, 1, SYS_WRITE, true},
        {0x20000100, 1, SYS_READ, false}, /* the end itself is outside */
        {0x20000100, 0, SYS_READ, true},  /* nothing is always allowed */
        {0xdeadbeef, 0, RW, true},
        {0xffffffff, 0, RW, true},
        {0x20000000, 4, SYS_EXECUTE, false},
        {0x08000000, 4, RX, true},
        {0x08000000, 4, SYS_WRITE, false},
        {0x08000000, 4, RW, false},
        {0x20000000, UINT32_MAX, SYS_READ, false},
    };

    (void)state;
    use_regions((const struct region[]){{0x08000000, 0x40, RX}, {0x20000000, 0x100, RW}}, 2);
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        if (region_check(TASK, row[i].base, row[i].bytes, row[i].access) != row[i].allowed) {
            fail_msg("row %zu: 0x%08x + 0x%x", i, (unsigned)row[i].base, (unsigned)row[i].bytes);
        }
    }
}

static void test_region_range_may_cross_neighbours_that_touch(void **state)
{
    (void)state;
    use_regions((const struct region[]){{0x20000000, 0x20, RW},
                                        {0x20000020, 0x20, SYS_READ},
                                        {0x20000040, 0x20, RW},
                                        {0x20000080, 0x20, RW}},
                4);
    assert_true(region_check(TASK, 0x20000000, 0x60, SYS_READ));
    assert_true(region_check(TASK, 0x2000001f, 2, SYS_READ));
    assert_false(region_check(TASK, 0x2000001f, 2, SYS_WRITE));
    assert_false(region_check(TASK, 0x20000000, 0x60, SYS_WRITE));
    assert_false(region_check(TASK, 0x20000000, 0x61, SYS_READ)); /* 0x20000060 is a gap */
    assert_false(region_check(TASK, 0x2000005f, 0x22, SYS_READ)); /* over the gap */
    assert_true(region_check(TASK, 0x20000080, 0x20, RW));
}

static void test_region_range_never_wraps_around(void **state)
{
    (void)state;
    use_regions((const struct region[]){{0x00000000, 0x40, RW}, {0xffffffc0, 0x40, RW}}, 2);
    assert_true(region_check(TASK, 0xffffffc0, 0x40, RW)); /* up to the last byte there is */
    assert_true(region_check(TASK, 0xffffffff, 1, RW));
    assert_false(region_check(TASK, 0xffffffc0, 0x41, RW)); /* its next byte would be 0 */
    assert_false(region_check(TASK, 0xffffffff, 2, RW));
    assert_false(region_check(TASK, 0xffffffff, UINT32_MAX, RW));
    assert_false(region_check(TASK, 0x1, UINT32_MAX, RW));
    assert_true(region_check(TASK, 0x0, 0x40, RW));
}

static void test_region_of_a_device_is_no_message_buffer(void **state)
{
    (void)state;
    use_regions((const struct region[]){{0x40000000, 0x100, RW}}, 1);
    assert_true(region_check(TASK, 0x40000000, 4, RW));
    kit_view_of(TASK, 0)->flags = SYS_REGION_DEVICE;
    assert_false(region_check(TASK, 0x40000000, 4, RW));
    assert_false(region_check(TASK, 0x40000000, 4, SYS_READ));
}

static void test_region_of_another_task_is_not_mine(void **state)
{
    (void)state;
    build_task(SYS_POLICY_STOP);
    build_task(SYS_POLICY_STOP);
    boot_memory();

    uint32_t mine = build_buffer(0, 0);
    uint32_t other = build_buffer(1, 0);

    assert_true(region_check(0, mine, 16, RW));
    assert_true(region_check(1, other, 16, RW));
    assert_false(region_check(0, other, 16, SYS_READ));
    assert_false(region_check(1, mine, 16, SYS_READ));
}

/* ------------------------------------------------------------ random */

static uint32_t random_access(struct kit_random *random)
{
    static const uint32_t access[] = {SYS_READ, SYS_WRITE, RW, SYS_EXECUTE, RX};

    return access[kit_random_below(random, 5)];
}

/* A few small regions, some touching, near `origin`; none overlap, none wrap. */
static uint32_t random_regions(struct kit_random *random, uint32_t origin, struct region *region)
{
    uint32_t count = kit_random_below(random, CFG_MPU_REGIONS + 1);
    uint64_t at = origin;
    uint32_t used = 0;

    for (uint32_t i = 0; i < count; i++) {
        uint32_t bytes = 32 * (1 + kit_random_below(random, 3));

        at += 32 * (uint64_t)kit_random_below(random, 3); /* 0: touches its neighbour */
        if (at + bytes > UINT64_C(0x100000000)) {
            break;
        }
        region[used++] = (struct region){(uint32_t)at, bytes, random_access(random)};
        at += bytes;
    }
    return used;
}

static void check_random_set(struct kit_random *random, uint64_t seed)
{
    static const uint32_t origins[] = {0, 0x20000000, 0xfffffe00, 0xffffffc0};
    uint32_t origin = origins[kit_random_below(random, 4)];
    struct region region[CFG_MPU_REGIONS];
    uint32_t count = random_regions(random, origin, region);

    use_regions(region, count);
    for (uint32_t i = 0; i < 200; i++) {
        uint32_t base = origin - 64 + kit_random_below(random, 1024);
        uint32_t bytes = kit_random_below(random, 300);
        uint32_t access = random_access(random);

        if (kit_random_below(random, 20) == 0) {
            bytes = UINT32_MAX - bytes; /* almost all there is */
        }
        if (region_check(TASK, base, bytes, access) != oracle(base, bytes, access)) {
            fail_msg("0x%08x + 0x%x access %u of %u regions; repeat: K5_SEED=%llu", (unsigned)base,
                     (unsigned)bytes, (unsigned)access, (unsigned)count, (unsigned long long)seed);
        }
    }
}

static void test_region_check_agrees_with_a_bytewise_oracle(void **state)
{
    uint64_t seed = kit_setting("K5_SEED", 1);

    (void)state;
    for (uint64_t i = 0; i < 1000; i++) {
        struct kit_random random = kit_random_from(seed + i);

        check_random_set(&random, seed + i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        KIT_TEST(test_region_edges_are_exact_to_the_byte),
        KIT_TEST(test_region_range_may_cross_neighbours_that_touch),
        KIT_TEST(test_region_range_never_wraps_around),
        KIT_TEST(test_region_of_a_device_is_no_message_buffer),
        KIT_TEST(test_region_of_another_task_is_not_mine),
        KIT_TEST(test_region_check_agrees_with_a_bytewise_oracle),
    };

    return cmocka_run_group_tests_name("region", tests, NULL, NULL);
}
