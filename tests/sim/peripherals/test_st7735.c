/* ST7735 behind an SPI: commands, the window, orientation, formats of pixels, resets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/support/device_kit.h"

enum { D_SPI, D_DISPLAY, D_PORT };
enum { CS, DC, RST };
enum { CR1 = 0x00, CR2 = 0x04, DR = 0x0c };
enum { MODER = 0x00, BSRR = 0x18 };
enum { COLUMNS = 128, ROWS = 160, PIXEL_BYTES = COLUMNS * ROWS * 2 };
enum { ON = PIXEL_BYTES, INVERTED, AWAKE };

/* Pins of a port drive the display's inputs. */
static const struct k5sim_device devices[] = {
    {.model = "stm32-spi", .name = "spi1", .base = 0x40013000},
    {.model = "st7735", .name = "display", .bus = "spi1"},
    {.model = "stm32-gpio", .name = "gpioc", .base = 0x42020800},
};

static const struct k5sim_wire wires[] = {
    {.from = "gpioc", .from_signal = CS, .to = "display", .to_signal = 0},
    {.from = "gpioc", .from_signal = DC, .to = "display", .to_signal = 1},
    {.from = "gpioc", .from_signal = RST, .to = "display", .to_signal = 2},
};

static void turn(struct k5sim *sim, uint32_t pin, bool level)
{
    kit_write(sim, D_PORT, BSRR, level ? 1u << pin : 1u << (16u + pin));
}

/* Selected, out of reset, frames of 8 bits, 16 ticks each. */
static struct k5sim *open_selected(void)
{
    struct k5sim *sim = kit_open(
        &(struct kit_board){.device = devices, .device_count = 3, .wire = wires, .wire_count = 3});

    k5sim_record(sim, 0); /* a glass full of pixels is more than the ring holds */
    kit_write(sim, D_PORT, BSRR, 1u << RST);
    kit_write(sim, D_PORT, MODER, 0x15); /* outputs */
    kit_write(sim, D_SPI, CR2, 7u << 8 | 1u << 12);
    kit_write(sim, D_SPI, CR1, 1u << 2 | 1u << 6 | 3u << 8);
    return sim;
}

static void shift(struct k5sim *sim, uint8_t byte)
{
    kit_write_sized(sim, D_SPI, DR, 1, byte);
    kit_advance(sim, 16);
    kit_read_sized(sim, D_SPI, DR, 1);
}

static void command(struct k5sim *sim, uint8_t byte)
{
    turn(sim, DC, false);
    shift(sim, byte);
    turn(sim, DC, true);
}

static void command_with(struct k5sim *sim, uint8_t byte, uint8_t parameter)
{
    command(sim, byte);
    shift(sim, parameter);
}

static void window(struct k5sim *sim, uint8_t which, uint32_t from, uint32_t to)
{
    command(sim, which);
    shift(sim, (uint8_t)(from >> 8));
    shift(sim, (uint8_t)from);
    shift(sim, (uint8_t)(to >> 8));
    shift(sim, (uint8_t)to);
}

static void pixel(struct k5sim *sim, uint32_t rgb565)
{
    shift(sim, (uint8_t)(rgb565 >> 8));
    shift(sim, (uint8_t)rgb565);
}

static const uint8_t *memory_of(struct k5sim *sim)
{
    uint32_t bytes = 0;
    const uint8_t *memory = k5sim_device_memory(sim, D_DISPLAY, &bytes);

    assert_int_equal(bytes, PIXEL_BYTES + 4);
    return memory;
}

static uint32_t shown(struct k5sim *sim, uint32_t column, uint32_t row)
{
    const uint8_t *at = memory_of(sim) + 2u * (row * COLUMNS + column);

    return at[0] | (uint32_t)at[1] << 8;
}

static size_t pixels_set(struct k5sim *sim)
{
    const uint8_t *memory = memory_of(sim);
    size_t count = 0;

    for (size_t i = 0; i < PIXEL_BYTES; i += 2) {
        count += (memory[i] | memory[i + 1]) != 0;
    }
    return count;
}

static void test_it_shows_when_awake_and_on(void **state)
{
    struct k5sim *sim = open_selected();
    const uint8_t *memory = memory_of(sim);

    (void)state;
    assert_int_equal(memory[ON], 0);
    command(sim, 0x29);
    assert_int_equal(memory[ON], 0); /* it sleeps */
    command(sim, 0x11);
    assert_int_equal(memory[AWAKE], 1);
    assert_int_equal(memory[ON], 1);
    command(sim, 0x21);
    assert_int_equal(memory[INVERTED], 1);
    command(sim, 0x20);
    assert_int_equal(memory[INVERTED], 0);
    command(sim, 0x28);
    assert_int_equal(memory[ON], 0);
    command(sim, 0x29);
    command(sim, 0x10);
    assert_int_equal(memory[ON], 0);
    assert_int_equal(memory[AWAKE], 0);
    k5sim_close(sim);
}

static void test_a_command_takes_effect_with_its_last_bit(void **state)
{
    struct k5sim *sim = open_selected();

    (void)state;
    turn(sim, DC, true);
    kit_write_sized(sim, D_SPI, DR, 1, 0x11);
    kit_advance(sim, 15);
    turn(sim, DC, false); /* in time: D/CX is sampled with the last bit */
    assert_int_equal(memory_of(sim)[AWAKE], 0);
    kit_advance(sim, 1);
    assert_int_equal(memory_of(sim)[AWAKE], 1);
    k5sim_close(sim);
}

static void test_pixels_fill_the_window_and_wrap(void **state)
{
    struct k5sim *sim = open_selected();

    (void)state;
    command_with(sim, 0x3a, 0x05);
    window(sim, 0x2a, 10, 12);
    window(sim, 0x2b, 20, 21);
    command(sim, 0x2c);
    for (uint32_t i = 1; i <= 6; i++) {
        pixel(sim, 0x1230 + i);
    }
    assert_int_equal(shown(sim, 10, 20), 0x1231);
    assert_int_equal(shown(sim, 12, 20), 0x1233);
    assert_int_equal(shown(sim, 10, 21), 0x1234);
    assert_int_equal(shown(sim, 12, 21), 0x1236);
    assert_int_equal(pixels_set(sim), 6);
    pixel(sim, 0xabcd);
    assert_int_equal(shown(sim, 10, 20), 0xabcd);
    shift(sim, 0x99);   /* half a pixel, which is given up */
    command(sim, 0x2c); /* from the beginning */
    pixel(sim, 0x1111);
    assert_int_equal(shown(sim, 10, 20), 0x1111);
    assert_int_equal(shown(sim, 11, 20), 0x1232);
    assert_int_equal(pixels_set(sim), 6);
    k5sim_close(sim);
}

static void test_the_whole_glass_is_the_window_after_reset(void **state)
{
    struct k5sim *sim = open_selected();

    (void)state;
    command_with(sim, 0x3a, 0x05);
    command(sim, 0x2c);
    for (uint32_t i = 0; i < COLUMNS * ROWS; i++) {
        pixel(sim, 1u + i);
    }
    assert_int_equal(pixels_set(sim), COLUMNS * ROWS);
    assert_int_equal(shown(sim, 0, 0), 1);
    assert_int_equal(shown(sim, 127, 159), COLUMNS * ROWS);
    pixel(sim, 0x7777);
    assert_int_equal(shown(sim, 0, 0), 0x7777);
    k5sim_close(sim);
}

static void test_a_bad_window_is_ignored_and_one_off_the_glass_is_cut(void **state)
{
    struct k5sim *sim = open_selected();

    (void)state;
    command_with(sim, 0x3a, 0x05);
    window(sim, 0x2a, 126, 130);
    window(sim, 0x2a, 5, 4); /* upside down */
    command(sim, 0x2c);
    for (uint32_t i = 1; i <= 6; i++) {
        pixel(sim, i);
    }
    assert_int_equal(shown(sim, 126, 0), 1);
    assert_int_equal(shown(sim, 127, 0), 2);
    assert_int_equal(shown(sim, 126, 1), 6); /* three were off the glass */
    assert_int_equal(pixels_set(sim), 3);
    k5sim_close(sim);
}

static void test_madctl_turns_and_mirrors(void **state)
{
    static const struct {
        uint8_t madctl;
        uint32_t column, row; /* of address (3, 5) */
    } rows[] = {
        {0x00, 3, 5}, {0x40, 124, 5}, {0x80, 3, 154}, {0xc0, 124, 154},
        {0x20, 5, 3}, {0x60, 122, 3}, {0xa0, 5, 156}, {0xe0, 122, 156},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct k5sim *sim = open_selected();

        command_with(sim, 0x3a, 0x05);
        command_with(sim, 0x36, rows[i].madctl);
        window(sim, 0x2a, 3, 4);
        window(sim, 0x2b, 5, 6);
        command(sim, 0x2c);
        pixel(sim, 0xbeef);
        assert_int_equal(shown(sim, rows[i].column, rows[i].row), 0xbeef);
        assert_int_equal(pixels_set(sim), 1);
        k5sim_close(sim);
    }
}

static void test_the_order_of_colours_is_one_of_the_glass(void **state)
{
    struct k5sim *sim = open_selected();

    (void)state;
    command_with(sim, 0x3a, 0x05);
    command(sim, 0x2c);
    pixel(sim, 0xf81e);
    assert_int_equal(shown(sim, 0, 0), 0xf81e);
    command_with(sim, 0x36, 0x08);
    assert_int_equal(shown(sim, 0, 0), 0xf01f); /* what is there turns, too */
    command(sim, 0x2c);
    pixel(sim, 0xf800);
    assert_int_equal(shown(sim, 0, 0), 0x001f);
    command_with(sim, 0x36, 0x00);
    assert_int_equal(shown(sim, 0, 0), 0xf800);
    k5sim_close(sim);
}

static void test_formats_of_12_and_18_bits(void **state)
{
    static const uint8_t nibbles[] = {0xf0, 0x8f, 0x80};
    struct k5sim *sim = open_selected();

    (void)state;
    command(sim, 0x2c); /* 18 bits after reset: three bytes, the upper bits of each */
    shift(sim, 0xfc);
    shift(sim, 0x80);
    assert_int_equal(pixels_set(sim), 0);
    shift(sim, 0x08);
    assert_int_equal(shown(sim, 0, 0), 31u << 11 | 32u << 5 | 1u);
    command_with(sim, 0x3a, 0x03);
    command(sim, 0x2c);
    for (size_t i = 0; i < sizeof nibbles; i++) {
        shift(sim, nibbles[i]);
    }
    assert_int_equal(shown(sim, 0, 0), 31u << 11 | 0u << 5 | 17u); /* f 0 8 */
    assert_int_equal(shown(sim, 1, 0), 31u << 11 | 34u << 5 | 0u); /* f 8 0 */
    k5sim_close(sim);
}

static void test_frames_of_16_bits_are_two_bytes(void **state)
{
    struct k5sim *sim = open_selected();

    (void)state;
    command_with(sim, 0x3a, 0x05);
    command(sim, 0x2c);
    kit_write(sim, D_SPI, CR2, 15u << 8);
    kit_write_sized(sim, D_SPI, DR, 2, 0x1234);
    kit_advance(sim, 31);
    assert_int_equal(pixels_set(sim), 0);
    kit_advance(sim, 1);
    assert_int_equal(shown(sim, 0, 0), 0x1234);
    k5sim_close(sim);
}

static void test_without_select_nothing_is_heard_and_half_bytes_are_dropped(void **state)
{
    struct k5sim *sim = open_selected();

    (void)state;
    turn(sim, CS, true);
    command(sim, 0x11);
    assert_int_equal(memory_of(sim)[AWAKE], 0);
    turn(sim, CS, false);
    kit_write(sim, D_SPI, CR2, 3u << 8 | 1u << 12); /* frames of 4 bits */
    turn(sim, DC, false);
    shift(sim, 0x1);
    turn(sim, CS, true);
    turn(sim, CS, false);
    shift(sim, 0x1);
    assert_int_equal(memory_of(sim)[AWAKE], 0);
    shift(sim, 0x1); /* with the one before: SLPOUT */
    assert_int_equal(memory_of(sim)[AWAKE], 1);
    k5sim_close(sim);
}

/* Select may rise between two bytes of the same RAMWR. */
static void test_pixels_go_on_behind_a_pause_of_select(void **state)
{
    struct k5sim *sim = open_selected();

    (void)state;
    command_with(sim, 0x3a, 0x05);
    command(sim, 0x2c);
    pixel(sim, 0x1111);
    shift(sim, 0x22);
    turn(sim, CS, true);
    kit_advance(sim, 1000);
    turn(sim, CS, false);
    shift(sim, 0x22);
    assert_int_equal(shown(sim, 0, 0), 0x1111);
    assert_int_equal(shown(sim, 1, 0), 0x2222);
    k5sim_close(sim);
}

static void set_up_and_draw(struct k5sim *sim)
{
    command(sim, 0x11);
    command(sim, 0x29);
    command(sim, 0x21);
    command_with(sim, 0x3a, 0x05);
    command_with(sim, 0x36, 0x40);
    window(sim, 0x2a, 3, 3);
    command(sim, 0x2c);
    pixel(sim, 0x5555);
}

static void test_swreset_keeps_pixels_orientation_and_format(void **state)
{
    struct k5sim *sim = open_selected();

    (void)state;
    set_up_and_draw(sim);
    command(sim, 0x01);
    assert_int_equal(memory_of(sim)[ON], 0);
    assert_int_equal(memory_of(sim)[INVERTED], 0);
    assert_int_equal(shown(sim, 124, 0), 0x5555);
    command(sim, 0x2c); /* the window is whole again, mirrored still */
    pixel(sim, 0x6666);
    assert_int_equal(shown(sim, 127, 0), 0x6666);
    k5sim_close(sim);
}

static void test_the_reset_pin_holds_and_sets_back_all_but_pixels(void **state)
{
    struct k5sim *sim = open_selected();

    (void)state;
    set_up_and_draw(sim);
    turn(sim, RST, false);
    assert_int_equal(memory_of(sim)[ON], 0);
    command(sim, 0x11);
    assert_int_equal(memory_of(sim)[AWAKE], 0);
    turn(sim, RST, true);
    command(sim, 0x2c);
    pixel(sim, 0x6666);
    shift(sim, 0);
    assert_int_equal(shown(sim, 124, 0), 0x5555);
    assert_int_not_equal(shown(sim, 0, 0), 0); /* 18 bits, not mirrored */
    command(sim, 0x11);
    assert_int_equal(memory_of(sim)[AWAKE], 1);
    k5sim_close(sim);
}

/* A chip of its own: a reset of the MCU does not reach it, a loss of power does. */
static void test_only_power_resets_it_with_the_machine(void **state)
{
    struct k5sim *sim = open_selected();

    (void)state;
    set_up_and_draw(sim);
    assert_int_equal(k5sim_reset(sim, K5SIM_RESET_PIN), 0); /* the port lets go of its inputs */
    assert_int_equal(memory_of(sim)[ON], 1);
    assert_int_equal(shown(sim, 124, 0), 0x5555);
    assert_int_equal(k5sim_reset(sim, K5SIM_RESET_POWER), 0);
    assert_int_equal(memory_of(sim)[ON], 0);
    assert_int_equal(pixels_set(sim), 0);
    k5sim_close(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_shows_when_awake_and_on),
        cmocka_unit_test(test_a_command_takes_effect_with_its_last_bit),
        cmocka_unit_test(test_pixels_fill_the_window_and_wrap),
        cmocka_unit_test(test_the_whole_glass_is_the_window_after_reset),
        cmocka_unit_test(test_a_bad_window_is_ignored_and_one_off_the_glass_is_cut),
        cmocka_unit_test(test_madctl_turns_and_mirrors),
        cmocka_unit_test(test_the_order_of_colours_is_one_of_the_glass),
        cmocka_unit_test(test_formats_of_12_and_18_bits),
        cmocka_unit_test(test_frames_of_16_bits_are_two_bytes),
        cmocka_unit_test(test_without_select_nothing_is_heard_and_half_bytes_are_dropped),
        cmocka_unit_test(test_pixels_go_on_behind_a_pause_of_select),
        cmocka_unit_test(test_swreset_keeps_pixels_orientation_and_format),
        cmocka_unit_test(test_the_reset_pin_holds_and_sets_back_all_but_pixels),
        cmocka_unit_test(test_only_power_resets_it_with_the_machine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
