/* STM32 SPI through its registers: frames in real time, both FIFOs, and what an access moves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/sim/support/device_kit.h"

enum { D_SPI, D_DISPLAY };
enum { LINE = 59 };

enum { CR1 = 0x00, CR2 = 0x04, SR = 0x08, DR = 0x0c, CRCPR = 0x10, RXCRCR = 0x14, TXCRCR = 0x18 };

#define MSTR     (1u << 2)
#define SPE      (1u << 6)
#define LSBFIRST (1u << 7)
#define SSI      (1u << 8)
#define SSM      (1u << 9)
#define RXONLY   (1u << 10)
#define BIDIOE   (1u << 14)
#define BIDIMODE (1u << 15)
#define MASTER   (MSTR | SSI | SSM)
#define BR(n)    ((uint32_t)(n) << 3)

#define SSOE    (1u << 2)
#define ERRIE   (1u << 5)
#define RXNEIE  (1u << 6)
#define TXEIE   (1u << 7)
#define BITS(n) (((uint32_t)(n)-1u) << 8)
#define FRXTH   (1u << 12)

#define RXNE     (1u << 0)
#define TXE      (1u << 1)
#define MODF     (1u << 5)
#define OVR      (1u << 6)
#define BSY      (1u << 7)
#define FRLVL(n) ((uint32_t)(n) << 9)
#define FTLVL(n) ((uint32_t)(n) << 11)

/* NSS selects the display and, since both are low then, says that all bytes are commands. */
static const struct k5sim_device devices[] = {
    {.model = "stm32-spi", .name = "spi1", .base = 0x40013000, .line_count = 1, .line = {LINE}},
    {.model = "st7735", .name = "display", .bus = "spi1"},
};

static const struct k5sim_wire wires[] = {
    {.from = "spi1", .from_signal = 0, .to = "display", .to_signal = 0},
    {.from = "spi1", .from_signal = 0, .to = "display", .to_signal = 1},
};

static struct k5sim *open_kit(void)
{
    return kit_open(
        &(struct kit_board){.device = devices, .device_count = 2, .wire = wires, .wire_count = 2});
}

/* A running master. */
static struct k5sim *open_running(uint32_t cr1, uint32_t cr2)
{
    struct k5sim *sim = open_kit();

    kit_write(sim, D_SPI, CR2, cr2);
    kit_write(sim, D_SPI, CR1, cr1 | MASTER | SPE);
    return sim;
}

static uint32_t status(struct k5sim *sim)
{
    return kit_read(sim, D_SPI, SR);
}

static bool has(struct k5sim *sim, uint32_t flag)
{
    return (status(sim) & flag) == flag;
}

static void put(struct k5sim *sim, uint32_t bytes, uint32_t value)
{
    kit_write_sized(sim, D_SPI, DR, bytes, value);
}

static uint32_t get(struct k5sim *sim, uint32_t bytes)
{
    return kit_read_sized(sim, D_SPI, DR, bytes);
}

static void test_reset_values_and_access_sizes(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    assert_int_equal(kit_read(sim, D_SPI, CR1), 0);
    assert_int_equal(kit_read(sim, D_SPI, CR2), 0x0700);
    assert_int_equal(kit_read(sim, D_SPI, SR), 0x0002);
    assert_int_equal(kit_read(sim, D_SPI, CRCPR), 7);
    assert_int_equal(kit_read(sim, D_SPI, RXCRCR), 0);
    assert_int_equal(kit_read(sim, D_SPI, TXCRCR), 0);
    assert_int_equal(kit_read(sim, D_SPI, DR), 0);
    kit_write_sized(sim, D_SPI, CR1, 2, MASTER);
    assert_int_equal(kit_read_sized(sim, D_SPI, CR1, 2), MASTER);
    kit_write(sim, D_SPI, SR, UINT32_MAX);
    assert_int_equal(kit_read(sim, D_SPI, SR), 0x0002);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_DEVICE_MISUSE, D_SPI, NULL), 0);
    assert_int_equal(kit_read(sim, D_SPI, 0x1c), 0);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_DEVICE_MISUSE, D_SPI, NULL), 1);
    k5sim_close(sim);
}

static void test_frames_below_four_bits_are_made_eight(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    for (uint32_t bits = 1; bits <= 16; bits++) {
        kit_write(sim, D_SPI, CR2, BITS(bits));
        assert_int_equal(kit_read(sim, D_SPI, CR2), bits < 4 ? BITS(8) : BITS(bits));
    }
    k5sim_close(sim);
}

static void test_a_frame_lasts_its_bits_at_the_divided_clock(void **state)
{
    (void)state;
    for (uint32_t br = 0; br < 8; br++) {
        for (uint32_t bits = 4; bits <= 16; bits += 4) {
            struct k5sim *sim = open_running(BR(br), BITS(bits) | FRXTH);
            uint64_t ticks = (uint64_t)bits << (br + 1u);

            assert_false(has(sim, BSY));
            put(sim, bits > 8 ? 2 : 1, 0x55);
            assert_true(has(sim, BSY | TXE));
            kit_advance(sim, ticks - 1u);
            assert_true(has(sim, BSY));
            assert_false(has(sim, RXNE));
            kit_advance(sim, 1);
            assert_false(has(sim, BSY));
            assert_true(has(sim, RXNE));
            assert_int_equal(get(sim, 2), (1u << bits) - 1u); /* nobody answers: ones */
            assert_false(has(sim, RXNE));
            k5sim_close(sim);
        }
    }
}

static void test_tx_levels_and_txe(void **state)
{
    struct k5sim *sim = open_running(BR(7), BITS(8) | FRXTH);

    (void)state;
    put(sim, 1, 1); /* into the shift register */
    assert_int_equal(status(sim), TXE | BSY);
    put(sim, 1, 2);
    assert_int_equal(status(sim), TXE | BSY | FTLVL(1));
    put(sim, 1, 3);
    assert_int_equal(status(sim), TXE | BSY | FTLVL(2));
    put(sim, 1, 4);
    assert_int_equal(status(sim), BSY | FTLVL(3));
    put(sim, 1, 5);
    assert_int_equal(status(sim), BSY | FTLVL(3));
    kit_advance(sim, 8u << 8); /* a frame is out: three bytes are left */
    assert_int_equal(status(sim), RXNE | BSY | FTLVL(3) | FRLVL(1));
    kit_advance(sim, 8u << 8);
    assert_int_equal(status(sim), RXNE | TXE | BSY | FTLVL(2) | FRLVL(2));
    k5sim_close(sim);
}

static void test_rx_threshold_is_one_byte_or_two(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 2; i++) {
        struct k5sim *sim = open_running(0, BITS(8) | (i == 0 ? FRXTH : 0));

        put(sim, 1, 0);
        kit_advance(sim, 16);
        assert_int_equal(has(sim, RXNE), i == 0);
        put(sim, 1, 0);
        kit_advance(sim, 16);
        assert_true(has(sim, RXNE));
        k5sim_close(sim);
    }
}

/* A halfword moves two frames of up to 8 bits; a word does no more. */
static void test_data_is_packed_by_the_size_of_the_access(void **state)
{
    struct k5sim *sim = open_running(0, BITS(5));

    (void)state;
    put(sim, 2, 0x0a15);
    kit_advance(sim, 2 * 10u - 1u);
    assert_true(has(sim, BSY));
    kit_advance(sim, 1);
    assert_int_equal(status(sim), TXE | RXNE | FRLVL(2));
    assert_int_equal(get(sim, 2), 0x1f1f);
    put(sim, 4, 0);
    kit_advance(sim, 20);
    assert_int_equal(get(sim, 1), 0x1f);
    assert_int_equal(get(sim, 4), 0x1f); /* the only one that is left */
    assert_int_equal(status(sim), TXE);
    k5sim_close(sim);
}

static void test_an_overrun_keeps_what_is_there_until_dr_and_sr_are_read(void **state)
{
    struct k5sim *sim = open_running(0, BITS(8) | FRXTH | ERRIE);

    (void)state;
    for (uint32_t i = 0; i < 4; i++) {
        put(sim, 1, 0);
        kit_advance(sim, 16);
    }
    assert_int_equal(status(sim), TXE | RXNE | FRLVL(3));
    assert_false(kit_line(sim, LINE));
    put(sim, 1, 0);
    kit_advance(sim, 16);
    assert_true(has(sim, OVR));
    assert_true(kit_line(sim, LINE));
    status(sim); /* SR alone does not clear it */
    assert_true(has(sim, OVR));
    get(sim, 1);
    assert_true(has(sim, OVR)); /* this read clears it */
    assert_false(has(sim, OVR));
    assert_false(kit_line(sim, LINE));
    assert_int_equal(get(sim, 2), 0xffff);
    assert_int_equal(get(sim, 1), 0xff);
    assert_int_equal(status(sim), TXE);
    k5sim_close(sim);
}

static void test_frames_of_two_bytes_overrun_when_one_byte_is_free(void **state)
{
    struct k5sim *sim = open_running(0, BITS(16));

    (void)state;
    for (uint32_t i = 0; i < 2; i++) {
        put(sim, 2, 0);
        kit_advance(sim, 32);
    }
    assert_int_equal(get(sim, 1), 0xff); /* one of the four */
    assert_false(has(sim, OVR));
    put(sim, 2, 0);
    kit_advance(sim, 32);
    assert_true(has(sim, OVR));
    k5sim_close(sim);
}

static void test_nothing_moves_without_spe_and_a_stopped_frame_is_lost(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    kit_write(sim, D_SPI, CR2, BITS(8) | FRXTH);
    kit_write(sim, D_SPI, CR1, MASTER);
    put(sim, 1, 0xaa);
    put(sim, 1, 0xbb);
    kit_advance(sim, 100);
    assert_int_equal(status(sim), TXE | FTLVL(2));
    kit_write(sim, D_SPI, CR1, MASTER | SPE);
    kit_advance(sim, 15);
    kit_write(sim, D_SPI, CR1, MASTER);
    assert_int_equal(status(sim), TXE | FTLVL(1));
    kit_advance(sim, 100);
    assert_int_equal(status(sim), TXE | FTLVL(1)); /* nothing was received */
    kit_write(sim, D_SPI, CR1, MASTER | SPE);
    kit_advance(sim, 16);
    assert_int_equal(status(sim), TXE | RXNE | FRLVL(1));
    k5sim_close(sim);
}

static void test_ssi_low_is_a_mode_fault(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    kit_write(sim, D_SPI, CR2, BITS(8) | ERRIE);
    kit_write(sim, D_SPI, CR1, MSTR | SSM | SPE);
    assert_int_equal(kit_read(sim, D_SPI, CR1), SSM);
    assert_true(kit_line(sim, LINE));
    kit_write(sim, D_SPI, CR1, MASTER | SPE); /* SR was not read: it stays */
    assert_int_equal(kit_read(sim, D_SPI, CR1), SSM | SSI);
    assert_true(has(sim, MODF));
    kit_write(sim, D_SPI, CR1, MASTER | SPE);
    assert_int_equal(kit_read(sim, D_SPI, CR1), MASTER | SPE);
    assert_false(has(sim, MODF));
    assert_false(kit_line(sim, LINE));
    k5sim_close(sim);
}

static void test_interrupts_follow_their_enables(void **state)
{
    struct k5sim *sim = open_running(BR(7), BITS(8) | FRXTH);

    (void)state;
    assert_false(kit_line(sim, LINE));
    kit_write(sim, D_SPI, CR2, BITS(8) | FRXTH | TXEIE);
    assert_true(kit_line(sim, LINE));
    for (uint32_t i = 0; i < 4; i++) {
        put(sim, 1, 0);
    }
    assert_false(kit_line(sim, LINE));
    kit_write(sim, D_SPI, CR2, BITS(8) | FRXTH | RXNEIE);
    kit_advance(sim, (8u << 8) - 1u);
    assert_false(kit_line(sim, LINE));
    kit_advance(sim, 1);
    assert_true(kit_line(sim, LINE));
    get(sim, 1);
    assert_false(kit_line(sim, LINE));
    k5sim_close(sim);
}

static void test_a_receiver_alone_clocks_until_it_is_disabled(void **state)
{
    struct k5sim *sim = open_running(RXONLY, BITS(8) | FRXTH);

    (void)state;
    kit_advance(sim, 16);
    assert_int_equal(status(sim), TXE | RXNE | BSY | FRLVL(1));
    assert_int_equal(get(sim, 1), 0xff);
    kit_advance(sim, 16);
    assert_int_equal(get(sim, 1), 0xff);
    kit_write(sim, D_SPI, CR1, MASTER | RXONLY);
    assert_false(has(sim, BSY));
    kit_advance(sim, 100);
    assert_false(has(sim, RXNE));
    k5sim_close(sim);
}

static void test_a_line_that_only_transmits_receives_nothing(void **state)
{
    struct k5sim *sim = open_running(BIDIMODE | BIDIOE, BITS(8) | FRXTH);

    (void)state;
    put(sim, 1, 0);
    kit_advance(sim, 15);
    assert_true(has(sim, BSY));
    kit_advance(sim, 1);
    assert_int_equal(status(sim), TXE);
    k5sim_close(sim);
}

/* DISPON arrives, in the order of the bits that LSBFIRST says; 0x94 is 0x29 from behind. */
static void expect_display_on(struct k5sim *sim, bool on)
{
    uint32_t bytes = 0;
    const uint8_t *memory = k5sim_device_memory(sim, D_DISPLAY, &bytes);

    assert_int_equal(bytes, 128u * 160u * 2u + 4u);
    assert_int_equal(memory[128u * 160u * 2u], on);
}

static void test_targets_see_the_bits_in_the_order_of_the_wire(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 2; i++) {
        struct k5sim *sim = open_kit();

        kit_write(sim, D_SPI, CR2, BITS(8) | SSOE);
        kit_write(sim, D_SPI, CR1, MSTR | SPE | (i == 0 ? 0 : LSBFIRST));
        put(sim, 1, i == 0 ? 0x11 : 0x88);
        put(sim, 1, i == 0 ? 0x29 : 0x94);
        kit_advance(sim, 31);
        expect_display_on(sim, false);
        kit_advance(sim, 1);
        expect_display_on(sim, true);
        k5sim_close(sim);
    }
}

/* NSS is low while SPE is set; without SSOE nobody selects the display. */
static void test_nss_selects_while_enabled(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    kit_write(sim, D_SPI, CR2, BITS(8));
    kit_write(sim, D_SPI, CR1, MASTER | SPE);
    put(sim, 2, 0x2911);
    kit_advance(sim, 32);
    expect_display_on(sim, false);
    kit_write(sim, D_SPI, CR1, MSTR);
    kit_write(sim, D_SPI, CR2, BITS(8) | SSOE);
    kit_write(sim, D_SPI, CR1, MSTR | SPE);
    put(sim, 2, 0x2911);
    kit_advance(sim, 32);
    expect_display_on(sim, true);
    /* It rises with SPE's end: of these halves of DISPOFF the first is dropped. */
    kit_write(sim, D_SPI, CR2, BITS(4) | SSOE);
    put(sim, 1, 0x2);
    kit_advance(sim, 8);
    kit_write(sim, D_SPI, CR1, MSTR);
    kit_write(sim, D_SPI, CR1, MSTR | SPE);
    put(sim, 1, 0x8);
    kit_advance(sim, 8);
    expect_display_on(sim, true);
    k5sim_close(sim);
}

static void test_what_is_not_modelled_is_told(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    kit_write(sim, D_SPI, CR1, MASTER | 1u << 13); /* CRC */
    assert_int_equal(kit_events(sim, K5SIM_EVENT_DEVICE_UNMODELLED, D_SPI, NULL), 1);
    kit_write(sim, D_SPI, CR2, BITS(8) | 2u); /* DMA */
    assert_int_equal(kit_events(sim, K5SIM_EVENT_DEVICE_UNMODELLED, D_SPI, NULL), 1);
    k5sim_close(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reset_values_and_access_sizes),
        cmocka_unit_test(test_frames_below_four_bits_are_made_eight),
        cmocka_unit_test(test_a_frame_lasts_its_bits_at_the_divided_clock),
        cmocka_unit_test(test_tx_levels_and_txe),
        cmocka_unit_test(test_rx_threshold_is_one_byte_or_two),
        cmocka_unit_test(test_data_is_packed_by_the_size_of_the_access),
        cmocka_unit_test(test_an_overrun_keeps_what_is_there_until_dr_and_sr_are_read),
        cmocka_unit_test(test_frames_of_two_bytes_overrun_when_one_byte_is_free),
        cmocka_unit_test(test_nothing_moves_without_spe_and_a_stopped_frame_is_lost),
        cmocka_unit_test(test_ssi_low_is_a_mode_fault),
        cmocka_unit_test(test_interrupts_follow_their_enables),
        cmocka_unit_test(test_a_receiver_alone_clocks_until_it_is_disabled),
        cmocka_unit_test(test_a_line_that_only_transmits_receives_nothing),
        cmocka_unit_test(test_targets_see_the_bits_in_the_order_of_the_wire),
        cmocka_unit_test(test_nss_selects_while_enabled),
        cmocka_unit_test(test_what_is_not_modelled_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
