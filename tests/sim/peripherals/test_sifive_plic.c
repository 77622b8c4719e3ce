/* Interrupt controller of FE310 through its registers; a GPIO's outputs are its sources. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/support/device_kit.h"

enum { PENDING = 0x1000, ENABLE = 0x2000, THRESHOLD = 0x200000, CLAIM = 0x200004 };
enum { D_PLIC, D_GPIO };
enum { OUTPUT_EN = 0x08, OUTPUT_VAL = 0x0c };
enum { LINE = 100 };

static const struct k5sim_device devices[] = {
    {.model = "sifive-plic", .name = "plic", .base = 0x0c000000, .line_count = 1, .line = {LINE}},
    {.model = "sifive-gpio", .name = "gpio", .base = 0x10012000},
};

/* Pad n is source n, and pads 0 and 1 are sources 40 and 52. */
static const struct k5sim_wire wires[] = {
    {"gpio", 3, "plic", 3},  {"gpio", 4, "plic", 4},  {"gpio", 5, "plic", 5},
    {"gpio", 0, "plic", 40}, {"gpio", 1, "plic", 52},
};

#define SOURCE_40 (1u << 0) /* as pads */
#define SOURCE_52 (1u << 1)

static struct k5sim *open_kit(void)
{
    struct k5sim *sim = kit_open(
        &(struct kit_board){.device = devices, .device_count = 2, .wire = wires, .wire_count = 5});

    kit_write(sim, D_GPIO, OUTPUT_EN, UINT32_MAX);
    kit_write(sim, D_PLIC, ENABLE, UINT32_MAX);
    kit_write(sim, D_PLIC, ENABLE + 4, UINT32_MAX);
    return sim;
}

static void raise_sources(struct k5sim *sim, uint32_t pads)
{
    kit_write(sim, D_GPIO, OUTPUT_VAL, pads);
}

static void prioritize(struct k5sim *sim, uint32_t source, uint32_t priority)
{
    kit_write(sim, D_PLIC, 4u * source, priority);
}

static void test_registers_have_as_many_bits_as_there_are_sources(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    assert_int_equal(kit_read(sim, D_PLIC, ENABLE), 0xfffffffe);
    assert_int_equal(kit_read(sim, D_PLIC, ENABLE + 4), 0x001fffff);
    for (uint32_t source = 1; source <= 52; source++) {
        prioritize(sim, source, UINT32_MAX);
        assert_int_equal(kit_read(sim, D_PLIC, 4u * source), 7);
    }
    kit_write(sim, D_PLIC, THRESHOLD, UINT32_MAX);
    assert_int_equal(kit_read(sim, D_PLIC, THRESHOLD), 7);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_DEVICE_MISUSE, D_PLIC, NULL), 0);
    kit_read(sim, D_PLIC, 0);
    kit_read(sim, D_PLIC, 4u * 53u);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_DEVICE_MISUSE, D_PLIC, NULL), 2);
    k5sim_close(sim);
}

static void test_a_source_without_priority_or_enable_does_not_interrupt(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    raise_sources(sim, 1u << 3);
    assert_int_equal(kit_read(sim, D_PLIC, PENDING), 1u << 3);
    assert_false(kit_line(sim, LINE));
    assert_int_equal(kit_read(sim, D_PLIC, CLAIM), 0);
    prioritize(sim, 3, 1);
    assert_true(kit_line(sim, LINE));
    kit_write(sim, D_PLIC, ENABLE, 0);
    assert_false(kit_line(sim, LINE));
    assert_int_equal(kit_read(sim, D_PLIC, CLAIM), 0);
    k5sim_close(sim);
}

static void test_the_threshold_holds_back_but_does_not_hide(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    prioritize(sim, 3, 4);
    raise_sources(sim, 1u << 3);
    kit_write(sim, D_PLIC, THRESHOLD, 4);
    assert_false(kit_line(sim, LINE));
    kit_write(sim, D_PLIC, THRESHOLD, 3);
    assert_true(kit_line(sim, LINE));
    kit_write(sim, D_PLIC, THRESHOLD, 7);
    assert_int_equal(kit_read(sim, D_PLIC, CLAIM), 3);
    k5sim_close(sim);
}

static void test_the_highest_priority_is_claimed_first_then_the_lowest_number(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    prioritize(sim, 3, 2);
    prioritize(sim, 4, 2);
    prioritize(sim, 5, 1);
    prioritize(sim, 40, 3);
    prioritize(sim, 52, 2);
    raise_sources(sim, 7u << 3 | SOURCE_40 | SOURCE_52);
    assert_int_equal(kit_read(sim, D_PLIC, PENDING), 7u << 3);
    assert_int_equal(kit_read(sim, D_PLIC, PENDING + 4), 1u << 8 | 1u << 20);
    assert_int_equal(kit_read(sim, D_PLIC, CLAIM), 40);
    assert_int_equal(kit_read(sim, D_PLIC, CLAIM), 3);
    assert_int_equal(kit_read(sim, D_PLIC, CLAIM), 4);
    assert_int_equal(kit_read(sim, D_PLIC, CLAIM), 52);
    assert_true(kit_line(sim, LINE));
    assert_int_equal(kit_read(sim, D_PLIC, CLAIM), 5);
    assert_false(kit_line(sim, LINE));
    assert_int_equal(kit_read(sim, D_PLIC, CLAIM), 0);
    k5sim_close(sim);
}

static void test_a_level_comes_again_after_its_completion_only(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    prioritize(sim, 4, 1);
    raise_sources(sim, 1u << 4);
    assert_int_equal(kit_read(sim, D_PLIC, CLAIM), 4);
    raise_sources(sim, 0);
    raise_sources(sim, 1u << 4);
    assert_false(kit_line(sim, LINE));
    kit_write(sim, D_PLIC, CLAIM, 3); /* another one */
    assert_false(kit_line(sim, LINE));
    kit_write(sim, D_PLIC, CLAIM, 4);
    assert_true(kit_line(sim, LINE));
    raise_sources(sim, 0); /* too late to take it back */
    assert_true(kit_line(sim, LINE));
    assert_int_equal(kit_read(sim, D_PLIC, CLAIM), 4);
    kit_write(sim, D_PLIC, CLAIM, 4);
    assert_false(kit_line(sim, LINE));
    k5sim_close(sim);
}

static void test_a_completion_of_what_is_not_enabled_is_ignored(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    prioritize(sim, 4, 1);
    raise_sources(sim, 1u << 4);
    assert_int_equal(kit_read(sim, D_PLIC, CLAIM), 4);
    kit_write(sim, D_PLIC, ENABLE, 0);
    kit_write(sim, D_PLIC, CLAIM, 4);
    kit_write(sim, D_PLIC, ENABLE, UINT32_MAX);
    kit_write(sim, D_PLIC, CLAIM, 77);
    assert_false(kit_line(sim, LINE));
    kit_write(sim, D_PLIC, CLAIM, 4);
    assert_true(kit_line(sim, LINE));
    k5sim_close(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_registers_have_as_many_bits_as_there_are_sources),
        cmocka_unit_test(test_a_source_without_priority_or_enable_does_not_interrupt),
        cmocka_unit_test(test_the_threshold_holds_back_but_does_not_hide),
        cmocka_unit_test(test_the_highest_priority_is_claimed_first_then_the_lowest_number),
        cmocka_unit_test(test_a_level_comes_again_after_its_completion_only),
        cmocka_unit_test(test_a_completion_of_what_is_not_enabled_is_ignored),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
