/* Device models through their registers, against clocks that count tick by tick. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/machine.h"
#include "tests/sim/oracle/program.h"
#include "tests/sim/support/bench.h"

enum { D_TIMER, D_CLOCK };

static const struct k5sim_device devices[] = {
    {.model = "cmsdk-timer", .name = "timer", .base = 0x40001000, .line_count = 1, .line = {9}},
    {.model = "goldfish-rtc", .name = "rtc", .base = 0x40002000, .line_count = 1, .line = {11}},
};

static struct k5sim *open_devices(void)
{
    static const uint16_t loop[] = {0xe7fe};
    const struct bench_program programs[] = {BENCH_PROGRAM(loop)};
    struct k5sim *sim = bench_open_devices(devices, 2);

    build_reset();
    build_single(10);
    bench_start(sim, programs, 1);
    return sim;
}

static uint32_t get(struct k5sim *sim, uint32_t device, uint32_t offset)
{
    uint32_t value = 0;

    assert_true(devices_read(sim, device, offset, 4, &value));
    return value;
}

static void set(struct k5sim *sim, uint32_t device, uint32_t offset, uint32_t value)
{
    assert_true(devices_write(sim, device, offset, 4, value));
}

/* As the machine's loop does; the kernel has no part in this. */
static void advance(struct k5sim *sim, uint64_t ticks)
{
    uint64_t end = sim->port.now + ticks;

    for (;;) {
        uint64_t at = DEVICE_NEVER;

        for (uint32_t i = 0; i < 2; i++) {
            uint64_t event = sim->devices.row[i].device.event_at;

            at = event < at ? event : at;
        }
        if (at > end) {
            break;
        }
        sim->port.now = at;
        for (uint32_t i = 0; i < 2; i++) {
            if (sim->devices.row[i].device.event_at == at) {
                devices_event(sim, i);
            }
        }
    }
    sim->port.now = end;
}

static bool raised(const struct k5sim *sim, uint32_t line)
{
    return ((sim->raised[line / 32] >> line % 32) & 1u) != 0;
}

/* ---------------------------------------------------------------- CMSDK timer */

enum { CTRL = 0, VALUE = 4, RELOAD = 8, INTSTATUS = 12 };

/* The counter as its manual draws it: one step a tick. */
struct counter {
    uint32_t ctrl;
    uint32_t value;
    uint32_t reload;
    uint32_t interrupt;
};

static void step(struct counter *c)
{
    if ((c->ctrl & 1u) == 0) {
        return;
    }
    if (c->value == 0) {
        c->value = c->reload;
    } else if (--c->value == 0) {
        c->interrupt = 1;
    }
}

static void write_both(struct k5sim *sim, struct counter *c, uint32_t offset, uint32_t value)
{
    set(sim, D_TIMER, offset, value);
    switch (offset) {
    case CTRL:
        c->ctrl = value & 0xfu;
        break;
    case VALUE:
        c->value = value;
        break;
    case RELOAD:
        c->reload = value;
        c->value = value;
        break;
    default:
        c->interrupt &= ~value;
        break;
    }
}

static void assert_same(struct k5sim *sim, const struct counter *c)
{
    assert_int_equal(get(sim, D_TIMER, CTRL), c->ctrl);
    assert_int_equal(get(sim, D_TIMER, VALUE), c->value);
    assert_int_equal(get(sim, D_TIMER, RELOAD), c->reload);
    assert_int_equal(get(sim, D_TIMER, INTSTATUS), c->interrupt);
    assert_int_equal(raised(sim, 9), (c->ctrl & 8u) != 0 && c->interrupt != 0);
}

static void test_timer_counts_like_its_manual(void **state)
{
    struct k5sim *sim = open_devices();
    struct counter c = {0};
    uint64_t random = 5;

    (void)state;
    for (uint32_t i = 0; i < 100000; i++) {
        uint32_t ticks = random_below(&random, 4) == 0 ? random_below(&random, 60) : 0;

        if (random_below(&random, 3) == 0) {
            uint32_t offset = 4 * random_below(&random, 4);
            uint32_t value = random_below(&random, offset == CTRL ? 16 : 12);

            write_both(sim, &c, offset, value);
        }
        if (random_below(&random, 2) == 0) { /* looking must change nothing */
            assert_same(sim, &c);
        }
        advance(sim, ticks);
        for (uint32_t k = 0; k < ticks; k++) {
            step(&c);
        }
    }
    assert_same(sim, &c);
    k5sim_close(sim);
}

static void test_timer_s_longest_period(void **state)
{
    struct k5sim *sim = open_devices();

    (void)state;
    set(sim, D_TIMER, RELOAD, UINT32_MAX);
    set(sim, D_TIMER, CTRL, 9);
    advance(sim, UINT32_MAX - UINT64_C(1));
    assert_int_equal(get(sim, D_TIMER, VALUE), 1);
    assert_false(raised(sim, 9));
    advance(sim, 1);
    assert_true(raised(sim, 9));
    set(sim, D_TIMER, INTSTATUS, 1);
    advance(sim, UINT32_MAX);
    assert_false(raised(sim, 9));
    advance(sim, 1);
    assert_true(raised(sim, 9));
    k5sim_close(sim);
}

static void test_timer_s_identity_and_reset(void **state)
{
    static const uint8_t identity[12] = {4, 0, 0, 0, 0x22, 0xb8, 0x1b, 0, 0x0d, 0xf0, 5, 0xb1};
    struct k5sim *sim = open_devices();

    (void)state;
    for (uint32_t i = 0; i < 12; i++) {
        set(sim, D_TIMER, 0xfd0 + 4 * i, UINT32_MAX);
        assert_int_equal(get(sim, D_TIMER, 0xfd0 + 4 * i), identity[i]);
    }
    set(sim, D_TIMER, RELOAD, 5);
    set(sim, D_TIMER, CTRL, 9);
    advance(sim, 20);
    assert_true(raised(sim, 9));
    assert_int_equal(k5sim_boot(sim), K5SIM_OK);
    assert_false(raised(sim, 9));
    assert_same(sim, &(struct counter){0});
    assert_int_equal(sim->devices.row[D_TIMER].device.event_at, DEVICE_NEVER);
    k5sim_close(sim);
}

/* ---------------------------------------------------------------- Goldfish */

enum {
    TIME_LOW = 0x00,
    TIME_HIGH = 0x04,
    ALARM_LOW = 0x08,
    ALARM_HIGH = 0x0c,
    IRQ_ENABLED = 0x10,
    CLEAR_ALARM = 0x14,
    ALARM_STATUS = 0x18,
    CLEAR_INTERRUPT = 0x1c,
};

#define NS_PER_TICK (UINT64_C(1000000000) / BUILD_TICK_HZ)

static uint64_t time_of(struct k5sim *sim)
{
    uint64_t low = get(sim, D_CLOCK, TIME_LOW);

    return low | (uint64_t)get(sim, D_CLOCK, TIME_HIGH) << 32;
}

static void set_alarm(struct k5sim *sim, uint64_t ns)
{
    set(sim, D_CLOCK, ALARM_HIGH, (uint32_t)(ns >> 32));
    set(sim, D_CLOCK, ALARM_LOW, (uint32_t)ns);
}

static void test_clock_counts_nanoseconds(void **state)
{
    struct k5sim *sim = open_devices();

    (void)state;
    assert_int_equal(time_of(sim), 0);
    advance(sim, 3);
    assert_int_equal(time_of(sim), 3 * NS_PER_TICK);
    advance(sim, UINT64_C(1) << 40);
    assert_int_equal(time_of(sim), (3 + (UINT64_C(1) << 40)) * NS_PER_TICK);

    /* TIME_HIGH is what it was when TIME_LOW was read. */
    set(sim, D_CLOCK, TIME_LOW, UINT32_MAX);
    uint32_t high = (uint32_t)(time_of(sim) >> 32);

    advance(sim, 1);
    assert_int_equal(get(sim, D_CLOCK, TIME_HIGH), high);
    assert_int_equal(get(sim, D_CLOCK, TIME_LOW), NS_PER_TICK - 1);
    assert_int_equal(get(sim, D_CLOCK, TIME_HIGH), high + 1);
    k5sim_close(sim);
}

static void test_clock_is_set_by_halves(void **state)
{
    struct k5sim *sim = open_devices();

    (void)state;
    advance(sim, 1000);
    set(sim, D_CLOCK, TIME_HIGH, 77);
    set(sim, D_CLOCK, TIME_LOW, 12345);
    assert_int_equal(time_of(sim), (UINT64_C(77) << 32) + 12345);
    advance(sim, 10);
    assert_int_equal(time_of(sim), (UINT64_C(77) << 32) + 12345 + 10 * NS_PER_TICK);
    set(sim, D_CLOCK, TIME_HIGH, 0);
    set(sim, D_CLOCK, TIME_LOW, 0); /* before the boot, so to say */
    assert_int_equal(time_of(sim), 0);
    set_alarm(sim, 5 * NS_PER_TICK);
    set(sim, D_CLOCK, IRQ_ENABLED, 1);
    advance(sim, 4);
    assert_false(raised(sim, 11));
    advance(sim, 1);
    assert_true(raised(sim, 11));
    k5sim_close(sim);
}

static void test_alarm_comes_at_the_first_tick_that_is_not_before_it(void **state)
{
    struct k5sim *sim = open_devices();

    (void)state;
    set(sim, D_CLOCK, IRQ_ENABLED, 0xff);
    assert_int_equal(get(sim, D_CLOCK, IRQ_ENABLED), 1);
    for (uint64_t ns = 1; ns < 3 * NS_PER_TICK; ns += 333) {
        set_alarm(sim, time_of(sim) + ns);
        assert_int_equal(get(sim, D_CLOCK, ALARM_STATUS), 1);
        advance(sim, (ns + NS_PER_TICK - 1) / NS_PER_TICK - 1);
        assert_false(raised(sim, 11));
        advance(sim, 1);
        assert_true(raised(sim, 11));
        assert_int_equal(get(sim, D_CLOCK, ALARM_STATUS), 0);
        set(sim, D_CLOCK, CLEAR_INTERRUPT, 0);
        assert_false(raised(sim, 11));
    }
    k5sim_close(sim);
}

static void test_alarm_that_is_past_fires_at_once(void **state)
{
    struct k5sim *sim = open_devices();

    (void)state;
    advance(sim, 100);
    set(sim, D_CLOCK, IRQ_ENABLED, 1);
    set_alarm(sim, 100 * NS_PER_TICK);
    assert_int_equal(get(sim, D_CLOCK, ALARM_STATUS), 0);
    assert_true(raised(sim, 11));
    set(sim, D_CLOCK, IRQ_ENABLED, 0);
    assert_false(raised(sim, 11));
    set(sim, D_CLOCK, IRQ_ENABLED, 1);
    assert_true(raised(sim, 11));
    k5sim_close(sim);
}

static void test_alarm_can_be_cleared_and_moved(void **state)
{
    struct k5sim *sim = open_devices();

    (void)state;
    set(sim, D_CLOCK, IRQ_ENABLED, 1);
    set_alarm(sim, 10 * NS_PER_TICK);
    set(sim, D_CLOCK, CLEAR_ALARM, 1);
    assert_int_equal(get(sim, D_CLOCK, ALARM_STATUS), 0);
    advance(sim, 20);
    assert_false(raised(sim, 11));
    set_alarm(sim, 30 * NS_PER_TICK);
    set_alarm(sim, 40 * NS_PER_TICK);
    advance(sim, 19);
    assert_false(raised(sim, 11));
    advance(sim, 1);
    assert_true(raised(sim, 11));
    set(sim, D_CLOCK, CLEAR_INTERRUPT, 1);
    set_alarm(sim, UINT64_MAX); /* some centuries from now */
    advance(sim, UINT64_C(1) << 50);
    assert_false(raised(sim, 11));
    k5sim_close(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_timer_counts_like_its_manual),
        cmocka_unit_test(test_timer_s_longest_period),
        cmocka_unit_test(test_timer_s_identity_and_reset),
        cmocka_unit_test(test_clock_counts_nanoseconds),
        cmocka_unit_test(test_clock_is_set_by_halves),
        cmocka_unit_test(test_alarm_comes_at_the_first_tick_that_is_not_before_it),
        cmocka_unit_test(test_alarm_that_is_past_fires_at_once),
        cmocka_unit_test(test_alarm_can_be_cleared_and_moved),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
