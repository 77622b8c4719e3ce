/* TMP102 behind an I2C: conversions at their pace, formats, shutdown, limits and ALERT. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/sim/support/device_kit.h"

enum { D_I2C, D_SENSOR };
enum { V_TEMPERATURE, V_NACK, V_STUCK };
enum { CR1 = 0x00, CR2 = 0x04, TIMINGR = 0x10, ISR = 0x18, ICR = 0x1c, RXDR = 0x24, TXDR = 0x28 };
enum { TEMPERATURE, CONFIGURATION, LOW, HIGH };

#define NACKF (1u << 4)
#define STOPF (1u << 5)

#define MS   (KIT_TICK_HZ / 1000u)
/* A bit lasts two ticks: a transfer is nothing beside a conversion. */
#define BYTE 18u

static const struct k5sim_device devices[] = {
    {.model = "stm32-i2c", .name = "i2c1", .base = 0x40005400},
    {.model = "tmp102", .name = "sensor", .bus = "i2c1", .parameter = 0x48},
};

static struct k5sim *open_kit(void)
{
    struct k5sim *sim = kit_open(&(struct kit_board){.device = devices, .device_count = 2});

    kit_write(sim, D_I2C, CR1, 1);
    return sim;
}

static uint32_t finish(struct k5sim *sim)
{
    uint32_t flags = kit_read(sim, D_I2C, ISR);

    assert_int_equal(flags & STOPF, STOPF);
    kit_write(sim, D_I2C, ICR, NACKF | STOPF);
    return flags;
}

/* Writes `count` bytes; true: all were acknowledged. */
static bool send(struct k5sim *sim, uint32_t address, const uint8_t *bytes, uint32_t count)
{
    kit_write(sim, D_I2C, CR2, address << 1 | count << 16 | 1u << 25 | 1u << 13);
    for (uint32_t i = 0; i < count; i++) {
        kit_write(sim, D_I2C, TXDR, bytes[i]);
        kit_advance(sim, i == 0 ? 20u + BYTE : BYTE);
    }
    kit_advance(sim, 4);
    kit_write(sim, D_I2C, ISR, 1);
    return (finish(sim) & NACKF) == 0;
}

static void point(struct k5sim *sim, uint8_t pointer)
{
    assert_true(send(sim, 0x48, &pointer, 1));
}

static void set_register(struct k5sim *sim, uint8_t pointer, uint32_t value)
{
    const uint8_t bytes[] = {pointer, (uint8_t)(value >> 8), (uint8_t)value};

    assert_true(send(sim, 0x48, bytes, 3));
}

/* What the pointer chooses, as many bytes as asked for. */
static uint32_t receive(struct k5sim *sim, uint32_t count)
{
    uint32_t value = 0;

    kit_write(sim, D_I2C, CR2, 0x48u << 1 | 1u << 10 | count << 16 | 1u << 25 | 1u << 13);
    kit_advance(sim, 20);
    for (uint32_t i = 0; i < count; i++) {
        kit_advance(sim, BYTE);
        value = value << 8 | kit_read(sim, D_I2C, RXDR);
    }
    kit_advance(sim, 4);
    finish(sim);
    return value;
}

static uint32_t get_register(struct k5sim *sim, uint8_t pointer)
{
    point(sim, pointer);
    return receive(sim, 2);
}

static void set_temperature(struct k5sim *sim, int32_t mc)
{
    assert_int_equal(k5sim_value_set(sim, D_SENSOR, V_TEMPERATURE, mc), 0);
}

static void test_names_of_values(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    assert_string_equal(k5sim_value_name(sim, D_SENSOR, 0), "temperature_mc");
    assert_string_equal(k5sim_value_name(sim, D_SENSOR, 1), "nack");
    assert_string_equal(k5sim_value_name(sim, D_SENSOR, 2), "stuck");
    assert_null(k5sim_value_name(sim, D_SENSOR, 3));
    k5sim_close(sim);
}

static void test_registers_after_power_on(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    assert_int_equal(receive(sim, 2), 0); /* the pointer is at the temperature */
    assert_int_equal(get_register(sim, CONFIGURATION), 0x60a0);
    assert_int_equal(get_register(sim, LOW), 0x4b00);
    assert_int_equal(get_register(sim, HIGH), 0x5000);
    assert_int_equal(receive(sim, 2), 0x5000); /* the pointer stays */
    assert_int_equal(receive(sim, 3), 0x5000ff);
    k5sim_close(sim);
}

static void test_a_conversion_takes_26_ms_and_they_come_four_times_a_second(void **state)
{
    struct k5sim *sim = open_kit();
    uint64_t opened = k5sim_now(sim);

    (void)state;
    point(sim, TEMPERATURE);
    set_temperature(sim, 25000);
    kit_advance(sim,
                26 * MS - (k5sim_now(sim) - opened) - 21u); /* the register is read 20 ticks on */
    assert_int_equal(receive(sim, 2), 0);
    assert_int_equal(receive(sim, 2), 0x1900);
    set_temperature(sim, 30000);
    kit_advance(sim, 276 * MS - (k5sim_now(sim) - opened) - 21u);
    assert_int_equal(receive(sim, 2), 0x1900);
    assert_int_equal(receive(sim, 2), 0x1e00);
    k5sim_close(sim);
}

static void test_rates_of_conversion(void **state)
{
    static const uint32_t period_ms[] = {4000, 1000, 250, 125};

    (void)state;
    for (uint32_t rate = 0; rate < 4; rate++) {
        struct k5sim *sim = open_kit();
        uint64_t opened = k5sim_now(sim);

        set_register(sim, CONFIGURATION, 0x6020 | rate << 6);
        point(sim, TEMPERATURE);
        kit_advance(sim, 26 * MS - (k5sim_now(sim) - opened));
        set_temperature(sim, 1000);
        kit_advance(sim, period_ms[rate] * MS - 21u);
        assert_int_equal(receive(sim, 2), 0);
        assert_int_equal(receive(sim, 2), 0x0100);
        k5sim_close(sim);
    }
}

static void test_temperatures_in_12_and_13_bits(void **state)
{
    static const struct {
        int32_t mc;
        uint32_t normal, extended;
    } rows[] = {
        {0, 0x0000, 0x0001},      {62, 0x0010, 0x0009},      {31, 0x0000, 0x0001},
        {32, 0x0010, 0x0009},     {-62, 0xfff0, 0xfff9},     {-25000, 0xe700, 0xf381},
        {100000, 0x6400, 0x3201}, {127937, 0x7ff0, 0x3ff9},  {150000, 0x7ff0, 0x4b01},
        {-55000, 0xc900, 0xe481}, {-300000, 0x8000, 0x8001}, {2000000, 0x7ff0, 0x7ff9},
    };

    (void)state;
    for (uint32_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct k5sim *sim = open_kit();

        set_temperature(sim, rows[i].mc);
        kit_advance(sim, 26 * MS);
        assert_int_equal(get_register(sim, TEMPERATURE), rows[i].normal);
        set_register(sim, CONFIGURATION, 0x60b0);
        kit_advance(sim, 250 * MS);
        assert_int_equal(get_register(sim, TEMPERATURE), rows[i].extended);
        k5sim_close(sim);
    }
}

static void test_read_only_bits_stay(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    set_register(sim, TEMPERATURE, 0x1234);
    assert_int_equal(receive(sim, 2), 0);
    set_register(sim, CONFIGURATION, 0x0000);
    assert_int_equal(receive(sim, 2), 0x6020);
    set_register(sim, CONFIGURATION, 0x7e5f);
    assert_int_equal(receive(sim, 2) & ~0x0020u, 0x7e50);
    set_register(sim, LOW, 0x8765);
    assert_int_equal(receive(sim, 2), 0x8765);
    k5sim_close(sim);
}

static void test_shutdown_ends_behind_a_conversion_and_one_shot_makes_one(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    set_temperature(sim, 10000);
    set_register(sim, CONFIGURATION, 0x61a0);
    assert_int_equal(receive(sim, 2), 0x61a0); /* the first conversion goes on: OS is 0 */
    kit_advance(sim, 26 * MS);
    assert_int_equal(get_register(sim, TEMPERATURE), 0x0a00);
    assert_int_equal(get_register(sim, CONFIGURATION), 0xe1a0);
    set_temperature(sim, 20000);
    kit_advance(sim, 10000 * MS);
    assert_int_equal(get_register(sim, TEMPERATURE), 0x0a00);
    set_register(sim, CONFIGURATION, 0xe1a0);
    assert_int_equal(receive(sim, 2), 0x61a0);
    kit_advance(sim, 25 * MS);
    assert_int_equal(receive(sim, 2), 0x61a0);
    kit_advance(sim, MS);
    assert_int_equal(receive(sim, 2), 0xe1a0);
    assert_int_equal(get_register(sim, TEMPERATURE), 0x1400);
    set_temperature(sim, 30000);
    set_register(sim, CONFIGURATION, 0x60a0); /* and on again */
    kit_advance(sim, 26 * MS);
    assert_int_equal(get_register(sim, TEMPERATURE), 0x1e00);
    k5sim_close(sim);
}

/* ---------------------------------------------------------------- limits */

static void convert(struct k5sim *sim, int32_t mc)
{
    set_temperature(sim, mc);
    kit_advance(sim, 250 * MS);
}

static bool al(struct k5sim *sim)
{
    return (get_register(sim, CONFIGURATION) & 0x20) != 0;
}

static void test_comparator_mode_has_hysteresis(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    convert(sim, 79900);
    assert_true(al(sim));
    convert(sim, 80000);
    assert_false(al(sim)); /* at the limit */
    convert(sim, 75000);
    assert_false(al(sim)); /* not below the other */
    convert(sim, 74900);
    assert_true(al(sim));
    set_register(sim, CONFIGURATION, 0x64a0); /* POL turns AL over */
    assert_false(al(sim));
    convert(sim, 90000);
    assert_true(al(sim));
    k5sim_close(sim);
}

static void test_faults_must_follow_each_other(void **state)
{
    static const uint32_t faults[] = {1, 2, 4, 6};

    (void)state;
    for (uint32_t code = 0; code < 4; code++) {
        struct k5sim *sim = open_kit();

        set_register(sim, CONFIGURATION, 0x60a0 | code << 11);
        convert(sim, 20000);
        for (uint32_t i = 1; i < faults[code]; i++) {
            convert(sim, 90000);
            assert_true(al(sim));
        }
        if (faults[code] > 1) {
            convert(sim, 20000); /* begins anew */
            for (uint32_t i = 1; i < faults[code]; i++) {
                convert(sim, 90000);
            }
            assert_true(al(sim));
        }
        convert(sim, 90000);
        assert_false(al(sim));
        k5sim_close(sim);
    }
}

/* ---------------------------------------------------------------- ALERT */

/* The sensor's ALERT at a pin that the board pulls up. */
static struct k5sim *open_alert(uint32_t config)
{
    static const struct k5sim_device with_port[] = {
        {.model = "stm32-i2c", .name = "i2c1", .base = 0x40005400},
        {.model = "tmp102", .name = "sensor", .bus = "i2c1", .parameter = 0x48},
        {.model = "stm32-gpio", .name = "gpiob", .base = 0x42020400, .parameter = 2},
    };
    static const struct k5sim_wire wire = {"sensor", 0, "gpiob", 5};
    static const struct k5sim_pin pin = {"PB5", "gpiob", 5, 1};
    struct k5sim *sim = kit_open(&(struct kit_board){.device = with_port,
                                                     .device_count = 3,
                                                     .wire = &wire,
                                                     .wire_count = 1,
                                                     .pin = &pin,
                                                     .pin_count = 1});

    kit_write(sim, D_I2C, CR1, 1);
    set_register(sim, CONFIGURATION, config);
    return sim;
}

static bool is_low(struct k5sim *sim)
{
    return k5sim_pin_level(sim, 0) == 0;
}

static void test_alert_follows_the_limits_in_comparator_mode(void **state)
{
    (void)state;
    for (uint32_t pol = 0; pol < 2; pol++) {
        struct k5sim *sim = open_alert(0x60a0 | pol << 10);

        convert(sim, 20000);
        assert_int_equal(is_low(sim), pol == 1);
        convert(sim, 90000);
        assert_int_equal(is_low(sim), pol == 0);
        get_register(sim, TEMPERATURE); /* reading changes nothing */
        assert_int_equal(is_low(sim), pol == 0);
        convert(sim, 20000);
        assert_int_equal(is_low(sim), pol == 1);
        k5sim_close(sim);
    }
}

static void test_alert_lasts_until_a_read_in_interrupt_mode(void **state)
{
    struct k5sim *sim = open_alert(0x62a0);

    (void)state;
    convert(sim, 90000);
    assert_true(is_low(sim));
    point(sim, LOW); /* a write is no read */
    assert_true(is_low(sim));
    receive(sim, 2);
    assert_false(is_low(sim));
    convert(sim, 95000);
    assert_false(is_low(sim)); /* only the way back counts now */
    convert(sim, 20000);
    assert_true(is_low(sim));
    receive(sim, 2);
    assert_false(is_low(sim));
    convert(sim, 90000);
    assert_true(is_low(sim));
    k5sim_close(sim);
}

/* ---------------------------------------------------------------- the bus */

static void test_it_does_not_acknowledge_while_nack_is_set(void **state)
{
    static const uint8_t bytes[] = {CONFIGURATION};
    struct k5sim *sim = open_kit();

    (void)state;
    assert_false(send(sim, 0x49, bytes, 1));
    assert_true(send(sim, 0x48, bytes, 1));
    k5sim_value_set(sim, D_SENSOR, V_NACK, 1);
    assert_false(send(sim, 0x48, bytes, 1));
    k5sim_value_set(sim, D_SENSOR, V_NACK, 0);
    assert_true(send(sim, 0x48, bytes, 1));
    k5sim_close(sim);
}

static void test_a_general_call_resets_it(void **state)
{
    static const uint8_t reset[] = {0x06};
    static const uint8_t other[] = {0x04};
    struct k5sim *sim = open_kit();

    (void)state;
    set_register(sim, HIGH, 0x1000);
    assert_false(send(sim, 0, other, 1));
    assert_int_equal(get_register(sim, HIGH), 0x1000);
    assert_true(send(sim, 0, reset, 1));
    assert_int_equal(receive(sim, 2), 0); /* the pointer is back, too */
    assert_int_equal(get_register(sim, HIGH), 0x5000);
    k5sim_close(sim);
}

static void test_a_reset_of_the_mcu_does_not_reach_it(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    set_register(sim, HIGH, 0x1000);
    k5sim_reset(sim, K5SIM_RESET_PIN);
    kit_write(sim, D_I2C, CR1, 1);
    assert_int_equal(get_register(sim, HIGH), 0x1000);
    k5sim_reset(sim, K5SIM_RESET_POWER);
    kit_write(sim, D_I2C, CR1, 1);
    assert_int_equal(get_register(sim, HIGH), 0x5000);
    k5sim_close(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_of_values),
        cmocka_unit_test(test_registers_after_power_on),
        cmocka_unit_test(test_a_conversion_takes_26_ms_and_they_come_four_times_a_second),
        cmocka_unit_test(test_rates_of_conversion),
        cmocka_unit_test(test_temperatures_in_12_and_13_bits),
        cmocka_unit_test(test_read_only_bits_stay),
        cmocka_unit_test(test_shutdown_ends_behind_a_conversion_and_one_shot_makes_one),
        cmocka_unit_test(test_comparator_mode_has_hysteresis),
        cmocka_unit_test(test_faults_must_follow_each_other),
        cmocka_unit_test(test_alert_follows_the_limits_in_comparator_mode),
        cmocka_unit_test(test_alert_lasts_until_a_read_in_interrupt_mode),
        cmocka_unit_test(test_it_does_not_acknowledge_while_nack_is_set),
        cmocka_unit_test(test_a_general_call_resets_it),
        cmocka_unit_test(test_a_reset_of_the_mcu_does_not_reach_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
