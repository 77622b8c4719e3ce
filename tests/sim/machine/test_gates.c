/* Accesses that come to nothing: without a clock, in reset, of a wrong size, where no register is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/machine.h"
#include "tests/sim/support/bench.h"
#include "tests/sim/support/device_kit.h"

enum { D_RCC, D_PORT, D_TIMER, D_UART, D_I2C, D_SENSOR, D_EXTI, D_COUNT };

#define AHB2RSTR 0x2cu
#define AHB2ENR  0x4cu

/* Which bits gate what is this board's own idea. */
static const struct k5sim_device devices[D_COUNT] = {
    {.model = "stm32-rcc", .name = "rcc", .base = 0x40021000},
    {.model = "stm32-gpio",
     .name = "port",
     .base = 0x42020000,
     .parameter = 3,
     .clock = {"rcc", AHB2ENR, 0},
     .reset = {"rcc", AHB2RSTR, 0}},
    {.model = "cmsdk-timer",
     .name = "timer",
     .base = 0x40001000,
     .line_count = 1,
     .line = {9},
     .reset = {"rcc", AHB2RSTR, 1}},
    {.model = "ns16550", .name = "uart", .base = 0x40002000, .reset = {"rcc", AHB2RSTR, 2}},
    {.model = "stm32-i2c", .name = "i2c", .base = 0x40005400},
    {.model = "tmp102",
     .name = "sensor",
     .bus = "i2c",
     .parameter = 0x48,
     .reset = {"rcc", AHB2RSTR, 3}},
    {.model = "stm32-exti", .name = "exti", .base = 0x4002f400, .reset = {"rcc", AHB2RSTR, 4}},
};

static const struct k5sim_wire wires[] = {{.from = "port", .to = "exti"}};
static const struct k5sim_pin pins[] = {{.name = "pin", .device = "port", .pull = 0}};

enum { MODER = 0x00, ODR = 0x14 };
enum { CTRL = 0x00, VALUE = 0x04, RELOAD = 0x08 };

static struct k5sim *open_kit(void)
{
    struct k5sim *sim = kit_open(&(struct kit_board){.device = devices,
                                                     .device_count = D_COUNT,
                                                     .wire = wires,
                                                     .wire_count = 1,
                                                     .pin = pins,
                                                     .pin_count = 1});

    kit_events(sim, 0, 0, NULL);
    return sim;
}

static void hold(struct k5sim *sim, uint32_t bit, bool held)
{
    uint32_t value = kit_read(sim, D_RCC, AHB2RSTR);

    kit_write(sim, D_RCC, AHB2RSTR, held ? value | 1u << bit : value & ~(1u << bit));
}

static size_t errors(struct k5sim *sim, struct k5sim_guest_error *out, size_t most)
{
    memset(out, 0, most * sizeof *out);
    return k5sim_guest_errors(sim, out, most);
}

/* ---------------------------------------------------------------- gates */

static void test_without_its_clock_a_device_takes_nothing(void **state)
{
    struct k5sim *sim = open_kit();
    struct k5sim_guest_error found[4];
    struct k5sim_event event;

    (void)state;
    assert_int_equal(kit_read(sim, D_PORT, MODER), 0);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_UNCLOCKED, D_PORT, &event), 1);
    assert_int_equal(event.arg[0], MODER);
    assert_int_equal(event.arg[2], 0);
    kit_write(sim, D_PORT, ODR, 7);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_UNCLOCKED, D_PORT, &event), 1);
    assert_int_equal(event.arg[0], ODR);
    assert_int_equal(event.arg[1], 7);
    assert_int_equal(event.arg[2], 1);
    kit_write(sim, D_PORT, ODR, 8);
    assert_int_equal(errors(sim, found, 4), 2);
    assert_int_equal(found[1].count, 2);
    assert_int_equal(found[1].value, 7);
    kit_write(sim, D_RCC, AHB2ENR, 1);
    assert_int_equal(kit_read(sim, D_PORT, MODER), UINT32_MAX);
    assert_int_equal(kit_read(sim, D_PORT, ODR), 0);
    kit_write(sim, D_PORT, ODR, 9);
    kit_write(sim, D_RCC, AHB2ENR, 0);
    assert_int_equal(kit_read(sim, D_PORT, ODR), 0);
    kit_write(sim, D_RCC, AHB2ENR, 1);
    assert_int_equal(kit_read(sim, D_PORT, ODR), 9); /* it has forgotten nothing */
    k5sim_close(sim);
}

static void test_in_reset_a_device_lets_go_of_its_pads(void **state)
{
    struct k5sim *sim = open_kit();
    struct k5sim_event event;

    (void)state;
    kit_write(sim, D_RCC, AHB2ENR, 1);
    kit_write(sim, D_PORT, MODER, 1);
    kit_write(sim, D_PORT, ODR, 1);
    assert_int_equal(k5sim_pin_level(sim, 0), 1);
    kit_events(sim, 0, 0, NULL);
    hold(sim, 0, true);
    assert_int_equal(k5sim_pin_level(sim, 0), 0);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_PIN, 0, &event), 1);
    assert_int_equal(event.arg[1], K5SIM_DRIVER_NONE);
    kit_write(sim, D_PORT, MODER, 1); /* nobody is there */
    assert_int_equal(kit_read(sim, D_PORT, MODER), 0);
    hold(sim, 0, false);
    assert_int_equal(kit_read(sim, D_PORT, MODER), UINT32_MAX);
    assert_int_equal(kit_read(sim, D_PORT, ODR), 0);
    k5sim_close(sim);
}

static void test_in_reset_a_device_has_neither_lines_nor_events(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    kit_write(sim, D_TIMER, RELOAD, 99);
    kit_write(sim, D_TIMER, CTRL, 9);
    kit_advance(sim, 100);
    assert_true(kit_line(sim, 9));
    hold(sim, 1, true);
    assert_false(kit_line(sim, 9));
    assert_true(sim->devices.row[D_TIMER].device.event_at == DEVICE_NEVER);
    kit_advance(sim, 1000);
    assert_false(kit_line(sim, 9));
    hold(sim, 1, false);
    kit_advance(sim, 1000);
    assert_int_equal(kit_read(sim, D_TIMER, CTRL), 0);
    assert_false(kit_line(sim, 9));
    k5sim_close(sim);
}

/* The 16550 would receive as it leaves its reset. */
static void test_in_reset_a_device_receives_nothing(void **state)
{
    struct k5sim *sim = open_kit();
    struct k5sim_event event;

    (void)state;
    hold(sim, 2, true);
    k5sim_serial_send(sim, D_UART, "a", 1);
    kit_advance(sim, KIT_TICK_HZ / 100);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_SERIAL, D_UART, &event), 1);
    assert_int_equal(event.arg[2], K5SIM_SERIAL_LOST);
    hold(sim, 2, false);
    assert_int_equal(kit_read_sized(sim, D_UART, 5, 1) & 1, 0); /* LSR: no data */
    kit_write_sized(sim, D_UART, 3, 1, 3);                      /* LCR: 8 bits */
    k5sim_serial_send(sim, D_UART, "b", 1);
    kit_advance(sim, KIT_TICK_HZ / 100);
    assert_int_equal(kit_read_sized(sim, D_UART, 5, 1) & 1, 1);
    assert_int_equal(kit_read_sized(sim, D_UART, 0, 1), 'b');
    k5sim_close(sim);
}

static void test_in_reset_a_target_does_not_answer(void **state)
{
    struct k5sim *sim = open_kit();
    struct device *controller = &sim->devices.row[D_I2C].device;

    (void)state;
    assert_true(device_i2c_start(controller, 0x48, false));
    hold(sim, 3, true); /* in the middle of its transfer */
    assert_false(device_i2c_write(controller, 1));
    assert_int_equal(device_i2c_read(controller), 0xff);
    device_i2c_stop(controller);
    assert_false(device_i2c_start(controller, 0x48, false));
    assert_true(sim->devices.row[D_SENSOR].device.event_at == DEVICE_NEVER); /* nor measures */
    hold(sim, 3, false);
    assert_true(sim->devices.row[D_SENSOR].device.event_at != DEVICE_NEVER);
    assert_true(device_i2c_start(controller, 0x48, false));
    device_i2c_stop(controller);
    k5sim_close(sim);
}

/* What goes on meanwhile is no edge when it is over. */
static void test_in_reset_a_device_sees_no_edges(void **state)
{
    enum { RTSR1 = 0x00, RPR1 = 0x0c };
    struct k5sim *sim = open_kit();

    (void)state;
    kit_write(sim, D_RCC, AHB2ENR, 1);
    kit_write(sim, D_PORT, MODER, 0);
    hold(sim, 4, true);
    k5sim_pin_drive(sim, 0, 1);
    hold(sim, 4, false);
    kit_write(sim, D_EXTI, RTSR1, 1);
    assert_int_equal(kit_read(sim, D_EXTI, RPR1), 0);
    k5sim_pin_drive(sim, 0, 0);
    k5sim_pin_drive(sim, 0, 1);
    assert_int_equal(kit_read(sim, D_EXTI, RPR1), 1);
    k5sim_close(sim);
}

/* Gates are registers of a device that a reset of the MCU clears, too. */
static void test_reset_of_the_mcu_opens_and_closes_gates(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    kit_write(sim, D_RCC, AHB2ENR, 1);
    hold(sim, 1, true);
    assert_int_equal(k5sim_reset(sim, K5SIM_RESET_PIN), K5SIM_OK);
    kit_write(sim, D_TIMER, RELOAD, 99);
    assert_int_equal(kit_read(sim, D_TIMER, RELOAD), 99);
    assert_int_equal(kit_read(sim, D_PORT, MODER), 0);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_UNCLOCKED, D_PORT, NULL), 1);
    k5sim_close(sim);
}

/* ---------------------------------------------------------------- sizes */

/* What an access of each size is to each kind of device. */
static void test_parts_of_words(void **state)
{
    enum { IWDG, GPIO, TIMER, GOLDFISH, BYTES, COUNT };
    static const struct k5sim_device kinds[COUNT] = {
        {.model = "stm32-iwdg", .name = "halfwords", .base = 0x40003000},
        {.model = "stm32-gpio", .name = "any", .base = 0x42020000},
        {.model = "cmsdk-timer", .name = "words", .base = 0x40001000},
        {.model = "goldfish-rtc", .name = "only words", .base = 0x40002000},
        {.model = "ns16550", .name = "bytes", .base = 0x40004000},
    };
    struct k5sim *sim = kit_open(&(struct kit_board){.device = kinds, .device_count = COUNT});

    (void)state;
    /* ANY_SIZE: what is written goes to its place, the rest of the word stays. */
    kit_write(sim, GPIO, 0x20, 0x11223344);
    kit_write_sized(sim, GPIO, 0x21, 1, 0xaa);
    kit_write_sized(sim, GPIO, 0x22, 2, 0xbbcc);
    assert_int_equal(kit_read(sim, GPIO, 0x20), 0xbbccaa44);
    assert_int_equal(kit_read_sized(sim, GPIO, 0x23, 1), 0xbb);
    assert_int_equal(kit_read_sized(sim, GPIO, 0x20, 2), 0xaa44);
    kit_write_sized(sim, GPIO, 0x20, 1, 0xffffff55); /* a register has 32 bits, a byte has 8 */
    assert_int_equal(kit_read(sim, GPIO, 0x20), 0xbbccaa55);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_DEVICE_MISUSE, GPIO, NULL), 0);
    /* HALFWORDS: the same, but bytes are misuse. */
    assert_int_equal(kit_read_sized(sim, IWDG, 8, 2), 0xfff);
    assert_int_equal(kit_read_sized(sim, IWDG, 0xa, 2), 0);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_DEVICE_MISUSE, IWDG, NULL), 0);
    assert_int_equal(kit_read_sized(sim, IWDG, 8, 1), 0);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_DEVICE_MISUSE, IWDG, NULL), 1);
    /* WORDS: any part is misuse. */
    kit_write(sim, TIMER, RELOAD, 0x12345678);
    assert_int_equal(kit_read_sized(sim, TIMER, RELOAD, 1), 0);
    kit_write_sized(sim, TIMER, RELOAD, 2, 0xffff);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_DEVICE_MISUSE, TIMER, NULL), 1);
    assert_int_equal(kit_read(sim, TIMER, RELOAD), 0x12345678);
    /* WORDS_ONLY: any part is a bus error. */
    for (uint32_t bytes = 1; bytes < 4; bytes *= 2) {
        assert_true(kit_read_refused(sim, GOLDFISH, 8, bytes));
        assert_true(kit_write_refused(sim, GOLDFISH, 8, bytes, 1));
    }
    assert_int_equal(kit_read(sim, GOLDFISH, 8), 0);
    /* BYTES: each address is a register; anything wider is misuse. */
    kit_write_sized(sim, BYTES, 7, 1, 0x1a5);
    assert_int_equal(kit_read_sized(sim, BYTES, 7, 1), 0xa5);
    assert_int_equal(kit_read_sized(sim, BYTES, 3, 1), 0);
    assert_int_equal(kit_read_sized(sim, BYTES, 6, 2), 0);
    assert_int_equal(kit_read(sim, BYTES, 4), 0);
    assert_int_equal(kit_read_sized(sim, BYTES, 8, 1), 0); /* behind its registers */
    struct k5sim_guest_error found[8];

    assert_int_equal(errors(sim, found, 8), 5);
    assert_int_equal(found[0].offset, 8);
    assert_string_equal(k5sim_device_register(sim, BYTES, 7), "SCR");
    assert_null(k5sim_device_register(sim, BYTES, 8));
    k5sim_close(sim);
}

/* ---------------------------------------------------------------- guest errors */

/* Ten times the same mistake, twice another: by the instruction that made it first. */
static void test_mistakes_are_kept_once_with_a_count(void **state)
{
    static const uint16_t code[] = {
        0x210a,                 /* r1 = 10 */
        0x6a02, 0x3901, 0xd1fc, /* again: ldr r2, [r0, #32]; subs r1, #1; bne again */
        0x6201, 0x6a02, 0xe7fe, /* str r1, [r0, #32]; ldr r2, [r0, #32]; b . */
    };
    static const struct k5sim_device timer = {
        .model = "cmsdk-timer", .name = "timer", .base = 0x40001000};
    const struct bench_program programs[] = {BENCH_PROGRAM(code)};
    static struct k5sim_event events[BENCH_EVENTS];
    struct k5sim *sim = bench_open_devices(&timer, 1);
    struct k5sim_guest_error found[4];

    (void)state;
    build_reset();
    build_single(10);
    build_region(0, timer.base, 4096, SYS_READ | SYS_WRITE);
    build_thread_of(0)->argument = timer.base;
    k5sim_record(sim, UINT64_C(1) << K5SIM_EVENT_DEVICE_MISUSE);
    bench_start(sim, programs, 1);
    k5sim_run(sim, 100, 0);
    assert_int_equal(bench_take(sim, events), 1);
    assert_int_equal(events[0].time, 2);
    assert_int_equal(errors(sim, found, 4), 1); /* read or written: one mistake */
    assert_int_equal(found[0].count, 12);
    assert_int_equal(found[0].kind, K5SIM_EVENT_DEVICE_MISUSE);
    assert_int_equal(found[0].offset, 32);
    assert_int_equal(found[0].time, 2);
    assert_int_equal(found[0].thread, 0);
    assert_int_equal(found[0].pc, bench_text(0) + 2);
    assert_int_equal(k5sim_reset(sim, K5SIM_RESET_PIN), K5SIM_OK); /* a reset mends nothing */
    assert_int_equal(errors(sim, found, 4), 1);
    assert_int_equal(k5sim_boot(sim), K5SIM_OK);
    assert_int_equal(errors(sim, found, 4), 0);
    k5sim_close(sim);
}

/* Those behind the table's end are recorded, and the others still counted. */
static void test_table_of_mistakes_has_an_end(void **state)
{
    static struct k5sim_guest_error found[DEVICES_GUEST_ERRORS + 1];
    struct k5sim *sim = open_kit();

    (void)state;
    for (uint32_t i = 0; i < DEVICES_GUEST_ERRORS + 44; i++) {
        kit_read(sim, D_TIMER, 0x100 + 4 * i);
    }
    assert_int_equal(kit_events(sim, K5SIM_EVENT_DEVICE_MISUSE, D_TIMER, NULL), 300);
    kit_read(sim, D_TIMER, 0x100);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_DEVICE_MISUSE, D_TIMER, NULL), 0);
    assert_int_equal(errors(sim, found, DEVICES_GUEST_ERRORS + 1), DEVICES_GUEST_ERRORS);
    assert_int_equal(found[0].count, 2);
    for (uint32_t i = 0; i < DEVICES_GUEST_ERRORS; i++) {
        assert_int_equal(found[i].offset, 0x100 + 4 * i);
    }
    assert_int_equal(found[DEVICES_GUEST_ERRORS].count, 0);
    k5sim_close(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_its_clock_a_device_takes_nothing),
        cmocka_unit_test(test_in_reset_a_device_lets_go_of_its_pads),
        cmocka_unit_test(test_in_reset_a_device_has_neither_lines_nor_events),
        cmocka_unit_test(test_in_reset_a_device_receives_nothing),
        cmocka_unit_test(test_in_reset_a_target_does_not_answer),
        cmocka_unit_test(test_in_reset_a_device_sees_no_edges),
        cmocka_unit_test(test_reset_of_the_mcu_opens_and_closes_gates),
        cmocka_unit_test(test_parts_of_words),
        cmocka_unit_test(test_mistakes_are_kept_once_with_a_count),
        cmocka_unit_test(test_table_of_mistakes_has_an_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
