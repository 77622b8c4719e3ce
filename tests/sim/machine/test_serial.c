/* Serial lines: characters take the time that they take, and what goes wrong on the way is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/machine.h"
#include "tests/sim/support/bench.h"
#include "tests/sim/support/device_kit.h"

enum { D_ONE, D_TWO, D_BYTES, D_TIMER, D_COUNT };

static const struct k5sim_device devices[D_COUNT] = {
    {.model = "cmsdk-uart", .name = "one", .base = 0x40200000},
    {.model = "cmsdk-uart", .name = "two", .base = 0x40201000},
    {.model = "ns16550", .name = "bytes", .base = 0x40202000},
    {.model = "cmsdk-timer", .name = "timer", .base = 0x40203000},
};

enum { DATA = 0x00, STATE = 0x04, CTRL = 0x08, BAUDDIV = 0x10 };
enum { RXFULL = 2, RXOVER = 8 };
enum { TX = 1, RX = 2 };

#define DIVIDER 100u
#define FRAME   (10u * DIVIDER)
#define BAUD    (KIT_TICK_HZ / DIVIDER)

static struct k5sim *open_kit(void)
{
    struct k5sim *sim = kit_open(&(struct kit_board){.device = devices, .device_count = D_COUNT});

    for (uint32_t device = D_ONE; device <= D_TWO; device++) {
        kit_write(sim, device, BAUDDIV, DIVIDER);
        kit_write(sim, device, CTRL, TX | RX);
    }
    kit_events(sim, 0, 0, NULL);
    return sim;
}

static void send(struct k5sim *sim, uint32_t device, const char *text)
{
    uint32_t count = (uint32_t)strlen(text);

    assert_int_equal(k5sim_serial_send(sim, device, text, count), count);
}

static bool is_full(struct k5sim *sim, uint32_t device)
{
    return (kit_read(sim, device, STATE) & RXFULL) != 0;
}

enum { CHARACTER, TO_CHIP, ERRORS, TICKS, BITS }; /* arguments of a SERIAL event */

/* Sends one character and lets it arrive. */
static struct k5sim_event pass(struct k5sim *sim, uint32_t device, char character)
{
    const char text[] = {character, '\0'};
    struct k5sim_event event = {0};

    kit_events(sim, 0, 0, NULL);
    send(sim, device, text);
    kit_advance(sim, 4 * FRAME);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_SERIAL, device, &event), 1);
    assert_int_equal(event.arg[TO_CHIP], 1);
    return event;
}

/* ---------------------------------------------------------------- time */

/* Stops one tick short of each. */
static void test_characters_arrive_at_the_end_of_their_frames(void **state)
{
    struct k5sim *sim = open_kit();
    struct k5sim_event event;
    uint64_t begin = k5sim_now(sim);

    (void)state;
    send(sim, D_ONE, "abc");
    for (uint32_t i = 0; i < 3; i++) {
        kit_advance(sim, FRAME - 1);
        assert_false(is_full(sim, D_ONE));
        kit_advance(sim, 1);
        assert_true(is_full(sim, D_ONE));
        assert_int_equal(kit_events(sim, K5SIM_EVENT_SERIAL, D_ONE, &event), 1);
        assert_int_equal(event.time, begin + (i + 1) * FRAME);
        assert_int_equal(event.arg[CHARACTER], 'a' + i);
        assert_int_equal(event.arg[TO_CHIP], 1);
        assert_int_equal(event.arg[ERRORS], 0);
        assert_int_equal(event.arg[TICKS], FRAME);
        assert_int_equal(event.arg[BITS], 10);
        assert_int_equal(kit_read(sim, D_ONE, DATA), 'a' + i);
    }
    kit_advance(sim, 10 * FRAME); /* and none more */
    assert_false(is_full(sim, D_ONE));
    k5sim_close(sim);
}

/* What comes while a character is under way begins behind it; what comes later, at once. */
static void test_frames_follow_each_other(void **state)
{
    struct k5sim *sim = open_kit();
    struct k5sim_event event;
    uint64_t begin = k5sim_now(sim);

    (void)state;
    send(sim, D_ONE, "a");
    kit_advance(sim, FRAME / 2);
    send(sim, D_ONE, "b");
    kit_advance(sim, 3 * FRAME);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_SERIAL, D_ONE, &event), 2);
    assert_int_equal(event.time, begin + 2 * FRAME);
    begin = k5sim_now(sim);
    send(sim, D_ONE, "c");
    kit_advance(sim, FRAME);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_SERIAL, D_ONE, &event), 1);
    assert_int_equal(event.time, begin + FRAME);
    k5sim_close(sim);
}

/* Each speed around the device's own: 3 % are forgiven, on either side, and no more. */
static void test_other_speeds_up_to_three_percent_off(void **state)
{
    struct k5sim *sim = open_kit();
    bool seen[2][2] = {{false}};

    (void)state;
    for (uint32_t baud = BAUD * 96 / 100; baud < BAUD * 105 / 100; baud += 37) {
        uint64_t ticks = (10 * (uint64_t)KIT_TICK_HZ + baud / 2) / baud;
        bool good = ticks >= FRAME * 97 / 100 && ticks <= FRAME * 103 / 100;
        uint64_t begin = k5sim_now(sim);

        assert_int_equal(k5sim_serial_speed(sim, D_ONE, baud), K5SIM_OK);
        struct k5sim_event event = pass(sim, D_ONE, 'x');

        assert_int_equal(event.time, begin + ticks);
        assert_int_equal(event.arg[TICKS], ticks);
        assert_int_equal(event.arg[ERRORS], good ? 0 : K5SIM_SERIAL_FRAMING);
        assert_int_equal(event.arg[CHARACTER] == 'x', good);
        assert_int_equal(kit_read(sim, D_ONE, DATA), event.arg[CHARACTER]);
        seen[0][ticks < FRAME] |= good && (ticks == 970 || ticks == 1030);
        seen[1][ticks < FRAME] |= !good && (ticks == 969 || ticks == 1031);
    }
    assert_true(seen[0][0] && seen[0][1] && seen[1][0] && seen[1][1]);
    k5sim_serial_speed(sim, D_ONE, 0); /* the device's again */
    assert_int_equal(pass(sim, D_ONE, 'y').arg[TICKS], FRAME);
    k5sim_close(sim);
}

/* The frame under way keeps the sender's speed; the device samples at the one it has at its end. */
static void test_change_of_speed_in_the_middle_of_a_character(void **state)
{
    struct k5sim *sim = open_kit();
    struct k5sim_event event;
    uint64_t begin = k5sim_now(sim);

    (void)state;
    send(sim, D_ONE, "ab");
    kit_advance(sim, FRAME / 2);
    kit_write(sim, D_ONE, BAUDDIV, 2 * DIVIDER);
    kit_advance(sim, FRAME / 2);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_SERIAL, D_ONE, &event), 1);
    assert_int_equal(event.time, begin + FRAME);
    assert_int_equal(event.arg[ERRORS], K5SIM_SERIAL_FRAMING);
    kit_advance(sim, 2 * FRAME);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_SERIAL, D_ONE, &event), 1);
    assert_int_equal(event.time, begin + 3 * FRAME);
    assert_int_equal(event.arg[CHARACTER], 'b');
    assert_int_equal(event.arg[ERRORS], 0);
    kit_write(sim, D_ONE, BAUDDIV, DIVIDER);
    begin = k5sim_now(sim);
    send(sim, D_ONE, "cd");
    kit_advance(sim, FRAME / 2);
    k5sim_serial_speed(sim, D_ONE, BAUD / 2); /* the outside's: from the next one on */
    kit_advance(sim, FRAME / 2);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_SERIAL, D_ONE, &event), 1);
    assert_int_equal(event.arg[ERRORS], 0);
    kit_advance(sim, 2 * FRAME);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_SERIAL, D_ONE, &event), 1);
    assert_int_equal(event.time, begin + 3 * FRAME);
    assert_int_equal(event.arg[ERRORS], K5SIM_SERIAL_FRAMING);
    k5sim_close(sim);
}

static void test_output_is_recorded_at_the_end_of_its_frame(void **state)
{
    struct k5sim *sim = open_kit();
    struct k5sim_event event;
    uint64_t begin = k5sim_now(sim);

    (void)state;
    kit_write(sim, D_ONE, DATA, 'o');
    kit_write(sim, D_ONE, DATA, 'k');
    kit_advance(sim, FRAME - 1);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_SERIAL, D_ONE, NULL), 0);
    kit_advance(sim, 1);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_SERIAL, D_ONE, &event), 1);
    assert_int_equal(event.time, begin + FRAME);
    assert_int_equal(event.arg[CHARACTER], 'o');
    assert_int_equal(event.arg[TO_CHIP], 0);
    assert_int_equal(event.arg[ERRORS], 0);
    assert_int_equal(event.arg[TICKS], FRAME);
    assert_int_equal(event.arg[BITS], 10);
    kit_advance(sim, FRAME);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_SERIAL, D_ONE, &event), 1);
    assert_int_equal(event.time, begin + 2 * FRAME);
    assert_int_equal(event.arg[CHARACTER], 'k');
    k5sim_close(sim);
}

/* Parity and two stop bits at 19,200 baud: a frame of 12 bits is 12,500 ticks. */
static void test_frames_have_the_device_s_bits(void **state)
{
    struct k5sim *sim = open_kit();
    struct k5sim_event event;

    (void)state;
    kit_write_sized(sim, D_BYTES, 3, 1, 0x0f); /* LCR: 8 bits, 2 stop bits, parity */
    send(sim, D_BYTES, "p");
    kit_advance(sim, 12500 - 1);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_SERIAL, D_BYTES, NULL), 0);
    kit_advance(sim, 1);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_SERIAL, D_BYTES, &event), 1);
    assert_int_equal(event.arg[TICKS], 12500);
    assert_int_equal(event.arg[BITS], 12);
    assert_int_equal(event.arg[ERRORS], 0);
    k5sim_close(sim);
}

static void test_device_sees_that_a_character_is_arriving(void **state)
{
    struct k5sim *sim = open_kit();
    const struct device *one = &sim->devices.row[D_ONE].device;
    const struct device *two = &sim->devices.row[D_TWO].device;

    (void)state;
    assert_false(device_arriving(one));
    send(sim, D_ONE, "ab");
    for (uint32_t tick = 0; tick < 2 * FRAME; tick += FRAME / 4) {
        kit_read(sim, D_ONE, STATE);
        assert_true(device_arriving(one));
        assert_false(device_arriving(two));
        assert_false(device_arriving(&sim->devices.row[D_TIMER].device));
        kit_advance(sim, FRAME / 4);
    }
    assert_false(device_arriving(one));
    k5sim_close(sim);
}

/* ---------------------------------------------------------------- what goes wrong */

static void test_damage_is_the_next_character_s(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    for (uint32_t errors = 1; errors < 32; errors++) {
        bool lost = (errors & K5SIM_SERIAL_LOST) != 0;
        char wanted = (errors & K5SIM_SERIAL_BREAK) != 0 ? '\0' : 'd';

        assert_int_equal(k5sim_serial_damage(sim, D_ONE, errors), K5SIM_OK);
        struct k5sim_event event = pass(sim, D_ONE, 'd');

        assert_int_equal(event.arg[ERRORS], errors);
        assert_int_equal(event.arg[CHARACTER], wanted);
        assert_int_equal(is_full(sim, D_ONE), !lost);
        kit_read(sim, D_ONE, DATA);
        assert_int_equal(pass(sim, D_ONE, 'g').arg[ERRORS], 0);
        kit_read(sim, D_ONE, DATA);
    }
    assert_int_equal(k5sim_serial_damage(sim, D_ONE, 0x20), K5SIM_BAD_ARGUMENT);
    assert_string_equal(k5sim_error_text(sim), "0x20 is no serial error: bits of 0x1f are");
    assert_int_equal(pass(sim, D_ONE, 'g').arg[ERRORS], 0);
    k5sim_close(sim);
}

static void test_without_a_receiver_characters_are_lost(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    kit_write(sim, D_ONE, CTRL, TX);
    assert_int_equal(pass(sim, D_ONE, 'l').arg[ERRORS], K5SIM_SERIAL_LOST);
    assert_false(is_full(sim, D_ONE));
    kit_write(sim, D_ONE, CTRL, RX);
    kit_write(sim, D_ONE, BAUDDIV, 0); /* no speed yet: the outside sends at its usual one */
    struct k5sim_event event = pass(sim, D_ONE, 'l');

    assert_int_equal(event.arg[ERRORS], K5SIM_SERIAL_LOST);
    assert_int_equal(event.arg[TICKS], (10 * KIT_TICK_HZ + SERIAL_BAUD / 2) / SERIAL_BAUD);
    assert_false(is_full(sim, D_ONE));
    k5sim_close(sim);
}

/* Time goes by between two that nobody reads: the later one is lost in the device, not here. */
static void test_overrun_is_the_device_s(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    send(sim, D_ONE, "ab");
    kit_advance(sim, 2 * FRAME);
    assert_int_equal(kit_read(sim, D_ONE, STATE) & (RXFULL | RXOVER), RXFULL | RXOVER);
    k5sim_close(sim);
}

/* ---------------------------------------------------------------- many */

static void test_as_many_characters_wait_as_the_line_takes(void **state)
{
    static uint8_t text[SERIAL_WAITING + 100];
    struct k5sim *sim = open_kit();

    (void)state;
    for (uint32_t i = 0; i < sizeof text; i++) {
        text[i] = (uint8_t)(i * 7u);
    }
    assert_int_equal(k5sim_serial_send(sim, D_ONE, text, sizeof text), SERIAL_WAITING);
    assert_int_equal(k5sim_serial_send(sim, D_ONE, text, 1), 0);
    kit_advance(sim, FRAME);
    assert_int_equal(kit_read(sim, D_ONE, DATA), text[0]);
    assert_int_equal(k5sim_serial_send(sim, D_ONE, text + SERIAL_WAITING, 100), 1);
    for (uint32_t i = 1; i <= SERIAL_WAITING; i++) {
        kit_advance(sim, FRAME);
        assert_int_equal(kit_read(sim, D_ONE, DATA), text[i]);
        kit_events(sim, 0, 0, NULL);
    }
    kit_advance(sim, 2 * FRAME);
    assert_false(is_full(sim, D_ONE));
    k5sim_close(sim);
}

/* Two at their own speeds, the third silent; ends that meet at one tick come in the boards' order.
 */
static void test_lines_do_not_disturb_each_other(void **state)
{
    struct k5sim *sim = open_kit();
    struct k5sim_event event;
    uint64_t begin = k5sim_now(sim);
    uint32_t next[2] = {0};

    (void)state;
    kit_write(sim, D_TWO, BAUDDIV, DIVIDER * 3 / 2);
    send(sim, D_TWO, "AAAAAA");
    send(sim, D_ONE, "aaaaaaaaa");
    kit_advance(sim, 9 * FRAME);
    while (k5sim_take_events(sim, &event, 1) == 1) {
        if (event.kind == K5SIM_EVENT_SERIAL) {
            uint32_t length = event.code == D_ONE ? FRAME : FRAME * 3 / 2;
            uint32_t count = ++next[event.code];

            assert_int_equal(event.time, begin + count * length);
            assert_true(event.code == D_ONE || count * 3 % 2 != 0 || next[D_ONE] == count * 3 / 2);
        }
    }
    assert_int_equal(next[D_ONE], 9);
    assert_int_equal(next[D_TWO], 6);
    k5sim_close(sim);
}

static void test_devices_without_a_line_say_so(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    assert_int_equal(k5sim_serial_send(sim, D_TIMER, "x", 1), K5SIM_BAD_ARGUMENT);
    assert_string_equal(k5sim_error_text(sim), "device 'timer' has no serial line");
    assert_int_equal(k5sim_serial_speed(sim, D_TIMER, 1), K5SIM_BAD_ARGUMENT);
    assert_int_equal(k5sim_serial_damage(sim, D_COUNT, 1), K5SIM_BAD_ARGUMENT);
    assert_string_equal(k5sim_error_text(sim), "there is no device 4, but 4 of them");
    k5sim_close(sim);
}

/* ---------------------------------------------------------------- ends */

static void test_reset_forgets_what_is_under_way(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    k5sim_serial_speed(sim, D_ONE, BAUD / 2);
    for (uint32_t why = 0; why <= K5SIM_RESET_WATCHDOG; why++) {
        send(sim, D_ONE, "gone");
        k5sim_serial_damage(sim, D_ONE, K5SIM_SERIAL_NOISE);
        kit_advance(sim, FRAME / 2);
        assert_int_equal(k5sim_reset(sim, why), K5SIM_OK);
        kit_events(sim, 0, 0, NULL);
        kit_write(sim, D_ONE, BAUDDIV, 2 * DIVIDER);
        kit_write(sim, D_ONE, CTRL, TX | RX);
        kit_advance(sim, 20 * FRAME);
        assert_int_equal(kit_events(sim, K5SIM_EVENT_SERIAL, D_ONE, NULL), 0);
        struct k5sim_event event = pass(sim, D_ONE, 'n');

        assert_int_equal(event.arg[ERRORS], 0);
        assert_int_equal(event.arg[TICKS], 2 * FRAME); /* the outside's speed stays */
        kit_read(sim, D_ONE, DATA);
    }
    k5sim_close(sim);
}

/* Sets the device up, gives it two characters, and commits a crime that ends the machine. */
static const uint16_t last_words[] = {
    0x2114, 0x6101, 0x2101, 0x6081, /* BAUDDIV = 20; CTRL = TX */
    0x2141, 0x6001, 0x2142, 0x6001, /* "A" at tick 6, "B" */
    0xde00,                         /* udf */
};
static const uint16_t loop[] = {0xe7fe};

static void test_halt_lets_characters_leave(void **state)
{
    const struct bench_program programs[] = {BENCH_PROGRAM(last_words), BENCH_PROGRAM(loop)};
    struct k5sim *sim = bench_open_devices(devices, D_COUNT);
    struct k5sim_event event = {0};

    (void)state;
    build_reset();
    build_single(20);
    build_single(10);
    build_header()->last_resort = SYS_LAST_HALT;
    build_task_of(0)->policy = SYS_POLICY_STOP;
    build_task_of(1)->supervisor = (uint8_t)build_endpoint(0);
    build_region(0, devices[D_ONE].base, 4096, SYS_READ | SYS_WRITE);
    build_thread_of(0)->argument = devices[D_ONE].base;
    k5sim_record(sim, UINT64_C(1) << K5SIM_EVENT_SERIAL);
    bench_start(sim, programs, 2);
    assert_int_equal(k5sim_run(sim, 300, 0), K5SIM_STOP_HALT); /* the next one leaves later */
    assert_true(sim->port.halted);
    assert_int_equal(k5sim_take_events(sim, &event, 1), 1);
    assert_int_equal(event.time, 6 + 200);
    assert_int_equal(event.arg[CHARACTER], 'A');
    assert_int_equal(k5sim_take_events(sim, &event, 1), 0);
    assert_int_equal(k5sim_run(sim, UINT64_MAX, 0), K5SIM_STOP_HALT);
    assert_int_equal(k5sim_take_events(sim, &event, 1), 1);
    assert_int_equal(event.time, 6 + 400);
    assert_int_equal(event.arg[CHARACTER], 'B');
    assert_int_equal(k5sim_now(sim), 406);
    assert_int_equal(k5sim_run(sim, UINT64_MAX, 0), K5SIM_STOP_HALT);
    assert_int_equal(k5sim_now(sim), 406);
    k5sim_close(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_characters_arrive_at_the_end_of_their_frames),
        cmocka_unit_test(test_frames_follow_each_other),
        cmocka_unit_test(test_other_speeds_up_to_three_percent_off),
        cmocka_unit_test(test_change_of_speed_in_the_middle_of_a_character),
        cmocka_unit_test(test_output_is_recorded_at_the_end_of_its_frame),
        cmocka_unit_test(test_frames_have_the_device_s_bits),
        cmocka_unit_test(test_device_sees_that_a_character_is_arriving),
        cmocka_unit_test(test_damage_is_the_next_character_s),
        cmocka_unit_test(test_without_a_receiver_characters_are_lost),
        cmocka_unit_test(test_overrun_is_the_device_s),
        cmocka_unit_test(test_as_many_characters_wait_as_the_line_takes),
        cmocka_unit_test(test_lines_do_not_disturb_each_other),
        cmocka_unit_test(test_devices_without_a_line_say_so),
        cmocka_unit_test(test_reset_forgets_what_is_under_way),
        cmocka_unit_test(test_halt_lets_characters_leave),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
