/* GPIO of FE310 through its registers and pads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/support/device_kit.h"

enum {
    INPUT_VAL = 0x00,
    INPUT_EN = 0x04,
    OUTPUT_EN = 0x08,
    OUTPUT_VAL = 0x0c,
    PUE = 0x10,
    DS = 0x14,
    RISE_IE = 0x18,
    RISE_IP = 0x1c,
    FALL_IE = 0x20,
    FALL_IP = 0x24,
    HIGH_IE = 0x28,
    HIGH_IP = 0x2c,
    LOW_IE = 0x30,
    LOW_IP = 0x34,
    IOF_EN = 0x38,
    IOF_SEL = 0x3c,
    OUT_XOR = 0x40
};
enum { D_GPIO, D_PWM };
enum { P_0, P_5, P_19, P_31 };
enum { LINE_OF_PAD_0 = 8 };

static const struct k5sim_device devices[] = {
    {.model = "sifive-gpio",
     .name = "gpio",
     .base = 0x10012000,
     .line_count = 32,
     .line = {8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23,
              24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39}},
    {.model = "sifive-pwm", .name = "pwm1", .base = 0x10025000},
};
static const struct k5sim_wire wires[] = {{"pwm1", 1, "gpio", 64 + 19}};
static const struct k5sim_pin pins[] = {
    {"P0", "gpio", 0, -1}, {"P5", "gpio", 5, -1}, {"P19", "gpio", 19, -1}, {"P31", "gpio", 31, 1}};

static struct k5sim *open_kit(void)
{
    return kit_open(&(struct kit_board){.device = devices,
                                        .device_count = 2,
                                        .wire = wires,
                                        .wire_count = 1,
                                        .pin = pins,
                                        .pin_count = 4});
}

static bool line(const struct k5sim *sim, uint32_t pad)
{
    return kit_line(sim, LINE_OF_PAD_0 + pad);
}

static void test_registers_after_reset(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    for (uint32_t offset = INPUT_VAL; offset <= OUT_XOR; offset += 4) {
        assert_int_equal(kit_read(sim, D_GPIO, offset), offset == LOW_IP ? UINT32_MAX : 0);
    }
    kit_write(sim, D_GPIO, DS, 0x12345678);
    assert_int_equal(kit_read(sim, D_GPIO, DS), 0x12345678);
    k5sim_close(sim);
}

static void test_an_output_shows_its_value_or_its_opposite(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    kit_write(sim, D_GPIO, OUTPUT_VAL, 1u << 5);
    assert_int_equal(k5sim_pin_level(sim, P_5), 0);
    kit_write(sim, D_GPIO, OUTPUT_EN, 1u << 5 | 1u << 0);
    assert_int_equal(k5sim_pin_level(sim, P_5), 1);
    assert_int_equal(k5sim_pin_level(sim, P_0), 0);
    kit_write(sim, D_GPIO, OUT_XOR, 1u << 5 | 1u << 0);
    assert_int_equal(k5sim_pin_level(sim, P_5), 0);
    assert_int_equal(k5sim_pin_level(sim, P_0), 1);
    assert_int_equal(kit_read(sim, D_GPIO, INPUT_VAL), 0);
    kit_write(sim, D_GPIO, INPUT_EN, UINT32_MAX); /* an output can be read back */
    assert_int_equal(kit_read(sim, D_GPIO, INPUT_VAL), 1u << 0 | 1u << 31);
    k5sim_close(sim);
}

static void test_inputs_are_seen_when_enabled(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    k5sim_pin_drive(sim, P_5, 1);
    assert_int_equal(kit_read(sim, D_GPIO, INPUT_VAL), 0);
    kit_write(sim, D_GPIO, INPUT_EN, 1u << 5);
    assert_int_equal(kit_read(sim, D_GPIO, INPUT_VAL), 1u << 5);
    k5sim_pin_drive(sim, P_5, 0);
    assert_int_equal(kit_read(sim, D_GPIO, INPUT_VAL), 0);
    k5sim_close(sim);
}

static void test_a_pull_up_gives_way_to_whoever_drives(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    kit_write(sim, D_GPIO, INPUT_EN, 1u << 0);
    kit_write(sim, D_GPIO, PUE, 1u << 0);
    assert_int_equal(kit_read(sim, D_GPIO, INPUT_VAL), 1);
    k5sim_pin_drive(sim, P_0, 0);
    assert_int_equal(kit_read(sim, D_GPIO, INPUT_VAL), 0);
    k5sim_pin_drive(sim, P_0, -1);
    assert_int_equal(kit_read(sim, D_GPIO, INPUT_VAL), 1);
    kit_write(sim, D_GPIO, OUTPUT_EN, 1u << 0);
    assert_int_equal(kit_read(sim, D_GPIO, INPUT_VAL), 0);
    k5sim_close(sim);
}

static void test_edges_are_collected_until_they_are_cleared(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    kit_write(sim, D_GPIO, INPUT_EN, 1u << 5);
    kit_write(sim, D_GPIO, RISE_IE, 1u << 5);
    k5sim_pin_drive(sim, P_5, 1);
    assert_true(line(sim, 5));
    assert_int_equal(kit_read(sim, D_GPIO, RISE_IP), 1u << 5);
    assert_int_equal(kit_read(sim, D_GPIO, FALL_IP), 0);
    kit_write(sim, D_GPIO, RISE_IP, 1u << 5); /* the level does not matter */
    assert_false(line(sim, 5));
    k5sim_pin_drive(sim, P_5, 0);
    assert_false(line(sim, 5));
    assert_int_equal(kit_read(sim, D_GPIO, FALL_IP), 1u << 5); /* enabled or not */
    kit_write(sim, D_GPIO, FALL_IE, 1u << 5);
    assert_true(line(sim, 5));
    kit_write(sim, D_GPIO, FALL_IP, 1u << 5);
    assert_false(line(sim, 5));
    k5sim_close(sim);
}

static void test_a_level_cannot_be_cleared_while_it_lasts(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    kit_write(sim, D_GPIO, INPUT_EN, 1u << 31);
    kit_write(sim, D_GPIO, HIGH_IE, 1u << 31);
    assert_true(line(sim, 31)); /* the board pulls it up */
    kit_write(sim, D_GPIO, HIGH_IP, UINT32_MAX);
    assert_true(line(sim, 31));
    k5sim_pin_drive(sim, P_31, 0);
    assert_true(line(sim, 31)); /* it was */
    kit_write(sim, D_GPIO, HIGH_IP, 1u << 31);
    assert_false(line(sim, 31));
    kit_write(sim, D_GPIO, HIGH_IE, 0);
    kit_write(sim, D_GPIO, LOW_IP, UINT32_MAX);
    kit_write(sim, D_GPIO, LOW_IE, 1u << 31);
    assert_true(line(sim, 31));
    k5sim_pin_drive(sim, P_31, -1);
    kit_write(sim, D_GPIO, LOW_IP, 1u << 31);
    assert_false(line(sim, 31));
    k5sim_close(sim);
}

static void test_a_pad_goes_to_the_function_that_is_selected(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    assert_int_equal(k5sim_pin_level(sim, P_19), 0);
    kit_write(sim, D_GPIO, IOF_EN, 1u << 19); /* of function 0: nobody drives */
    kit_write(sim, D_GPIO, OUTPUT_EN, 1u << 19);
    kit_write(sim, D_GPIO, OUTPUT_VAL, 1u << 19);
    assert_int_equal(k5sim_pin_level(sim, P_19), 0);
    kit_write(sim, D_GPIO, IOF_SEL, 1u << 19); /* PWM, whose comparators are 0: high */
    assert_int_equal(k5sim_pin_level(sim, P_19), 1);
    kit_write(sim, D_PWM, 0x24, 1);
    assert_int_equal(k5sim_pin_level(sim, P_19), 0);
    kit_write(sim, D_GPIO, OUT_XOR, 1u << 19);
    assert_int_equal(k5sim_pin_level(sim, P_19), 1);
    k5sim_close(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_registers_after_reset),
        cmocka_unit_test(test_an_output_shows_its_value_or_its_opposite),
        cmocka_unit_test(test_inputs_are_seen_when_enabled),
        cmocka_unit_test(test_a_pull_up_gives_way_to_whoever_drives),
        cmocka_unit_test(test_edges_are_collected_until_they_are_cleared),
        cmocka_unit_test(test_a_level_cannot_be_cleared_while_it_lasts),
        cmocka_unit_test(test_a_pad_goes_to_the_function_that_is_selected),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
