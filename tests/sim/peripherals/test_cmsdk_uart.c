/* APB UART of CMSDK through its registers: buffers, overruns, interrupts, bits in real time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/support/device_kit.h"

enum { DATA = 0x00, STATE = 0x04, CTRL = 0x08, INT = 0x0c, BAUDDIV = 0x10, PID0 = 0xfe0 };
enum { LINE_RX = 34, LINE_TX = 35, LINE_ALL = 43, LINE_OVERRUN = 47 };

#define TX_FULL    (1u << 0)
#define RX_FULL    (1u << 1)
#define TX_OVERRUN (1u << 2)
#define RX_OVERRUN (1u << 3)

#define TX_EN     (1u << 0)
#define RX_EN     (1u << 1)
#define TX_IE     (1u << 2)
#define RX_IE     (1u << 3)
#define TX_OVR_IE (1u << 4)
#define RX_OVR_IE (1u << 5)

#define BIT   100u
#define FRAME (10u * BIT)

static const struct k5sim_device devices[] = {{.model = "cmsdk-uart",
                                               .name = "uart1",
                                               .base = 0x40201000,
                                               .line_count = 4,
                                               .line = {LINE_RX, LINE_TX, LINE_ALL, LINE_OVERRUN}}};

static struct k5sim *open_kit(uint32_t ctrl)
{
    struct k5sim *sim = kit_open(&(struct kit_board){.device = devices, .device_count = 1});

    kit_write(sim, 0, BAUDDIV, BIT);
    kit_write(sim, 0, CTRL, ctrl);
    return sim;
}

static void outside_sends(struct k5sim *sim, const char *characters)
{
    uint32_t count = (uint32_t)strlen(characters);

    assert_int_equal(k5sim_serial_send(sim, 0, characters, count), count);
}

static uint32_t lines(const struct k5sim *sim)
{
    return (kit_line(sim, LINE_RX) ? 1u : 0) | (kit_line(sim, LINE_TX) ? 2u : 0) |
           (kit_line(sim, LINE_ALL) ? 4u : 0) | (kit_line(sim, LINE_OVERRUN) ? 8u : 0);
}

static void test_registers_after_reset(void **state)
{
    struct k5sim *sim = kit_open(&(struct kit_board){.device = devices, .device_count = 1});

    (void)state;
    for (uint32_t offset = DATA; offset <= BAUDDIV; offset += 4) {
        assert_int_equal(kit_read(sim, 0, offset), 0);
    }
    assert_int_equal(kit_read(sim, 0, PID0), 0x21);
    kit_write(sim, 0, BAUDDIV, UINT32_MAX);
    assert_int_equal(kit_read(sim, 0, BAUDDIV), 0xfffff);
    kit_write(sim, 0, CTRL, 0x3f);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_DEVICE_UNMODELLED, 0, NULL), 0);
    kit_write(sim, 0, CTRL, 0x7f); /* the high-speed test mode */
    assert_int_equal(kit_events(sim, K5SIM_EVENT_DEVICE_UNMODELLED, 0, NULL), 1);
    kit_write_sized(sim, 0, DATA, 1, 'x');
    assert_int_equal(kit_events(sim, K5SIM_EVENT_DEVICE_MISUSE, 0, NULL), 1);
    k5sim_close(sim);
}

static void test_a_character_leaves_when_its_stop_bit_ends(void **state)
{
    struct k5sim *sim = open_kit(TX_EN);
    struct k5sim_event sent;

    (void)state;
    kit_events(sim, 0, 0, NULL);
    kit_write(sim, 0, DATA, 'k');
    assert_int_equal(kit_read(sim, 0, STATE), 0); /* the shift register has it */
    kit_advance(sim, FRAME - 1u);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_SERIAL, 0, NULL), 0);
    kit_advance(sim, 1);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_SERIAL, 0, &sent), 1);
    assert_int_equal(sent.arg[0], 'k');
    assert_int_equal(sent.arg[1], 0);
    assert_int_equal(sent.arg[3], FRAME);
    assert_int_equal(sent.arg[4], 10);
    k5sim_close(sim);
}

static void test_the_buffer_takes_one_more_and_a_third_overruns_it(void **state)
{
    struct k5sim *sim = open_kit(TX_EN | TX_OVR_IE);
    char sent[4];

    (void)state;
    kit_write(sim, 0, DATA, '1');
    kit_write(sim, 0, DATA, '2');
    assert_int_equal(kit_read(sim, 0, STATE), TX_FULL);
    assert_int_equal(lines(sim), 0);
    kit_write(sim, 0, DATA, '3');
    assert_int_equal(kit_read(sim, 0, STATE), TX_FULL | TX_OVERRUN);
    assert_int_equal(kit_read(sim, 0, INT), TX_OVERRUN);
    assert_int_equal(lines(sim), 4 | 8);
    kit_write(sim, 0, STATE, TX_OVERRUN);
    assert_int_equal(kit_read(sim, 0, STATE), TX_FULL);
    assert_int_equal(lines(sim), 0);
    kit_advance(sim, 2 * FRAME);
    assert_int_equal(kit_sent(sim, 0, sent, sizeof sent), 2);
    assert_memory_equal(sent, "13", 2);
    k5sim_close(sim);
}

static void test_the_transmit_interrupt_says_that_the_buffer_is_free(void **state)
{
    struct k5sim *sim = open_kit(TX_EN | TX_IE);

    (void)state;
    assert_int_equal(lines(sim), 0);
    kit_write(sim, 0, DATA, 'a'); /* goes on to the shift register at once */
    assert_int_equal(lines(sim), 2 | 4);
    kit_write(sim, 0, INT, 1);
    assert_int_equal(lines(sim), 0);
    kit_write(sim, 0, DATA, 'b');
    kit_advance(sim, FRAME - 1u);
    assert_int_equal(lines(sim), 0);
    kit_advance(sim, 1);
    assert_int_equal(lines(sim), 2 | 4);
    k5sim_close(sim);
}

static void test_a_transmitter_that_is_off_or_has_no_speed_keeps_its_buffer(void **state)
{
    struct k5sim *sim = open_kit(0);
    char sent[2];

    (void)state;
    kit_write(sim, 0, DATA, 'w');
    kit_advance(sim, 3 * FRAME);
    assert_int_equal(kit_sent(sim, 0, sent, 2), 0);
    assert_int_equal(kit_read(sim, 0, STATE), TX_FULL);
    kit_write(sim, 0, BAUDDIV, 15);
    kit_write(sim, 0, CTRL, TX_EN);
    kit_advance(sim, 3 * FRAME);
    assert_int_equal(kit_sent(sim, 0, sent, 2), 0);
    kit_write(sim, 0, BAUDDIV, 16); /* the least that the part allows */
    assert_int_equal(kit_read(sim, 0, STATE), 0);
    kit_advance(sim, 160);
    assert_int_equal(kit_sent(sim, 0, sent, 2), 1);
    k5sim_close(sim);
}

static void test_a_character_is_received_and_interrupts(void **state)
{
    struct k5sim *sim = open_kit(RX_EN | RX_IE);

    (void)state;
    outside_sends(sim, "r");
    kit_advance(sim, FRAME - 1u);
    assert_int_equal(kit_read(sim, 0, STATE), 0);
    assert_int_equal(lines(sim), 0);
    kit_advance(sim, 1);
    assert_int_equal(kit_read(sim, 0, STATE), RX_FULL);
    assert_int_equal(lines(sim), 1 | 4);
    kit_write(sim, 0, DATA, 'x'); /* another buffer */
    assert_int_equal(kit_read(sim, 0, DATA), 'r');
    assert_int_equal(kit_read(sim, 0, STATE), TX_FULL);
    assert_int_equal(lines(sim), 1 | 4); /* until it is cleared */
    kit_write(sim, 0, INT, 2);
    assert_int_equal(lines(sim), 0);
    k5sim_close(sim);
}

static void test_an_overrun_loses_the_older_character(void **state)
{
    struct k5sim *sim = open_kit(RX_EN | RX_OVR_IE);

    (void)state;
    outside_sends(sim, "ab");
    kit_advance(sim, FRAME);
    assert_int_equal(lines(sim), 0);
    kit_advance(sim, FRAME);
    assert_int_equal(kit_read(sim, 0, STATE), RX_FULL | RX_OVERRUN);
    assert_int_equal(lines(sim), 4 | 8);
    kit_write(sim, 0, INT, RX_OVERRUN); /* clears the cause, too */
    assert_int_equal(kit_read(sim, 0, STATE), RX_FULL);
    assert_int_equal(lines(sim), 0);
    assert_int_equal(kit_read(sim, 0, DATA), 'b');
    k5sim_close(sim);
}

static void test_a_receiver_that_is_off_loses_what_comes(void **state)
{
    struct k5sim *sim = open_kit(TX_EN);
    struct k5sim_event lost;

    (void)state;
    outside_sends(sim, "l");
    kit_advance(sim, FRAME);
    assert_int_equal(kit_read(sim, 0, STATE), 0);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_SERIAL, 0, &lost), 1);
    assert_int_equal(lost.arg[2], K5SIM_SERIAL_LOST);
    k5sim_close(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_registers_after_reset),
        cmocka_unit_test(test_a_character_leaves_when_its_stop_bit_ends),
        cmocka_unit_test(test_the_buffer_takes_one_more_and_a_third_overruns_it),
        cmocka_unit_test(test_the_transmit_interrupt_says_that_the_buffer_is_free),
        cmocka_unit_test(test_a_transmitter_that_is_off_or_has_no_speed_keeps_its_buffer),
        cmocka_unit_test(test_a_character_is_received_and_interrupts),
        cmocka_unit_test(test_an_overrun_loses_the_older_character),
        cmocka_unit_test(test_a_receiver_that_is_off_loses_what_comes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
