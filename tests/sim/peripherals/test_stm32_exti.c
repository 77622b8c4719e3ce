/* STM32's EXTI, between the pads of two ports and sixteen interrupt lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/sim/support/device_kit.h"

enum { D_EXTI, D_PORT_A, D_PORT_H };

enum {
    RTSR1 = 0x00,
    FTSR1 = 0x04,
    SWIER1 = 0x08,
    RPR1 = 0x0c,
    FPR1 = 0x10,
    RTSR2 = 0x20,
    EXTICR1 = 0x60,
    EXTICR4 = 0x6c,
    IMR1 = 0x80,
    EMR1 = 0x84,
    IMR2 = 0x90,
    EMR2 = 0x94,
};

#define FIRST_LINE 11u
#define PORT_A     0u
#define PORT_H     7u

static const struct k5sim_device devices[] = {
    {.model = "stm32-exti",
     .name = "exti",
     .base = 0x4002f400,
     .line = {11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26},
     .line_count = 16},
    {.model = "stm32-gpio", .name = "gpioa", .base = 0x42020000, .parameter = 1},
    {.model = "stm32-gpio", .name = "gpioh", .base = 0x42021c00, .parameter = 8},
};

/* The pins are in the order of their ports, 16 each. */
static struct k5sim *open_ports(void)
{
    static const char *const names[2] = {"gpioa", "gpioh"};
    static char pin_names[32][4];
    struct k5sim_wire wires[32];
    struct k5sim_pin pins[32];

    for (uint32_t i = 0; i < 32; i++) {
        wires[i] =
            (struct k5sim_wire){names[i / 16], i % 16, "exti", 16 * (i / 16 * PORT_H) + i % 16};
        pin_names[i][0] = i < 16 ? 'A' : 'H';
        pin_names[i][1] = (char)('a' + i % 16);
        pins[i] = (struct k5sim_pin){pin_names[i], names[i / 16], i % 16, -1};
    }
    struct k5sim *sim = kit_open(&(struct kit_board){devices, 3, wires, 32, pins, 32});

    kit_write(sim, D_PORT_A, 0x0c, 0); /* no pulls, all inputs */
    kit_write(sim, D_PORT_A, 0x00, 0);
    kit_write(sim, D_PORT_H, 0x00, 0);
    return sim;
}

static uint32_t get(struct k5sim *sim, uint32_t offset)
{
    return kit_read(sim, D_EXTI, offset);
}

static void set(struct k5sim *sim, uint32_t offset, uint32_t value)
{
    kit_write(sim, D_EXTI, offset, value);
}

static void drive(struct k5sim *sim, uint32_t pin, int to)
{
    assert_int_equal(k5sim_pin_drive(sim, pin, to), K5SIM_OK);
}

/* Which of the sixteen lines are up. */
static uint32_t lines(const struct k5sim *sim)
{
    uint32_t up = 0;

    for (uint32_t k = 0; k < 16; k++) {
        up |= kit_line(sim, FIRST_LINE + k) ? 1u << k : 0;
    }
    return up;
}

static void test_each_pin_raises_its_line(void **state)
{
    struct k5sim *sim = open_ports();

    (void)state;
    set(sim, IMR1, 0xffff);
    set(sim, RTSR1, 0xffff);
    for (uint32_t k = 0; k < 16; k++) {
        drive(sim, k, 1);
        assert_int_equal(get(sim, RPR1), 1u << k);
        assert_int_equal(get(sim, FPR1), 0);
        assert_int_equal(lines(sim), 1u << k);
        drive(sim, k, 0);
        drive(sim, 16 + k, 1); /* the other port is not chosen */
        drive(sim, 16 + k, 0);
        assert_int_equal(lines(sim), 1u << k);
        set(sim, RPR1, 1u << k);
        assert_int_equal(lines(sim), 0);
    }
    k5sim_close(sim);
}

static void test_edges_are_chosen(void **state)
{
    struct k5sim *sim = open_ports();

    (void)state;
    set(sim, IMR1, 0x000f);
    set(sim, RTSR1, 0x000a); /* 1 rising, 2 falling, 3 both, 0 none */
    set(sim, FTSR1, 0x000c);
    for (uint32_t k = 0; k < 4; k++) {
        drive(sim, k, 1);
    }
    assert_int_equal(get(sim, RPR1), 0x000a);
    assert_int_equal(get(sim, FPR1), 0);
    for (uint32_t k = 0; k < 4; k++) {
        drive(sim, k, 0);
    }
    assert_int_equal(get(sim, RPR1), 0x000a);
    assert_int_equal(get(sim, FPR1), 0x000c);
    set(sim, RPR1, 0xffff);
    assert_int_equal(lines(sim), 0x000c); /* each register has its own part */
    set(sim, FPR1, 0x0004);
    assert_int_equal(get(sim, FPR1), 0x0008);
    assert_int_equal(lines(sim), 0x0008);
    k5sim_close(sim);
}

/* A pin that is let go of, but stays at its level, had no edge. */
static void test_letting_go_is_no_edge(void **state)
{
    struct k5sim *sim = open_ports();

    (void)state;
    set(sim, RTSR1, 1);
    set(sim, FTSR1, 1);
    drive(sim, 0, 0);
    drive(sim, 0, -1);
    assert_int_equal(get(sim, RPR1) | get(sim, FPR1), 0);
    drive(sim, 0, 1);
    drive(sim, 0, -1);
    assert_int_equal(get(sim, RPR1), 1);
    assert_int_equal(get(sim, FPR1), 1);
    k5sim_close(sim);
}

static void test_masked_edges_stay_pending(void **state)
{
    struct k5sim *sim = open_ports();

    (void)state;
    set(sim, RTSR1, 1u << 13);
    drive(sim, 13, 1);
    assert_int_equal(get(sim, RPR1), 1u << 13);
    assert_int_equal(lines(sim), 0);
    set(sim, IMR1, 1u << 13);
    assert_int_equal(lines(sim), 1u << 13);
    set(sim, IMR1, 0);
    assert_int_equal(lines(sim), 0);
    set(sim, RPR1, 0); /* writing 0 clears nothing */
    assert_int_equal(get(sim, RPR1), 1u << 13);
    k5sim_close(sim);
}

static void test_port_is_chosen_line_by_line(void **state)
{
    struct k5sim *sim = open_ports();

    (void)state;
    set(sim, IMR1, 0xffff);
    set(sim, RTSR1, 0xffff);
    set(sim, FTSR1, 0xffff);
    drive(sim, 16 + 15, 1);
    set(sim, EXTICR4, PORT_H << 24); /* line 15; to choose is no edge */
    set(sim, EXTICR1, PORT_H << 8);  /* line 1 */
    assert_int_equal(lines(sim), 0);
    drive(sim, 15, 1);
    drive(sim, 1, 1);
    assert_int_equal(lines(sim), 0);
    drive(sim, 16 + 15, 0);
    assert_int_equal(get(sim, FPR1), 1u << 15);
    drive(sim, 16 + 1, 1);
    assert_int_equal(get(sim, RPR1), 1u << 1);
    drive(sim, 0, 1); /* line 0 is still port A's */
    assert_int_equal(get(sim, RPR1), 3);
    set(sim, EXTICR1, UINT32_MAX);
    assert_int_equal(get(sim, EXTICR1), 0x07070707);
    k5sim_close(sim);
}

static void test_software_trigger(void **state)
{
    struct k5sim *sim = open_ports();

    (void)state;
    set(sim, IMR1, 0xffff);
    set(sim, SWIER1, 0x0021); /* no edge is chosen: it does not matter */
    assert_int_equal(get(sim, SWIER1), 0);
    assert_int_equal(get(sim, RPR1), 0x0021);
    assert_int_equal(lines(sim), 0x0021);
    set(sim, RPR1, 0x0001);
    assert_int_equal(lines(sim), 0x0020);
    k5sim_close(sim);
}

static void test_reset_keeps_no_edge(void **state)
{
    struct k5sim *sim = open_ports();

    (void)state;
    set(sim, RTSR1, 1);
    set(sim, FTSR1, 1);
    drive(sim, 0, 1);
    assert_int_equal(k5sim_reset(sim, K5SIM_RESET_PIN), K5SIM_OK);
    assert_int_equal(get(sim, RPR1), 0);
    assert_int_equal(get(sim, RTSR1), 0);
    kit_write(sim, D_PORT_A, 0x00, 0);
    set(sim, RTSR1, 1);
    set(sim, FTSR1, 1);
    drive(sim, 0, 1); /* it is high since before */
    assert_int_equal(get(sim, RPR1), 0);
    drive(sim, 0, 0);
    assert_int_equal(get(sim, FPR1), 1);
    k5sim_close(sim);
}

static void test_reset_values_and_what_is_not_there(void **state)
{
    struct k5sim *sim = open_ports();
    struct k5sim_guest_error errors[4];

    (void)state;
    assert_int_equal(get(sim, IMR1), 0xff9e0000);
    assert_int_equal(get(sim, IMR2), 0x787);
    for (uint32_t offset = 0; offset <= EMR2; offset += 4) {
        bool hole = offset == 0x1c || (offset > 0x38 && offset < EXTICR1) ||
                    (offset > 0x70 && offset < IMR1) || (offset > EMR1 && offset < IMR2);

        if (!hole && offset != IMR1 && offset != IMR2) {
            assert_int_equal(get(sim, offset), 0);
        }
    }
    kit_write_sized(sim, D_EXTI, EXTICR1 + 2, 1, 3); /* by bytes, as it is laid out */
    assert_int_equal(get(sim, EXTICR1), 0x00030000);
    assert_int_equal(k5sim_guest_errors(sim, errors, 4), 0);
    set(sim, RTSR1, 1u << 16); /* the voltage detector */
    set(sim, EMR1, 1);
    set(sim, 0x1c, 1);
    assert_int_equal(k5sim_guest_errors(sim, errors, 4), 3);
    assert_int_equal(errors[0].kind, K5SIM_EVENT_DEVICE_UNMODELLED);
    assert_int_equal(errors[1].kind, K5SIM_EVENT_DEVICE_UNMODELLED);
    assert_int_equal(errors[2].kind, K5SIM_EVENT_DEVICE_MISUSE);
    k5sim_close(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_pin_raises_its_line),
        cmocka_unit_test(test_edges_are_chosen),
        cmocka_unit_test(test_letting_go_is_no_edge),
        cmocka_unit_test(test_masked_edges_stay_pending),
        cmocka_unit_test(test_port_is_chosen_line_by_line),
        cmocka_unit_test(test_software_trigger),
        cmocka_unit_test(test_reset_keeps_no_edge),
        cmocka_unit_test(test_reset_values_and_what_is_not_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
