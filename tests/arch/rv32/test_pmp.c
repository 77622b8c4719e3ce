/* The PMP's register values: NAPOT, top of range, exact ends. */
#include "arch/rv32/pmp.h"

#include "tests/arch/arch_test.h"

#define RW (SYS_READ | SYS_WRITE)
#define RX (SYS_READ | SYS_EXECUTE)

static struct sys_region region_at(uint32_t base, uint32_t bytes, uint8_t access)
{
    return (struct sys_region){base, bytes, access, 0, 0};
}

/* Numbers from the manual's table of NAPOT encodings, not from the header's names. */
static void test_a_power_of_two_on_its_border_takes_one_entry(void **state)
{
    const struct {
        uint32_t base, bytes, addr;
    } row[] = {
        {0x80000000, 8, 0x20000000},          {0x80000000, 16, 0x20000001},
        {0x80000000, 32, 0x20000003},         {0x80000400, 0x400, 0x2000017f},
        {0x20010000, 0x1000, 0x080041ff},     {0x00000000, 0x80000000, 0x0fffffff},
        {0x80000000, 0x80000000, 0x2fffffff}, {0xffffffe0, 32, 0x3ffffffb},
    };

    (void)state;
    for (size_t i = 0; i < ROWS(row); i++) {
        const struct sys_region region = region_at(row[i].base, row[i].bytes, RW);
        struct rv32_mpu_image image;

        memset(&image, 0xa5, sizeof image);
        pmp_compile(&region, 1, &image);
        assert_int_equal(pmp_entries(&region, 1), 1);
        assert_int_equal(image.addr[0], row[i].addr);
        assert_int_equal(image.cfg[0], 0x1b); /* NAPOT, W, R */
        assert_int_equal(image.cfg[1], 0);
    }
}

static void test_any_other_region_takes_a_pair(void **state)
{
    const struct {
        uint32_t base, bytes, bottom, top;
    } row[] = {
        {0x80000000, 96, 0x20000000, 0x20000018},
        {0x80000020, 64, 0x20000008, 0x20000018}, /* a power of two, not on its border */
        {0x80000004, 4, 0x20000001, 0x20000002},  /* finer than K5's own grain */
        {0xffffff00, 0xe0, 0x3fffffc0, 0x3ffffff8},
        {0xffffffa0, 0x60, 0x3fffffe8, 0x40000000}, /* up to the last byte of memory */
    };

    (void)state;
    for (size_t i = 0; i < ROWS(row); i++) {
        const struct sys_region region = region_at(row[i].base, row[i].bytes, RX);
        struct rv32_mpu_image image;

        pmp_compile(&region, 1, &image);
        assert_int_equal(pmp_entries(&region, 1), 2);
        assert_int_equal(image.addr[0], row[i].bottom);
        assert_int_equal(image.addr[1], row[i].top);
        assert_int_equal(image.cfg[0], 0x0d00); /* entry 0 off; TOR, X, R */
    }
}

static void test_neighbours_share_a_border(void **state)
{
    const struct sys_region region[] = {
        region_at(0x80000020, 96, RX),
        region_at(0x80000080, 96, RW), /* begins where the first ends */
        region_at(0x80000100, 96, SYS_READ),
    };
    struct rv32_mpu_image image;

    (void)state;
    pmp_compile(region, 3, &image);
    assert_int_equal(pmp_entries(region, 3), 5);
    assert_int_equal(image.addr[0], 0x20000008);
    assert_int_equal(image.addr[1], 0x20000020);
    assert_int_equal(image.addr[2], 0x20000038);
    assert_int_equal(image.addr[3], 0x20000040);
    assert_int_equal(image.addr[4], 0x20000058);
    assert_int_equal(image.cfg[0], 0x000b0d00);
    assert_int_equal(image.cfg[1], 0x00000009);
}

/* A NAPOT entry's address is not its end: the next entry cannot begin there. */
static void test_a_region_behind_a_napot_one_has_its_own_bottom(void **state)
{
    const struct sys_region region[] = {
        region_at(0x80000000, 64, RX),
        region_at(0x80000040, 96, RW),
    };
    struct rv32_mpu_image image;

    (void)state;
    pmp_compile(region, 2, &image);
    assert_int_equal(pmp_entries(region, 2), 3);
    assert_int_equal(image.addr[1], 0x20000010);
    assert_int_equal(image.addr[2], 0x20000028);
}

static void test_a_first_region_from_address_0_needs_no_bottom(void **state)
{
    const struct sys_region region[] = {region_at(0, 96, RX), region_at(96, 32, RW)};
    struct rv32_mpu_image image;

    (void)state;
    pmp_compile(region, 2, &image);
    assert_int_equal(pmp_entries(region, 2), 2);
    assert_int_equal(image.addr[0], 24);
    assert_int_equal(image.addr[1], 32);
    assert_int_equal(image.cfg[0], 0x0b0d);
}

/* A power of two that continues a top-of-range region: as NAPOT it would cost the next a bottom. */
static void test_a_run_of_neighbours_has_one_bottom(void **state)
{
    const struct sys_region region[] = {
        region_at(0x80000020, 96, RW),
        region_at(0x80000080, 128, SYS_READ), /* lent in the middle */
        region_at(0x80000100, 96, RW),
    };
    struct rv32_mpu_image image;

    (void)state;
    pmp_compile(region, 3, &image);
    assert_int_equal(pmp_entries(region, 3), 4);
    assert_int_equal(image.addr[0], 0x20000008);
    assert_int_equal(image.addr[1], 0x20000020);
    assert_int_equal(image.addr[2], 0x20000040);
    assert_int_equal(image.addr[3], 0x20000058);
    assert_int_equal(image.cfg[0], 0x0b090b00);
}

static void test_access_bits_of_each_kind_of_region(void **state)
{
    const struct {
        uint8_t access, flags;
        uint32_t cfg;
    } row[] = {
        {SYS_READ, 0, 0x19},
        {RW, 0, 0x1b},
        {RX, 0, 0x1d},
        {SYS_EXECUTE, 0, 0x1d},
        {SYS_WRITE, 0, 0x1b},          /* write without read is reserved */
        {RW | SYS_EXECUTE, 0, 0x1b},   /* W^X: never both */
        {RX, SYS_REGION_DEVICE, 0x19}, /* nobody executes a device */
        {0, 0, 0x18},
    };

    (void)state;
    for (size_t i = 0; i < ROWS(row); i++) {
        const struct sys_region region = {0x80000000, 0x100, row[i].access, row[i].flags, 0};
        struct rv32_mpu_image image;

        pmp_compile(&region, 1, &image);
        assert_int_equal(image.cfg[0], row[i].cfg);
    }
}

static void test_what_does_not_fit_is_left_out_whole(void **state)
{
    struct sys_region region[8];
    struct rv32_mpu_image image;

    (void)state;
    for (uint32_t i = 0; i < 8; i++) {
        region[i] = region_at(0x80000020 + i * 0x400, 96, RW);
    }
    assert_int_equal(pmp_entries(region, 8), 16);
    pmp_compile(region, 8, &image);
    for (uint32_t i = 0; i < 8; i++) {
        assert_true(pmp_allows(&image, region[i].base, 4, RW) == (i < 4));
    }
}

/* A small generator: the values only need to differ. */
static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* Sorted, not overlapping, often touching, often a power of two. */
static uint32_t random_regions(struct sys_region region[4], uint32_t *seed)
{
    uint32_t count = 1 + next_random(seed) % 4;
    uint32_t at = next_random(seed) % 2 != 0 ? 0 : 0x80000000u;

    for (uint32_t i = 0; i < count; i++) {
        uint32_t grains = 1 + next_random(seed) % 9;

        at += next_random(seed) % 3 * 32;
        region[i] = region_at(at, grains * 32, (uint8_t)(next_random(seed) % 8));
        at += grains * 32;
    }
    return count;
}

/* The regions' own rule, written without the registers. */
static bool regions_allow(const struct sys_region *region, uint32_t count, uint32_t address,
                          uint32_t access)
{
    for (uint32_t i = 0; i < count; i++) {
        if (address - region[i].base < region[i].bytes) {
            uint32_t given = region[i].access;

            given |= given != 0 ? SYS_READ : 0u;
            given &= (given & SYS_WRITE) != 0 ? ~(uint32_t)SYS_EXECUTE : ~0u;
            return (given & access) == access;
        }
    }
    return false;
}

static void test_every_byte_is_as_the_regions_say(void **state)
{
    uint32_t seed = 1;

    (void)state;
    for (uint32_t round = 0; round < 2000; round++) {
        struct sys_region region[4];
        uint32_t count = random_regions(region, &seed);
        uint32_t access = UINT32_C(1) << next_random(&seed) % 3;
        struct rv32_mpu_image image;

        assert_true(pmp_entries(region, count) <= PMP_ENTRIES);
        pmp_compile(region, count, &image);
        for (uint32_t i = 0; i < 1024; i++) {
            uint32_t address = (region[0].base & 0xffff0000u) + i;

            assert_true(pmp_allows(&image, address, 1, access) ==
                        regions_allow(region, count, address, access));
        }
    }
}

/* What a task's regions come to while parts of them are lent. */
struct pieces {
    struct sys_region region[32];
    uint32_t count;
    uint32_t most; /* sum of pmp_entries_most() */
};

/* Cuts a region in up to five pieces; some become read-only, some go. */
static void cut(struct pieces *pieces, const struct sys_region *region, uint32_t *seed)
{
    uint32_t edges = 0;
    uint32_t holes = 0;
    uint32_t used = 0;
    bool whole = true;
    bool gap = false; /* the last piece went, so nothing touches the next one */

    for (uint32_t at = 0; at < region->bytes;) {
        uint32_t left = region->bytes - at;
        uint32_t bytes =
            next_random(seed) % 3 == 0 ? 32 + next_random(seed) % (left / 32) * 32 : left;
        uint32_t kind = next_random(seed) % 4;

        bytes = bytes > left ? left : bytes;
        if (kind == 0) {
            whole = false;
            gap = used > 0;
        } else {
            holes += gap;
            edges += used > 0 && !gap;
            gap = false;
            used++;
            pieces->region[pieces->count++] =
                region_at(region->base + at, bytes, kind == 1 ? SYS_READ : RW);
            whole = whole && bytes == region->bytes;
        }
        at += bytes;
    }
    pieces->most += pmp_entries_most(region, whole, edges, holes);
}

static void test_pieces_never_take_more_entries_than_was_said(void **state)
{
    uint32_t seed = 7;

    (void)state;
    for (uint32_t round = 0; round < 20000; round++) {
        struct sys_region region[4];
        uint32_t count = random_regions(region, &seed);
        struct pieces pieces = {.count = 0};

        for (uint32_t i = 0; i < count; i++) {
            cut(&pieces, &region[i], &seed);
        }
        assert_true(pmp_entries(pieces.region, pieces.count) <= pieces.most);
    }
}

static void test_most_entries_of_a_region(void **state)
{
    const struct sys_region power = region_at(0x80000400, 0x400, RW);
    const struct sys_region odd = region_at(0x80000400, 0x3e0, RW);
    const struct sys_region crooked = region_at(0x80000420, 0x400, RW); /* not on its border */

    (void)state;
    assert_int_equal(pmp_entries_most(&power, true, 0, 0), 1);
    assert_int_equal(pmp_entries_most(&power, false, 0, 0), 2); /* its end is lent */
    assert_int_equal(pmp_entries_most(&odd, true, 0, 0), 2);
    assert_int_equal(pmp_entries_most(&crooked, true, 0, 0), 2);
    assert_int_equal(pmp_entries_most(&power, false, 2, 0), 4);
    assert_int_equal(pmp_entries_most(&power, false, 0, 1), 4);
    assert_int_equal(pmp_entries_most(&power, false, 1, 2), 7);
}

/* The lowest entry that matches one byte must match all: neighbours do not add up. */
static void test_an_access_across_two_entries_is_refused(void **state)
{
    const struct sys_region region[] = {
        region_at(0x80000020, 96, RW),
        region_at(0x80000080, 96, RW),
    };
    struct rv32_mpu_image image;

    (void)state;
    pmp_compile(region, 2, &image);
    assert_true(pmp_allows(&image, 0x8000007c, 4, RW));
    assert_true(pmp_allows(&image, 0x80000080, 4, RW));
    assert_false(pmp_allows(&image, 0x8000007e, 4, RW));
    assert_false(pmp_allows(&image, 0x8000001e, 4, RW));
    assert_false(pmp_allows(&image, 0x800000de, 4, RW));
}

static void test_ranges_read_back_what_was_compiled(void **state)
{
    const struct sys_region region[] = {
        region_at(0x20010000, 0x1000, RX),
        region_at(0x80000020, 96, RW),
    };
    struct rv32_mpu_image image;

    (void)state;
    pmp_compile(region, 2, &image);
    struct pmp_range text = pmp_range(&image, 0);
    struct pmp_range bottom = pmp_range(&image, 1);
    struct pmp_range ram = pmp_range(&image, 2);

    assert_true(text.base == 0x20010000 && text.end == 0x20011000 && text.access == RX);
    assert_true(bottom.base == bottom.end);
    assert_true(ram.base == 0x80000020 && ram.end == 0x80000080 && ram.access == RW);

    image.cfg[0] = PMP_A_NA4 | PMP_R; /* never compiled, but a register can hold it */
    image.addr[0] = 0x20000001;
    struct pmp_range word = pmp_range(&image, 0);

    assert_true(word.base == 0x80000004 && word.end == 0x80000008 && word.access == SYS_READ);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_power_of_two_on_its_border_takes_one_entry),
        cmocka_unit_test(test_any_other_region_takes_a_pair),
        cmocka_unit_test(test_neighbours_share_a_border),
        cmocka_unit_test(test_a_region_behind_a_napot_one_has_its_own_bottom),
        cmocka_unit_test(test_a_first_region_from_address_0_needs_no_bottom),
        cmocka_unit_test(test_a_run_of_neighbours_has_one_bottom),
        cmocka_unit_test(test_access_bits_of_each_kind_of_region),
        cmocka_unit_test(test_what_does_not_fit_is_left_out_whole),
        cmocka_unit_test(test_every_byte_is_as_the_regions_say),
        cmocka_unit_test(test_pieces_never_take_more_entries_than_was_said),
        cmocka_unit_test(test_most_entries_of_a_region),
        cmocka_unit_test(test_an_access_across_two_entries_is_refused),
        cmocka_unit_test(test_ranges_read_back_what_was_compiled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
