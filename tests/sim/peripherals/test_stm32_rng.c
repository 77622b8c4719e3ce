/* STM32's random number generator: times, errors and recovery, the same numbers for a seed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/support/device_kit.h"

enum { CR = 0x00, SR = 0x04, DR = 0x08, HTCR = 0x10 };
enum { RNGEN = 4, IE = 8, CED = 0x20 };
enum { DRDY = 1, CECS = 2, SECS = 4, CEIS = 0x20, SEIS = 0x40 };

#define CONDRST    (1u << 30)
#define CONFIGLOCK (1u << 31)
#define CLKDIV(n)  ((uint32_t)(n) << 16)
#define LINE       94u

/* Ticks of 20 MHz: 400 cycles of 48 MHz for tests, and 412 of the bus for four numbers. */
#define TEST_TICKS  167u /* 166.7 */
#define SET_TICKS   412u
#define FIRST_TICKS (TEST_TICKS + SET_TICKS)

static struct k5sim *open_rng(void)
{
    static const struct k5sim_device device = {
        .model = "stm32-rng", .name = "rng", .base = 0x420c0800, .line = {LINE}, .line_count = 1};

    return kit_open(&(struct kit_board){.device = &device, .device_count = 1});
}

static uint32_t get(struct k5sim *sim, uint32_t offset)
{
    return kit_read(sim, 0, offset);
}

static void set(struct k5sim *sim, uint32_t offset, uint32_t value)
{
    kit_write(sim, 0, offset, value);
}

static void set_value(struct k5sim *sim, const char *name, int32_t to)
{
    for (uint32_t v = 0; k5sim_value_name(sim, 0, v) != NULL; v++) {
        if (strcmp(k5sim_value_name(sim, 0, v), name) == 0) {
            assert_int_equal(k5sim_value_set(sim, 0, v, to), K5SIM_OK);
            return;
        }
    }
    fail_msg("no value '%s'", name);
}

/* As a driver polls. */
static void draw(struct k5sim *sim, uint32_t *out, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t wait = 0; (get(sim, SR) & DRDY) == 0; wait++) {
            assert_true(wait < 10000);
            kit_advance(sim, 1);
        }
        out[i] = get(sim, DR);
        assert_int_not_equal(out[i], 0);
    }
}

static void test_first_numbers_take_their_time(void **state)
{
    struct k5sim *sim = open_rng();

    (void)state;
    set(sim, CR, RNGEN | IE);
    kit_advance(sim, FIRST_TICKS - 1);
    assert_int_equal(get(sim, SR), 0);
    assert_int_equal(get(sim, DR), 0);
    assert_false(kit_line(sim, LINE));
    kit_advance(sim, 1);
    assert_int_equal(get(sim, SR), DRDY);
    assert_true(kit_line(sim, LINE));
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(get(sim, SR), DRDY);
        assert_int_not_equal(get(sim, DR), 0);
    }
    assert_int_equal(get(sim, SR), 0);
    assert_int_equal(get(sim, DR), 0);
    assert_false(kit_line(sim, LINE));
    kit_advance(sim, SET_TICKS - 1);
    assert_false(kit_line(sim, LINE));
    kit_advance(sim, 1);
    assert_true(kit_line(sim, LINE));
    kit_advance(sim, SET_TICKS); /* time in which the next four are made already */
    for (uint32_t i = 0; i < 4; i++) {
        (void)get(sim, DR);
    }
    assert_int_equal(get(sim, SR), DRDY);
    k5sim_close(sim);
}

/* 1/16 of 48 MHz: the noise source is what takes long. */
static void test_clock_divider(void **state)
{
    struct k5sim *sim = open_rng();

    (void)state;
    set(sim, CR, CONDRST | CLKDIV(4));
    set(sim, CR, CLKDIV(4));
    kit_advance(sim, 100);
    assert_int_equal(get(sim, CR), CLKDIV(4));
    set(sim, CR, CLKDIV(4) | RNGEN);
    kit_advance(sim, 2667 + 1707 - 1); /* 400 and 256 cycles of 3 MHz */
    assert_int_equal(get(sim, SR), 0);
    kit_advance(sim, 1);
    assert_int_equal(get(sim, SR), DRDY);
    k5sim_close(sim);
}

static void test_numbers_follow_from_the_seed_alone(void **state)
{
    uint32_t slow[40];
    uint32_t fast[40];
    uint32_t other[40];
    struct k5sim *sim = open_rng();

    (void)state;
    k5sim_record(sim, 0); /* nobody takes the events */
    set_value(sim, "seed", 77);
    set(sim, CR, RNGEN);
    for (uint32_t i = 0; i < 40; i++) {
        kit_advance(sim, 100 * i);
        draw(sim, &slow[i], 1);
    }
    assert_int_equal(k5sim_boot(sim), K5SIM_OK);
    set_value(sim, "seed", 77);
    set(sim, CR, RNGEN);
    draw(sim, fast, 20);
    assert_int_equal(k5sim_reset(sim, K5SIM_RESET_PIN), K5SIM_OK);
    set(sim, CR, RNGEN);
    draw(sim, fast + 20, 20); /* a restart does not begin anew, */
    assert_memory_equal(slow, fast, sizeof slow);
    assert_int_equal(k5sim_reset(sim, K5SIM_RESET_POWER), K5SIM_OK);
    set(sim, CR, RNGEN);
    draw(sim, fast, 40); /* but power-on does */
    assert_memory_equal(slow, fast, sizeof slow);
    set_value(sim, "seed", 78);
    draw(sim, other, 40);
    for (uint32_t i = 0; i < 40; i++) {
        for (uint32_t k = 0; k < 40; k++) {
            assert_int_not_equal(slow[i], other[k]);
            assert_true(i == k || slow[i] != slow[k]);
        }
    }
    k5sim_close(sim);
}

/* About half of all bits, and of all changes from one number to the next, in each place. */
static void test_numbers_are_balanced(void **state)
{
    enum { COUNT = 4000 };
    struct k5sim *sim = open_rng();
    uint32_t ones[32] = {0};
    uint32_t changes[32] = {0};
    uint32_t last = 0;

    (void)state;
    k5sim_record(sim, 0); /* nobody takes the events */
    set(sim, CR, RNGEN);
    for (uint32_t i = 0; i < COUNT; i++) {
        uint32_t number;

        draw(sim, &number, 1);
        for (uint32_t k = 0; k < 32; k++) {
            ones[k] += number >> k & 1u;
            changes[k] += (number ^ last) >> k & 1u;
        }
        last = number;
    }
    for (uint32_t k = 0; k < 32; k++) { /* five standard deviations */
        assert_in_range(ones[k], COUNT / 2 - 160, COUNT / 2 + 160);
        assert_in_range(changes[k], COUNT / 2 - 160, COUNT / 2 + 160);
    }
    k5sim_close(sim);
}

static void test_seed_error_stops_it_until_it_is_reset(void **state)
{
    struct k5sim *sim = open_rng();
    uint32_t number;

    (void)state;
    set(sim, CR, RNGEN | IE);
    draw(sim, &number, 1);
    set_value(sim, "seed_error", 1);
    assert_int_equal(get(sim, SR), SECS | SEIS); /* the three that were left are lost */
    assert_int_equal(get(sim, DR), 0);
    assert_true(kit_line(sim, LINE));
    set_value(sim, "seed_error", 0);
    kit_advance(sim, 10000);
    assert_int_equal(get(sim, SR), SECS | SEIS);
    set(sim, SR, 0); /* acknowledged, but not cured */
    assert_int_equal(get(sim, SR), SECS);
    assert_false(kit_line(sim, LINE));

    set(sim, CR, RNGEN | IE | CONDRST);
    assert_int_equal(get(sim, SR), 0);
    set(sim, CR, RNGEN | IE);
    assert_int_equal(get(sim, CR), RNGEN | IE | CONDRST);
    kit_advance(sim, 2); /* two cycles of the bus, and two of 48 MHz */
    assert_int_equal(get(sim, CR), RNGEN | IE | CONDRST);
    kit_advance(sim, 1);
    assert_int_equal(get(sim, CR), RNGEN | IE);
    kit_advance(sim, FIRST_TICKS - 1);
    assert_int_equal(get(sim, SR), 0);
    kit_advance(sim, 1);
    assert_int_equal(get(sim, SR), DRDY);
    k5sim_close(sim);
}

static void test_a_source_that_stays_bad_fails_its_tests_again(void **state)
{
    struct k5sim *sim = open_rng();

    (void)state;
    set_value(sim, "seed_error", 1);
    for (uint32_t i = 0; i < 3; i++) {
        set(sim, CR, RNGEN | CONDRST);
        set(sim, CR, RNGEN);
        kit_advance(sim, 3 + FIRST_TICKS - 1);
        assert_int_equal(get(sim, SR), 0);
        kit_advance(sim, 1);
        assert_int_equal(get(sim, SR), SECS | SEIS);
    }
    k5sim_close(sim);
}

static void test_clock_error(void **state)
{
    struct k5sim *sim = open_rng();
    uint32_t numbers[8];

    (void)state;
    set_value(sim, "clock_error", 1);
    assert_int_equal(get(sim, SR), 0); /* it is off */
    set(sim, CR, RNGEN | IE);
    assert_int_equal(get(sim, SR), CECS | CEIS);
    assert_true(kit_line(sim, LINE));
    set(sim, SR, (uint32_t)~CEIS);
    assert_int_equal(get(sim, SR), CECS);
    draw(sim, numbers, 8); /* the numbers are as good as ever */
    set_value(sim, "clock_error", 0);
    assert_int_equal(get(sim, SR) & (CECS | CEIS), 0);
    set_value(sim, "clock_error", 1);
    set_value(sim, "clock_error", 0);
    assert_int_equal(get(sim, SR) & (CECS | CEIS), CEIS); /* it was there */

    set(sim, CR, CONDRST | CED);
    set(sim, CR, CED);
    kit_advance(sim, 3);
    set(sim, CR, CED | RNGEN);
    set_value(sim, "clock_error", 1);
    assert_int_equal(get(sim, SR), 0); /* nobody watches */
    k5sim_close(sim);
}

static void test_configuration_needs_condrst_and_no_lock(void **state)
{
    struct k5sim *sim = open_rng();
    uint32_t configured = 0x00f00d00 | CLKDIV(1);

    (void)state;
    set(sim, CR, configured | CED | IE);
    assert_int_equal(get(sim, CR), IE);
    set(sim, HTCR, 0x17590abc);
    set(sim, HTCR, 0xaa74);
    assert_int_equal(get(sim, HTCR), 0x000caa74);
    set(sim, CR, configured | CONDRST);
    assert_int_equal(get(sim, CR), configured | CONDRST);
    set(sim, HTCR, 0xaa74); /* without the magic number */
    assert_int_equal(get(sim, HTCR), 0x000caa74);
    set(sim, HTCR, 0x17590abc);
    set(sim, HTCR, 0xaa74);
    assert_int_equal(get(sim, HTCR), 0xaa74);
    set(sim, CR, configured | CONFIGLOCK);
    kit_advance(sim, 10);
    set(sim, CR, CONDRST); /* a reset is still possible, but with this configuration */
    assert_int_equal(get(sim, CR), configured | CONFIGLOCK | CONDRST);
    set(sim, HTCR, 0x17590abc);
    set(sim, HTCR, 0x1234);
    assert_int_equal(get(sim, HTCR), 0xaa74);
    assert_int_equal(k5sim_reset(sim, K5SIM_RESET_PIN), K5SIM_OK);
    assert_int_equal(get(sim, CR), 0);
    k5sim_close(sim);
}

static void test_off_keeps_what_was_made(void **state)
{
    struct k5sim *sim = open_rng();

    (void)state;
    set(sim, CR, RNGEN | IE);
    kit_advance(sim, FIRST_TICKS);
    set(sim, CR, IE);
    assert_false(kit_line(sim, LINE)); /* interrupts come only while it is on */
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_not_equal(get(sim, DR), 0);
    }
    kit_advance(sim, 10000);
    assert_int_equal(get(sim, SR), 0);
    set(sim, CR, RNGEN);
    kit_advance(sim, SET_TICKS - 1); /* the source was tested before */
    assert_int_equal(get(sim, SR), 0);
    kit_advance(sim, 1);
    assert_int_equal(get(sim, SR), DRDY);
    k5sim_close(sim);
}

static void test_reset_values_and_sizes(void **state)
{
    struct k5sim *sim = open_rng();

    (void)state;
    assert_int_equal(get(sim, CR), 0);
    assert_int_equal(get(sim, SR), 0);
    assert_int_equal(get(sim, DR), 0);
    assert_int_equal(get(sim, HTCR), 0x000caa74);
    assert_true(kit_read_refused(sim, 0, DR, 1)); /* a bus error */
    assert_true(kit_write_refused(sim, 0, CR, 2, RNGEN));
    assert_int_equal(get(sim, CR), 0);
    k5sim_close(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_numbers_take_their_time),
        cmocka_unit_test(test_clock_divider),
        cmocka_unit_test(test_numbers_follow_from_the_seed_alone),
        cmocka_unit_test(test_numbers_are_balanced),
        cmocka_unit_test(test_seed_error_stops_it_until_it_is_reset),
        cmocka_unit_test(test_a_source_that_stays_bad_fails_its_tests_again),
        cmocka_unit_test(test_clock_error),
        cmocka_unit_test(test_configuration_needs_condrst_and_no_lock),
        cmocka_unit_test(test_off_keeps_what_was_made),
        cmocka_unit_test(test_reset_values_and_sizes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
