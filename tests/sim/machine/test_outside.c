/* What the outside does to a machine: lines held up, tasks killed, quantities, looks inside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/machine.h"
#include "tests/sim/support/bench.h"
#include "tests/sim/support/device_kit.h"

#define BIT(kind) (UINT64_C(1) << (kind))

#define LINE   9u
#define FIRES  1000u /* without the line going down: a storm */
#define PERIOD 16u   /* instructions of a round of the driver below */

static const uint16_t loop[] = {0xe7fe};

/* ---------------------------------------------------------------- interrupt lines */

/* Acknowledges and waits, for ever; its device it does not touch. */
static const uint16_t negligent[] = {
    0x2401, 0x0424, 0x2112, 0x468b, 0xdf00,                                         /* irq_ack */
    0x2401, 0x0424, 0x3401, 0x2500, 0x2600, 0x43f6, 0x2700, 0x210c, 0x468b, 0xdf00, /* wait */
    0xe7ef,                                                                         /* b . - 30 */
};

static struct k5sim *boot_negligent(uint64_t kinds)
{
    const struct bench_program programs[] = {BENCH_PROGRAM(negligent), BENCH_PROGRAM(loop)};
    struct k5sim *sim = bench_open();

    build_reset();
    build_single(20);
    build_single(10);
    uint32_t bits = build_notification(0);

    build_cap_for(0, K5_KIND_INTERRUPT, build_interrupt(LINE, bits, 3), K5_RIGHT_ACK, 0);
    build_cap_for(0, K5_KIND_NOTIFICATION, bits, K5_RIGHT_WAIT, 0);
    k5sim_record(sim, kinds);
    bench_start(sim, programs, 2);
    return sim;
}

static void force(struct k5sim *sim, bool raised)
{
    assert_int_equal(k5sim_line_force(sim, LINE, raised), K5SIM_OK);
    assert_int_equal(k5sim_line_state(sim, LINE) & 1, raised);
}

/* The first event of a storm and how many of its kind there were; interrupts are counted, too. */
struct fires {
    size_t interrupts;
    size_t storms;
    size_t interrupts_at_storm;
    struct k5sim_event storm;
};

static struct fires run_for(struct k5sim *sim, uint64_t ticks)
{
    uint64_t end = k5sim_now(sim) + ticks;
    struct fires fires = {0};
    struct k5sim_event event;

    while (k5sim_now(sim) < end) {
        k5sim_run(sim, end, 0);
        while (k5sim_take_events(sim, &event, 1) == 1) {
            fires.interrupts += event.kind == K5_EVENT_INTERRUPT;
            if (event.kind == K5SIM_EVENT_STORM) {
                fires.storms++;
                fires.interrupts_at_storm = fires.interrupts;
                fires.storm = event;
            }
        }
    }
    return fires;
}

static void test_line_that_never_goes_down_is_a_storm_once(void **state)
{
    struct k5sim *sim = boot_negligent(BIT(K5_EVENT_INTERRUPT) | BIT(K5SIM_EVENT_STORM));
    struct fires fires;

    (void)state;
    run_for(sim, 100);
    force(sim, true);
    fires = run_for(sim, PERIOD * (FIRES - 2));
    assert_int_equal(fires.storms, 0);
    size_t before = fires.interrupts;

    fires = run_for(sim, PERIOD * 3 * FIRES);
    assert_int_equal(fires.storms, 1);
    assert_int_equal(before + fires.interrupts_at_storm, FIRES - 1); /* told before it comes */
    assert_int_equal(fires.storm.code, LINE);
    assert_int_equal(fires.storm.arg[0], FIRES);
    assert_true(fires.interrupts > 2 * FIRES);
    k5sim_close(sim);
}

/* Down for a moment, and the count begins anew. */
static void test_line_that_goes_down_is_no_storm(void **state)
{
    struct k5sim *sim = boot_negligent(BIT(K5_EVENT_INTERRUPT) | BIT(K5SIM_EVENT_STORM));

    (void)state;
    run_for(sim, 100);
    for (uint32_t round = 0; round < 4; round++) {
        force(sim, true);
        struct fires fires = run_for(sim, PERIOD * (FIRES - 10));

        assert_int_equal(fires.storms, 0);
        assert_true(fires.interrupts >= FIRES - 20);
        force(sim, false);
    }
    assert_int_equal(run_for(sim, 1000).interrupts, 0);
    force(sim, true);
    assert_int_equal(run_for(sim, PERIOD * (FIRES + 10)).storms, 1);
    force(sim, false);
    force(sim, true);
    assert_int_equal(run_for(sim, PERIOD * (FIRES + 10)).storms, 1); /* another one */
    k5sim_close(sim);
}

static void test_forced_line_is_masked_until_somebody_wants_it(void **state)
{
    struct k5sim *sim = boot_negligent(BIT(K5_EVENT_INTERRUPT));

    (void)state;
    assert_int_equal(k5sim_line_state(sim, LINE), 2);
    k5sim_line_force(sim, 200, true); /* nobody's */
    assert_int_equal(k5sim_line_state(sim, 200), 3);
    run_for(sim, 100);
    assert_int_equal(k5sim_line_state(sim, LINE), 0);
    uint64_t at = k5sim_now(sim);

    force(sim, true);
    k5sim_run(sim, at + 1, BIT(K5_EVENT_INTERRUPT));
    assert_int_equal(k5sim_now(sim), at); /* before the next instruction */
    assert_int_equal(k5sim_line_state(sim, LINE), 3);
    assert_int_equal(k5sim_line_force(sim, 256, true), K5SIM_BAD_ARGUMENT);
    assert_string_equal(k5sim_error_text(sim), "there is no interrupt line 256, but 256 of them");
    assert_int_equal(k5sim_line_state(sim, 256), K5SIM_BAD_ARGUMENT);
    k5sim_close(sim);
}

/* ---------------------------------------------------------------- killing */

/* The running thread has no room for a frame: that is its fault, and the other's death is its own.
 */
static void test_kill_where_the_running_thread_s_frame_does_not_fit(void **state)
{
    static const uint16_t no_stack[] = {0x4685, 0xe7fe}; /* mov sp, r0; b . */
    const struct bench_program programs[] = {BENCH_PROGRAM(no_stack), BENCH_PROGRAM(loop)};
    static struct k5sim_event events[BENCH_EVENTS];
    struct k5sim *sim = bench_open();

    (void)state;
    build_reset();
    build_single(20);
    build_single(10);
    for (uint32_t task = 0; task < 2; task++) {
        build_task_of(task)->policy = SYS_POLICY_STOP;
    }
    build_thread_of(0)->argument = build_thread_of(0)->stack_base;
    bench_start(sim, programs, 2);
    assert_int_equal(k5sim_run(sim, 10, 0), K5SIM_STOP_TIME);
    assert_int_equal(sim->kernel.current, 0);
    assert_int_equal(k5sim_task_kill(sim, 1, 77), K5SIM_OK);
    size_t count = bench_take(sim, events);
    const struct k5sim_event *own = bench_find(events, count, K5_EVENT_FAULT, 0);
    const struct k5sim_event *other = bench_find(events, count, K5_EVENT_FAULT, 1);

    assert_int_equal(own->thread, 0);
    assert_int_equal(own->code, K5_FAULT_STACK_OVERFLOW);
    assert_int_equal(other->thread, 1);
    assert_int_equal(other->code, K5_FAULT_OTHER);
    assert_int_equal(other->arg[1], 77);
    assert_null(k5sim_invariants(sim));
    assert_int_equal(k5sim_task_kill(sim, 1, 77), K5SIM_BAD_ARGUMENT);
    assert_string_equal(k5sim_error_text(sim), "task 1 does not run");
    assert_int_equal(k5sim_task_kill(sim, 2, 77), K5SIM_BAD_ARGUMENT);
    assert_string_equal(k5sim_error_text(sim), "there is no task 2, but 2 of them");
    assert_int_equal(k5sim_run(sim, 100, 0), K5SIM_STOP_HALT);
    k5sim_close(sim);
}

/* The kernel has put off what it had to do for an interrupt: first that, then the other's death. */
static void test_kill_while_the_kernel_has_work_left(void **state)
{
    static const uint16_t undefined[] = {0xde00};
    const struct bench_program programs[] = {BENCH_PROGRAM(undefined), BENCH_PROGRAM(loop)};
    struct k5sim *sim = bench_open();

    (void)state;
    build_reset();
    build_single(20);
    build_single(10);
    build_task_of(1)->policy = SYS_POLICY_STOP;
    bench_start(sim, programs, 2);
    sim->port.pending_interrupt = true; /* the kernel believes that something waits */
    while (sim->kernel.unfinished == 0) {
        k5sim_run(sim, k5sim_now(sim) + 1, BIT(K5_EVENT_FAULT));
        assert_true(k5sim_now(sim) < 100);
    }
    sim->port.pending_interrupt = false;
    assert_int_equal(k5sim_task_kill(sim, 1, 5), K5SIM_OK);
    assert_int_equal(sim->kernel.unfinished, 0);
    assert_int_equal(sim->kernel.task[1].fault.kind, K5_FAULT_OTHER);
    assert_null(k5sim_invariants(sim));
    assert_int_not_equal(k5sim_run(sim, 5000, 0), K5SIM_STOP_PANIC);
    assert_null(k5sim_invariants(sim));
    k5sim_close(sim);
}

/* ---------------------------------------------------------------- devices */

enum { D_UART, D_TIMER, D_TWIN, D_RCC, D_SENSOR, D_I2C, D_FLASH, D_PORT, D_COUNT };

static const struct k5sim_device devices[D_COUNT] = {
    {.model = "stm32-usart", .name = "uart", .base = 0x40013800},
    {.model = "cmsdk-timer", .name = "timer", .base = 0x40001000, .line_count = 1, .line = {9}},
    {.model = "cmsdk-timer", .name = "twin", .base = 0x40002000, .line_count = 1, .line = {10}},
    {.model = "stm32-rcc", .name = "rcc", .base = 0x40021000},
    {.model = "tmp102", .name = "sensor", .bus = "i2c", .parameter = 0x48},
    {.model = "stm32-i2c", .name = "i2c", .base = 0x40005400},
    {.model = "stm32-flash", .name = "flash", .base = 0x40022000},
    {.model = "stm32-gpio", .name = "port", .base = 0x42020000, .parameter = 3},
};

static const struct k5sim_pin pins[] = {{.name = "pin", .device = "port", .pull = -1}};

static struct k5sim *open_kit(void)
{
    return kit_open(&(struct kit_board){
        .device = devices, .device_count = D_COUNT, .pin = pins, .pin_count = 1});
}

enum { BRR = 0x0c, ISR = 0x1c, RDR = 0x24 };

static uint32_t peek(struct k5sim *sim, uint32_t device, uint32_t offset)
{
    uint32_t value = 0;

    assert_int_equal(k5sim_device_peek(sim, device, offset, &value), K5SIM_OK);
    return value;
}

/* Every register of every device, in the middle of something: nothing changes, nothing is told. */
static void test_peek_changes_nothing(void **state)
{
    static struct devices before;
    struct k5sim *sim = open_kit();

    (void)state;
    kit_write(sim, D_UART, BRR, 200);
    kit_write(sim, D_UART, 0x00, 0x0d); /* CR1: UE, RE, TE */
    kit_write(sim, D_TIMER, 8, 777);
    kit_write(sim, D_TIMER, 0, 9);
    k5sim_serial_send(sim, D_UART, "ab", 2);
    kit_advance(sim, 2345);
    kit_events(sim, 0, 0, NULL);
    memcpy(&before, &sim->devices, sizeof before);
    for (uint32_t device = 0; device < D_COUNT; device++) {
        for (uint32_t offset = 0; offset < 0x1000; offset++) {
            uint32_t value;

            k5sim_device_peek(sim, device, offset, &value);
            assert_memory_equal(&before, &sim->devices, sizeof before);
        }
    }
    assert_int_equal(kit_events(sim, 0, 0, NULL), 0);
    assert_int_equal(peek(sim, D_UART, RDR), 'a');
    assert_int_equal(peek(sim, D_UART, ISR) & 0x20, 0x20); /* RXNE: not yet read */
    assert_int_equal(peek(sim, D_TIMER, 4), kit_read(sim, D_TIMER, 4));
    assert_int_equal(k5sim_device_peek(sim, D_TIMER, 2, &(uint32_t){0}), K5SIM_BAD_ARGUMENT);
    assert_string_equal(k5sim_error_text(sim), "device 'timer' has no register at 0x2");
    k5sim_close(sim);
}

/* Two timers are due at one tick, and the run stops at the first. */
static void test_peek_takes_no_event_early(void **state)
{
    struct k5sim *sim = open_kit();
    struct k5sim_event event;

    (void)state;
    kit_write(sim, D_TIMER, 8, 50);
    kit_write(sim, D_TWIN, 8, 50);
    kit_write(sim, D_TIMER, 0, 9);
    kit_write(sim, D_TWIN, 0, 9);
    kit_events(sim, 0, 0, NULL);
    assert_int_equal(k5sim_run(sim, 1000, BIT(K5SIM_EVENT_LINE)), K5SIM_STOP_EVENT);
    assert_int_equal(k5sim_now(sim), 50);
    assert_int_equal(peek(sim, D_TIMER, 12), 1);
    assert_int_equal(peek(sim, D_TWIN, 12), 0);
    assert_int_equal(peek(sim, D_TWIN, 4), 1);
    assert_false(kit_line(sim, 10));
    assert_int_equal(kit_events(sim, K5SIM_EVENT_LINE, D_TWIN, NULL), 0);
    assert_int_equal(k5sim_run(sim, 1000, BIT(K5SIM_EVENT_LINE)), K5SIM_STOP_EVENT);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_LINE, D_TWIN, &event), 1);
    assert_int_equal(event.time, 50);
    k5sim_close(sim);
}

static void test_values_are_set_recorded_and_noticed(void **state)
{
    enum { CR = 0x00, HSEON = 1 << 16, HSERDY = 1 << 17 };
    struct k5sim *sim = open_kit();
    struct k5sim_event event;

    (void)state;
    assert_string_equal(k5sim_value_name(sim, D_RCC, 0), "hse_missing");
    assert_string_equal(k5sim_value_name(sim, D_SENSOR, 0), "temperature_mc");
    assert_null(k5sim_value_name(sim, D_RCC, 2));
    assert_null(k5sim_value_name(sim, D_COUNT, 0));
    kit_write(sim, D_RCC, CR, kit_read(sim, D_RCC, CR) | HSEON);
    kit_advance(sim, KIT_TICK_HZ / 100);
    assert_true((kit_read(sim, D_RCC, CR) & HSERDY) != 0);
    kit_events(sim, 0, 0, NULL);
    assert_int_equal(k5sim_value_set(sim, D_RCC, 0, -3), K5SIM_OK);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_VALUE, D_RCC, &event), 1);
    assert_int_equal(event.arg[0], 0);
    assert_int_equal((int32_t)event.arg[1], -3);
    assert_int_equal(kit_read(sim, D_RCC, CR) & HSERDY, 0); /* at once */
    assert_int_equal(k5sim_value_set(sim, D_RCC, 2, 1), K5SIM_BAD_ARGUMENT);
    assert_string_equal(k5sim_error_text(sim), "there is no value 2, but 2 of them");
    assert_int_equal(k5sim_value_set(sim, D_COUNT, 0, 1), K5SIM_BAD_ARGUMENT);
    assert_int_equal(k5sim_boot(sim), K5SIM_OK);
    assert_int_equal(sim->devices.row[D_RCC].device.value[0], 0);
    k5sim_close(sim);
}

static void test_memory_of_devices(void **state)
{
    struct k5sim *sim = open_kit();
    uint32_t bytes = 1;
    const uint8_t *memory = k5sim_device_memory(sim, D_FLASH, &bytes);

    (void)state;
    assert_int_equal(bytes, 65536);
    assert_int_equal(memory[65535], 0xff);
    assert_int_equal(k5sim_device_memory_write(sim, D_FLASH, 65535, "\1", 1), K5SIM_OK);
    assert_int_equal(memory[65535], 1);
    assert_int_equal(k5sim_device_memory_write(sim, D_FLASH, 65535, "ab", 2), K5SIM_BAD_ADDRESS);
    assert_non_null(strstr(k5sim_error_text(sim), "65535 + 2 is outside the 65536 bytes"));
    assert_int_equal(k5sim_device_memory_write(sim, D_TIMER, 0, "a", 1), K5SIM_BAD_ADDRESS);
    assert_int_equal(k5sim_device_memory_write(sim, D_COUNT, 0, "a", 1), K5SIM_BAD_ARGUMENT);
    assert_null(k5sim_device_memory(sim, D_TIMER, &bytes));
    assert_int_equal(bytes, 0);
    assert_null(k5sim_device_memory(sim, D_COUNT, &bytes));
    assert_int_equal(k5sim_boot(sim), K5SIM_OK); /* another chip, fresh from the factory */
    assert_int_equal(memory[65535], 0xff);
    k5sim_close(sim);
}

/* ---------------------------------------------------------------- between two runs */

static void test_what_happens_between_two_runs_stops_neither(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    kit_write(sim, D_PORT, 0, 0); /* MODER: inputs */
    assert_int_equal(k5sim_run(sim, 100, BIT(K5SIM_EVENT_PIN)), K5SIM_STOP_TIME);
    kit_events(sim, 0, 0, NULL);
    k5sim_pin_drive(sim, 0, 1);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_PIN, 0, NULL), 1); /* but it is told */
    assert_int_equal(k5sim_run(sim, 200, BIT(K5SIM_EVENT_PIN)), K5SIM_STOP_TIME);
    assert_int_equal(k5sim_now(sim), 200);
    k5sim_record(sim, 0); /* what a run stops at is recorded in that run alone */
    assert_int_equal(k5sim_run(sim, 300, BIT(K5SIM_EVENT_PIN)), K5SIM_STOP_TIME);
    k5sim_pin_drive(sim, 0, 0);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_PIN, 0, NULL), 0);
    assert_int_equal(k5sim_pin_drive(sim, 1, 1), K5SIM_BAD_ARGUMENT);
    assert_string_equal(k5sim_error_text(sim), "there is no pin 1, but 1 of them");
    assert_int_equal(k5sim_pin_level(sim, 1), K5SIM_BAD_ARGUMENT);
    k5sim_close(sim);
}

/* Before the boot there is nothing that anything could happen to. */
static void test_machine_that_was_not_booted_takes_nothing(void **state)
{
    struct k5sim *sim = bench_open_devices(devices, D_COUNT);
    uint32_t value;

    (void)state;
    assert_int_equal(k5sim_pin_drive(sim, 0, 1), K5SIM_BAD_ARGUMENT);
    assert_string_equal(k5sim_error_text(sim), "this machine was not booted");
    assert_int_equal(k5sim_line_force(sim, 0, true), K5SIM_BAD_ARGUMENT);
    assert_int_equal(k5sim_serial_send(sim, D_UART, "x", 1), K5SIM_BAD_ARGUMENT);
    assert_int_equal(k5sim_value_set(sim, D_RCC, 0, 1), K5SIM_BAD_ARGUMENT);
    assert_int_equal(k5sim_device_peek(sim, D_TIMER, 0, &value), K5SIM_BAD_ARGUMENT);
    assert_int_equal(k5sim_task_kill(sim, 0, 0), K5SIM_BAD_ARGUMENT);
    assert_int_equal(k5sim_reset(sim, 0), K5SIM_BAD_ARGUMENT);
    assert_string_equal(k5sim_error_text(sim), "this machine was not booted");
    k5sim_close(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line_that_never_goes_down_is_a_storm_once),
        cmocka_unit_test(test_line_that_goes_down_is_no_storm),
        cmocka_unit_test(test_forced_line_is_masked_until_somebody_wants_it),
        cmocka_unit_test(test_kill_where_the_running_thread_s_frame_does_not_fit),
        cmocka_unit_test(test_kill_while_the_kernel_has_work_left),
        cmocka_unit_test(test_peek_changes_nothing),
        cmocka_unit_test(test_peek_takes_no_event_early),
        cmocka_unit_test(test_values_are_set_recorded_and_noticed),
        cmocka_unit_test(test_memory_of_devices),
        cmocka_unit_test(test_what_happens_between_two_runs_stops_neither),
        cmocka_unit_test(test_machine_that_was_not_booted_takes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
