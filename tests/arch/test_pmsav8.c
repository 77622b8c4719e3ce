/* The MPU's register values: the inclusive limit, access, attributes. */
#include "arch/armv8m/pmsav8.h"

#include "tests/arch/arch_test.h"

#define RW (SYS_READ | SYS_WRITE)
#define RX (SYS_READ | SYS_EXECUTE)

static void test_region_ends_at_its_last_byte(void **state)
{
    const struct {
        uint32_t base, bytes, last;
    } row[] = {
        {0x20000000, 32, 0x2000001f},         {0x20000000, 64, 0x2000003f},
        {0x20000020, 32, 0x2000003f},         {0x08001000, 0x1000, 0x08001fff},
        {0xffffffe0, 32, 0xffffffff},         {0x00000000, 32, 0x0000001f},
        {0x00000000, 0xffffffe0, 0xffffffdf}, {0x28200400, 0x400, 0x282007ff},
    };

    (void)state;
    for (size_t i = 0; i < ROWS(row); i++) {
        const struct sys_region region = {row[i].base, row[i].bytes, RW, 0, 0};
        struct armv8m_mpu_image image;

        pmsav8_compile(&region, 1, &image);
        assert_int_equal(pmsav8_first_byte(image.region[0].rbar), row[i].base);
        assert_int_equal(pmsav8_last_byte(image.region[0].rlar), row[i].last);
    }
}

/* Written as numbers from the manual, not with the header's names. */
static void test_register_values_of_each_kind_of_region(void **state)
{
    const struct {
        uint8_t access, flags;
        uint32_t rbar_low, rlar_low;
    } row[] = {
        {SYS_READ, 0, 0x07, 0x01},                 /* AP 11, XN */
        {RW, 0, 0x03, 0x01},                       /* AP 01, XN */
        {RX, 0, 0x06, 0x01},                       /* AP 11 */
        {SYS_EXECUTE, 0, 0x06, 0x01},              /* cannot be without read */
        {SYS_WRITE, 0, 0x03, 0x01},                /* nor this */
        {RW | SYS_EXECUTE, 0, 0x03, 0x01},         /* W^X: never both */
        {RW, SYS_REGION_DEVICE, 0x03, 0x03},       /* attribute 1 */
        {SYS_READ, SYS_REGION_DEVICE, 0x07, 0x03}, /* */
        {RX, SYS_REGION_DEVICE, 0x07, 0x03},       /* device memory: XN */
        {0, 0, 0x05, 0x01},                        /* AP 10: nothing for tasks */
    };

    (void)state;
    for (size_t i = 0; i < ROWS(row); i++) {
        const struct sys_region region = {0x20000000, 0x100, row[i].access, row[i].flags, 0};
        struct armv8m_mpu_image image;

        pmsav8_compile(&region, 1, &image);
        assert_int_equal(image.region[0].rbar, 0x20000000u | row[i].rbar_low);
        assert_int_equal(image.region[0].rlar, 0x200000e0u | row[i].rlar_low);
    }
}

static void test_registers_behind_the_last_region_are_off(void **state)
{
    const struct sys_region region[3] = {
        {0x1000, 32, RX, 0, 0}, {0x2000, 32, RW, 0, 0}, {0x3000, 32, RW, 0, 0}};
    struct armv8m_mpu_image image;

    (void)state;
    for (uint32_t count = 0; count <= 3; count++) {
        memset(&image, 0xff, sizeof image);
        pmsav8_compile(region, count, &image);
        for (uint32_t i = 0; i < 8; i++) {
            assert_int_equal(image.region[i].rlar & 1u, i < count ? 1 : 0);
            assert_true(i < count || (image.region[i].rbar == 0 && image.region[i].rlar == 0));
        }
    }
}

static void test_eight_regions_fill_the_mpu(void **state)
{
    struct sys_region region[8];
    struct armv8m_mpu_image image;

    (void)state;
    for (uint32_t i = 0; i < 8; i++) {
        region[i] = (struct sys_region){0x20000000 + i * 0x400, 0x400, RW, 0, 0};
    }
    pmsav8_compile(region, 8, &image);
    for (uint32_t i = 0; i < 8; i++) {
        assert_int_equal(pmsav8_first_byte(image.region[i].rbar), region[i].base);
        assert_int_equal(pmsav8_last_byte(image.region[i].rlar), region[i].base + 0x3ff);
    }
}

static void test_access_reads_back_what_was_compiled(void **state)
{
    const struct {
        uint8_t access, want;
    } row[] = {{SYS_READ, SYS_READ}, {RW, RW}, {RX, RX}, {0, 0}, {RW | SYS_EXECUTE, RW}};

    (void)state;
    for (size_t i = 0; i < ROWS(row); i++) {
        const struct sys_region region = {0x20000000, 32, row[i].access, 0, 0};
        struct armv8m_mpu_image image;

        pmsav8_compile(&region, 1, &image);
        assert_int_equal(pmsav8_access(image.region[0].rbar, image.region[0].rlar), row[i].want);
        assert_int_equal(pmsav8_access(image.region[1].rbar, image.region[1].rlar), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_region_ends_at_its_last_byte),
        cmocka_unit_test(test_register_values_of_each_kind_of_region),
        cmocka_unit_test(test_registers_behind_the_last_region_are_off),
        cmocka_unit_test(test_eight_regions_fill_the_mpu),
        cmocka_unit_test(test_access_reads_back_what_was_compiled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
