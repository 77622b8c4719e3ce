/* STM32's independent watchdog: when it bites, and when not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/sim/support/device_kit.h"

enum { D_IWDG, D_RCC };
enum { KR = 0x00, PR = 0x04, RLR = 0x08, SR = 0x0c, WINR = 0x10, RCC_CSR = 0x94 };
enum { ACCESS = 0x5555, RELOAD = 0xaaaa, START = 0xcccc };
enum { PVU = 1, RVU = 2, WVU = 4 };

#define LSI_TICKS (KIT_TICK_HZ / 32000u) /* of a cycle */
_Static_assert(LSI_TICKS * 32000u == KIT_TICK_HZ, "a cycle is a whole number of ticks here");

static struct k5sim *open_watchdog(void)
{
    static const struct k5sim_device devices[] = {
        {.model = "stm32-iwdg", .name = "iwdg", .base = 0x40003000},
        {.model = "stm32-rcc", .name = "rcc", .base = 0x40021000},
    };

    return kit_open(&(struct kit_board){.device = devices, .device_count = 2});
}

static uint32_t get(struct k5sim *sim, uint32_t offset)
{
    return kit_read(sim, D_IWDG, offset);
}

static void set(struct k5sim *sim, uint32_t offset, uint32_t value)
{
    kit_write(sim, D_IWDG, offset, value);
}

static void cycles(struct k5sim *sim, uint64_t count)
{
    kit_advance(sim, count * LSI_TICKS);
}

/* Runs to the reset that must come at this tick and not before. */
static void expect_reset_at(struct k5sim *sim, uint64_t tick)
{
    uint64_t resets = UINT64_C(1) << K5SIM_EVENT_RESET;
    struct k5sim_event last = {0};

    kit_events(sim, 0, 0, NULL);
    assert_int_equal(k5sim_run(sim, tick - 1, resets), K5SIM_STOP_TIME);
    assert_int_equal(k5sim_run(sim, tick + 1, resets), K5SIM_STOP_EVENT);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_RESET, K5SIM_RESET_WATCHDOG, &last), 1);
    assert_int_equal(last.time, tick);
    assert_int_equal(last.arg[0], D_IWDG);
}

static void expect_no_reset(struct k5sim *sim)
{
    uint64_t resets = UINT64_C(1) << K5SIM_EVENT_RESET;

    assert_int_equal(k5sim_run(sim, k5sim_now(sim) + 2, resets), K5SIM_STOP_TIME);
}

/* Sets it up as drivers do: start, unlock, write, wait for the flags, reload. */
static void start(struct k5sim *sim, uint32_t pr, uint32_t rlr)
{
    set(sim, KR, START);
    set(sim, KR, ACCESS);
    set(sim, PR, pr);
    set(sim, RLR, rlr);
    cycles(sim, 5);
    assert_int_equal(get(sim, SR), 0);
    set(sim, KR, RELOAD);
}

static void test_it_bites_after_the_time_that_was_set(void **state)
{
    (void)state;
    for (uint32_t pr = 0; pr < 8; pr++) {
        struct k5sim *sim = open_watchdog();
        uint64_t step = pr < 7 ? 4u << pr : 256u; /* LSI cycles */

        start(sim, pr, 2);
        expect_reset_at(sim, k5sim_now(sim) + 3 * step * LSI_TICKS);
        assert_int_equal(kit_read(sim, D_RCC, RCC_CSR) >> 24, 0x2c); /* IWDGRSTF, too */
        assert_int_equal(get(sim, RLR), 0xfff);
        assert_int_equal(get(sim, PR), 0);
        expect_no_reset(sim); /* it is off again */
        k5sim_close(sim);
    }
}

static void test_time_without_any_set_up(void **state)
{
    struct k5sim *sim = open_watchdog();

    (void)state;
    set(sim, KR, START);
    cycles(sim, 4096 * 4 - 1);
    expect_reset_at(sim, UINT64_C(4096) * 4 * LSI_TICKS);
    k5sim_close(sim);
}

/* It begins within a cycle: times are those of LSI's cycles. */
static void test_time_begins_with_a_cycle(void **state)
{
    struct k5sim *sim = open_watchdog();

    (void)state;
    kit_advance(sim, LSI_TICKS - 1);
    start(sim, 0, 0);
    assert_int_equal(k5sim_now(sim), 6 * LSI_TICKS - 1);
    expect_reset_at(sim, (5 + 4) * LSI_TICKS);
    k5sim_close(sim);
}

static void test_reloads_keep_it_quiet(void **state)
{
    struct k5sim *sim = open_watchdog();

    (void)state;
    start(sim, 0, 9);
    for (uint32_t i = 0; i < 50; i++) {
        cycles(sim, 39);
        set(sim, KR, RELOAD);
        expect_no_reset(sim);
        kit_advance(sim, LSI_TICKS - 2);
        set(sim, KR, i % 2 == 0 ? 0x1234 : START); /* neither reloads */
        set(sim, KR, RELOAD);
    }
    expect_reset_at(sim, k5sim_now(sim) + 40 * LSI_TICKS);
    k5sim_close(sim);
}

static void test_update_flags(void **state)
{
    struct k5sim *sim = open_watchdog();

    (void)state;
    set(sim, KR, START);
    set(sim, KR, ACCESS);
    set(sim, PR, 3);
    kit_advance(sim, LSI_TICKS);
    set(sim, RLR, 0x123);
    set(sim, PR, 4); /* lost: PVU is set */
    kit_advance(sim, 4 * LSI_TICKS - 1);
    assert_int_equal(get(sim, SR), PVU | RVU);
    assert_int_equal(get(sim, PR), 0); /* what is in force */
    kit_advance(sim, 1);
    assert_int_equal(get(sim, SR), RVU);
    assert_int_equal(get(sim, PR), 3);
    assert_int_equal(get(sim, RLR), 0xfff);
    kit_advance(sim, LSI_TICKS - 1);
    assert_int_equal(get(sim, SR), RVU);
    kit_advance(sim, 1);
    assert_int_equal(get(sim, SR), 0);
    assert_int_equal(get(sim, RLR), 0x123);
    set(sim, WINR, 0x100);
    assert_int_equal(get(sim, SR), WVU);
    k5sim_close(sim);
}

static void test_update_ends_only_while_lsi_runs(void **state)
{
    struct k5sim *sim = open_watchdog();

    (void)state;
    set(sim, KR, ACCESS);
    set(sim, RLR, 7);
    cycles(sim, 100);
    assert_int_equal(get(sim, SR), RVU);
    set(sim, KR, START);
    cycles(sim, 4);
    assert_int_equal(get(sim, SR), RVU);
    cycles(sim, 1);
    assert_int_equal(get(sim, SR), 0);
    assert_int_equal(get(sim, RLR), 7);
    k5sim_close(sim);
}

static void test_nothing_is_written_without_the_key(void **state)
{
    static const uint32_t keys[] = {0, RELOAD, START, 0x5554, 0x15555};

    (void)state;
    for (uint32_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        struct k5sim *sim = open_watchdog();

        set(sim, KR, ACCESS);
        set(sim, KR,
            keys[i]); /* whatever comes after the key locks again; the upper half is lost */
        set(sim, PR, 1);
        set(sim, RLR, 1);
        set(sim, WINR, 1);
        assert_int_equal(get(sim, SR), keys[i] == 0x15555 ? PVU | RVU | WVU : 0);
        assert_int_equal(get(sim, KR), 0);
        k5sim_close(sim);
    }
}

static void test_window(void **state)
{
    struct k5sim *sim = open_watchdog();

    (void)state;
    set(sim, KR, START);
    set(sim, KR, ACCESS);
    set(sim, RLR, 99);
    cycles(sim, 5);
    set(sim, KR, RELOAD);
    cycles(sim, 4 * 30);
    set(sim, KR, ACCESS);
    set(sim, WINR, 50);
    cycles(sim, 5); /* a new window reloads the counter: 99 now */
    cycles(sim, 4 * 49);
    set(sim, KR, RELOAD); /* at 50 */
    expect_no_reset(sim);
    kit_advance(sim, 4 * 49 * LSI_TICKS - 3);
    kit_events(sim, 0, 0, NULL);
    uint64_t now = k5sim_now(sim);

    set(sim, KR, RELOAD); /* one tick before that: at 51 */
    assert_int_equal(k5sim_run(sim, now + 1, UINT64_C(1) << K5SIM_EVENT_RESET), K5SIM_STOP_EVENT);
    assert_int_equal(k5sim_now(sim), now);
    k5sim_close(sim);
}

static void test_window_does_not_lengthen_the_time(void **state)
{
    struct k5sim *sim = open_watchdog();

    (void)state;
    set(sim, KR, START);
    set(sim, KR, ACCESS);
    set(sim, RLR, 9);
    set(sim, WINR, 5);
    cycles(sim, 5);
    expect_reset_at(sim, (5 + 40) * LSI_TICKS);
    k5sim_close(sim);
}

static void test_reset_values_and_sizes(void **state)
{
    struct k5sim *sim = open_watchdog();
    struct k5sim_guest_error errors[2];

    (void)state;
    assert_int_equal(get(sim, KR), 0);
    assert_int_equal(get(sim, PR), 0);
    assert_int_equal(get(sim, RLR), 0xfff);
    assert_int_equal(get(sim, SR), 0);
    assert_int_equal(get(sim, WINR), 0xfff);
    kit_write_sized(sim, D_IWDG, KR, 2, ACCESS);
    kit_write_sized(sim, D_IWDG, PR, 2, 1);
    assert_int_equal(kit_read_sized(sim, D_IWDG, SR, 2), PVU);
    assert_int_equal(k5sim_guest_errors(sim, errors, 2), 0);
    kit_write_sized(sim, D_IWDG, KR, 1, 0xcc);
    assert_int_equal(k5sim_guest_errors(sim, errors, 2), 1);
    assert_int_equal(errors[0].kind, K5SIM_EVENT_DEVICE_MISUSE);
    k5sim_close(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_bites_after_the_time_that_was_set),
        cmocka_unit_test(test_time_without_any_set_up),
        cmocka_unit_test(test_time_begins_with_a_cycle),
        cmocka_unit_test(test_reloads_keep_it_quiet),
        cmocka_unit_test(test_update_flags),
        cmocka_unit_test(test_update_ends_only_while_lsi_runs),
        cmocka_unit_test(test_nothing_is_written_without_the_key),
        cmocka_unit_test(test_window),
        cmocka_unit_test(test_window_does_not_lengthen_the_time),
        cmocka_unit_test(test_reset_values_and_sizes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
