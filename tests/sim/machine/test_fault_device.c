/* Faults around the core: pins that stick, quantities, the kernel's timer, the supply. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/machine.h"
#include "tests/sim/support/device_kit.h"
#include "tests/sim/support/fault_kit.h"

/* ---------------------------------------------------------------- pins, quantities */

enum { D_PORT, D_OTHER, D_I2C, D_SENSOR, D_COUNT };
enum { P_WIRED, P_FREE, P_FAR, P_COUNT };
enum { MODER = 0x00, IDR = 0x10, ODR = 0x14 };

static const struct k5sim_device devices[D_COUNT] = {
    {.model = "stm32-gpio", .name = "port", .base = 0x42020000, .parameter = 3},
    {.model = "stm32-gpio", .name = "other", .base = 0x42020400, .parameter = 3},
    {.model = "stm32-i2c", .name = "i2c", .base = 0x40005400},
    {.model = "tmp102", .name = "sensor", .bus = "i2c", .parameter = 0x48},
};
static const struct k5sim_wire wires[] = {{"port", 0, "other", 0}};
static const struct k5sim_pin pins[P_COUNT] = {
    {.name = "wired", .device = "port", .signal = 0, .pull = -1},
    {.name = "free", .device = "port", .signal = 1, .pull = 1},
    {.name = "far", .device = "other", .signal = 0, .pull = -1},
};

/* Pin 0 of the port is an output, all others are inputs. */
static struct k5sim *open_kit(void)
{
    struct k5sim *sim = kit_open(&(struct kit_board){.device = devices,
                                                     .device_count = D_COUNT,
                                                     .wire = wires,
                                                     .wire_count = 1,
                                                     .pin = pins,
                                                     .pin_count = P_COUNT});

    kit_write(sim, D_PORT, MODER, 1);
    kit_write(sim, D_OTHER, MODER, 0);
    return sim;
}

static struct k5sim_fault stuck(uint32_t pin, int32_t level)
{
    return (struct k5sim_fault){.kind = K5SIM_FAULT_PIN_STUCK, .where = pin, .value = level};
}

static void test_pin_sticks_whoever_drives_it(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    kit_write(sim, D_PORT, ODR, 1);
    assert_int_equal(k5sim_pin_level(sim, P_WIRED), 1);
    assert_int_equal(kit_read(sim, D_OTHER, IDR) & 1, 1);
    kit_events(sim, 0, 0, NULL);
    fault_done(sim, stuck(P_WIRED, 0));
    assert_int_equal(kit_events(sim, K5SIM_EVENT_PIN, P_WIRED, NULL), 1); /* it is seen */
    assert_int_equal(fault_inject(sim, stuck(P_WIRED, 0)), K5SIM_NOTHING);
    assert_int_equal(k5sim_pin_level(sim, P_WIRED), 0);
    assert_int_equal(kit_read(sim, D_PORT, IDR) & 1, 0);  /* by the chip itself, */
    assert_int_equal(kit_read(sim, D_OTHER, IDR) & 1, 0); /* and at the wire's other end */
    assert_int_equal(kit_read(sim, D_PORT, ODR) & 1, 1);
    k5sim_pin_drive(sim, P_WIRED, 1);
    assert_int_equal(k5sim_pin_level(sim, P_WIRED), 0);
    k5sim_pin_drive(sim, P_WIRED, -1);
    fault_done(sim, stuck(P_WIRED, 1));
    kit_write(sim, D_PORT, ODR, 0);
    assert_int_equal(kit_read(sim, D_OTHER, IDR) & 1, 1);
    assert_int_equal(k5sim_pin_level(sim, P_FREE), 1); /* the others are as ever */
    k5sim_pin_drive(sim, P_FREE, 0);
    assert_int_equal(kit_read(sim, D_PORT, IDR) & 3, 1);
    k5sim_faults_end(sim);
    assert_int_equal(kit_read(sim, D_OTHER, IDR) & 1, 0);
    assert_int_equal(k5sim_pin_level(sim, P_WIRED), 0);
    k5sim_close(sim);
}

static void test_stuck_input_outlives_a_reset_but_not_a_boot(void **state)
{
    struct k5sim *sim = open_kit();

    (void)state;
    fault_done(sim, stuck(P_FREE, 0));
    assert_int_equal(kit_read(sim, D_PORT, IDR) & 2, 0);
    fault_done(sim, (struct k5sim_fault){.kind = K5SIM_FAULT_POWER});
    assert_int_equal(k5sim_pin_level(sim, P_FREE), 0);
    assert_int_equal(k5sim_boot(sim), K5SIM_OK);
    assert_int_equal(k5sim_pin_level(sim, P_FREE), 1);
    k5sim_close(sim);
}

static void test_quantities_are_set_as_from_outside(void **state)
{
    struct k5sim *sim = open_kit();
    struct k5sim_fault fault = {.kind = K5SIM_FAULT_VALUE, .task = D_SENSOR, .value = 90000};
    struct k5sim_event event;

    (void)state;
    assert_string_equal(k5sim_value_name(sim, D_SENSOR, 0), "temperature_mc");
    kit_events(sim, 0, 0, NULL);
    fault_done(sim, fault);
    assert_int_equal(kit_events(sim, K5SIM_EVENT_VALUE, D_SENSOR, &event), 1);
    assert_int_equal(event.arg[1], 90000);
    assert_int_equal(fault_inject(sim, fault), K5SIM_NOTHING);
    fault.where = 100;
    fault_refused(sim, fault, "there is no value 100");
    fault.task = D_COUNT;
    fault_refused(sim, fault, "there is no device 4, but 4 of them");
    fault_refused(sim, stuck(P_COUNT, 0), "there is no pin 3, but 3 of them");
    fault_refused(sim, stuck(P_FREE, -1), "-1 is no level");
    k5sim_close(sim);
}

/* ---------------------------------------------------------------- the timer */

#define PERIOD 100u
#define MOST   30
#define WAKES  40u

/* Sleeps until each 100th tick: an absolute one, so that lateness does not add up. */
static const uint16_t arm_sleeper[] = {
    0x2700, 0x3764, 0x1c3c, 0x2500, 0x2006, 0x4683, 0xdf00, /* r7 += 100; r4 = r7; r5 = 0; sleep */
    0xe7f8,                                                 /* b . - 12 */
};
static const uint16_t rv_sleeper[] = {
    0x0413, 0x0000, 0x0413, 0x0644, 0x0513, 0x0004, 0x0593, 0x0000, /* s0 += 100; a0 = s0; a1 = 0 */
    0x0893, 0x0060, 0x0073, 0x0000, 0xf06f, 0xfedf,                 /* a7 = 6; ecall; j . - 20 */
};

struct wakes {
    uint64_t late[WAKES];
};

static void take_wakes(enum bench_isa isa, const struct k5sim_fault *fault, struct wakes *wakes)
{
    static const struct bench_program sleepers[] = {BENCH_PROGRAM(arm_sleeper),
                                                    BENCH_PROGRAM(rv_sleeper)};
    static const uint16_t arm_loop[] = {0xe7fe}, rv_loop[] = {0xa001};
    static const struct bench_program loops[] = {BENCH_PROGRAM(arm_loop), BENCH_PROGRAM(rv_loop)};
    const struct bench_program programs[] = {sleepers[isa], loops[isa]};
    static struct k5sim_event events[BENCH_EVENTS];
    struct k5sim *sim = bench_open_isa(isa, NULL);

    build_reset();
    build_single(20);
    build_single(10);
    k5sim_record(sim, UINT64_C(1) << K5_EVENT_WAKE);
    bench_start_isa(isa, sim, programs, 2);
    if (fault != NULL) {
        fault_done(sim, *fault);
    }
    fault_run(sim, PERIOD * WAKES + PERIOD - 1);
    size_t count = bench_take(sim, events);

    for (uint32_t i = 0; i < WAKES; i++) {
        wakes->late[i] =
            bench_find(events, count, K5_EVENT_WAKE, i)->time - UINT64_C(1) * PERIOD * (i + 1u);
    }
    k5sim_close(sim);
}

static void test_timer_comes_late_by_at_most_so_much_and_never_early(void **state)
{
    (void)state;
    for (uint32_t isa = 0; isa < 2; isa++) {
        struct k5sim_fault fault = {.kind = K5SIM_FAULT_TIMER_JITTER, .value = MOST, .mask = 12345};
        struct wakes none, first, again, other;
        uint64_t least = MOST, most = 0;

        take_wakes(isa, NULL, &none);
        take_wakes(isa, &fault, &first);
        take_wakes(isa, &fault, &again);
        fault.mask = 54321;
        take_wakes(isa, &fault, &other);
        for (uint32_t i = 0; i < WAKES; i++) {
            assert_int_equal(none.late[i], 0);
            assert_in_range(first.late[i], 0, MOST);
            least = first.late[i] < least ? first.late[i] : least;
            most = first.late[i] > most ? first.late[i] : most;
        }
        assert_true(least < MOST / 4 && most > 3 * MOST / 4);
        assert_memory_equal(&first, &again, sizeof first);
        assert_memory_not_equal(&first, &other, sizeof first);
    }
}

static void test_timer_is_right_again_when_the_fault_ends(void **state)
{
    struct k5sim_fault fault = {.kind = K5SIM_FAULT_TIMER_JITTER, .value = MOST, .mask = 1};
    struct k5sim *sim = open_kit();

    (void)state;
    fault_done(sim, fault);
    assert_int_equal(fault_inject(sim, fault), K5SIM_NOTHING);
    fault.value = 0;
    fault_done(sim, fault);
    assert_int_equal(fault_inject(sim, fault), K5SIM_NOTHING);
    assert_int_equal(sim->timers.at[TIMERS_KERNEL], sim->port.deadline);
    fault.value = -1;
    fault_refused(sim, fault, "late, never early");
    k5sim_close(sim);
}

/* ---------------------------------------------------------------- the supply */

/* At any instruction: RAM is empty and flash is not, and time goes on. */
static void test_power_is_lost_at_any_instruction(void **state)
{
    static const uint16_t code[] = {0x3001, 0x3101, 0x6001, 0xe7fb}; /* str r1, [r0] among them */
    const struct bench_program programs[] = {BENCH_PROGRAM(code)};
    static struct fault_view fresh, now;
    struct k5sim *sim;

    (void)state;
    build_reset();
    build_single(10);
    build_thread_of(0)->argument = build_buffer(0, 0) - 1;
    sim = bench_boot(programs, 1);
    fault_view_take(sim, 1, &fresh);
    for (uint32_t at = 1; at < 12; at++) {
        fault_run(sim, at);
        uint64_t tick = k5sim_now(sim);

        fault_done(sim, (struct k5sim_fault){.kind = K5SIM_FAULT_POWER});
        assert_int_equal(k5sim_now(sim), tick);
        fault_view_take(sim, 1, &now);
        assert_memory_equal(&fresh.reg, &now.reg, sizeof now.reg);
        assert_memory_equal(&fresh.ram, &now.ram, sizeof now.ram);
        assert_memory_equal(&fresh.flash, &now.flash, sizeof now.flash);
    }
    k5sim_close(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pin_sticks_whoever_drives_it),
        cmocka_unit_test(test_stuck_input_outlives_a_reset_but_not_a_boot),
        cmocka_unit_test(test_quantities_are_set_as_from_outside),
        cmocka_unit_test(test_timer_comes_late_by_at_most_so_much_and_never_early),
        cmocka_unit_test(test_timer_is_right_again_when_the_fault_ends),
        cmocka_unit_test(test_power_is_lost_at_any_instruction),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
