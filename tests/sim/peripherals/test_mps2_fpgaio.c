/* FPGAIO of MPS2+ through its registers and pads; its counters against one that steps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/support/device_kit.h"

enum {
    LED0 = 0x00,
    BUTTON = 0x08,
    CLK1HZ = 0x10,
    CLK100HZ = 0x14,
    COUNTER = 0x18,
    PRESCALE = 0x1c,
    PSCNTR = 0x20,
    MISC = 0x4c
};
enum { P_LED0, P_LED1, P_BUTTON0, P_BUTTON1 };

static const struct k5sim_device devices[] = {
    {.model = "mps2-fpgaio", .name = "fpgaio", .base = 0x40302000}};
static const struct k5sim_pin pins[] = {
    {"LED0", "fpgaio", 0, -1},
    {"LED1", "fpgaio", 1, -1},
    {"BUTTON0", "fpgaio", 2, 0},
    {"BUTTON1", "fpgaio", 3, 0},
};

static struct k5sim *open_kit(void)
{
    return kit_open(
        &(struct kit_board){.device = devices, .device_count = 1, .pin = pins, .pin_count = 4});
}

static void test_leds_follow_their_bits(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    for (uint32_t value = 0; value < 8; value++) {
        kit_write(sim, 0, LED0, value);
        assert_int_equal(kit_read(sim, 0, LED0), value & 3u);
        assert_int_equal(k5sim_pin_level(sim, P_LED0), value & 1u);
        assert_int_equal(k5sim_pin_level(sim, P_LED1), value >> 1 & 1u);
    }
    k5sim_close(sim);
}

static void test_buttons_read_as_they_are_pressed(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    assert_int_equal(kit_read(sim, 0, BUTTON), 0);
    k5sim_pin_drive(sim, P_BUTTON1, 1);
    assert_int_equal(kit_read(sim, 0, BUTTON), 2);
    k5sim_pin_drive(sim, P_BUTTON0, 1);
    assert_int_equal(kit_read(sim, 0, BUTTON), 3);
    k5sim_pin_drive(sim, P_BUTTON1, -1);
    assert_int_equal(kit_read(sim, 0, BUTTON), 1);
    kit_write(sim, 0, BUTTON, 0);
    assert_int_equal(kit_read(sim, 0, BUTTON), 1);
    k5sim_close(sim);
}

static void test_the_clocks_count_hundredths_and_seconds(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    kit_advance(sim, KIT_TICK_HZ - 1u);
    assert_int_equal(kit_read(sim, 0, CLK1HZ), 0);
    assert_int_equal(kit_read(sim, 0, CLK100HZ), 99);
    kit_advance(sim, 1);
    assert_int_equal(kit_read(sim, 0, CLK1HZ), 1);
    assert_int_equal(kit_read(sim, 0, CLK100HZ), 100);
    kit_write(sim, 0, CLK100HZ, UINT32_MAX); /* from then on */
    kit_advance(sim, KIT_TICK_HZ / 100u - 1u);
    assert_int_equal(kit_read(sim, 0, CLK100HZ), UINT32_MAX);
    kit_advance(sim, 1);
    assert_int_equal(kit_read(sim, 0, CLK100HZ), 0);
    assert_int_equal(kit_read(sim, 0, CLK1HZ), 1);
    k5sim_close(sim);
}

/* What the manual says, one tick after the other. */
struct counters {
    uint32_t counter;
    uint32_t prescale;
    uint32_t pscntr;
};

static void step(struct counters *c)
{
    if (c->pscntr != 0) {
        c->pscntr--;
    } else {
        c->pscntr = c->prescale;
        c->counter++;
    }
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 16;
}

static void test_the_counter_equals_one_that_steps(void **state)
{
    struct k5sim *sim = open_kit();
    struct counters oracle = {0};
    uint32_t seed = 1;

    (void)state;
    k5sim_record(sim, 0);
    for (uint32_t turn = 0; turn < 3000; turn++) {
        uint32_t value = next_random(&seed) % 12u;
        uint32_t ticks = next_random(&seed) % 40u;

        switch (next_random(&seed) % 8u) {
        case 0:
            kit_write(sim, 0, PRESCALE, value);
            oracle.prescale = value;
            break;
        case 1:
            kit_write(sim, 0, PSCNTR, value);
            oracle.pscntr = value;
            break;
        case 2:
            kit_write(sim, 0, COUNTER, value);
            oracle.counter = value;
            break;
        default:
            break;
        }
        kit_advance(sim, ticks);
        for (uint32_t i = 0; i < ticks; i++) {
            step(&oracle);
        }
        if (next_random(&seed) % 2u == 0) { /* it must not matter how often one looks */
            assert_int_equal(kit_read(sim, 0, COUNTER), oracle.counter);
            assert_int_equal(kit_read(sim, 0, PSCNTR), oracle.pscntr);
        }
    }
    k5sim_close(sim);
}

static void test_what_misc_selects_is_not_modelled(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    kit_write(sim, 0, MISC, 0x7ff);
    assert_int_equal(kit_read(sim, 0, MISC), 0x3ff);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_DEVICE_UNMODELLED, 0, NULL), 1);
    kit_read(sim, 0, 0x04);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_DEVICE_MISUSE, 0, NULL), 1);
    k5sim_close(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_leds_follow_their_bits),
        cmocka_unit_test(test_buttons_read_as_they_are_pressed),
        cmocka_unit_test(test_the_clocks_count_hundredths_and_seconds),
        cmocka_unit_test(test_the_counter_equals_one_that_steps),
        cmocka_unit_test(test_what_misc_selects_is_not_modelled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
