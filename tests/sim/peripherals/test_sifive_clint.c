/* Core-local interruptor of SiFive through its registers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/support/device_kit.h"

enum { MSIP = 0x0000, CMP = 0x4000, CMP_HIGH = 0x4004, TIME = 0xbff8, TIME_HIGH = 0xbffc };
enum { D_FAST, D_SLOW };
enum { SOFTWARE = 60, TIMER = 61, SLOW_TIMER = 63 };

#define SLOW_HZ 32768u

static const struct k5sim_device devices[] = {
    {.model = "sifive-clint",
     .name = "clint",
     .base = 0x02000000,
     .line_count = 2,
     .line = {SOFTWARE, TIMER}},
    {.model = "sifive-clint",
     .name = "slow",
     .base = 0x03000000,
     .line_count = 2,
     .line = {K5SIM_NO_LINE, SLOW_TIMER},
     .parameter = SLOW_HZ},
};

static struct k5sim *open_kit(void)
{
    return kit_open(&(struct kit_board){.device = devices, .device_count = 2});
}

static uint64_t time_of(struct k5sim *sim, uint32_t device)
{
    return (uint64_t)kit_read(sim, device, TIME_HIGH) << 32 | kit_read(sim, device, TIME);
}

static void test_the_software_interrupt_is_one_bit(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    assert_false(kit_line(sim, SOFTWARE));
    kit_write(sim, D_FAST, MSIP, UINT32_MAX);
    assert_int_equal(kit_read(sim, D_FAST, MSIP), 1);
    assert_true(kit_line(sim, SOFTWARE));
    kit_write(sim, D_FAST, MSIP, 0xfffffffe);
    assert_false(kit_line(sim, SOFTWARE));
    k5sim_close(sim);
}

static void test_mtime_counts_its_own_clock(void **state)
{
    struct k5sim *sim = open_kit();
    uint64_t before = time_of(sim, D_FAST);

    (void)state;
    kit_advance(sim, 12345);
    assert_int_equal(time_of(sim, D_FAST) - before, 12345);
    kit_write(sim, D_SLOW, TIME, 0);
    kit_advance(sim, 3u * KIT_TICK_HZ);
    assert_int_equal(time_of(sim, D_SLOW), 3u * SLOW_HZ);
    k5sim_close(sim);
}

static void test_halves_of_mtime_are_written_one_by_one(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    kit_write(sim, D_FAST, TIME, 0xfffffff0);
    kit_write(sim, D_FAST, TIME_HIGH, 7);
    kit_advance(sim, 15);
    assert_int_equal(time_of(sim, D_FAST), UINT64_C(0x7ffffffff));
    kit_advance(sim, 1);
    assert_int_equal(time_of(sim, D_FAST), UINT64_C(0x800000000));
    k5sim_close(sim);
}

static void test_the_timer_is_up_from_mtimecmp_on(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    assert_false(kit_line(sim, TIMER));
    kit_write(sim, D_FAST, TIME, 0);
    kit_write(sim, D_FAST, CMP_HIGH, 0);
    assert_false(kit_line(sim, TIMER));
    kit_write(sim, D_FAST, CMP, 1000);
    kit_advance(sim, 999);
    assert_false(kit_line(sim, TIMER));
    kit_advance(sim, 1);
    assert_true(kit_line(sim, TIMER));
    kit_advance(sim, 5000);
    assert_true(kit_line(sim, TIMER));
    kit_write(sim, D_FAST, CMP, 7000);
    assert_false(kit_line(sim, TIMER));
    kit_write(sim, D_FAST, TIME, 7000); /* time may jump, too */
    assert_true(kit_line(sim, TIMER));
    k5sim_close(sim);
}

static void test_a_slow_clock_fires_with_its_count(void **state)
{
    struct k5sim *sim = open_kit();
    uint64_t now = k5sim_now(sim);
    uint64_t due = 100u * (uint64_t)KIT_TICK_HZ / SLOW_HZ + 1u; /* 61,035.2 */

    (void)state;
    kit_write(sim, D_SLOW, CMP, 100);
    kit_write(sim, D_SLOW, CMP_HIGH, 0);
    kit_advance(sim, due - now - 1u);
    assert_false(kit_line(sim, SLOW_TIMER));
    assert_int_equal(time_of(sim, D_SLOW), 99);
    kit_advance(sim, 1);
    assert_true(kit_line(sim, SLOW_TIMER));
    assert_int_equal(time_of(sim, D_SLOW), 100);
    k5sim_close(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_software_interrupt_is_one_bit),
        cmocka_unit_test(test_mtime_counts_its_own_clock),
        cmocka_unit_test(test_halves_of_mtime_are_written_one_by_one),
        cmocka_unit_test(test_the_timer_is_up_from_mtimecmp_on),
        cmocka_unit_test(test_a_slow_clock_fires_with_its_count),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
