/* UART of FE310 through its registers: FIFOs, watermarks, bits in real time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/support/device_kit.h"

enum {
    TXDATA = 0x00,
    RXDATA = 0x04,
    TXCTRL = 0x08,
    RXCTRL = 0x0c,
    IE = 0x10,
    IP = 0x14,
    DIV = 0x18
};
enum { D_UART, D_SLOW };
enum { LINE = 4, LINE_SLOW = 5 };

#define FULL  (1u << 31)
#define EMPTY (1u << 31)
#define EN    (1u << 0)
#define NSTOP (1u << 1)
#define TXWM  (1u << 0)
#define RXWM  (1u << 1)

#define BIT   100u
#define FRAME (10u * BIT)

/* The second one's clock has half the CPU's frequency. */
static const struct k5sim_device devices[] = {
    {.model = "sifive-uart", .name = "uart1", .base = 0x10023000, .line_count = 1, .line = {LINE}},
    {.model = "sifive-uart",
     .name = "slow",
     .base = 0x10024000,
     .line_count = 1,
     .line = {LINE_SLOW},
     .parameter = KIT_TICK_HZ / 2u},
};

static struct k5sim *open_kit(void)
{
    return kit_open(&(struct kit_board){.device = devices, .device_count = 2});
}

static struct k5sim *open_running(uint32_t tx_mark, uint32_t rx_mark)
{
    struct k5sim *sim = open_kit();

    kit_write(sim, D_UART, DIV, BIT - 1u);
    kit_write(sim, D_UART, TXCTRL, EN | tx_mark << 16);
    kit_write(sim, D_UART, RXCTRL, EN | rx_mark << 16);
    return sim;
}

static void outside_sends(struct k5sim *sim, const char *characters)
{
    uint32_t count = (uint32_t)strlen(characters);

    assert_int_equal(k5sim_serial_send(sim, D_UART, characters, count), count);
}

static void test_registers_after_reset(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    assert_int_equal(kit_read(sim, D_UART, TXDATA), 0);
    assert_int_equal(kit_read(sim, D_UART, RXDATA), EMPTY);
    assert_int_equal(kit_read(sim, D_UART, TXCTRL), 0);
    assert_int_equal(kit_read(sim, D_UART, RXCTRL), 0);
    assert_int_equal(kit_read(sim, D_UART, IE), 0);
    assert_int_equal(kit_read(sim, D_UART, IP), 0);
    assert_int_equal(kit_read(sim, D_UART, DIV), 0xffff);
    kit_write(sim, D_UART, TXCTRL, UINT32_MAX);
    assert_int_equal(kit_read(sim, D_UART, TXCTRL), 0x00070003);
    kit_write(sim, D_UART, RXCTRL, UINT32_MAX);
    assert_int_equal(kit_read(sim, D_UART, RXCTRL), 0x00070001);
    kit_write(sim, D_UART, IP, 3);
    assert_int_equal(kit_read(sim, D_UART, IP), TXWM); /* 0 entries are fewer than 7 */
    k5sim_close(sim);
}

static void test_a_frame_lasts_as_long_as_its_bits(void **state)
{
    struct k5sim *sim = open_running(0, 0);
    struct k5sim_event sent;

    (void)state;
    kit_events(sim, 0, 0, NULL);
    kit_write(sim, D_UART, TXDATA, 'a');
    kit_advance(sim, FRAME - 1u);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_SERIAL, D_UART, NULL), 0);
    kit_advance(sim, 1);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_SERIAL, D_UART, &sent), 1);
    assert_int_equal(sent.arg[0], 'a');
    kit_write(sim, D_UART, TXCTRL, EN | NSTOP);
    kit_write(sim, D_UART, TXDATA, 'b');
    kit_advance(sim, FRAME + BIT - 1u);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_SERIAL, D_UART, NULL), 0);
    kit_advance(sim, 1);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_SERIAL, D_UART, NULL), 1);
    kit_write(sim, D_SLOW, DIV, BIT - 1u);
    kit_write(sim, D_SLOW, TXCTRL, EN);
    kit_write(sim, D_SLOW, TXDATA, 'c');
    kit_advance(sim, 2u * FRAME - 1u);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_SERIAL, D_SLOW, NULL), 0);
    kit_advance(sim, 1);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_SERIAL, D_SLOW, NULL), 1);
    k5sim_close(sim);
}

static void test_the_fifo_takes_eight_behind_the_shift_register(void **state)
{
    struct k5sim *sim = open_running(0, 0);
    char sent[16];

    (void)state;
    for (uint32_t i = 0; i < 9; i++) {
        assert_int_equal(kit_read(sim, D_UART, TXDATA), 0);
        kit_write(sim, D_UART, TXDATA, '0' + i);
    }
    assert_int_equal(kit_read(sim, D_UART, TXDATA), FULL);
    kit_write(sim, D_UART, TXDATA, 'x'); /* lost */
    kit_advance(sim, FRAME);
    assert_int_equal(kit_read(sim, D_UART, TXDATA), 0);
    kit_advance(sim, 20 * FRAME);
    assert_int_equal(kit_sent(sim, D_UART, sent, sizeof sent), 9);
    assert_memory_equal(sent, "012345678", 9);
    k5sim_close(sim);
}

static void test_nothing_leaves_while_the_transmitter_is_off(void **state)
{
    struct k5sim *sim = open_running(0, 0);
    char sent[4];

    (void)state;
    kit_write(sim, D_UART, TXDATA, '1');
    kit_write(sim, D_UART, TXDATA, '2');
    kit_write(sim, D_UART, TXCTRL, 0); /* what is on its way ends */
    kit_advance(sim, 4 * FRAME);
    assert_int_equal(kit_sent(sim, D_UART, sent, sizeof sent), 1);
    kit_write(sim, D_UART, TXCTRL, EN);
    kit_advance(sim, FRAME);
    assert_int_equal(kit_sent(sim, D_UART, sent, sizeof sent), 1);
    assert_int_equal(sent[0], '2');
    k5sim_close(sim);
}

static void test_the_transmit_watermark(void **state)
{
    for (uint32_t mark = 0; mark < 8; mark++) {
        struct k5sim *sim = open_running(mark, 0);

        (void)state;
        kit_write(sim, D_UART, IE, TXWM);
        assert_int_equal(kit_line(sim, LINE), mark != 0);
        for (uint32_t entries = 0; entries <= 8; entries++) { /* the first goes on at once */
            kit_write(sim, D_UART, TXDATA, 'w');
            assert_int_equal(kit_read(sim, D_UART, IP) & TXWM, entries < mark ? TXWM : 0);
            assert_int_equal(kit_line(sim, LINE), entries < mark);
        }
        kit_write(sim, D_UART, IE, 0);
        assert_false(kit_line(sim, LINE));
        k5sim_close(sim);
    }
}

static void test_the_receive_watermark(void **state)
{
    for (uint32_t mark = 0; mark < 8; mark++) {
        struct k5sim *sim = open_running(0, mark);

        (void)state;
        kit_write(sim, D_UART, IE, RXWM);
        for (uint32_t entries = 1; entries <= 8; entries++) {
            outside_sends(sim, "r");
            kit_advance(sim, FRAME);
            assert_int_equal(kit_line(sim, LINE), entries > mark);
        }
        kit_read(sim, D_UART, RXDATA);
        assert_int_equal(kit_line(sim, LINE), mark < 7);
        k5sim_close(sim);
    }
}

static void test_characters_come_in_order_and_a_ninth_is_lost(void **state)
{
    struct k5sim *sim = open_running(0, 0);

    (void)state;
    outside_sends(sim, "123456789");
    kit_advance(sim, FRAME - 1u);
    assert_int_equal(kit_read(sim, D_UART, RXDATA), EMPTY);
    kit_advance(sim, 9 * FRAME);
    for (uint32_t i = 1; i < 9; i++) {
        assert_int_equal(kit_read(sim, D_UART, RXDATA), '0' + i);
    }
    assert_int_equal(kit_read(sim, D_UART, RXDATA), EMPTY);
    k5sim_close(sim);
}

static void test_a_receiver_that_is_off_loses_what_comes(void **state)
{
    struct k5sim *sim = open_running(0, 0);

    (void)state;
    kit_write(sim, D_UART, RXCTRL, 0);
    outside_sends(sim, "l");
    kit_advance(sim, FRAME);
    assert_int_equal(kit_read(sim, D_UART, RXDATA), EMPTY);
    k5sim_close(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_registers_after_reset),
        cmocka_unit_test(test_a_frame_lasts_as_long_as_its_bits),
        cmocka_unit_test(test_the_fifo_takes_eight_behind_the_shift_register),
        cmocka_unit_test(test_nothing_leaves_while_the_transmitter_is_off),
        cmocka_unit_test(test_the_transmit_watermark),
        cmocka_unit_test(test_the_receive_watermark),
        cmocka_unit_test(test_characters_come_in_order_and_a_ninth_is_lost),
        cmocka_unit_test(test_a_receiver_that_is_off_loses_what_comes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
