/* Resets of the MCU: by a watchdog, by the pin, by the supply; at any moment, and at their tick. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/machine.h"
#include "tests/sim/oracle/program.h"
#include "tests/sim/support/bench.h"
#include "tests/sim/support/device_kit.h"

#define BIT(kind) (UINT64_C(1) << (kind))

enum { D_BOMB, D_IWDG, D_RCC, D_FLASH, D_I2C, D_SENSOR, D_GPIO, D_TIMER, D_COUNT };

#define TIMER_LINE 9u

static const struct k5sim_device devices[D_COUNT] = {
    {.model = "cmsdk-timer", .name = "bomb", .base = 0x40000000},
    {.model = "stm32-iwdg", .name = "iwdg", .base = 0x40003000},
    {.model = "stm32-rcc", .name = "rcc", .base = 0x40021000},
    {.model = "stm32-flash", .name = "flash", .base = 0x40022000},
    {.model = "stm32-i2c", .name = "i2c", .base = 0x40005400},
    {.model = "tmp102", .name = "sensor", .bus = "i2c", .parameter = 0x48},
    {.model = "stm32-gpio", .name = "port", .base = 0x42020000, .parameter = 3},
    {.model = "cmsdk-timer",
     .name = "timer",
     .base = 0x40008000,
     .line_count = 1,
     .line = {TIMER_LINE}},
};

/* ---------------------------------------------------------------- a device that resets at once */

static void explode(struct device *d, unsigned r, uint32_t old)
{
    (void)r;
    (void)old;
    d->wants_reset = 1;
}

static const struct device_register fuses[8] = {
    {0x00, "FUSE0", 0, UINT32_MAX, 0, 0}, {0x04, "FUSE1", 0, UINT32_MAX, 0, 0},
    {0x08, "FUSE2", 0, UINT32_MAX, 0, 0}, {0x0c, "FUSE3", 0, UINT32_MAX, 0, 0},
    {0x10, "FUSE4", 0, UINT32_MAX, 0, 0}, {0x14, "FUSE5", 0, UINT32_MAX, 0, 0},
    {0x18, "FUSE6", 0, UINT32_MAX, 0, 0}, {0x1c, "FUSE7", 0, UINT32_MAX, 0, 0},
};

static const struct device_model bomb = {
    .name = "bomb",
    .bytes = 0x1000,
    .registers = fuses,
    .register_count = 8,
    .written = explode,
};

/* One task runs this code; its argument is a buffer of its own, and all devices are, too. */
static struct k5sim *boot_code(const uint16_t *code, size_t halfwords, uint32_t bomb_bytes)
{
    const struct bench_program programs[] = {{code, halfwords}};
    struct k5sim *sim = bench_open_devices(devices, D_COUNT);
    struct sim_device *row = &sim->devices.row[D_BOMB];

    row->device.model = &bomb;
    for (uint32_t k = 0; k < DEVICE_PLACES; k++) {
        row->place[k] = (uint8_t)device_model_register(&bomb, 4u * k);
    }
    build_reset();
    build_single(10);
    build_task_of(0)->policy = SYS_POLICY_STOP;
    build_region(0, devices[D_BOMB].base, bomb_bytes, SYS_READ | SYS_WRITE);
    build_region(0, devices[D_IWDG].base, 4096, SYS_READ | SYS_WRITE);
    build_thread_of(0)->argument = build_buffer(0, 0);
    k5sim_record(sim, UINT64_MAX);
    bench_start(sim, programs, 1);
    return sim;
}

#define BOOT(code) boot_code(code, sizeof(code) / sizeof((code)[0]), 4096)

static uint32_t buffer_word(struct k5sim *sim, uint32_t number)
{
    uint32_t value = 0;

    assert_int_equal(k5sim_read(sim, build_buffer(0, 0) + 4 * number, &value, 4), K5SIM_OK);
    return value;
}

/* ---------------------------------------------------------------- watchdog */

static const uint16_t starts_watchdog[] = {
    0x2403, 0x0324, 0x2540, 0x062d, 0x4325, /* r5 = 0x40003000 */
    0x21cc, 0x020a, 0x4311, 0x6029,         /* KR = 0xcccc */
    0xe7fe,                                 /* b . */
};

#define BITE_TICKS UINT64_C(512000) /* 4 * 4096 cycles of 32 kHz, at a tick of 1 us */

static void test_watchdog_resets_at_its_tick_and_says_so(void **state)
{
    struct k5sim *sim = BOOT(starts_watchdog);
    static struct k5sim_event events[BENCH_EVENTS];

    (void)state;
    k5sim_record(sim, BIT(K5SIM_EVENT_RESET));
    bench_take(sim, events);
    for (uint64_t round = 1; round <= 3; round++) {
        uint64_t due = round * BITE_TICKS;

        assert_int_equal(k5sim_run(sim, due - 1, BIT(K5SIM_EVENT_RESET)), K5SIM_STOP_TIME);
        assert_int_equal(kit_read(sim, D_RCC, 0x94) >> 29 & 1, round > 1); /* CSR.IWDGRSTF */
        assert_int_equal(k5sim_run(sim, due + 1000, BIT(K5SIM_EVENT_RESET)), K5SIM_STOP_EVENT);
        assert_int_equal(k5sim_now(sim), due);
        assert_int_equal(kit_read(sim, D_RCC, 0x94) >> 29 & 1, 1);
        assert_int_equal(sim->port.now, 0); /* the kernel's clock */
        assert_int_equal(bench_take(sim, events), 1);
        assert_int_equal(events[0].time, due);
        assert_int_equal(events[0].code, K5SIM_RESET_WATCHDOG);
        assert_int_equal(events[0].arg[0], D_IWDG);
        assert_null(k5sim_invariants(sim));
    }
    assert_int_equal(k5sim_instructions(sim), k5sim_now(sim));
    k5sim_close(sim);
}

/* ---------------------------------------------------------------- what stays */

static const uint16_t loop[] = {0xe7fe};

#define KEPT_WORD  UINT32_C(0x5a5a1234)
#define KEPT_PLACE (FAKE_RAM_BASE + FAKE_RAM_BYTES - 4u) /* no task's */

/* What each reset keeps: RAM, non-volatile memory, other chips, and what the outside does. */
static void test_resets_keep_what_they_must(void **state)
{
    (void)state;
    for (uint32_t why = 0; why <= K5SIM_RESET_WATCHDOG; why++) {
        struct k5sim *sim = BOOT(loop);
        bool power = why == K5SIM_RESET_POWER;
        uint32_t word = KEPT_WORD;
        uint32_t bytes = 0;

        k5sim_run(sim, 1000, 0);
        assert_int_equal(k5sim_write(sim, KEPT_PLACE, &word, 4), K5SIM_OK);
        const uint8_t *flash = k5sim_device_memory(sim, D_FLASH, &bytes);

        assert_int_equal(flash[5], 0xff);
        assert_int_equal(k5sim_device_memory_write(sim, D_FLASH, 5, "\x42", 1), K5SIM_OK);
        k5sim_value_set(sim, D_SENSOR, 0, 21000);
        k5sim_run(sim, 100000, 0); /* it has measured that */
        uint64_t measured = sim->devices.row[D_SENSOR].device.state[0];

        assert_int_not_equal(measured, 0);
        kit_write(sim, D_TIMER, 8, 500);
        kit_write(sim, D_TIMER, 0, 9);
        k5sim_line_force(sim, 77, true);
        k5sim_run(sim, 101000, 0);
        assert_true(kit_line(sim, TIMER_LINE));
        kit_events(sim, 0, 0, NULL);

        assert_int_equal(k5sim_reset(sim, why), K5SIM_OK);
        assert_int_equal(k5sim_now(sim), 101000);
        assert_int_equal(sim->port.now, 0);
        assert_int_equal(k5sim_read(sim, KEPT_PLACE, &word, 4), K5SIM_OK);
        assert_int_equal(word, power ? 0 : KEPT_WORD);
        assert_int_equal(flash[5], 0x42);
        assert_int_equal(sim->devices.row[D_SENSOR].device.state[0], power ? 0 : measured);
        assert_int_equal(sim->devices.row[D_SENSOR].device.value[0], 21000);
        assert_int_equal(kit_read(sim, D_TIMER, 0), 0);
        assert_false(kit_line(sim, TIMER_LINE));
        assert_true(kit_line(sim, 77));
        assert_int_equal(k5sim_run(sim, 200000, 0), K5SIM_STOP_TIME);
        assert_int_equal(k5sim_instructions(sim), 200000);
        assert_true(kit_line(sim, 77));
        assert_false(kit_line(sim, TIMER_LINE));
        assert_null(k5sim_invariants(sim));
        k5sim_close(sim);
    }
}

/* A chip that is reset by power alone goes on as if nothing had happened. */
static void test_other_chips_keep_their_time(void **state)
{
    struct k5sim *sim = BOOT(loop);
    const struct device *sensor = &sim->devices.row[D_SENSOR].device;
    uint64_t next;

    (void)state;
    k5sim_run(sim, 100000, 0);
    next = sensor->event_at;
    assert_true(next > 100000 && next != DEVICE_NEVER);
    k5sim_reset(sim, K5SIM_RESET_PIN);
    assert_int_equal(sensor->event_at, next);
    k5sim_value_set(sim, D_SENSOR, 0, 50000);
    uint64_t before = sensor->state[0];

    k5sim_run(sim, next - 1, 0);
    assert_int_equal(sensor->state[0], before);
    k5sim_run(sim, next, 0);
    assert_int_not_equal(sensor->state[0], before);
    k5sim_close(sim);
}

/* ---------------------------------------------------------------- at any moment */

static const struct k5sim_event *reset_event(struct k5sim *sim, struct k5sim_event *events,
                                             size_t *count)
{
    *count = bench_take(sim, events);
    return bench_find(events, *count, K5SIM_EVENT_RESET, 0);
}

/* The instruction behind the access is not executed. */
static void test_reset_in_the_middle_of_a_slice(void **state)
{
    static const uint16_t code[] = {
        0x2440, 0x0624,         /* r4 = the bomb */
        0x6802, 0x3201, 0x6002, /* counts its starts */
        0x6022, 0x6042, 0xe7fe, /* str r2, [r4]; str r2, [r0, #4]; b . */
    };
    static struct k5sim_event events[BENCH_EVENTS];
    struct k5sim *sim = BOOT(code);
    size_t count;

    (void)state;
    k5sim_run(sim, 6, 0);
    assert_int_equal(k5sim_now(sim), 6);
    assert_int_equal(k5sim_run(sim, 7, 0), K5SIM_STOP_TIME);
    const struct k5sim_event *reset = reset_event(sim, events, &count);

    assert_int_equal(reset->time, 6);
    assert_int_equal(reset->arg[0], D_BOMB);
    assert_int_equal(buffer_word(sim, 0), 1);
    assert_int_equal(buffer_word(sim, 1), 0);
    k5sim_run(sim, 12, 0);
    assert_int_equal(buffer_word(sim, 0), 2); /* memory that a task finds as it was */
    assert_int_equal(buffer_word(sim, 1), 0);
    k5sim_close(sim);
}

/* The rest of the block is executed, and nothing behind it; and no block goes on after the boot. */
static void test_reset_in_an_it_block_comes_at_its_end(void **state)
{
    static const uint16_t code[] = {
        0x215a, 0x2440, 0x0624,                 /* r1 = 90; r4 = the bomb */
        0x4280, 0xbf01,                         /* cmp r0, r0; itttt eq */
        0x6021, 0x6041, 0x6081, 0x60c1, 0x6101, /* str r1: [r4], [r0, #4], #8, #12; #16 */
        0xe7fe,
    };
    static struct k5sim_event events[BENCH_EVENTS];
    struct k5sim *sim = BOOT(code);
    size_t count;

    (void)state;
    assert_int_equal(k5sim_run(sim, 1000, BIT(K5SIM_EVENT_RESET)), K5SIM_STOP_EVENT);
    assert_int_equal(reset_event(sim, events, &count)->time, 9);
    assert_int_equal(bench_find(events, count, K5SIM_EVENT_DEVICE_WRITE, 0)->time, 6);
    assert_int_equal(buffer_word(sim, 3), 90);
    assert_int_equal(buffer_word(sim, 4), 0);
    assert_int_equal(k5sim_run(sim, 1000, BIT(K5SIM_EVENT_RESET)), K5SIM_STOP_EVENT);
    assert_int_equal(k5sim_now(sim), 18);
    k5sim_close(sim);
}

/* The second word of the store is refused: the fault comes first, at the cost of its tick. */
static void test_reset_where_the_same_instruction_faults(void **state)
{
    static const uint16_t code[] = {
        0x2440, 0x0624, 0x341c, 0xc406, /* r4 = 0x4000001c; stmia r4!, {r1, r2} */
        0xe7fe,
    };
    static struct k5sim_event events[BENCH_EVENTS];
    struct k5sim *sim = boot_code(code, sizeof code / 2, 32);
    size_t count;

    (void)state;
    assert_int_equal(k5sim_run(sim, 1000, BIT(K5SIM_EVENT_RESET)), K5SIM_STOP_EVENT);
    const struct k5sim_event *reset = reset_event(sim, events, &count);
    const struct k5sim_event *fault = bench_find(events, count, K5_EVENT_FAULT, 0);

    assert_int_equal(fault->arg[1], 0x40000020);
    assert_int_equal(reset->time, fault->time);
    assert_true(reset > fault);
    assert_int_equal(bench_find(events, count, K5_EVENT_BOOT, 0)->time, 0);
    assert_null(k5sim_invariants(sim));
    assert_int_equal(sim->kernel.task[0].fault.kind, 0); /* as new */
    k5sim_close(sim);
}

/* Resets itself with its first store, for ever: time goes on, and a run ends at its tick. */
static const uint16_t storm[] = {0x2440, 0x0624, 0x6802, 0x3201, 0x6002, 0x6022};

static void test_storm_of_resets_ends_with_the_run(void **state)
{
    struct k5sim *sim = BOOT(storm);

    (void)state;
    for (uint64_t until = 1; until < 200000; until = until * 3 + 1) {
        enum k5sim_stop stop = K5SIM_STOP_FULL;

        while (stop == K5SIM_STOP_FULL) {
            stop = k5sim_run(sim, until, 0);
            kit_events(sim, 0, 0, NULL);
        }
        assert_int_equal(stop, K5SIM_STOP_TIME);
        assert_int_equal(k5sim_now(sim), until);
        assert_int_equal(k5sim_instructions(sim), until);
        assert_int_equal(buffer_word(sim, 0), (until + 1) / 6);
    }
    k5sim_close(sim);
}

/* In one piece, and in random pieces. */
static void test_resets_are_repeatable(void **state)
{
    static struct k5sim_event whole[BENCH_EVENTS], pieces[BENCH_EVENTS];
    struct k5sim *sim = BOOT(storm);
    uint64_t random = 3;

    (void)state;
    k5sim_run(sim, 600, 0);
    size_t count = bench_take(sim, whole);

    assert_true(count > 300);
    assert_int_equal(k5sim_boot(sim), K5SIM_OK);
    while (k5sim_now(sim) < 600) {
        uint64_t until = k5sim_now(sim) + 1 + random_below(&random, 9);

        k5sim_run(sim, until < 600 ? until : 600, 0);
        assert_null(k5sim_invariants(sim));
    }
    assert_int_equal(bench_take(sim, pieces), count);
    assert_memory_equal(whole, pieces, count * sizeof whole[0]);
    k5sim_close(sim);
}

/* Between any two instructions, and while nobody runs. */
static void test_reset_from_the_outside_at_each_tick(void **state)
{
    struct k5sim *sim = BOOT(starts_watchdog);

    (void)state;
    for (uint64_t tick = 1; tick < 40; tick++) {
        assert_int_equal(k5sim_boot(sim), K5SIM_OK);
        k5sim_run(sim, tick, 0);
        assert_int_equal(k5sim_reset(sim, K5SIM_RESET_PIN), K5SIM_OK);
        assert_null(k5sim_invariants(sim));
        assert_int_equal(k5sim_run(sim, tick + 100, 0), K5SIM_STOP_TIME);
        assert_int_equal(k5sim_now(sim), tick + 100);
        assert_int_equal(k5sim_instructions(sim), tick + 100);
        /* The cycles of LSI run from power-on: the bite is at one of them, of this start. */
        uint64_t due = sim->devices.row[D_IWDG].device.event_at;

        assert_in_range(due, tick + BITE_TICKS - 32, tick + 9 + BITE_TICKS);
        kit_events(sim, 0, 0, NULL);
    }
    assert_int_equal(k5sim_reset(sim, 3), K5SIM_BAD_ARGUMENT);
    assert_string_equal(k5sim_error_text(sim), "there is no reason for a reset 3, but 3 of them");
    k5sim_close(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_watchdog_resets_at_its_tick_and_says_so),
        cmocka_unit_test(test_resets_keep_what_they_must),
        cmocka_unit_test(test_other_chips_keep_their_time),
        cmocka_unit_test(test_reset_in_the_middle_of_a_slice),
        cmocka_unit_test(test_reset_in_an_it_block_comes_at_its_end),
        cmocka_unit_test(test_reset_where_the_same_instruction_faults),
        cmocka_unit_test(test_storm_of_resets_ends_with_the_run),
        cmocka_unit_test(test_resets_are_repeatable),
        cmocka_unit_test(test_reset_from_the_outside_at_each_tick),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
