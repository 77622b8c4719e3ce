/* STM32 USART and LPUART through their registers: flags, FIFOs, errors, and bits in real time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/support/device_kit.h"

enum { D_USART, D_LPUART };
enum { LINE_USART = 61, LINE_LPUART = 66 };

enum {
    CR1 = 0x00,
    CR2 = 0x04,
    CR3 = 0x08,
    BRR = 0x0c,
    GTPR = 0x10,
    RTOR = 0x14,
    RQR = 0x18,
    ISR = 0x1c,
    ICR = 0x20,
    RDR = 0x24,
    TDR = 0x28,
    PRESC = 0x2c
};

#define UE     (1u << 0)
#define RE     (1u << 2)
#define TE     (1u << 3)
#define IDLEIE (1u << 4)
#define RXNEIE (1u << 5)
#define TCIE   (1u << 6)
#define TXEIE  (1u << 7)
#define PEIE   (1u << 8)
#define PS     (1u << 9)
#define PCE    (1u << 10)
#define M0     (1u << 12)
#define CMIE   (1u << 14)
#define OVER8  (1u << 15)
#define RTOIE  (1u << 26)
#define M1     (1u << 28)
#define FIFOEN (1u << 29)
#define TXFEIE (1u << 30)
#define RXFFIE (1u << 31)

#define PE    (1u << 0)
#define FE    (1u << 1)
#define NE    (1u << 2)
#define ORE   (1u << 3)
#define IDLE  (1u << 4)
#define RXNE  (1u << 5)
#define TC    (1u << 6)
#define TXE   (1u << 7)
#define RTOF  (1u << 11)
#define CMF   (1u << 17)
#define SBKF  (1u << 18)
#define TEACK (1u << 21)
#define REACK (1u << 22)
#define TXFE  (1u << 23)
#define RXFF  (1u << 24)
#define RXFT  (1u << 26)
#define TXFT  (1u << 27)

static const struct k5sim_device devices[] = {
    {.model = "stm32-usart",
     .name = "usart1",
     .base = 0x40013800,
     .line_count = 1,
     .line = {LINE_USART}},
    {.model = "stm32-lpuart",
     .name = "lpuart1",
     .base = 0x40008000,
     .line_count = 1,
     .line = {LINE_LPUART}},
};

static struct k5sim *open_kit(void)
{
    return kit_open(&(struct kit_board){.device = devices, .device_count = 2});
}

#define BIT   200u /* ticks: 100,000 baud */
#define FRAME (10u * BIT)

/* Enabled, and its idle frame gone. */
static struct k5sim *open_running(uint32_t cr1)
{
    struct k5sim *sim = open_kit();

    kit_write(sim, D_USART, BRR, BIT);
    kit_write(sim, D_USART, CR1, cr1 | UE | RE | TE);
    kit_advance(sim, 13u * BIT);
    return sim;
}

static bool has(struct k5sim *sim, uint32_t flag)
{
    return (kit_read(sim, D_USART, ISR) & flag) == flag;
}

static void outside_sends(struct k5sim *sim, const char *characters)
{
    uint32_t count = (uint32_t)strlen(characters);

    assert_int_equal(k5sim_serial_send(sim, D_USART, characters, count), count);
}

static void test_reset_values_and_reserved_places(void **state)
{
    static const uint32_t zero[] = {CR1, CR2, CR3, BRR, RQR, ICR, RDR, TDR, PRESC};
    struct k5sim *sim = open_kit();

    (void)state;
    for (size_t i = 0; i < sizeof zero / sizeof zero[0]; i++) {
        assert_int_equal(kit_read(sim, D_USART, zero[i]), 0);
        assert_int_equal(kit_read(sim, D_LPUART, zero[i]), 0);
    }
    assert_int_equal(kit_read(sim, D_USART, ISR), TC | TXE);
    assert_int_equal(kit_read(sim, D_LPUART, ISR), TC | TXE);
    assert_int_equal(kit_read(sim, D_USART, GTPR), 0);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_DEVICE_MISUSE, D_USART, NULL), 0);
    kit_write(sim, D_USART, ISR, 0);
    kit_write(sim, D_USART, RDR, 0x55);
    assert_int_equal(kit_read(sim, D_USART, ISR), TC | TXE);
    assert_int_equal(kit_read(sim, D_USART, RDR), 0);
    kit_write(sim, D_USART, BRR, UINT32_MAX);
    kit_write(sim, D_LPUART, BRR, UINT32_MAX);
    assert_int_equal(kit_read(sim, D_USART, BRR), 0xffff);
    assert_int_equal(kit_read(sim, D_LPUART, BRR), 0xfffff);
    k5sim_close(sim);
}

/* The manual wants words; anything else is a mistake of the task's, and is told. */
static void test_narrow_accesses_are_misuse(void **state)
{
    struct k5sim *sim = open_running(0);

    (void)state;
    kit_write_sized(sim, D_USART, TDR, 1, 'x');
    assert_int_equal(kit_events(sim, K5SIM_EVENT_DEVICE_MISUSE, D_USART, NULL), 1);
    kit_advance(sim, 2 * FRAME);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_SERIAL, D_USART, NULL), 0);
    assert_int_equal(kit_read_sized(sim, D_USART, ISR, 2), 0);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_DEVICE_MISUSE, D_USART, NULL), 1);
    k5sim_close(sim);
}

static void test_an_idle_frame_comes_before_the_first_character(void **state)
{
    struct k5sim *sim = open_kit();
    char sent[4];

    (void)state;
    kit_write(sim, D_USART, BRR, BIT);
    kit_write(sim, D_USART, CR1, UE | TE);
    assert_true(has(sim, TEACK));
    assert_false(has(sim, REACK));
    kit_write(sim, D_USART, TDR, 'A');
    assert_false(has(sim, TXE)); /* the shift register is taken */
    assert_false(has(sim, TC));
    kit_advance(sim, FRAME - 1u);
    assert_false(has(sim, TXE));
    kit_advance(sim, 1);
    assert_true(has(sim, TXE));
    kit_advance(sim, FRAME - 1u);
    assert_false(has(sim, TC));
    assert_int_equal(kit_sent(sim, D_USART, sent, sizeof sent), 0);
    kit_advance(sim, 1);
    assert_true(has(sim, TC));
    assert_int_equal(kit_sent(sim, D_USART, sent, sizeof sent), 1);
    assert_int_equal(sent[0], 'A');
    k5sim_close(sim);
}

static void test_characters_follow_without_a_gap_and_tc_comes_last(void **state)
{
    struct k5sim *sim = open_running(0);
    char sent[8];

    (void)state;
    kit_write(sim, D_USART, TDR, 'a');
    assert_true(has(sim, TXE));
    kit_write(sim, D_USART, TDR, 'b');
    assert_false(has(sim, TXE));
    kit_advance(sim, FRAME);
    assert_true(has(sim, TXE));
    assert_false(has(sim, TC));
    kit_advance(sim, FRAME - 1u);
    assert_false(has(sim, TC));
    kit_advance(sim, 1);
    assert_true(has(sim, TC));
    assert_int_equal(kit_sent(sim, D_USART, sent, sizeof sent), 2);
    assert_memory_equal(sent, "ab", 2);
    kit_write(sim, D_USART, ICR, TC);
    assert_false(has(sim, TC));
    k5sim_close(sim);
}

/* Without FIFO, a third character replaces the second one. */
static void test_tdr_that_is_full_is_overwritten(void **state)
{
    struct k5sim *sim = open_running(0);
    char sent[8];

    (void)state;
    kit_write(sim, D_USART, TDR, 'a');
    kit_write(sim, D_USART, TDR, 'b');
    kit_write(sim, D_USART, TDR, 'c');
    kit_advance(sim, 3 * FRAME);
    assert_int_equal(kit_sent(sim, D_USART, sent, sizeof sent), 2);
    assert_memory_equal(sent, "ac", 2);
    k5sim_close(sim);
}

/* One character from rest to its last tick, and not a tick less. */
static void expect_frame(uint32_t device, uint32_t cr1, uint32_t cr2, uint32_t brr, uint32_t presc,
                         uint32_t ticks)
{
    struct k5sim *sim = open_kit();
    char sent[2];

    kit_write(sim, device, CR2, cr2);
    kit_write(sim, device, BRR, brr);
    kit_write(sim, device, PRESC, presc);
    kit_write(sim, device, CR1, cr1 | UE | RE | TE);
    kit_advance(sim, ticks);
    kit_write(sim, device, TDR, 0x5a);
    kit_advance(sim, ticks - 1u);
    assert_int_equal(kit_sent(sim, device, sent, 2), 0);
    kit_advance(sim, 1);
    struct k5sim_event event;

    assert_int_equal(kit_events(sim, K5SIM_EVENT_SERIAL, device, &event), 1);
    assert_int_equal(event.arg[0], 0x5a);
    assert_int_equal(event.arg[3], ticks);
    k5sim_close(sim);
}

static void test_a_frame_lasts_as_long_as_its_bits(void **state)
{
    (void)state;
    expect_frame(D_USART, 0, 0, 200, 0, 2000);
    expect_frame(D_USART, PCE, 0, 200, 0, 2000);        /* parity is one of the eight */
    expect_frame(D_USART, M0, 0, 200, 0, 2200);         /* nine */
    expect_frame(D_USART, M1 | 0, 0, 200, 0, 1800);     /* seven: 0x5a fits */
    expect_frame(D_USART, 0, 2u << 12, 200, 0, 2200);   /* two stop bits */
    expect_frame(D_USART, 0, 1u << 12, 200, 0, 1900);   /* half a stop bit */
    expect_frame(D_USART, 0, 3u << 12, 200, 0, 2100);   /* one and a half */
    expect_frame(D_USART, 0, 0, 200, 1, 4000);          /* prescaler 2 */
    expect_frame(D_USART, 0, 0, 200, 3, 12000);         /* prescaler 6 */
    expect_frame(D_USART, 0, 0, 16, 11, 40960);         /* prescaler 256 */
    expect_frame(D_USART, OVER8, 0, 0x00c4, 0, 1000);   /* USARTDIV 200, half a tick each */
    expect_frame(D_USART, OVER8, 0, 0x0013, 0, 110);    /* USARTDIV 22 */
    expect_frame(D_LPUART, 0, 0, 256u * 100u, 0, 1000); /* a 256th of a tick each */
    expect_frame(D_LPUART, 0, 0, 44444, 0, 1736);       /* 115,200 baud: 1736.1 */
    expect_frame(D_LPUART, M0, 2u << 12, 0x300, 0, 36); /* the least divider: 12 bits of 3 */
    expect_frame(D_LPUART, 0, 0, 0x300, 4, 240);        /* prescaler 8 */
}

static void test_a_divider_that_is_too_small_sends_nothing(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    kit_write(sim, D_USART, BRR, 15);
    kit_write(sim, D_USART, CR1, UE | TE | RE);
    kit_write(sim, D_USART, TDR, 'x');
    kit_write(sim, D_LPUART, BRR, 0x2ff);
    kit_write(sim, D_LPUART, CR1, UE | TE | RE);
    kit_write(sim, D_LPUART, TDR, 'x');
    kit_advance(sim, 1000000);
    assert_false(has(sim, TC));
    assert_int_equal(kit_events(sim, K5SIM_EVENT_SERIAL, D_USART, NULL), 0);
    k5sim_close(sim);
}

static void test_settings_keep_their_value_while_enabled(void **state)
{
    struct k5sim *sim = open_running(PCE);

    (void)state;
    kit_write(sim, D_USART, BRR, 300);
    kit_write(sim, D_USART, PRESC, 5);
    kit_write(sim, D_USART, CR1, UE | RE | TE | M0 | M1 | FIFOEN | OVER8 | PS | RXNEIE);
    kit_write(sim, D_USART, CR2, 2u << 12 | 0x41u << 24);
    kit_write(sim, D_USART, CR3, 1u << 12 | 1u);
    assert_int_equal(kit_read(sim, D_USART, BRR), BIT);
    assert_int_equal(kit_read(sim, D_USART, PRESC), 0);
    assert_int_equal(kit_read(sim, D_USART, CR1), UE | RE | TE | PCE | RXNEIE);
    assert_int_equal(kit_read(sim, D_USART, CR2), 0);
    assert_int_equal(kit_read(sim, D_USART, CR3), 1);
    kit_write(sim, D_USART, CR1, 0);
    kit_write(sim, D_USART, BRR, 300);
    assert_int_equal(kit_read(sim, D_USART, BRR), 300);
    k5sim_close(sim);
}

static void test_disabling_drops_all_and_resets_the_flags(void **state)
{
    struct k5sim *sim = open_running(TXEIE | RXNEIE);

    (void)state;
    outside_sends(sim, "q");
    kit_advance(sim, FRAME);
    kit_write(sim, D_USART, TDR, 'a');
    kit_write(sim, D_USART, TDR, 'b');
    assert_true(has(sim, RXNE));
    kit_write(sim, D_USART, CR1, 0);
    assert_int_equal(kit_read(sim, D_USART, ISR), TC | TXE);
    assert_false(kit_line(sim, LINE_USART));
    kit_events(sim, 0, 0, NULL);
    kit_advance(sim, 10 * FRAME);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_SERIAL, D_USART, NULL), 0);
    kit_write(sim, D_USART, TDR, 'c'); /* lost: it is off */
    kit_write(sim, D_USART, CR1, UE | TE);
    kit_advance(sim, 10 * FRAME);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_SERIAL, D_USART, NULL), 0);
    k5sim_close(sim);
}

/* TE alone stops behind the character that is on its way. */
static void test_a_disabled_transmitter_ends_its_character(void **state)
{
    struct k5sim *sim = open_running(0);
    char sent[4];

    (void)state;
    kit_write(sim, D_USART, TDR, 'a');
    kit_write(sim, D_USART, TDR, 'b');
    kit_write(sim, D_USART, CR1, UE | RE);
    kit_advance(sim, 5 * FRAME);
    assert_int_equal(kit_sent(sim, D_USART, sent, 4), 1);
    assert_int_equal(sent[0], 'a');
    kit_write(sim, D_USART, RQR, 1u << 1);
    assert_false(has(sim, SBKF)); /* nobody could send that break */
    kit_write(sim, D_USART, CR1, UE | RE | TE);
    kit_advance(sim, 2 * FRAME);
    assert_int_equal(kit_sent(sim, D_USART, sent, 4), 1);
    assert_int_equal(sent[0], 'b');
    k5sim_close(sim);
}

static void test_a_character_arrives_at_the_end_of_its_frame(void **state)
{
    struct k5sim *sim = open_running(RXNEIE);

    (void)state;
    outside_sends(sim, "Z");
    kit_advance(sim, FRAME - 1u);
    assert_false(has(sim, RXNE));
    assert_false(kit_line(sim, LINE_USART));
    kit_advance(sim, 1);
    assert_true(has(sim, RXNE));
    assert_true(kit_line(sim, LINE_USART));
    uint32_t peeked = 0;

    assert_int_equal(k5sim_device_peek(sim, D_USART, RDR, &peeked), 0);
    assert_int_equal(peeked, 'Z');
    assert_true(has(sim, RXNE)); /* looking is not reading */
    assert_int_equal(kit_read(sim, D_USART, RDR), 'Z');
    assert_false(has(sim, RXNE));
    assert_false(kit_line(sim, LINE_USART));
    k5sim_close(sim);
}

static void test_an_overrun_loses_the_newer_character(void **state)
{
    struct k5sim *sim = open_running(0);

    (void)state;
    outside_sends(sim, "12");
    kit_advance(sim, 2 * FRAME - 1u);
    assert_false(has(sim, ORE));
    kit_advance(sim, 1);
    assert_true(has(sim, ORE | RXNE));
    kit_write(sim, D_USART, CR1, UE | RE | TE | RXNEIE);
    assert_int_equal(kit_read(sim, D_USART, RDR), '1');
    assert_false(has(sim, RXNE));
    assert_true(kit_line(sim, LINE_USART)); /* RXNEIE is for ORE, too */
    kit_write(sim, D_USART, ICR, ORE);
    assert_false(kit_line(sim, LINE_USART));
    assert_false(has(sim, ORE));
    k5sim_close(sim);
}

static void test_ovrdis_keeps_the_newer_character_and_no_flag(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    kit_write(sim, D_USART, BRR, BIT);
    kit_write(sim, D_USART, CR3, 1u << 12);
    kit_write(sim, D_USART, CR1, UE | RE);
    outside_sends(sim, "12");
    kit_advance(sim, 2 * FRAME);
    assert_false(has(sim, ORE));
    assert_int_equal(kit_read(sim, D_USART, RDR), '2');
    k5sim_close(sim);
}

static void test_damage_shows_as_flags_with_the_character(void **state)
{
    static const struct {
        uint32_t damage;
        uint32_t flag;
        uint32_t enable_cr1;
        uint32_t enable_cr3;
    } rows[] = {
        {K5SIM_SERIAL_FRAMING, FE, 0, 1},
        {K5SIM_SERIAL_NOISE, NE, 0, 1},
        {K5SIM_SERIAL_PARITY, PE, PEIE, 0},
        {K5SIM_SERIAL_BREAK, FE, 0, 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct k5sim *sim = open_running(PCE | M0);

        kit_write(sim, D_USART, CR1, UE | RE | TE | PCE | M0 | rows[i].enable_cr1);
        kit_write(sim, D_USART, CR3, rows[i].enable_cr3);
        k5sim_serial_damage(sim, D_USART, rows[i].damage);
        outside_sends(sim, "A");
        kit_advance(sim, 11u * BIT);
        assert_int_equal(kit_read(sim, D_USART, ISR) & (PE | FE | NE | ORE | RXNE),
                         rows[i].flag | RXNE);
        assert_true(kit_line(sim, LINE_USART));
        kit_write(sim, D_USART, ICR, rows[i].flag);
        assert_false(kit_line(sim, LINE_USART));
        assert_false(has(sim, rows[i].flag));
        /* 'A' has even parity; the bit is in RDR, wrong where it was damaged. */
        uint32_t expected = rows[i].damage == K5SIM_SERIAL_BREAK    ? 0u
                            : rows[i].damage == K5SIM_SERIAL_PARITY ? 0x141u
                                                                    : 0x41u;
        assert_int_equal(kit_read(sim, D_USART, RDR), expected);
        k5sim_close(sim);
    }
}

/* One sample a bit cannot disagree with itself. */
static void test_onebit_has_no_noise(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    kit_write(sim, D_USART, BRR, BIT);
    kit_write(sim, D_USART, CR3, 1u << 11);
    kit_write(sim, D_USART, CR1, UE | RE);
    k5sim_serial_damage(sim, D_USART, K5SIM_SERIAL_NOISE);
    outside_sends(sim, "n");
    kit_advance(sim, FRAME);
    assert_true(has(sim, RXNE));
    assert_false(has(sim, NE));
    k5sim_close(sim);
}

static void test_rdr_has_the_parity_bit(void **state)
{
    struct k5sim *sim = open_running(PCE | PS); /* odd, seven bits of data */
    char sent[2];

    (void)state;
    outside_sends(sim, "AC");
    kit_advance(sim, FRAME);
    assert_int_equal(kit_read(sim, D_USART, RDR), 0x80 | 'A'); /* two ones, and this */
    kit_advance(sim, FRAME);
    assert_int_equal(kit_read(sim, D_USART, RDR), 'C'); /* three */
    kit_write(sim, D_USART, TDR, 0x80 | 'q');           /* what is written there is replaced */
    kit_advance(sim, FRAME);
    assert_int_equal(kit_sent(sim, D_USART, sent, 2), 1);
    assert_int_equal(sent[0], 'q');
    k5sim_close(sim);
}

static void test_the_wrong_speed_damages_and_a_receiver_that_is_off_loses(void **state)
{
    struct k5sim *sim = open_running(0);
    struct k5sim_event event;

    (void)state;
    k5sim_serial_speed(sim, D_USART, 110000);
    outside_sends(sim, "U");
    kit_advance(sim, FRAME);
    assert_true(has(sim, FE));
    kit_read(sim, D_USART, RDR);
    kit_write(sim, D_USART, ICR, FE);
    kit_write(sim, D_USART, CR1, UE | TE);
    k5sim_serial_speed(sim, D_USART, 100000);
    kit_events(sim, 0, 0, NULL);
    outside_sends(sim, "U");
    kit_advance(sim, FRAME);
    assert_false(has(sim, RXNE));
    assert_int_equal(kit_events(sim, K5SIM_EVENT_SERIAL, D_USART, &event), 1);
    assert_int_equal(event.arg[2] & K5SIM_SERIAL_LOST, K5SIM_SERIAL_LOST);
    k5sim_close(sim);
}

static void test_idle_comes_a_frame_after_the_last_character_and_once(void **state)
{
    struct k5sim *sim = open_running(IDLEIE);

    (void)state;
    kit_advance(sim, 10 * FRAME);
    assert_false(has(sim, IDLE)); /* nothing has come yet */
    outside_sends(sim, "abc");
    kit_advance(sim, 4 * FRAME - 1u);
    assert_false(has(sim, IDLE));
    assert_false(kit_line(sim, LINE_USART));
    kit_advance(sim, 1);
    assert_true(has(sim, IDLE));
    assert_true(kit_line(sim, LINE_USART));
    kit_write(sim, D_USART, ICR, IDLE);
    kit_advance(sim, 10 * FRAME);
    assert_false(has(sim, IDLE));
    k5sim_close(sim);
}

static void test_a_character_that_has_begun_puts_idle_off(void **state)
{
    struct k5sim *sim = open_running(0);

    (void)state;
    outside_sends(sim, "a");
    kit_advance(sim, 2 * FRAME - 1u);
    outside_sends(sim, "b");
    kit_advance(sim, 2 * FRAME - 1u);
    assert_false(has(sim, IDLE));
    kit_advance(sim, 1);
    assert_true(has(sim, IDLE));
    k5sim_close(sim);
}

static void test_the_receiver_times_out_after_rto_bits(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    kit_write(sim, D_USART, BRR, BIT);
    kit_write(sim, D_USART, RTOR, 25);
    kit_write(sim, D_USART, CR2, 1u << 23);
    kit_write(sim, D_USART, CR1, UE | RE | RTOIE);
    outside_sends(sim, "ab");
    kit_advance(sim, 2 * FRAME + 25 * BIT - 1u);
    assert_false(has(sim, RTOF));
    kit_advance(sim, 1);
    assert_true(has(sim, RTOF));
    assert_true(kit_line(sim, LINE_USART));
    kit_write(sim, D_USART, ICR, RTOF);
    assert_false(kit_line(sim, LINE_USART));
    k5sim_close(sim);
}

static void test_a_character_that_matches_add_sets_cmf(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    kit_write(sim, D_USART, BRR, BIT);
    kit_write(sim, D_USART, CR2, (uint32_t)'\n' << 24);
    kit_write(sim, D_USART, CR1, UE | RE | CMIE);
    outside_sends(sim, "x\n");
    kit_advance(sim, FRAME);
    assert_false(has(sim, CMF));
    kit_advance(sim, FRAME);
    assert_true(has(sim, CMF));
    assert_true(kit_line(sim, LINE_USART));
    kit_write(sim, D_USART, ICR, CMF);
    assert_false(kit_line(sim, LINE_USART));
    k5sim_close(sim);
}

static void test_a_break_takes_a_frame_and_two_stop_bits(void **state)
{
    struct k5sim *sim = open_running(0);
    char sent[2];

    (void)state;
    kit_write(sim, D_USART, TDR, 'a');
    kit_write(sim, D_USART, RQR, 1u << 1);
    assert_true(has(sim, SBKF));
    assert_int_equal(kit_read(sim, D_USART, RQR), 0);
    kit_write(sim, D_USART, TDR, 'b');
    kit_advance(sim, FRAME + 12u * BIT - 1u);
    assert_true(has(sim, SBKF));
    kit_advance(sim, 1);
    struct k5sim_event event;

    assert_false(has(sim, SBKF));
    assert_false(has(sim, TC));
    assert_int_equal(kit_events(sim, K5SIM_EVENT_SERIAL, D_USART, &event), 2);
    assert_int_equal(event.arg[2], K5SIM_SERIAL_BREAK);
    kit_advance(sim, FRAME);
    assert_int_equal(kit_sent(sim, D_USART, sent, 2), 1);
    assert_int_equal(sent[0], 'b');
    k5sim_close(sim);
}

/* ---------------------------------------------------------------- FIFOs */

static void test_txfifo_takes_eight_behind_the_shift_register(void **state)
{
    struct k5sim *sim = open_running(FIFOEN);
    char sent[16];

    (void)state;
    assert_true(has(sim, TXFE | TXE));
    for (uint32_t i = 0; i < 9; i++) {
        assert_true(has(sim, TXE));
        kit_write(sim, D_USART, TDR, 'a' + i);
    }
    assert_false(has(sim, TXE));
    kit_write(sim, D_USART, TDR, 'X'); /* lost */
    kit_advance(sim, 8 * FRAME - 1u);
    assert_false(has(sim, TXFE));
    kit_advance(sim, 1);
    assert_true(has(sim, TXFE));
    assert_false(has(sim, TC));
    kit_advance(sim, FRAME);
    assert_true(has(sim, TC));
    assert_int_equal(kit_sent(sim, D_USART, sent, sizeof sent), 9);
    assert_memory_equal(sent, "abcdefghi", 9);
    k5sim_close(sim);
}

static void test_rxfifo_takes_eight_and_rdr_one_before_an_overrun(void **state)
{
    struct k5sim *sim = open_running(FIFOEN | RXFFIE);

    (void)state;
    outside_sends(sim, "123456789x");
    kit_advance(sim, 8 * FRAME);
    assert_false(has(sim, RXFF));
    assert_false(kit_line(sim, LINE_USART));
    kit_advance(sim, FRAME);
    assert_true(has(sim, RXFF));
    assert_true(kit_line(sim, LINE_USART));
    assert_false(has(sim, ORE));
    kit_advance(sim, FRAME);
    assert_true(has(sim, ORE));
    for (uint32_t i = 0; i < 9; i++) {
        assert_true(has(sim, RXNE));
        assert_int_equal(kit_read(sim, D_USART, RDR), '1' + i);
    }
    assert_false(has(sim, RXNE));
    k5sim_close(sim);
}

static void test_error_flags_are_those_of_the_character_in_rdr(void **state)
{
    struct k5sim *sim = open_running(FIFOEN);

    (void)state;
    outside_sends(sim, "a");
    kit_advance(sim, FRAME);
    k5sim_serial_damage(sim, D_USART, K5SIM_SERIAL_NOISE);
    outside_sends(sim, "b");
    kit_advance(sim, FRAME);
    assert_false(has(sim, NE)); /* it is behind 'a' */
    assert_int_equal(kit_read(sim, D_USART, RDR), 'a');
    assert_true(has(sim, NE));
    assert_int_equal(kit_read(sim, D_USART, RDR), 'b');
    k5sim_close(sim);
}

static void test_thresholds_of_the_fifos(void **state)
{
    static const uint32_t thresholds[] = {1, 2, 4, 6, 7, 8};

    (void)state;
    for (uint32_t code = 0; code < 6; code++) {
        struct k5sim *sim = open_running(FIFOEN);

        kit_write(sim, D_USART, CR3, code << 25 | 1u << 28);
        for (uint32_t i = 0; i < thresholds[code]; i++) {
            assert_false(has(sim, RXFT));
            assert_false(kit_line(sim, LINE_USART));
            outside_sends(sim, "r");
            kit_advance(sim, FRAME);
        }
        assert_true(has(sim, RXFT));
        assert_true(kit_line(sim, LINE_USART));
        kit_read(sim, D_USART, RDR);
        assert_false(kit_line(sim, LINE_USART));
        kit_write(sim, D_USART, CR3, code << 29 | 1u << 23);
        for (uint32_t i = 0; i < 9; i++) {
            kit_write(sim, D_USART, TDR, 't');
        }
        assert_false(kit_line(sim, LINE_USART));
        kit_advance(sim, thresholds[code] * FRAME - 1u);
        assert_false(has(sim, TXFT));
        kit_advance(sim, 1);
        assert_true(has(sim, TXFT));
        assert_true(kit_line(sim, LINE_USART));
        k5sim_close(sim);
    }
}

static void test_requests_flush_the_fifos(void **state)
{
    struct k5sim *sim = open_running(FIFOEN);
    char sent[8];

    (void)state;
    outside_sends(sim, "abc");
    kit_advance(sim, 3 * FRAME);
    kit_write(sim, D_USART, RQR, 1u << 3);
    assert_false(has(sim, RXNE));
    kit_write(sim, D_USART, TDR, '1');
    kit_write(sim, D_USART, TDR, '2');
    kit_write(sim, D_USART, RQR, 1u << 4);
    assert_true(has(sim, TXFE));
    kit_advance(sim, 4 * FRAME);
    assert_int_equal(kit_sent(sim, D_USART, sent, 8), 1);
    assert_true(has(sim, TC));
    k5sim_close(sim);
}

/* ---------------------------------------------------------------- the rest */

static void test_transmit_interrupts_follow_their_enables(void **state)
{
    struct k5sim *sim = open_running(0);

    (void)state;
    assert_false(kit_line(sim, LINE_USART));
    kit_write(sim, D_USART, CR1, UE | RE | TE | TXEIE);
    assert_true(kit_line(sim, LINE_USART));
    kit_write(sim, D_USART, TDR, 'a');
    assert_true(kit_line(sim, LINE_USART)); /* TDR is free again */
    kit_write(sim, D_USART, TDR, 'b');
    assert_false(kit_line(sim, LINE_USART));
    kit_write(sim, D_USART, CR1, UE | RE | TE | TCIE);
    kit_advance(sim, 2 * FRAME - 1u);
    assert_false(kit_line(sim, LINE_USART));
    kit_advance(sim, 1);
    assert_true(kit_line(sim, LINE_USART));
    kit_write(sim, D_USART, ICR, TC);
    assert_false(kit_line(sim, LINE_USART));
    k5sim_close(sim);
}

static void test_lpuart_has_no_bits_of_usart_alone(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    kit_write(sim, D_LPUART, CR1, OVER8 | RTOIE);
    kit_write(sim, D_LPUART, CR2, 1u << 23);
    kit_write(sim, D_LPUART, CR3, 1u << 11);
    assert_int_equal(kit_read(sim, D_LPUART, CR1), 0);
    assert_int_equal(kit_read(sim, D_LPUART, CR2), 0);
    assert_int_equal(kit_read(sim, D_LPUART, CR3), 0);
    k5sim_close(sim);
}

static void test_lpuart_echoes(void **state)
{
    struct k5sim *sim = open_kit();
    char sent[2];

    (void)state;
    kit_write(sim, D_LPUART, BRR, 256u * BIT);
    kit_write(sim, D_LPUART, CR1, UE | RE | TE | RXNEIE);
    kit_advance(sim, FRAME);
    k5sim_serial_send(sim, D_LPUART, "e", 1);
    kit_advance(sim, FRAME);
    assert_true(kit_line(sim, LINE_LPUART));
    kit_write(sim, D_LPUART, TDR, kit_read(sim, D_LPUART, RDR));
    assert_false(kit_line(sim, LINE_LPUART));
    kit_advance(sim, FRAME);
    assert_int_equal(kit_sent(sim, D_LPUART, sent, 2), 1);
    assert_int_equal(sent[0], 'e');
    k5sim_close(sim);
}

static void test_what_is_not_modelled_is_told(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    kit_write(sim, D_USART, CR2, 1u << 14); /* LIN */
    assert_int_equal(kit_events(sim, K5SIM_EVENT_DEVICE_UNMODELLED, D_USART, NULL), 1);
    kit_write(sim, D_USART, CR3, 1u << 7); /* DMA */
    assert_int_equal(kit_events(sim, K5SIM_EVENT_DEVICE_UNMODELLED, D_USART, NULL), 1);
    kit_write(sim, D_USART, CR1, M0 | PCE | FIFOEN);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_DEVICE_UNMODELLED, D_USART, NULL), 0);
    k5sim_close(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reset_values_and_reserved_places),
        cmocka_unit_test(test_narrow_accesses_are_misuse),
        cmocka_unit_test(test_an_idle_frame_comes_before_the_first_character),
        cmocka_unit_test(test_characters_follow_without_a_gap_and_tc_comes_last),
        cmocka_unit_test(test_tdr_that_is_full_is_overwritten),
        cmocka_unit_test(test_a_frame_lasts_as_long_as_its_bits),
        cmocka_unit_test(test_a_divider_that_is_too_small_sends_nothing),
        cmocka_unit_test(test_settings_keep_their_value_while_enabled),
        cmocka_unit_test(test_disabling_drops_all_and_resets_the_flags),
        cmocka_unit_test(test_a_disabled_transmitter_ends_its_character),
        cmocka_unit_test(test_a_character_arrives_at_the_end_of_its_frame),
        cmocka_unit_test(test_an_overrun_loses_the_newer_character),
        cmocka_unit_test(test_ovrdis_keeps_the_newer_character_and_no_flag),
        cmocka_unit_test(test_damage_shows_as_flags_with_the_character),
        cmocka_unit_test(test_onebit_has_no_noise),
        cmocka_unit_test(test_rdr_has_the_parity_bit),
        cmocka_unit_test(test_the_wrong_speed_damages_and_a_receiver_that_is_off_loses),
        cmocka_unit_test(test_idle_comes_a_frame_after_the_last_character_and_once),
        cmocka_unit_test(test_a_character_that_has_begun_puts_idle_off),
        cmocka_unit_test(test_the_receiver_times_out_after_rto_bits),
        cmocka_unit_test(test_a_character_that_matches_add_sets_cmf),
        cmocka_unit_test(test_a_break_takes_a_frame_and_two_stop_bits),
        cmocka_unit_test(test_txfifo_takes_eight_behind_the_shift_register),
        cmocka_unit_test(test_rxfifo_takes_eight_and_rdr_one_before_an_overrun),
        cmocka_unit_test(test_error_flags_are_those_of_the_character_in_rdr),
        cmocka_unit_test(test_thresholds_of_the_fifos),
        cmocka_unit_test(test_requests_flush_the_fifos),
        cmocka_unit_test(test_transmit_interrupts_follow_their_enables),
        cmocka_unit_test(test_lpuart_has_no_bits_of_usart_alone),
        cmocka_unit_test(test_lpuart_echoes),
        cmocka_unit_test(test_what_is_not_modelled_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
