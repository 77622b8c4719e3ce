/* UART 16550 through its registers: latch, FIFOs, priorities, errors, loopback, bits in real time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/support/device_kit.h"

enum { RBR, IER, IIR, LCR, MCR, LSR, MSR, SCR };
enum { LINE = 10 };

#define IER_RX    (1u << 0)
#define IER_TX    (1u << 1)
#define IER_LINE  (1u << 2)
#define IER_MODEM (1u << 3)

#define NONE    0x01u
#define TX      0x02u
#define RX      0x04u
#define STATUS  0x06u
#define TIMEOUT 0x0cu
#define FIFOS   0xc0u

#define READY   (1u << 0)
#define OVERRUN (1u << 1)
#define PARITY  (1u << 2)
#define FRAMING (1u << 3)
#define BREAK   (1u << 4)
#define THRE    (1u << 5)
#define TEMT    (1u << 6)
#define ERROR   (1u << 7)

#define DLAB    0x80u
#define EIGHT   0x03u /* 8 data bits, no parity, 1 stop bit */
#define DIVISOR 10u
#define BIT     160u /* ticks: its clock is the CPU's in these tests */
#define FRAME   (10u * BIT)

static const struct k5sim_device devices[] = {{.model = "ns16550",
                                               .name = "uart0",
                                               .base = 0x10000000,
                                               .line_count = 1,
                                               .line = {LINE},
                                               .parameter = KIT_TICK_HZ}};

static uint32_t get(struct k5sim *sim, uint32_t offset)
{
    return kit_read_sized(sim, 0, offset, 1);
}

static void put(struct k5sim *sim, uint32_t offset, uint32_t value)
{
    kit_write_sized(sim, 0, offset, 1, value);
}

static struct k5sim *open_kit(void)
{
    return kit_open(&(struct kit_board){.device = devices, .device_count = 1});
}

static struct k5sim *open_running(uint32_t fcr)
{
    struct k5sim *sim = open_kit();

    put(sim, LCR, DLAB);
    put(sim, RBR, DIVISOR);
    put(sim, IER, 0);
    put(sim, LCR, EIGHT);
    put(sim, IIR, fcr);
    return sim;
}

static void outside_sends(struct k5sim *sim, const char *characters)
{
    uint32_t count = (uint32_t)strlen(characters);

    assert_int_equal(k5sim_serial_send(sim, 0, characters, count), count);
}

static void test_registers_after_reset(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    assert_int_equal(get(sim, RBR), 0);
    assert_int_equal(get(sim, IER), 0);
    assert_int_equal(get(sim, IIR), NONE);
    assert_int_equal(get(sim, LCR), 0);
    assert_int_equal(get(sim, MCR), 0);
    assert_int_equal(get(sim, LSR), THRE | TEMT);
    assert_int_equal(get(sim, MSR), 0xb0);
    put(sim, SCR, 0xa5);
    assert_int_equal(get(sim, SCR), 0xa5);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_DEVICE_MISUSE, 0, NULL), 0);
    assert_int_equal(kit_read(sim, 0, RBR), 0); /* a word */
    kit_read_sized(sim, 0, 8, 1);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_DEVICE_MISUSE, 0, NULL), 2);
    k5sim_close(sim);
}

static void test_the_latch_shares_places_with_data_and_enables(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    put(sim, IER, IER_LINE);
    put(sim, LCR, DLAB | EIGHT);
    assert_int_equal(get(sim, RBR), 12); /* after reset */
    put(sim, RBR, 0x34);
    put(sim, IER, 0x12);
    assert_int_equal(get(sim, RBR), 0x34);
    assert_int_equal(get(sim, IER), 0x12);
    put(sim, LCR, EIGHT);
    assert_int_equal(get(sim, RBR), 0);
    assert_int_equal(get(sim, IER), IER_LINE);
    kit_advance(sim, 10u * 16u * 0x1234u); /* a divisor is no character */
    assert_int_equal(kit_sent(sim, 0, NULL, 0), 0);
    k5sim_close(sim);
}

static void test_a_frame_lasts_as_long_as_its_bits(void **state)
{
    static const struct {
        uint32_t lcr;
        uint32_t half_bits;
    } formats[] = {
        {0x00, 14}, {0x01, 16}, {0x02, 18}, {0x03, 20},
        {0x04, 15}, {0x07, 22}, {0x0b, 22}, {0x1f, 24},
    };

    (void)state;
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        struct k5sim *sim = open_running(0);
        struct k5sim_event sent;
        char none;

        put(sim, LCR, formats[i].lcr);
        put(sim, RBR, 0xff);
        kit_advance(sim, formats[i].half_bits * BIT / 2u - 1u);
        assert_int_equal(kit_sent(sim, 0, &none, 1), 0);
        kit_advance(sim, 1);
        assert_int_equal(kit_events(sim, K5SIM_EVENT_SERIAL, 0, &sent), 1);
        assert_int_equal(sent.arg[0], 0xffu >> (3u - (formats[i].lcr & 3u)));
        assert_int_equal(sent.arg[3], formats[i].half_bits * BIT / 2u);
        k5sim_close(sim);
    }
}

/* 3.6864 MHz, 115,200 baud: a bit is 173.6 ticks of 20 MHz, a frame 1,736.1, rounded up. */
static void test_the_clock_of_virt_is_the_default(void **state)
{
    static const struct k5sim_device virt[] = {
        {.model = "ns16550", .name = "uart0", .base = 0x10000000}};
    struct k5sim *sim = kit_open(&(struct kit_board){.device = virt, .device_count = 1});
    struct k5sim_event sent;

    (void)state;
    put(sim, LCR, DLAB);
    put(sim, RBR, 2);
    put(sim, LCR, EIGHT);
    put(sim, RBR, 'v');
    kit_advance(sim, 1737);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_SERIAL, 0, &sent), 1);
    assert_int_equal(sent.arg[3], 1737);
    k5sim_close(sim);
}

static void test_without_fifos_one_waits_behind_the_shift_register(void **state)
{
    struct k5sim *sim = open_running(0);
    char sent[4];

    (void)state;
    put(sim, RBR, '1');
    assert_int_equal(get(sim, LSR), THRE);
    put(sim, RBR, '2');
    assert_int_equal(get(sim, LSR), 0);
    put(sim, RBR, '3'); /* instead of the one before */
    kit_advance(sim, 2 * FRAME - 1u);
    assert_int_equal(get(sim, LSR), THRE);
    kit_advance(sim, 1);
    assert_int_equal(get(sim, LSR), THRE | TEMT);
    assert_int_equal(kit_sent(sim, 0, sent, sizeof sent), 2);
    assert_memory_equal(sent, "13", 2);
    k5sim_close(sim);
}

static void test_the_fifo_takes_sixteen_behind_the_shift_register(void **state)
{
    struct k5sim *sim = open_running(1);
    char sent[32];

    (void)state;
    for (uint32_t i = 0; i < 18; i++) {
        put(sim, RBR, 'a' + i);
    }
    kit_advance(sim, 16 * FRAME - 1u);
    assert_int_equal(get(sim, LSR), 0);
    kit_advance(sim, 1);
    assert_int_equal(get(sim, LSR), THRE);
    kit_advance(sim, 2 * FRAME);
    assert_int_equal(kit_sent(sim, 0, sent, sizeof sent), 17);
    assert_memory_equal(sent, "abcdefghijklmnopq", 17);
    k5sim_close(sim);
}

static void test_the_transmit_interrupt_goes_with_a_read_of_iir_or_a_write(void **state)
{
    struct k5sim *sim = open_running(0);

    (void)state;
    put(sim, IER, IER_TX); /* it is empty already */
    assert_true(kit_line(sim, LINE));
    assert_int_equal(get(sim, IIR), TX);
    assert_false(kit_line(sim, LINE));
    assert_int_equal(get(sim, IIR), NONE);
    put(sim, RBR, '1'); /* empty again at once */
    assert_true(kit_line(sim, LINE));
    put(sim, RBR, '2');
    assert_false(kit_line(sim, LINE));
    kit_advance(sim, FRAME);
    assert_true(kit_line(sim, LINE));
    put(sim, IER, 0);
    assert_false(kit_line(sim, LINE));
    k5sim_close(sim);
}

static void test_triggers_of_the_receive_fifo(void **state)
{
    static const uint32_t triggers[] = {1, 4, 8, 14};

    (void)state;
    for (uint32_t code = 0; code < 4; code++) {
        struct k5sim *sim = open_running(1u | code << 6);

        put(sim, IER, IER_RX);
        for (uint32_t i = 1; i <= triggers[code]; i++) {
            assert_int_equal(get(sim, IIR), NONE | FIFOS);
            outside_sends(sim, "r");
            kit_advance(sim, FRAME);
        }
        assert_true(kit_line(sim, LINE));
        assert_int_equal(get(sim, IIR), RX | FIFOS);
        assert_int_equal(get(sim, RBR), 'r');
        assert_false(kit_line(sim, LINE));
        k5sim_close(sim);
    }
}

static void test_a_timeout_comes_four_frames_after_the_last_character(void **state)
{
    struct k5sim *sim = open_running(0xc1);

    (void)state;
    put(sim, IER, IER_RX);
    outside_sends(sim, "ab");
    kit_advance(sim, 2 * FRAME + 4 * FRAME - 1u);
    assert_false(kit_line(sim, LINE));
    kit_advance(sim, 1);
    assert_true(kit_line(sim, LINE));
    assert_int_equal(get(sim, IIR), TIMEOUT | FIFOS);
    assert_int_equal(get(sim, RBR), 'a'); /* begins it anew */
    assert_false(kit_line(sim, LINE));
    kit_advance(sim, 4 * FRAME);
    assert_true(kit_line(sim, LINE));
    assert_int_equal(get(sim, RBR), 'b');
    kit_advance(sim, 8 * FRAME);
    assert_false(kit_line(sim, LINE));
    k5sim_close(sim);
}

static void test_an_overrun_keeps_the_fifo_or_the_newer_character(void **state)
{
    struct k5sim *sim = open_running(1);

    (void)state;
    put(sim, IER, IER_LINE);
    outside_sends(sim, "0123456789abcdefX");
    kit_advance(sim, 16 * FRAME);
    assert_int_equal(get(sim, LSR), READY | THRE | TEMT);
    kit_advance(sim, FRAME);
    assert_int_equal(get(sim, IIR), STATUS | FIFOS);
    assert_int_equal(get(sim, LSR), READY | OVERRUN | THRE | TEMT);
    assert_false(kit_line(sim, LINE));
    for (uint32_t i = 0; i < 16; i++) {
        assert_int_equal(get(sim, RBR), "0123456789abcdef"[i]);
    }
    assert_int_equal(get(sim, LSR), THRE | TEMT);
    put(sim, IIR, 0);
    outside_sends(sim, "yz");
    kit_advance(sim, 2 * FRAME);
    assert_int_equal(get(sim, LSR), READY | OVERRUN | THRE | TEMT);
    assert_int_equal(get(sim, RBR), 'z');
    k5sim_close(sim);
}

static void test_errors_show_when_their_character_is_next(void **state)
{
    struct k5sim *sim = open_running(1);

    (void)state;
    put(sim, LCR, EIGHT | 1u << 3);
    put(sim, IER, IER_LINE);
    outside_sends(sim, "a");
    kit_advance(sim, 2 * FRAME);
    k5sim_serial_damage(sim, 0, K5SIM_SERIAL_PARITY);
    outside_sends(sim, "b");
    kit_advance(sim, 2 * FRAME);
    k5sim_serial_damage(sim, 0, K5SIM_SERIAL_BREAK);
    outside_sends(sim, "c");
    kit_advance(sim, 2 * FRAME);
    assert_int_equal(get(sim, LSR), READY | THRE | TEMT | ERROR);
    assert_false(kit_line(sim, LINE));
    assert_int_equal(get(sim, RBR), 'a');
    assert_true(kit_line(sim, LINE));
    assert_int_equal(get(sim, LSR), READY | PARITY | THRE | TEMT | ERROR);
    assert_int_equal(get(sim, LSR), READY | THRE | TEMT | ERROR); /* read clears; one to come */
    assert_int_equal(get(sim, RBR), 'b');
    assert_int_equal(get(sim, LSR), READY | FRAMING | BREAK | THRE | TEMT | ERROR);
    assert_int_equal(get(sim, LSR), READY | THRE | TEMT);
    assert_int_equal(get(sim, RBR), 0);
    k5sim_close(sim);
}

/* All at once; each one taken away shows the next. */
static void test_priorities_of_interrupts(void **state)
{
    struct k5sim *sim = open_running(0);

    (void)state;
    put(sim, IER, IER_RX | IER_TX | IER_LINE | IER_MODEM);
    put(sim, MCR, 1u << 4); /* CTS, DSR and DCD fall */
    put(sim, MCR, 0);
    outside_sends(sim, "ab");
    kit_advance(sim, 2 * FRAME);
    assert_int_equal(get(sim, IIR), STATUS);
    get(sim, LSR);
    assert_int_equal(get(sim, IIR), RX);
    get(sim, RBR);
    assert_int_equal(get(sim, IIR), TX);
    assert_int_equal(get(sim, IIR), 0); /* modem status */
    assert_true(kit_line(sim, LINE));
    assert_int_equal(get(sim, MSR), 0xbb);
    assert_int_equal(get(sim, IIR), NONE);
    assert_int_equal(get(sim, MSR), 0xb0);
    assert_false(kit_line(sim, LINE));
    k5sim_close(sim);
}

static void test_loopback_receives_what_is_sent(void **state)
{
    struct k5sim *sim = open_running(1);
    char sent[2];

    (void)state;
    put(sim, MCR, 1u << 4);
    put(sim, RBR, 'l');
    outside_sends(sim, "x"); /* is not heard */
    kit_advance(sim, FRAME - 1u);
    assert_int_equal(get(sim, LSR) & READY, 0);
    kit_advance(sim, 1);
    assert_int_equal(get(sim, RBR), 'l');
    kit_advance(sim, 2 * FRAME);
    assert_int_equal(get(sim, LSR), THRE | TEMT);
    assert_int_equal(kit_sent(sim, 0, sent, 2), 0);
    for (uint32_t bit = 0; bit < 4; bit++) { /* DTR, RTS, OUT1, OUT2: DSR, CTS, RI, DCD */
        static const uint32_t lines[] = {1u << 5, 1u << 4, 1u << 6, 1u << 7};

        put(sim, MCR, 1u << 4 | 1u << bit);
        assert_int_equal(get(sim, MSR) & 0xf0u, lines[bit]);
    }
    put(sim, MCR, 1u << 4 | 1u << 2);
    get(sim, MSR);
    put(sim, MCR, 1u << 4); /* the end of ring */
    assert_int_equal(get(sim, MSR), 1u << 2);
    k5sim_close(sim);
}

static void test_fifo_control_clears(void **state)
{
    struct k5sim *sim = open_running(1);
    char sent[8];

    (void)state;
    outside_sends(sim, "ab");
    kit_advance(sim, 2 * FRAME);
    put(sim, IIR, 1u | 1u << 1);
    assert_int_equal(get(sim, LSR), THRE | TEMT);
    put(sim, RBR, '1');
    put(sim, RBR, '2');
    put(sim, IIR, 1u | 1u << 2);
    assert_int_equal(get(sim, LSR), THRE);
    put(sim, RBR, '3');
    put(sim, IIR, 0); /* the other mode clears, too */
    kit_advance(sim, 3 * FRAME);
    assert_int_equal(kit_sent(sim, 0, sent, sizeof sent), 1);
    assert_int_equal(sent[0], '1');
    put(sim, IIR, 0xc0); /* a trigger without the enable */
    assert_int_equal(get(sim, IIR), NONE);
    k5sim_close(sim);
}

static void test_a_break_hides_what_is_sent(void **state)
{
    struct k5sim *sim = open_running(0);
    struct k5sim_event sent;

    (void)state;
    put(sim, RBR, 'h');
    put(sim, LCR, EIGHT | 1u << 6);
    kit_advance(sim, FRAME);
    kit_events(sim, 0, 0, NULL);
    put(sim, LCR, EIGHT);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_SERIAL, 0, &sent), 1);
    assert_int_equal(sent.arg[2], K5SIM_SERIAL_BREAK);
    put(sim, LCR, EIGHT | 1u << 6);
    kit_advance(sim, FRAME - 1u); /* too short */
    put(sim, LCR, EIGHT);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_SERIAL, 0, NULL), 0);
    k5sim_close(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_registers_after_reset),
        cmocka_unit_test(test_the_latch_shares_places_with_data_and_enables),
        cmocka_unit_test(test_a_frame_lasts_as_long_as_its_bits),
        cmocka_unit_test(test_the_clock_of_virt_is_the_default),
        cmocka_unit_test(test_without_fifos_one_waits_behind_the_shift_register),
        cmocka_unit_test(test_the_fifo_takes_sixteen_behind_the_shift_register),
        cmocka_unit_test(test_the_transmit_interrupt_goes_with_a_read_of_iir_or_a_write),
        cmocka_unit_test(test_triggers_of_the_receive_fifo),
        cmocka_unit_test(test_a_timeout_comes_four_frames_after_the_last_character),
        cmocka_unit_test(test_an_overrun_keeps_the_fifo_or_the_newer_character),
        cmocka_unit_test(test_errors_show_when_their_character_is_next),
        cmocka_unit_test(test_priorities_of_interrupts),
        cmocka_unit_test(test_loopback_receives_what_is_sent),
        cmocka_unit_test(test_fifo_control_clears),
        cmocka_unit_test(test_a_break_hides_what_is_sent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
