/* STM32's general-purpose timer as drivers use it: periods, PWM, pulses, capture. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/sim/peripherals/stm32_tim_board.h"

static void test_update_interrupt_comes_at_the_period(void **state)
{
    struct k5sim *sim = open_timer();

    (void)state;
    set(sim, PSC, 19); /* 1 MHz */
    set(sim, ARR, 999);
    set(sim, EGR, 1); /* makes them effective */
    set(sim, SR, 0);
    set(sim, DIER, 1);
    set(sim, CR1, CEN);
    for (uint32_t i = 0; i < 3; i++) {
        kit_advance(sim, 19999);
        assert_false(kit_line(sim, LINE));
        kit_advance(sim, 1);
        assert_true(kit_line(sim, LINE));
        assert_int_equal(get(sim, CNT), 0);
        set(sim, SR, ~1u);
        assert_false(kit_line(sim, LINE));
    }
    k5sim_close(sim);
}

/* 50 Hz with 1.5 ms high, as for a servo; the next pulse has another length from its start on. */
static void test_pwm_on_a_pin(void **state)
{
    struct k5sim *sim = open_timer();
    struct k5sim_event last;

    (void)state;
    set(sim, PSC, 19);
    set(sim, ARR, 19999);
    set(sim, CCR1, 1500);
    set(sim, CCMR1, 0x68); /* PWM mode 1, preload */
    set(sim, EGR, 1);
    set(sim, CCER, 1);
    set(sim, CR1, CEN | ARPE);
    assert_int_equal(k5sim_pin_level(sim, 0), 1);
    set(sim, CCR1, 1000);
    kit_events(sim, 0, 0, NULL);
    kit_advance(sim, 29999);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_PIN, 0, NULL), 0);
    kit_advance(sim, 1);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_PIN, 0, &last), 1);
    assert_int_equal(last.arg[0], 0);
    assert_int_equal(last.time, k5sim_now(sim));
    kit_advance(sim, 370000);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_PIN, 0, &last), 1);
    assert_int_equal(last.arg[0], 1);
    kit_advance(sim, 19999);
    assert_int_equal(k5sim_pin_level(sim, 0), 1);
    kit_advance(sim, 1);
    assert_int_equal(k5sim_pin_level(sim, 0), 0);
    set(sim, CCER, 3); /* the other polarity */
    assert_int_equal(k5sim_pin_level(sim, 0), 1);
    set(sim, CCER, 0);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_PIN, 0, &last), 3); /* fell, rose, opened */
    assert_int_equal(last.arg[1], K5SIM_DRIVER_NONE);
    k5sim_close(sim);
}

static void test_one_pulse_stops_at_the_update(void **state)
{
    struct k5sim *sim = open_timer();

    (void)state;
    set(sim, ARR, 9);
    set(sim, DIER, 1);
    for (uint32_t i = 0; i < 2; i++) {
        set(sim, CR1, CEN | OPM);
        kit_advance(sim, 9);
        assert_int_equal(get(sim, CR1), CEN | OPM);
        assert_int_equal(get(sim, CNT), 9);
        kit_advance(sim, 1);
        assert_int_equal(get(sim, CR1), OPM);
        assert_int_equal(get(sim, CNT), 0);
        assert_true(kit_line(sim, LINE));
        set(sim, SR, 0);
        kit_advance(sim, 1000);
        assert_int_equal(get(sim, CNT), 0);
        assert_int_equal(get(sim, SR), 0);
    }
    k5sim_close(sim);
}

static void test_uif_is_copied_into_the_counter(void **state)
{
    struct k5sim *sim = open_timer();

    (void)state;
    set(sim, ARR, 9);
    set(sim, CR1, CEN | UIFREMAP);
    kit_advance(sim, 9);
    assert_int_equal(get(sim, CNT), 9);
    kit_advance(sim, 2);
    assert_int_equal(get(sim, CNT), 0x80000001);
    set(sim, CNT, 5); /* the copy is no part of the counter */
    assert_int_equal(get(sim, CNT), 0x80000005);
    set(sim, SR, 0);
    assert_int_equal(get(sim, CNT), 5);
    k5sim_close(sim);
}

static void drive(struct k5sim *sim, uint32_t pin, int level)
{
    assert_int_equal(k5sim_pin_drive(sim, pin, level), K5SIM_OK);
}

enum { TI1 = 4, TI2 = 5 }; /* pins */

static void test_edges_are_captured(void **state)
{
    struct k5sim *sim = open_timer();

    (void)state;
    set(sim, CCMR1, 0x0201); /* both channels on TI1 */
    set(sim, CCER, 0x0031);  /* 1 takes rising edges, 2 falling ones */
    set(sim, DIER, 2);
    set(sim, CR1, CEN);
    kit_advance(sim, 100);
    drive(sim, TI1, 1);
    assert_true(kit_line(sim, LINE));
    kit_advance(sim, 40);
    drive(sim, TI1, 0);
    kit_advance(sim, 7);
    assert_int_equal(get(sim, SR), 6);
    assert_int_equal(get(sim, CCR1), 100);
    assert_int_equal(get(sim, SR), 4); /* reading it is the acknowledgement */
    assert_false(kit_line(sim, LINE));
    assert_int_equal(get(sim, CCR2), 140);
    drive(sim, TI2, 1); /* nobody listens to that one */
    assert_int_equal(get(sim, SR), 0);
    set(sim, CCR1, 1); /* it is read-only now */
    assert_int_equal(get(sim, CCR1), 100);

    drive(sim, TI1, 1);
    kit_advance(sim, 3);
    drive(sim, TI1, 0);
    drive(sim, TI1, 1); /* too fast for the driver: overcapture */
    assert_int_equal(get(sim, SR), 0x206);
    assert_int_equal(get(sim, CCR1), 150);
    set(sim, SR, 0);
    set(sim, EGR, 2);
    assert_int_equal(get(sim, SR), 2);
    k5sim_close(sim);
}

static void test_every_fourth_edge_of_both_kinds(void **state)
{
    struct k5sim *sim = open_timer();
    uint32_t captures = 0;

    (void)state;
    set(sim, CCMR1, 0x09); /* TI1, every fourth */
    set(sim, CCER, 0x000b);
    set(sim, CR1, CEN);
    for (uint32_t i = 1; i <= 16; i++) {
        kit_advance(sim, 10);
        drive(sim, TI1, i % 2 == 1);
        if ((get(sim, SR) & 2) != 0) {
            assert_int_equal(get(sim, CCR1), 10 * i);
            assert_int_equal(i % 4, 0);
            captures++;
        }
    }
    assert_int_equal(captures, 4);
    set(sim, CCMR1, 0x01);
    drive(sim, TI1, -1); /* it stays low: no edge */
    drive(sim, TI1, 0);
    assert_int_equal(get(sim, SR), 0);
    set(sim, CCER, 0);
    for (uint32_t i = 0; i < 16; i++) {
        drive(sim, TI1, i % 2 == 0);
    }
    assert_int_equal(get(sim, SR), 0);
    k5sim_close(sim);
}

static void test_a_channel_turns_round_only_while_it_is_off(void **state)
{
    struct k5sim *sim = open_timer();

    (void)state;
    set(sim, CCER, 1);
    set(sim, CCMR1, 0x0101);
    assert_int_equal(get(sim, CCMR1), 0x0100);
    set(sim, CCER, 0);
    set(sim, CCMR1, 0x0101);
    assert_int_equal(get(sim, CCMR1), 0x0101);
    k5sim_close(sim);
}

static void test_reset_values_and_what_is_not_there(void **state)
{
    struct k5sim *sim = open_timer();
    struct k5sim_guest_error errors[4];

    (void)state;
    for (uint32_t offset = 0; offset <= OR2; offset += 4) {
        if (offset != 0x30 && offset != 0x44 && (offset < 0x54 || offset == OR2)) {
            assert_int_equal(get(sim, offset), offset == ARR ? 0xffff : 0);
        }
    }
    assert_int_equal(k5sim_guest_errors(sim, errors, 4), 0);
    kit_write_sized(sim, D_TIM, ARR, 2, 7);
    assert_int_equal(kit_read_sized(sim, D_TIM, ARR, 2), 7);
    kit_write_sized(sim, D_TIM, ARR, 1, 9); /* a byte is refused, and named */
    assert_int_equal(get(sim, ARR), 7);
    set(sim, 0x30, 1); /* RCR is TIM1's */
    set(sim, SMCR, 7); /* kept, but does nothing */
    assert_int_equal(get(sim, SMCR), 7);
    assert_int_equal(k5sim_guest_errors(sim, errors, 4), 3);
    assert_int_equal(errors[0].kind, K5SIM_EVENT_DEVICE_MISUSE);
    assert_int_equal(errors[1].offset, 0x30);
    assert_int_equal(errors[2].kind, K5SIM_EVENT_DEVICE_UNMODELLED);

    set(sim, CR1, CEN);
    assert_int_equal(k5sim_reset(sim, K5SIM_RESET_PIN), K5SIM_OK);
    kit_advance(sim, 50);
    assert_int_equal(get(sim, CNT), 0);
    assert_int_equal(get(sim, ARR), 0xffff);
    k5sim_close(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_update_interrupt_comes_at_the_period),
        cmocka_unit_test(test_pwm_on_a_pin),
        cmocka_unit_test(test_one_pulse_stops_at_the_update),
        cmocka_unit_test(test_uif_is_copied_into_the_counter),
        cmocka_unit_test(test_edges_are_captured),
        cmocka_unit_test(test_every_fourth_edge_of_both_kinds),
        cmocka_unit_test(test_a_channel_turns_round_only_while_it_is_off),
        cmocka_unit_test(test_reset_values_and_what_is_not_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
