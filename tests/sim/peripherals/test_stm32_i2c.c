/* STM32 I2C through its registers, with a TMP102 on its bus: phases in real time, flags, mistakes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/sim/support/device_kit.h"

enum { D_I2C, D_SENSOR };
enum { LINE_EVENT = 55, LINE_ERROR = 56 };
enum { V_ARBITRATION_LOSS, V_BUS_ERROR };
enum { V_TEMPERATURE, V_NACK, V_STUCK };

enum {
    CR1 = 0x00,
    CR2 = 0x04,
    OAR1 = 0x08,
    OAR2 = 0x0c,
    TIMINGR = 0x10,
    TIMEOUTR = 0x14,
    ISR = 0x18,
    ICR = 0x1c,
    PECR = 0x20,
    RXDR = 0x24,
    TXDR = 0x28
};

#define PE     (1u << 0)
#define TXIE   (1u << 1)
#define RXIE   (1u << 2)
#define NACKIE (1u << 4)
#define STOPIE (1u << 5)
#define TCIE   (1u << 6)
#define ERRIE  (1u << 7)

#define ADDRESS(a) ((uint32_t)(a) << 1)
#define RD         (1u << 10)
#define START      (1u << 13)
#define STOP       (1u << 14)
#define NBYTES(n)  ((uint32_t)(n) << 16)
#define RELOAD     (1u << 24)
#define AUTOEND    (1u << 25)
#define SENSOR     ADDRESS(0x48)

#define TXE     (1u << 0)
#define TXIS    (1u << 1)
#define RXNE    (1u << 2)
#define NACKF   (1u << 4)
#define STOPF   (1u << 5)
#define TC      (1u << 6)
#define TCR     (1u << 7)
#define BERR    (1u << 8)
#define ARLO    (1u << 9)
#define TIMEOUT (1u << 12)
#define BUSY    (1u << 15)

static const struct k5sim_device devices[] = {
    {.model = "stm32-i2c",
     .name = "i2c1",
     .base = 0x40005400,
     .line_count = 2,
     .line = {LINE_EVENT, LINE_ERROR}},
    {.model = "tmp102", .name = "sensor", .bus = "i2c1", .parameter = 0x48},
};

static const struct k5sim_wire wires[] = {
    {.from = "sensor", .from_signal = 1, .to = "i2c1", .to_signal = 0},
};

static struct k5sim *open_kit(void)
{
    return kit_open(
        &(struct kit_board){.device = devices, .device_count = 2, .wire = wires, .wire_count = 1});
}

/* PRESC 1, SCLL 59, SCLH 39: 100 kHz at 20 MHz. */
#define TIMING 0x1000273bu
#define BIT    200u

static struct k5sim *open_running(uint32_t cr1)
{
    struct k5sim *sim = open_kit();

    kit_write(sim, D_I2C, TIMINGR, TIMING);
    kit_write(sim, D_I2C, CR1, PE | cr1);
    return sim;
}

static uint32_t status(struct k5sim *sim)
{
    return kit_read(sim, D_I2C, ISR);
}

/* The flags are these one tick later, and are not yet now. */
static void expect_next_tick(struct k5sim *sim, uint32_t flags)
{
    assert_int_not_equal(status(sim), flags);
    kit_advance(sim, 1);
    assert_int_equal(status(sim), flags);
}

static void test_reset_values_masks_and_access_sizes(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    for (uint32_t offset = CR1; offset <= TXDR; offset += 4) {
        assert_int_equal(kit_read(sim, D_I2C, offset), offset == ISR ? TXE : 0);
    }
    kit_write(sim, D_I2C, TIMINGR, UINT32_MAX);
    assert_int_equal(kit_read(sim, D_I2C, TIMINGR), 0xf0ffffff);
    kit_write(sim, D_I2C, ISR, 0);
    assert_int_equal(status(sim), TXE);
    kit_events(sim, 0, 0, NULL);
    kit_write_sized(sim, D_I2C, TXDR, 1, 7);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_DEVICE_MISUSE, D_I2C, NULL), 1);
    assert_int_equal(status(sim), TXE);
    k5sim_close(sim);
}

static void test_settings_keep_their_value_while_enabled(void **state)
{
    struct k5sim *sim = open_running(0);

    (void)state;
    kit_write(sim, D_I2C, TIMINGR, 0);
    assert_int_equal(kit_read(sim, D_I2C, TIMINGR), TIMING);
    kit_write(sim, D_I2C, CR1, PE | 0x1f00 | TXIE);
    assert_int_equal(kit_read(sim, D_I2C, CR1), PE | TXIE);
    kit_write(sim, D_I2C, TIMEOUTR, 0x8005);
    kit_write(sim, D_I2C, TIMEOUTR, 0x8007);
    assert_int_equal(kit_read(sim, D_I2C, TIMEOUTR), 0x8005);
    k5sim_close(sim);
}

static void test_start_needs_pe(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    kit_write(sim, D_I2C, CR2, SENSOR | START | AUTOEND | NBYTES(1));
    assert_int_equal(kit_read(sim, D_I2C, CR2), SENSOR | AUTOEND | NBYTES(1));
    kit_write(sim, D_I2C, CR1, PE);
    kit_advance(sim, 100000);
    assert_int_equal(status(sim), TXE);
    k5sim_close(sim);
}

static void test_an_address_alone_is_acknowledged_and_stopped(void **state)
{
    struct k5sim *sim = open_running(STOPIE);

    (void)state;
    kit_write(sim, D_I2C, CR2, SENSOR | START | AUTOEND);
    assert_int_equal(status(sim), TXE | BUSY);
    kit_write(sim, D_I2C, CR2, SENSOR | AUTOEND); /* writing 0 to START does nothing */
    kit_advance(sim, 10 * BIT - 1u);
    assert_int_equal(kit_read(sim, D_I2C, CR2), SENSOR | START | AUTOEND);
    kit_advance(sim, 1);
    assert_int_equal(kit_read(sim, D_I2C, CR2), SENSOR | AUTOEND);
    kit_advance(sim, BIT - 1u);
    assert_false(kit_line(sim, LINE_EVENT));
    expect_next_tick(sim, TXE | STOPF);
    assert_true(kit_line(sim, LINE_EVENT));
    kit_write(sim, D_I2C, ICR, STOPF);
    assert_int_equal(status(sim), TXE);
    assert_false(kit_line(sim, LINE_EVENT));
    k5sim_close(sim);
}

static void test_an_address_that_nobody_has_is_not_acknowledged(void **state)
{
    struct k5sim *sim = open_running(NACKIE);

    (void)state;
    kit_write(sim, D_I2C, CR2, ADDRESS(0x49) | START | NBYTES(1));
    kit_advance(sim, 10 * BIT - 1u);
    assert_false(kit_line(sim, LINE_EVENT));
    expect_next_tick(sim, TXE | NACKF | BUSY);
    assert_true(kit_line(sim, LINE_EVENT));
    kit_advance(sim, BIT - 1u);
    expect_next_tick(sim, TXE | NACKF | STOPF); /* without AUTOEND, too */
    kit_write(sim, D_I2C, ICR, NACKF | STOPF);
    assert_int_equal(status(sim), TXE);
    k5sim_close(sim);
}

/* Pointer 2 (T_LOW), two bytes; then a repeated START and a read of both. */
static void test_write_repeated_start_and_read(void **state)
{
    struct k5sim *sim = open_running(TXIE | TCIE | RXIE);

    (void)state;
    kit_write(sim, D_I2C, CR2, SENSOR | START | NBYTES(3));
    kit_advance(sim, 10 * BIT - 1u);
    expect_next_tick(sim, TXE | TXIS | BUSY);
    assert_true(kit_line(sim, LINE_EVENT));
    kit_advance(sim, 12345); /* the clock is stretched */
    kit_write(sim, D_I2C, TXDR, 2);
    assert_int_equal(status(sim), TXE | BUSY);
    assert_false(kit_line(sim, LINE_EVENT));
    kit_advance(sim, 9 * BIT - 1u);
    expect_next_tick(sim, TXE | TXIS | BUSY);
    kit_write(sim, D_I2C, TXDR, 0x12);
    kit_advance(sim, 9 * BIT);
    kit_write(sim, D_I2C, TXDR, 0x34);
    kit_advance(sim, 9 * BIT - 1u);
    expect_next_tick(sim, TXE | TC | BUSY);
    assert_true(kit_line(sim, LINE_EVENT));
    kit_write(sim, D_I2C, CR2, SENSOR | RD | START | NBYTES(2) | AUTOEND);
    assert_int_equal(status(sim), TXE | BUSY);
    kit_advance(sim, 18 * BIT - 1u);
    expect_next_tick(sim, TXE | RXNE | BUSY);
    assert_int_equal(kit_read(sim, D_I2C, RXDR), 0x12);
    assert_int_equal(status(sim), TXE | BUSY);
    kit_advance(sim, 9 * BIT - 1u);
    expect_next_tick(sim, TXE | RXNE | BUSY);
    kit_advance(sim, 2 * BIT - 1u);
    expect_next_tick(sim, TXE | RXNE | STOPF);
    assert_int_equal(kit_read(sim, D_I2C, RXDR), 0x34);
    assert_false(kit_line(sim, LINE_ERROR));
    k5sim_close(sim);
}

static void test_a_byte_written_early_is_sent_without_waiting(void **state)
{
    struct k5sim *sim = open_running(0);

    (void)state;
    kit_write(sim, D_I2C, TXDR, 1);
    assert_int_equal(status(sim), 0);
    kit_write(sim, D_I2C, CR2, SENSOR | START | AUTOEND | NBYTES(1));
    kit_advance(sim, 19 * BIT);
    assert_int_equal(status(sim), TXE | BUSY);
    kit_advance(sim, BIT - 1u);
    expect_next_tick(sim, TXE | STOPF);
    kit_write(sim, D_I2C, TXDR, 1);
    assert_int_equal(status(sim), STOPF);
    kit_write(sim, D_I2C, ISR, TXE); /* flushes it */
    assert_int_equal(status(sim), TXE | STOPF);
    k5sim_close(sim);
}

/* RXDR unread: the next byte is clocked up to its last bit and no further. */
static void test_reading_late_stretches_the_clock(void **state)
{
    struct k5sim *sim = open_running(0);

    (void)state;
    kit_write(sim, D_I2C, CR2, SENSOR | RD | START | AUTOEND | NBYTES(2));
    kit_advance(sim, 100 * BIT);
    assert_int_equal(status(sim), TXE | RXNE | BUSY);
    assert_int_equal(kit_read(sim, D_I2C, RXDR), 0);
    assert_int_equal(status(sim), TXE | RXNE | BUSY); /* the second byte was waiting */
    kit_advance(sim, 2 * BIT - 1u);
    expect_next_tick(sim, TXE | RXNE | STOPF);
    k5sim_close(sim);
}

static void test_reload_asks_for_more_and_stop_ends_it(void **state)
{
    struct k5sim *sim = open_running(TCIE);

    (void)state;
    kit_write(sim, D_I2C, CR2, SENSOR | START | RELOAD | NBYTES(1));
    kit_advance(sim, 10 * BIT);
    kit_write(sim, D_I2C, TXDR, 3);
    kit_advance(sim, 9 * BIT - 1u);
    expect_next_tick(sim, TXE | TCR | BUSY);
    assert_true(kit_line(sim, LINE_EVENT));
    kit_write(sim, D_I2C, CR2, SENSOR | NBYTES(2));
    assert_int_equal(status(sim), TXE | TXIS | BUSY);
    assert_false(kit_line(sim, LINE_EVENT));
    kit_write(sim, D_I2C, TXDR, 0x11);
    kit_advance(sim, 9 * BIT);
    kit_write(sim, D_I2C, TXDR, 0x22);
    kit_advance(sim, 9 * BIT);
    assert_int_equal(status(sim), TXE | TC | BUSY);
    kit_write(sim, D_I2C, CR2, SENSOR | STOP);
    assert_int_equal(status(sim), TXE | BUSY);
    kit_advance(sim, BIT - 1u);
    assert_int_equal(kit_read(sim, D_I2C, CR2) & STOP, STOP);
    expect_next_tick(sim, TXE | STOPF);
    assert_int_equal(kit_read(sim, D_I2C, CR2) & STOP, 0);
    k5sim_close(sim);
}

static void test_stop_comes_behind_the_byte_on_its_way(void **state)
{
    struct k5sim *sim = open_running(0);

    (void)state;
    kit_write(sim, D_I2C, CR2, SENSOR | START | NBYTES(3));
    kit_advance(sim, 10 * BIT);
    kit_write(sim, D_I2C, TXDR, 2);
    kit_advance(sim, BIT);
    kit_write(sim, D_I2C, CR2, SENSOR | STOP | NBYTES(3));
    kit_advance(sim, 9 * BIT - 1u);
    expect_next_tick(sim, TXE | STOPF);
    /* And at once, where the controller waits for data. */
    kit_write(sim, D_I2C, ICR, STOPF);
    kit_write(sim, D_I2C, CR2, SENSOR | START | NBYTES(3));
    kit_advance(sim, 10 * BIT);
    assert_int_equal(status(sim), TXE | TXIS | BUSY);
    kit_write(sim, D_I2C, CR2, SENSOR | STOP | NBYTES(3));
    kit_advance(sim, BIT - 1u);
    expect_next_tick(sim, TXE | STOPF);
    k5sim_close(sim);
}

static void test_a_byte_that_is_not_acknowledged_ends_the_transfer(void **state)
{
    struct k5sim *sim = open_running(0);

    (void)state;
    kit_write(sim, D_I2C, CR2, SENSOR | START | NBYTES(3));
    kit_advance(sim, 10 * BIT);
    k5sim_value_set(sim, D_SENSOR, V_NACK, 1);
    kit_write(sim, D_I2C, TXDR, 2);
    kit_advance(sim, 9 * BIT - 1u);
    expect_next_tick(sim, TXE | NACKF | BUSY);
    kit_advance(sim, BIT - 1u);
    expect_next_tick(sim, TXE | NACKF | STOPF);
    k5sim_close(sim);
}

/* START while a transfer goes on is not lost: it comes behind its STOP. */
static void test_start_waits_for_the_bus(void **state)
{
    struct k5sim *sim = open_running(0);

    (void)state;
    kit_write(sim, D_I2C, CR2, SENSOR | START | AUTOEND);
    kit_advance(sim, 10 * BIT + 1u); /* the STOP is on its way */
    kit_write(sim, D_I2C, CR2, SENSOR | START | AUTOEND);
    kit_advance(sim, BIT - 2u);
    assert_int_equal(status(sim), TXE | BUSY);
    expect_next_tick(sim, TXE | STOPF | BUSY);
    kit_advance(sim, 11 * BIT - 1u);
    expect_next_tick(sim, TXE | STOPF);
    k5sim_close(sim);
}

static void test_clearing_pe_drops_the_transfer_and_all_flags(void **state)
{
    struct k5sim *sim = open_running(TXIE);

    (void)state;
    kit_write(sim, D_I2C, CR2, SENSOR | START | NBYTES(2));
    kit_advance(sim, 10 * BIT);
    assert_true(kit_line(sim, LINE_EVENT));
    kit_write(sim, D_I2C, CR1, 0);
    assert_int_equal(status(sim), TXE);
    assert_false(kit_line(sim, LINE_EVENT));
    kit_write(sim, D_I2C, CR1, PE);
    kit_advance(sim, 100 * BIT);
    assert_int_equal(status(sim), TXE);
    k5sim_close(sim);
}

static void test_errors_from_the_outside_come_once_each(void **state)
{
    static const uint32_t flags[] = {ARLO, BERR};

    (void)state;
    for (uint32_t v = V_ARBITRATION_LOSS; v <= V_BUS_ERROR; v++) {
        struct k5sim *sim = open_running(ERRIE);

        k5sim_value_set(sim, D_I2C, v, 1);
        kit_write(sim, D_I2C, CR2, SENSOR | START | AUTOEND);
        kit_advance(sim, 10 * BIT - 1u);
        assert_false(kit_line(sim, LINE_ERROR));
        expect_next_tick(sim, TXE | flags[v]);
        assert_true(kit_line(sim, LINE_ERROR));
        assert_false(kit_line(sim, LINE_EVENT));
        assert_int_equal(kit_read(sim, D_I2C, CR2) & START, 0);
        kit_write(sim, D_I2C, ICR, flags[v]);
        assert_false(kit_line(sim, LINE_ERROR));
        kit_write(sim, D_I2C, CR2, SENSOR | START | AUTOEND);
        kit_advance(sim, 11 * BIT);
        assert_int_equal(status(sim), TXE | STOPF);
        k5sim_close(sim);
    }
}

/* ---------------------------------------------------------------- SCL held low */

static void test_a_held_clock_stops_the_transfer_where_it_is(void **state)
{
    struct k5sim *sim = open_running(0);

    (void)state;
    kit_write(sim, D_I2C, CR2, SENSOR | START | AUTOEND);
    kit_advance(sim, 4 * BIT);
    k5sim_value_set(sim, D_SENSOR, V_STUCK, 1);
    kit_advance(sim, 1000000);
    assert_int_equal(status(sim), TXE | BUSY);
    k5sim_value_set(sim, D_SENSOR, V_STUCK, 0);
    kit_advance(sim, 7 * BIT - 1u);
    expect_next_tick(sim, TXE | STOPF);
    k5sim_close(sim);
}

static void test_start_waits_for_a_clock_that_is_held(void **state)
{
    struct k5sim *sim = open_running(0);

    (void)state;
    k5sim_value_set(sim, D_SENSOR, V_STUCK, 1);
    kit_write(sim, D_I2C, CR2, SENSOR | START | AUTOEND);
    kit_advance(sim, 1000000);
    assert_int_equal(status(sim), TXE);
    assert_int_equal(kit_read(sim, D_I2C, CR2) & START, START);
    k5sim_value_set(sim, D_SENSOR, V_STUCK, 0);
    kit_advance(sim, 11 * BIT - 1u);
    expect_next_tick(sim, TXE | STOPF);
    k5sim_close(sim);
}

static void test_a_clock_low_for_too_long_is_a_timeout(void **state)
{
    struct k5sim *sim = open_running(ERRIE);

    (void)state;
    kit_write(sim, D_I2C, TIMEOUTR, 0x8000 | 2u); /* 3 * 2048 ticks */
    kit_write(sim, D_I2C, CR2, SENSOR | START | AUTOEND | NBYTES(1));
    kit_advance(sim, 4 * BIT);
    k5sim_value_set(sim, D_SENSOR, V_STUCK, 1);
    kit_advance(sim, 3 * 2048 - 1);
    assert_false(kit_line(sim, LINE_ERROR));
    expect_next_tick(sim, TXE | TIMEOUT | BUSY);
    assert_true(kit_line(sim, LINE_ERROR));
    kit_write(sim, D_I2C, ICR, TIMEOUT);
    kit_advance(sim, 1000000);
    assert_int_equal(status(sim), TXE | BUSY); /* told once; its STOP waits for the clock */
    k5sim_value_set(sim, D_SENSOR, V_STUCK, 0);
    kit_advance(sim, BIT - 1u);
    expect_next_tick(sim, TXE | STOPF);
    k5sim_close(sim);
}

static void test_software_that_is_too_slow_is_a_timeout_too(void **state)
{
    struct k5sim *sim = open_running(0);

    (void)state;
    kit_write(sim, D_I2C, TIMEOUTR, 0x8000);
    kit_write(sim, D_I2C, CR2, SENSOR | START | NBYTES(2));
    kit_advance(sim, 10 * BIT + 2047);
    expect_next_tick(sim, TXE | TIMEOUT | BUSY);
    kit_advance(sim, BIT - 1u);
    expect_next_tick(sim, TXE | TIMEOUT | STOPF);
    k5sim_close(sim);
}

static void test_pe_frees_a_driver_from_a_bus_that_is_held(void **state)
{
    struct k5sim *sim = open_running(0);

    (void)state;
    kit_write(sim, D_I2C, CR2, SENSOR | START | AUTOEND);
    kit_advance(sim, BIT);
    k5sim_value_set(sim, D_SENSOR, V_STUCK, 1);
    kit_write(sim, D_I2C, CR1, 0);
    assert_int_equal(status(sim), TXE);
    kit_write(sim, D_I2C, CR1, PE);
    k5sim_value_set(sim, D_SENSOR, V_STUCK, 0);
    kit_advance(sim, 100 * BIT);
    assert_int_equal(status(sim), TXE);
    k5sim_close(sim);
}

static void test_what_is_not_modelled_is_told(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    kit_write(sim, D_I2C, OAR1, 0x8000 | 0x20);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_DEVICE_UNMODELLED, D_I2C, NULL), 1);
    kit_write(sim, D_I2C, CR2, 1u << 11);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_DEVICE_UNMODELLED, D_I2C, NULL), 1);
    k5sim_close(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reset_values_masks_and_access_sizes),
        cmocka_unit_test(test_settings_keep_their_value_while_enabled),
        cmocka_unit_test(test_start_needs_pe),
        cmocka_unit_test(test_an_address_alone_is_acknowledged_and_stopped),
        cmocka_unit_test(test_an_address_that_nobody_has_is_not_acknowledged),
        cmocka_unit_test(test_write_repeated_start_and_read),
        cmocka_unit_test(test_a_byte_written_early_is_sent_without_waiting),
        cmocka_unit_test(test_reading_late_stretches_the_clock),
        cmocka_unit_test(test_reload_asks_for_more_and_stop_ends_it),
        cmocka_unit_test(test_stop_comes_behind_the_byte_on_its_way),
        cmocka_unit_test(test_a_byte_that_is_not_acknowledged_ends_the_transfer),
        cmocka_unit_test(test_start_waits_for_the_bus),
        cmocka_unit_test(test_clearing_pe_drops_the_transfer_and_all_flags),
        cmocka_unit_test(test_errors_from_the_outside_come_once_each),
        cmocka_unit_test(test_a_held_clock_stops_the_transfer_where_it_is),
        cmocka_unit_test(test_start_waits_for_a_clock_that_is_held),
        cmocka_unit_test(test_a_clock_low_for_too_long_is_a_timeout),
        cmocka_unit_test(test_software_that_is_too_slow_is_a_timeout_too),
        cmocka_unit_test(test_pe_frees_a_driver_from_a_bus_that_is_held),
        cmocka_unit_test(test_what_is_not_modelled_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
