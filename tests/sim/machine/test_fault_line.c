/* Faults of interrupt lines: what the kernel gets of them, on both instruction sets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/machine.h"
#include "tests/sim/support/fault_kit.h"

#define BIT(kind) (UINT64_C(1) << (kind))

#define LINE   9u
#define OTHER  10u /* masked: nobody asked for it */
#define SETTLE 100u
#define PULSE  3u

/* Acknowledges its interrupt and waits for it, for ever. Before it is the most urgent. */
static const uint16_t arm_driver[] = {
    0x2401, 0x0424, 0x2112, 0x468b, 0xdf00,                                         /* irq_ack */
    0x2401, 0x0424, 0x3401, 0x2500, 0x2600, 0x43f6, 0x2700, 0x210c, 0x468b, 0xdf00, /* wait */
    0xe7ef,                                                                         /* b . - 30 */
};
static const uint16_t rv_driver[] = {
    0x0537, 0x0001, 0x0893, 0x0120, 0x0073, 0x0000, /* a0 = 0x10000; a7 = 18; ecall */
    0x0537, 0x0001, 0x0513, 0x0015, 0x0593, 0x0000, /* a0 = 0x10001; a1 = 0 */
    0x0613, 0xfff0, 0x0693, 0x0000, 0x0893, 0x00c0, /* a2 = -1; a3 = 0; a7 = 12 */
    0x0073, 0x0000, 0xf06f, 0xfd9f,                 /* ecall; j . - 40 */
};
static const uint16_t arm_loop[] = {0xe7fe};
static const uint16_t rv_loop[] = {0xa001};

static const struct bench_program programs[BENCH_ISAS][2] = {
    {BENCH_PROGRAM(arm_driver), BENCH_PROGRAM(arm_loop)},
    {BENCH_PROGRAM(rv_driver), BENCH_PROGRAM(rv_loop)},
};

static struct k5sim *boot(enum bench_isa isa)
{
    struct k5sim *sim = bench_open_isa(isa, NULL);

    build_reset();
    build_single(20);
    build_single(10);
    uint32_t bits = build_notification(0);

    build_cap_for(0, K5_KIND_INTERRUPT, build_interrupt(LINE, bits, 3), K5_RIGHT_ACK, 0);
    build_cap_for(0, K5_KIND_NOTIFICATION, bits, K5_RIGHT_WAIT, 0);
    k5sim_record(sim, BIT(K5_EVENT_INTERRUPT));
    bench_start_isa(isa, sim, programs[isa], 2);
    fault_run(sim, SETTLE);
    return sim;
}

static const enum bench_isa both[] = {BENCH_ARM, BENCH_RV32};
#define FOR_BOTH(sim)                                                                              \
    for (size_t isa_ = 0; isa_ < 2; isa_++)                                                        \
        for (struct k5sim *sim = boot(both[isa_]); sim != NULL; k5sim_close(sim), sim = NULL)

/* Interrupts within so many ticks; the tick of the last one. */
static size_t interrupts(struct k5sim *sim, uint64_t ticks, uint64_t *last)
{
    static struct k5sim_event events[BENCH_EVENTS];
    size_t found = 0;

    fault_run(sim, ticks);
    size_t count = bench_take(sim, events);

    for (size_t i = 0; i < count; i++) {
        if (events[i].kind == K5_EVENT_INTERRUPT) {
            found++;
            *last = events[i].time;
        }
    }
    return found;
}

/* The line is up for a moment, as that of a device that is served; interrupts until all is quiet.
 */
static size_t pulse(struct k5sim *sim, uint64_t *last)
{
    k5sim_line_force(sim, LINE, true);
    size_t found = interrupts(sim, PULSE, last);

    k5sim_line_force(sim, LINE, false);
    return found + interrupts(sim, SETTLE, last);
}

static void inject(struct k5sim *sim, enum k5sim_fault_kind kind, uint32_t line, int32_t value)
{
    fault_done(sim, (struct k5sim_fault){.kind = kind, .where = line, .value = value});
}

static void test_line_without_fault_fires_once_a_pulse(void **state)
{
    (void)state;
    FOR_BOTH(sim)
    {
        uint64_t last;
        uint64_t now = k5sim_now(sim);

        assert_int_equal(pulse(sim, &last), 1);
        assert_int_equal(last, now);
        assert_int_equal(pulse(sim, &last), 1);
    }
}

static void test_dropped_interrupt_is_lost_once(void **state)
{
    (void)state;
    FOR_BOTH(sim)
    {
        uint64_t last;

        inject(sim, K5SIM_FAULT_LINE_DROP, LINE, 0);
        assert_int_equal(
            fault_inject(sim, (struct k5sim_fault){.kind = K5SIM_FAULT_LINE_DROP, .where = LINE}),
            K5SIM_NOTHING);
        assert_int_equal(pulse(sim, &last), 0);
        assert_int_equal(pulse(sim, &last), 1);
        assert_null(k5sim_invariants(sim));
    }
}

/* A device that nobody serves keeps its line up: nothing comes of it until it goes down. */
static void test_dropped_interrupt_stays_lost_while_the_line_is_up(void **state)
{
    (void)state;
    FOR_BOTH(sim)
    {
        uint64_t last;

        inject(sim, K5SIM_FAULT_LINE_DROP, LINE, 0);
        k5sim_line_force(sim, LINE, true);
        assert_int_equal(interrupts(sim, 500, &last), 0);
        k5sim_line_force(sim, LINE, false);
        k5sim_line_force(sim, LINE, true);
        assert_true(interrupts(sim, 500, &last) > 5);
        inject(sim, K5SIM_FAULT_LINE_DROP, LINE, 0);
        assert_true(interrupts(sim, 500, &last) < 2);
        k5sim_faults_end(sim); /* it is up, so it comes */
        assert_true(interrupts(sim, 500, &last) > 5);
    }
}

static void test_doubled_interrupt_comes_again_when_acknowledged(void **state)
{
    (void)state;
    FOR_BOTH(sim)
    {
        uint64_t last;
        uint64_t now = k5sim_now(sim);

        inject(sim, K5SIM_FAULT_LINE_DOUBLE, LINE, 0);
        assert_int_equal(pulse(sim, &last), 2);
        assert_in_range(last, now + 3, now + 20); /* irq_ack is some instructions later */
        assert_int_equal(pulse(sim, &last), 1);
        assert_null(k5sim_invariants(sim));
    }
}

static void test_spurious_interrupt_comes_at_once(void **state)
{
    (void)state;
    FOR_BOTH(sim)
    {
        uint64_t last;
        uint64_t now = k5sim_now(sim);

        inject(sim, K5SIM_FAULT_LINE_SPURIOUS, LINE, 0);
        assert_int_equal(fault_inject(sim, (struct k5sim_fault){.kind = K5SIM_FAULT_LINE_SPURIOUS,
                                                                .where = LINE}),
                         K5SIM_NOTHING);
        assert_int_equal(interrupts(sim, SETTLE, &last), 1);
        assert_int_equal(last, now);
        assert_int_equal(interrupts(sim, SETTLE, &last), 0);
        inject(sim, K5SIM_FAULT_LINE_SPURIOUS, OTHER, 0); /* nobody hears it */
        assert_int_equal(interrupts(sim, SETTLE, &last), 0);
        assert_int_equal(pulse(sim, &last), 1);
    }
}

static void test_late_interrupt_is_late_to_the_tick(void **state)
{
    (void)state;
    FOR_BOTH(sim)
    {
        uint64_t last;
        uint64_t now = k5sim_now(sim);

        inject(sim, K5SIM_FAULT_LINE_LATE, LINE, 57);
        assert_int_equal(pulse(sim, &last), 1);
        assert_int_equal(last, now + 57);
        now = k5sim_now(sim);
        assert_int_equal(pulse(sim, &last), 1);
        assert_int_equal(last, now);
        inject(sim, K5SIM_FAULT_LINE_LATE, LINE, 40); /* and its line is still up then */
        now = k5sim_now(sim);
        k5sim_line_force(sim, LINE, true);
        assert_int_equal(interrupts(sim, 40, &last), 1);
        assert_int_equal(last, now + 40);
        k5sim_line_force(sim, LINE, false);
        assert_null(k5sim_invariants(sim));
    }
}

static void test_stuck_line_has_its_level_whoever_raises_it(void **state)
{
    (void)state;
    FOR_BOTH(sim)
    {
        uint64_t last;

        inject(sim, K5SIM_FAULT_LINE_STUCK, LINE, 0);
        assert_int_equal(pulse(sim, &last), 0);
        assert_int_equal(k5sim_line_state(sim, LINE), 0);
        inject(sim, K5SIM_FAULT_LINE_STUCK, LINE, 1);
        assert_int_equal(fault_inject(sim, (struct k5sim_fault){.kind = K5SIM_FAULT_LINE_STUCK,
                                                                .where = LINE,
                                                                .value = 1}),
                         K5SIM_NOTHING);
        assert_true(interrupts(sim, 500, &last) > 5);
        k5sim_line_force(sim, LINE, false);
        assert_true(interrupts(sim, 500, &last) > 5);
        k5sim_faults_end(sim);
        assert_true(interrupts(sim, SETTLE, &last) < 2);
        assert_int_equal(interrupts(sim, SETTLE, &last), 0);
        assert_int_equal(pulse(sim, &last), 1);
    }
}

/* The controller is reset with the MCU: what pended there is gone. What sticks sticks. */
static void test_reset_forgets_what_pends(void **state)
{
    (void)state;
    FOR_BOTH(sim)
    {
        uint64_t last;

        inject(sim, K5SIM_FAULT_LINE_SPURIOUS, LINE, 0);
        inject(sim, K5SIM_FAULT_LINE_STUCK, OTHER, 1);
        assert_int_equal(k5sim_reset(sim, K5SIM_RESET_PIN), K5SIM_OK);
        assert_int_equal(interrupts(sim, SETTLE, &last), 0);
        assert_int_equal(k5sim_line_state(sim, OTHER) & 1, 1);
        assert_int_equal(k5sim_boot(sim), K5SIM_OK);
        assert_int_equal(k5sim_line_state(sim, OTHER) & 1, 0);
    }
}

static void test_bad_lines_are_refused(void **state)
{
    (void)state;
    FOR_BOTH(sim)
    {
        const uint32_t kinds[] = {K5SIM_FAULT_LINE_DROP, K5SIM_FAULT_LINE_DOUBLE,
                                  K5SIM_FAULT_LINE_SPURIOUS, K5SIM_FAULT_LINE_LATE,
                                  K5SIM_FAULT_LINE_STUCK};

        for (size_t i = 0; i < 5; i++) {
            fault_refused(sim, (struct k5sim_fault){.kind = kinds[i], .where = 256},
                          "there is no interrupt line 256, but 256 of them");
        }
        fault_refused(sim, (struct k5sim_fault){.kind = K5SIM_FAULT_LINE_LATE}, "at least 1");
        fault_refused(sim, (struct k5sim_fault){.kind = K5SIM_FAULT_LINE_STUCK, .value = 2},
                      "2 is no level");
        for (uint32_t line = 20; line < 28; line++) {
            inject(sim, K5SIM_FAULT_LINE_LATE, line, 1);
        }
        fault_refused(sim,
                      (struct k5sim_fault){.kind = K5SIM_FAULT_LINE_LATE, .where = 28, .value = 1},
                      "8 lines that are late are the most");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line_without_fault_fires_once_a_pulse),
        cmocka_unit_test(test_dropped_interrupt_is_lost_once),
        cmocka_unit_test(test_dropped_interrupt_stays_lost_while_the_line_is_up),
        cmocka_unit_test(test_doubled_interrupt_comes_again_when_acknowledged),
        cmocka_unit_test(test_spurious_interrupt_comes_at_once),
        cmocka_unit_test(test_late_interrupt_is_late_to_the_tick),
        cmocka_unit_test(test_stuck_line_has_its_level_whoever_raises_it),
        cmocka_unit_test(test_reset_forgets_what_pends),
        cmocka_unit_test(test_bad_lines_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
