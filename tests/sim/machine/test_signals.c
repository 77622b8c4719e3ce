/* Pads, pins and wires: who decides a level, who is told of it, and that all of it comes to rest.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/machine.h"
#include "tests/sim/support/device_kit.h"

enum { D_A, D_B, D_C, D_EXTI, D_COUNT };

/* Ports whose pads are all open after reset. */
static const struct k5sim_device devices[D_COUNT] = {
    {.model = "stm32-gpio", .name = "a", .base = 0x42020000, .parameter = 3},
    {.model = "stm32-gpio", .name = "b", .base = 0x42020400, .parameter = 4},
    {.model = "stm32-gpio", .name = "c", .base = 0x42020800, .parameter = 5},
    {.model = "stm32-exti",
     .name = "exti",
     .base = 0x4002f400,
     .line_count = 16,
     .line = {11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26}},
};

#define MODER  0x00u
#define OTYPER 0x04u
#define PUPDR  0x0cu
#define IDR    0x10u
#define ODR    0x14u
#define AFRL   0x20u

#define RTSR1   0x00u
#define FTSR1   0x04u
#define RPR1    0x0cu
#define FPR1    0x10u
#define EXTICR1 0x60u
#define IMR1    0x80u

#define INPUT     0u
#define OUTPUT    1u
#define ALTERNATE 2u

#define LET_GO (-1)

static void set_field(struct k5sim *sim, uint32_t device, uint32_t reg, unsigned shift,
                      uint32_t mask, uint32_t to)
{
    uint32_t value = kit_read(sim, device, reg);

    kit_write(sim, device, reg, (value & ~(mask << shift)) | to << shift);
}

static void set_mode(struct k5sim *sim, uint32_t device, unsigned pad, uint32_t mode)
{
    set_field(sim, device, MODER, 2 * pad, 3, mode);
}

/* The chip drives the pad, or lets go of it. */
static void chip_drives(struct k5sim *sim, uint32_t device, unsigned pad, int level)
{
    if (level >= 0) {
        set_field(sim, device, ODR, pad, 1, (uint32_t)level);
    }
    set_mode(sim, device, pad, level < 0 ? INPUT : OUTPUT);
}

static bool input_of(struct k5sim *sim, uint32_t device, unsigned pad)
{
    return (kit_read(sim, device, IDR) >> pad & 1u) != 0;
}

static void drive(struct k5sim *sim, uint32_t pin, int32_t level)
{
    assert_int_equal(k5sim_pin_drive(sim, pin, level), K5SIM_OK);
}

static struct k5sim *open_with(const struct k5sim_wire *wires, size_t wire_count,
                               const struct k5sim_pin *pins, size_t pin_count)
{
    return kit_open(&(struct kit_board){.device = devices,
                                        .device_count = D_COUNT,
                                        .wire = wires,
                                        .wire_count = wire_count,
                                        .pin = pins,
                                        .pin_count = pin_count});
}

/* ---------------------------------------------------------------- one pad */

static const struct k5sim_pin three_pulls[] = {
    {.name = "none", .device = "a", .signal = 0, .pull = -1},
    {.name = "down", .device = "a", .signal = 1, .pull = 0},
    {.name = "up", .device = "a", .signal = 2, .pull = 1},
};

struct pad {
    int chip;      /* 0, 1, or -1: an input; 2: open drain, high; 3: open drain, low */
    int outside;   /* 0, 1, or -1 */
    uint32_t pull; /* the chip's: 0 none, 1 up, 2 down */
};

static void arrange(struct k5sim *sim, unsigned pin, struct pad pad)
{
    set_field(sim, D_A, PUPDR, 2 * pin, 3, pad.pull);
    set_field(sim, D_A, OTYPER, pin, 1, pad.chip >= 2);
    chip_drives(sim, D_A, pin, pad.chip >= 2 ? pad.chip == 2 : pad.chip);
    drive(sim, pin, pad.outside);
}

/* What the documentation says, in its order. */
static bool expected_level(struct pad pad, int board_pull)
{
    if (pad.chip == 0 || pad.chip == 1 || pad.chip == 3) {
        return pad.chip == 1;
    }
    if (pad.outside >= 0) {
        return pad.outside == 1;
    }
    return pad.pull != 0 ? pad.pull == 1 : board_pull == 1;
}

/* From each of the states of a pad to each other one: level, input register, event and driver. */
static void test_the_strongest_decides_a_pad_s_level(void **state)
{
    static const int chips[] = {-1, 0, 1, 2, 3};
    struct k5sim *sim = open_with(NULL, 0, three_pulls, 3);

    (void)state;
    for (unsigned pin = 0; pin < 3; pin++) {
        set_mode(sim, D_A, pin, INPUT);
        for (unsigned k = 0; k < 5 * 3 * 3 * 5 * 3 * 3; k++) {
            unsigned from = k / 45;
            unsigned to = k % 45;
            struct pad before = {chips[from % 5], (int)(from / 5 % 3) - 1, from / 15};
            struct pad after = {chips[to % 5], (int)(to / 5 % 3) - 1, to / 15};
            struct k5sim_event event = {0};

            arrange(sim, pin, before);
            bool old = expected_level(before, three_pulls[pin].pull);

            assert_int_equal(k5sim_pin_level(sim, pin), old);
            kit_events(sim, K5SIM_EVENT_PIN, pin, NULL);
            arrange(sim, pin, after);
            bool level = expected_level(after, three_pulls[pin].pull);
            size_t events = kit_events(sim, K5SIM_EVENT_PIN, pin, &event);

            assert_int_equal(k5sim_pin_level(sim, pin), level);
            assert_int_equal(input_of(sim, D_A, pin), level);
            assert_int_equal(events % 2, old != level);
            assert_true(events == 0 || event.arg[0] == level);
        }
    }
    k5sim_close(sim);
}

static void test_pin_events_say_who_drives(void **state)
{
    struct k5sim *sim = open_with(NULL, 0, three_pulls, 3);
    struct k5sim_event event;

    (void)state;
    set_mode(sim, D_A, 2, INPUT);
    kit_events(sim, 0, 0, NULL);
    kit_advance(sim, 100);
    drive(sim, 2, 0);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_PIN, 2, &event), 1);
    assert_int_equal(event.arg[0], 0);
    assert_int_equal(event.arg[1], K5SIM_DRIVER_OUTSIDE);
    assert_int_equal(event.time, k5sim_now(sim));
    drive(sim, 2, LET_GO);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_PIN, 2, &event), 1);
    assert_int_equal(event.arg[0], 1);
    assert_int_equal(event.arg[1], K5SIM_DRIVER_NONE);
    chip_drives(sim, D_A, 2, 0);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_PIN, 2, &event), 1);
    assert_int_equal(event.arg[0], 0);
    assert_int_equal(event.arg[1], K5SIM_DRIVER_CHIP);
    drive(sim, 2, 1); /* the chip wins: nothing changes */
    drive(sim, 2, 0);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_PIN, 2, &event), 0);
    k5sim_close(sim);
}

static void test_pulls_of_the_board_are_there_at_boot(void **state)
{
    struct k5sim *sim = open_with(NULL, 0, three_pulls, 3);
    struct k5sim_event event;

    (void)state;
    for (unsigned boot = 0; boot < 2; boot++) {
        assert_int_equal(k5sim_pin_level(sim, 0), 0);
        assert_int_equal(k5sim_pin_level(sim, 1), 0);
        assert_int_equal(k5sim_pin_level(sim, 2), 1);
        size_t found = 0;

        while (k5sim_take_events(sim, &event, 1) == 1) {
            if (event.kind == K5SIM_EVENT_PIN) {
                assert_int_equal(event.time, 0);
                assert_int_equal(event.code, 2);
                assert_int_equal(event.arg[0], 1);
                assert_int_equal(event.arg[1], K5SIM_DRIVER_NONE);
                found++;
            }
        }
        assert_int_equal(found, 1);
        drive(sim, 1, 1); /* a boot forgets the outside */
        assert_int_equal(k5sim_boot(sim), K5SIM_OK);
    }
    k5sim_close(sim);
}

static void test_outside_stays_over_a_reset(void **state)
{
    struct k5sim *sim = open_with(NULL, 0, three_pulls, 3);

    (void)state;
    chip_drives(sim, D_A, 0, 1);
    drive(sim, 2, 0);
    assert_int_equal(k5sim_pin_level(sim, 0), 1);
    for (uint32_t why = 0; why <= K5SIM_RESET_WATCHDOG; why++) {
        assert_int_equal(k5sim_reset(sim, why), K5SIM_OK);
        assert_int_equal(k5sim_pin_level(sim, 0), 0);
        assert_int_equal(k5sim_pin_level(sim, 2), 0);
    }
    drive(sim, 2, LET_GO);
    assert_int_equal(k5sim_pin_level(sim, 2), 1);
    k5sim_close(sim);
}

/* ---------------------------------------------------------------- wires to pads */

static const struct k5sim_pin pin_of_a[] = {
    {.name = "a0", .device = "a", .signal = 0, .pull = 1},
};

static void test_wire_to_a_pad_is_the_outside(void **state)
{
    static const struct k5sim_wire wires[] = {{.from = "b", .to = "a"}};
    struct k5sim *sim = open_with(wires, 1, pin_of_a, 1);
    struct k5sim_event event;

    (void)state;
    set_mode(sim, D_A, 0, INPUT);
    set_mode(sim, D_B, 0, INPUT);
    assert_true(input_of(sim, D_A, 0)); /* nobody drives: the board's pull */
    kit_events(sim, 0, 0, NULL);
    chip_drives(sim, D_B, 0, 0);
    assert_false(input_of(sim, D_A, 0));
    assert_int_equal(kit_events(sim, K5SIM_EVENT_PIN, 0, &event), 1);
    assert_int_equal(event.arg[1], K5SIM_DRIVER_OUTSIDE);
    chip_drives(sim, D_A, 0, 1); /* the chip wins */
    assert_true(input_of(sim, D_A, 0));
    chip_drives(sim, D_A, 0, LET_GO);
    assert_false(input_of(sim, D_A, 0));
    drive(sim, 0, 1); /* and so does who drives the pin */
    assert_true(input_of(sim, D_A, 0));
    drive(sim, 0, LET_GO); /* the wire is still there */
    assert_false(input_of(sim, D_A, 0));
    chip_drives(sim, D_B, 0, 1);
    assert_true(input_of(sim, D_A, 0));
    drive(sim, 0, 0); /* the other way round */
    assert_false(input_of(sim, D_A, 0));
    drive(sim, 0, LET_GO);
    assert_true(input_of(sim, D_A, 0));
    chip_drives(sim, D_B, 0, LET_GO);
    assert_true(input_of(sim, D_A, 0));
    k5sim_close(sim);
}

/* Two drivers and a pull: as with open drains, in whatever order they come and go. */
static void test_of_several_wires_to_a_pad_the_low_one_wins(void **state)
{
    static const struct k5sim_wire wires[] = {{.from = "b", .to = "a"}, {.from = "c", .to = "a"}};
    struct k5sim *sim = open_with(wires, 2, pin_of_a, 1);
    int at[2] = {LET_GO, LET_GO};

    (void)state;
    set_mode(sim, D_A, 0, INPUT);
    set_mode(sim, D_B, 0, INPUT);
    set_mode(sim, D_C, 0, INPUT);
    for (unsigned k = 0; k < 9 * 9 * 2; k++) {
        int b = (int)(k % 3) - 1;
        int c = (int)(k / 3 % 3) - 1;

        at[0] = b;
        at[1] = c;
        for (unsigned i = 0; i < 2; i++) { /* in both orders */
            unsigned which = (i + k / 81) % 2;

            chip_drives(sim, which == 0 ? D_B : D_C, 0, at[which]);
        }
        assert_int_equal(input_of(sim, D_A, 0), b != 0 && c != 0);
        chip_drives(sim, D_B, 0, (int)(k / 9 % 3) - 1);
    }
    k5sim_close(sim);
}

static void test_pads_wired_both_ways_let_go_of_each_other(void **state)
{
    static const struct k5sim_wire wires[] = {{.from = "b", .to = "a"}, {.from = "a", .to = "b"}};
    struct k5sim *sim = open_with(wires, 2, pin_of_a, 1);

    (void)state;
    set_mode(sim, D_A, 0, INPUT);
    set_mode(sim, D_B, 0, INPUT);
    for (unsigned k = 0; k < 4; k++) {
        uint32_t from = k % 2 == 0 ? D_A : D_B;
        int level = (int)(k / 2);

        chip_drives(sim, from, 0, level);
        assert_int_equal(input_of(sim, D_A, 0), level);
        assert_int_equal(input_of(sim, D_B, 0), level);
        chip_drives(sim, from, 0, LET_GO);
        assert_true(input_of(sim, D_A, 0)); /* its pull */
        assert_false(input_of(sim, D_B, 0));
    }
    drive(sim, 0, 1); /* who drives the pin reaches the other end, too */
    assert_true(input_of(sim, D_B, 0));
    drive(sim, 0, LET_GO);
    assert_false(input_of(sim, D_B, 0));
    k5sim_close(sim);
}

/* ---------------------------------------------------------------- wires to inputs */

/* Function 2 of pad 3 of a is b's pad 0: while that is open, so is the pad. */
static void test_input_is_open_while_nobody_drives_it(void **state)
{
    static const struct k5sim_wire wires[] = {{.from = "b", .to = "a", .to_signal = 16 * 3 + 3}};
    struct k5sim *sim = open_with(wires, 1, NULL, 0);
    const struct device *a = &sim->devices.row[D_A].device;

    (void)state;
    set_mode(sim, D_B, 0, INPUT);
    set_field(sim, D_A, AFRL, 12, 15, 2);
    set_field(sim, D_A, PUPDR, 6, 3, 1);
    set_mode(sim, D_A, 3, ALTERNATE);
    assert_true(device_input_open(a, 16 * 3 + 3));
    assert_true(device_input_open(a, 16 * 3 + 4)); /* no wire is there at all */
    assert_true(device_input_open(a, 3));
    assert_true(input_of(sim, D_A, 3)); /* its own pull-up */
    chip_drives(sim, D_B, 0, 0);
    assert_false(device_input_open(a, 16 * 3 + 3));
    assert_false(device_input_open(a, 3));
    assert_false(input_of(sim, D_A, 3));
    chip_drives(sim, D_B, 0, 1);
    assert_true(device_input(a, 16 * 3 + 3));
    set_field(sim, D_A, PUPDR, 6, 3, 2);
    assert_true(input_of(sim, D_A, 3));
    chip_drives(sim, D_B, 0, LET_GO);
    assert_true(device_input_open(a, 16 * 3 + 3));
    assert_false(input_of(sim, D_A, 3)); /* its pull-down */
    k5sim_close(sim);
}

static void test_edges_at_wires_interrupt(void **state)
{
    static const struct k5sim_wire wires[] = {{.from = "a", .to = "exti"}};
    struct k5sim *sim = open_with(wires, 1, pin_of_a, 1);

    (void)state;
    set_mode(sim, D_A, 0, INPUT);
    drive(sim, 0, 0);
    kit_write(sim, D_EXTI, IMR1, 1);
    kit_write(sim, D_EXTI, RTSR1, 1);
    drive(sim, 0, LET_GO); /* the pull is an edge as well */
    assert_true(kit_line(sim, 11));
    kit_write(sim, D_EXTI, RPR1, 1);
    assert_false(kit_line(sim, 11));
    drive(sim, 0, 0); /* the other edge, that nobody asked for */
    assert_false(kit_line(sim, 11));
    drive(sim, 0, 1);
    assert_true(kit_line(sim, 11));
    k5sim_close(sim);
}

/* Whoever lets go last: no edge is made up, and none is lost. */
static void test_of_several_wires_to_an_input_the_low_one_wins(void **state)
{
    static const struct k5sim_wire wires[] = {{.from = "a", .to = "exti"},
                                              {.from = "b", .to = "exti"}};
    struct k5sim *sim = open_with(wires, 2, NULL, 0);

    (void)state;
    kit_write(sim, D_EXTI, RTSR1, 1);
    kit_write(sim, D_EXTI, FTSR1, 1);
    chip_drives(sim, D_A, 0, 1);
    assert_int_equal(kit_read(sim, D_EXTI, RPR1), 1);
    kit_write(sim, D_EXTI, RPR1, 1);
    chip_drives(sim, D_B, 0, 1); /* high already */
    assert_int_equal(kit_read(sim, D_EXTI, RPR1) | kit_read(sim, D_EXTI, FPR1), 0);
    chip_drives(sim, D_A, 0, LET_GO); /* still high: b drives it */
    assert_int_equal(kit_read(sim, D_EXTI, RPR1) | kit_read(sim, D_EXTI, FPR1), 0);
    chip_drives(sim, D_A, 0, 0);
    assert_int_equal(kit_read(sim, D_EXTI, FPR1), 1);
    kit_write(sim, D_EXTI, FPR1, 1);
    chip_drives(sim, D_B, 0, 0); /* low already */
    chip_drives(sim, D_A, 0, 1);
    assert_int_equal(kit_read(sim, D_EXTI, RPR1) | kit_read(sim, D_EXTI, FPR1), 0);
    chip_drives(sim, D_B, 0, LET_GO);
    assert_int_equal(kit_read(sim, D_EXTI, RPR1), 1);
    k5sim_close(sim);
}

/* ---------------------------------------------------------------- coming to rest */

/* Drives signal 0 to the opposite of input 0, which is wired to it. */
static struct device_levels invert(const struct device *d)
{
    return (struct device_levels){.driven = 1, .high = device_input(d, 0) ? 0 : 1};
}

static const struct device_model inverter = {.name = "inverter", .drives = invert};

static void test_devices_that_never_agree_fail_the_machine(void **state)
{
    static const struct k5sim_wire wires[] = {
        {.from = "a", .to = "b"}, {.from = "b", .to = "c"}, {.from = "c", .to = "a"}};
    struct k5sim *sim = open_with(wires, 3, NULL, 0);

    (void)state;
    for (uint32_t i = D_A; i <= D_C; i++) { /* no model of peripherals/ does that */
        sim->devices.row[i].device.model = &inverter;
    }
    assert_int_equal(k5sim_reset(sim, K5SIM_RESET_POWER), K5SIM_OK);
    assert_int_equal(k5sim_run(sim, 1000, 0), K5SIM_STOP_ENGINE);
    assert_non_null(strstr(k5sim_error_text(sim), "and others change each other for ever"));
    k5sim_close(sim);
}

/* A pad that follows itself, and one that follows another that follows it: they come to rest. */
static void test_loops_of_wires_come_to_rest(void **state)
{
    static const struct k5sim_wire wires[] = {
        {.from = "a", .from_signal = 0, .to = "a", .to_signal = 16},
        {.from = "a", .from_signal = 1, .to = "b", .to_signal = 17},
        {.from = "b", .from_signal = 1, .to = "a", .to_signal = 17},
    };
    static const struct k5sim_pin pins[] = {
        {.name = "own", .device = "a", .signal = 0, .pull = 1},
        {.name = "other", .device = "a", .signal = 1, .pull = -1},
    };
    struct k5sim *sim = open_with(wires, 3, pins, 2);

    (void)state;
    set_mode(sim, D_A, 0, ALTERNATE);
    set_mode(sim, D_A, 1, ALTERNATE);
    set_mode(sim, D_B, 1, ALTERNATE);
    assert_int_equal(k5sim_pin_level(sim, 0), 1);
    drive(sim, 1, 1);
    assert_true(input_of(sim, D_B, 1));
    drive(sim, 0, 0);
    assert_int_equal(k5sim_run(sim, k5sim_now(sim) + 100, 0), K5SIM_STOP_TIME);
    k5sim_close(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_strongest_decides_a_pad_s_level),
        cmocka_unit_test(test_pin_events_say_who_drives),
        cmocka_unit_test(test_pulls_of_the_board_are_there_at_boot),
        cmocka_unit_test(test_outside_stays_over_a_reset),
        cmocka_unit_test(test_wire_to_a_pad_is_the_outside),
        cmocka_unit_test(test_of_several_wires_to_a_pad_the_low_one_wins),
        cmocka_unit_test(test_pads_wired_both_ways_let_go_of_each_other),
        cmocka_unit_test(test_input_is_open_while_nobody_drives_it),
        cmocka_unit_test(test_edges_at_wires_interrupt),
        cmocka_unit_test(test_of_several_wires_to_an_input_the_low_one_wins),
        cmocka_unit_test(test_devices_that_never_agree_fail_the_machine),
        cmocka_unit_test(test_loops_of_wires_come_to_rest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
