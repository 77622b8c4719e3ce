/* The machine: clock, preemption, faults, events, and that nothing but its inputs shows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/oracle/program.h"
#include "tests/sim/support/bench.h"

#define BIT(kind) (UINT64_C(1) << (kind))
#define ALL_KINDS UINT64_MAX

/* System calls by hand: arguments in r4 up, number through r0 into r11. */
#define SYSCALL(number) (uint16_t)(0x2000u | (number)), 0x4683, 0xdf00

/* Every 100 ticks: log with the count of rounds in a0. */
static const uint16_t ticker[] = {
    0x2700,     0x2600,         /* movs r7, #0; movs r6, #0 */
    0x3601,     0x3764,         /* loop: adds r6, #1; adds r7, #100 */
    0x2410,                     /* movs r4, #16 */
    0x2501,     0x022d, 0x3502, /* r5 = 0x102: one word, level INFO */
    SYSCALL(8),                 /* log */
    0x1c3c,     0x2500,         /* r4 = r7; movs r5, #0 */
    SYSCALL(6),                 /* sleep */
    0xe7f0,                     /* b loop */
};

/* Counts in its RAM for ever: the address of the counter is its argument. */
static const uint16_t counter[] = {
    0x2300,         /* movs r3, #0 */
    0x3301,         /* loop: adds r3, #1 */
    0x6003, 0xe7fc, /* str r3, [r0]; b loop */
};

/* Logs for ever, a0 counts. */
static const uint16_t chatter[] = {
    0x2600,                     /* movs r6, #0 */
    0x3601,     0x2410,         /* loop: adds r6, #1; movs r4, #16 */
    0x2501,     0x022d, 0x3502, /* r5 = 0x102 */
    SYSCALL(8), 0xe7f6,         /* log; b loop */
};

static const struct bench_program ticker_and_counter[] = {BENCH_PROGRAM(ticker),
                                                          BENCH_PROGRAM(counter)};

#define COUNTER build_buffer(1, 0)

/* Task 0, of higher priority, ticks; task 1 counts whenever it may. */
static struct k5sim *boot_ticker_and_counter(void)
{
    build_reset();
    build_single(20);
    build_single(10);
    build_thread_of(1)->argument = COUNTER;
    return bench_boot(ticker_and_counter, 2);
}

static uint32_t word(struct k5sim *sim, uint32_t address)
{
    uint32_t value = 0;

    assert_int_equal(k5sim_read(sim, address, &value, 4), K5SIM_OK);
    return value;
}

static void test_sleeper_wakes_at_its_exact_tick(void **state)
{
    static struct k5sim_event events[BENCH_EVENTS];
    struct k5sim *sim = boot_ticker_and_counter();
    size_t count;

    (void)state;
    k5sim_record(sim, ALL_KINDS);
    assert_int_equal(k5sim_boot(sim), K5SIM_OK);
    assert_int_equal(k5sim_run(sim, 2000, 0), K5SIM_STOP_TIME);
    assert_int_equal(k5sim_now(sim), 2000);
    assert_int_equal(k5sim_instructions(sim), 2000);
    count = bench_take(sim, events);
    for (uint32_t i = 1; i < 20; i++) {
        const struct k5sim_event *wake = bench_find(events, count, K5_EVENT_WAKE, i - 1);
        const struct k5sim_event *log = bench_find(events, count, K5_EVENT_LOG, i);

        assert_int_equal(wake->time, 100 * i);
        assert_int_equal(log->time, 100 * i + 10); /* b, and nine more up to the SVC */
        assert_int_equal(log->arg[1], i + 1);
    }
    k5sim_close(sim);
}

/* Everything that a run leaves behind. */
struct trace {
    struct k5sim_event events[BENCH_EVENTS];
    size_t count;
    uint32_t registers[2][17];
    uint8_t ram[FAKE_RAM_BYTES];
    uint64_t now;
    uint64_t instructions;
};

static void take_trace(struct k5sim *sim, struct trace *trace)
{
    memset(trace, 0, sizeof *trace);
    trace->count = bench_take(sim, trace->events);
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(k5sim_registers(sim, i, trace->registers[i]), K5SIM_OK);
    }
    assert_int_equal(k5sim_read(sim, FAKE_RAM_BASE, trace->ram, FAKE_RAM_BYTES), K5SIM_OK);
    trace->now = k5sim_now(sim);
    trace->instructions = k5sim_instructions(sim);
}

static void run_whole(struct k5sim *sim, struct trace *trace)
{
    k5sim_record(sim, ALL_KINDS);
    assert_int_equal(k5sim_boot(sim), K5SIM_OK);
    assert_int_equal(k5sim_run(sim, 30000, 0), K5SIM_STOP_TIME);
    take_trace(sim, trace);
}

static void test_second_machine_and_second_boot_run_alike(void **state)
{
    static struct trace first, again, other;
    struct k5sim *sim = boot_ticker_and_counter();
    struct k5sim *second = boot_ticker_and_counter();

    (void)state;
    run_whole(sim, &first);
    run_whole(sim, &again);
    run_whole(second, &other);
    assert_true(first.count > 1000);
    assert_memory_equal(&first, &again, sizeof first);
    assert_memory_equal(&first, &other, sizeof first);
    k5sim_close(sim);
    k5sim_close(second);

    /* And on engines that have run another system before. */
    sim = boot_ticker_and_counter();
    run_whole(sim, &again);
    assert_memory_equal(&first, &again, sizeof first);
    k5sim_close(sim);
}

/* Looking at a machine must not change what it does. */
static void test_stops_of_the_observer_do_not_show(void **state)
{
    static struct trace whole, pieces;
    struct k5sim *sim = boot_ticker_and_counter();
    uint64_t random = 3;

    (void)state;
    run_whole(sim, &whole);
    k5sim_record(sim, ALL_KINDS);
    assert_int_equal(k5sim_boot(sim), K5SIM_OK);
    while (k5sim_now(sim) < 30000) {
        uint64_t until = k5sim_now(sim) + 1 + random_below(&random, 40);
        uint32_t registers[17];

        k5sim_run(sim, until < 30000 ? until : 30000,
                  random_below(&random, 3) == 0 ? BIT(K5_EVENT_LOG) : 0);
        assert_int_equal(k5sim_registers(sim, random_below(&random, 2), registers), K5SIM_OK);
        assert_null(k5sim_invariants(sim));
    }
    take_trace(sim, &pieces);
    assert_memory_equal(&whole, &pieces, sizeof whole);
    k5sim_close(sim);
}

static void test_two_machines_take_turns_in_one_thread(void **state)
{
    static struct trace alone, mixed;
    struct k5sim *a = boot_ticker_and_counter();
    struct k5sim *b = boot_ticker_and_counter();

    (void)state;
    run_whole(a, &alone);
    k5sim_record(a, ALL_KINDS);
    assert_int_equal(k5sim_boot(a), K5SIM_OK);
    for (uint64_t until = 0; until <= 30000; until += 100) {
        k5sim_run(a, until, 0);
        k5sim_run(b, until / 2, 0);
    }
    take_trace(a, &mixed);
    assert_memory_equal(&alone, &mixed, sizeof alone);
    assert_int_equal(k5sim_now(b), 15000);
    k5sim_close(a);
    k5sim_close(b);
}

static void test_registers_are_those_with_which_a_thread_goes_on(void **state)
{
    struct k5sim *sim = boot_ticker_and_counter();
    uint32_t running[17], sleeping[17];

    (void)state;
    k5sim_run(sim, 1050, 0);
    assert_int_equal(k5sim_registers(sim, 1, running), K5SIM_OK);
    assert_int_equal(k5sim_registers(sim, 0, sleeping), K5SIM_OK);
    assert_int_equal(running[0], COUNTER);
    assert_in_range(running[3], word(sim, COUNTER), word(sim, COUNTER) + 1);
    assert_int_equal(sleeping[7], 1100);
    assert_int_equal(sleeping[15], bench_text(0) + 32); /* behind the SVC of sleep */
    assert_int_equal(sleeping[13], build_thread_of(0)->stack_top);
    k5sim_close(sim);
}

static void test_idle_time_costs_nothing(void **state)
{
    static const uint16_t sleeper[] = {0x2400, 0x2501, 0x04ad, SYSCALL(6), 0xe7fe};
    const struct bench_program programs[] = {BENCH_PROGRAM(sleeper)};
    struct k5sim *sim;

    (void)state;
    build_reset();
    build_single(10);
    sim = bench_boot(programs, 1);
    /* Until tick 2^18 * 2^32: some years of instructions. */
    assert_int_equal(k5sim_run(sim, UINT64_C(1) << 49, 0), K5SIM_STOP_TIME);
    assert_int_equal(k5sim_now(sim), UINT64_C(1) << 49);
    assert_int_equal(k5sim_instructions(sim), 6);
    assert_int_equal(k5sim_run(sim, (UINT64_C(1) << 50) + 10, 0), K5SIM_STOP_TIME);
    assert_int_equal(k5sim_instructions(sim), 16);
    k5sim_close(sim);
}

/* A slow core: four ticks an instruction; a tick between two instructions comes at the later one.
 */
static void test_ticks_per_instruction_scale_the_clock(void **state)
{
    static struct k5sim_event events[BENCH_EVENTS];
    struct k5sim *sim;

    (void)state;
    build_reset();
    build_single(20);
    build_single(10);
    build_thread_of(1)->argument = COUNTER;
    sim = bench_boot_with(ticker_and_counter, 2, 4);
    assert_int_equal(k5sim_run(sim, 1001, 0), K5SIM_STOP_TIME);
    assert_int_equal(k5sim_now(sim), 1004);
    assert_int_equal(k5sim_instructions(sim), 251);
    size_t count = bench_take(sim, events);

    assert_int_equal(bench_find(events, count, K5_EVENT_LOG, 0)->time, 4 * 11);
    assert_int_equal(bench_find(events, count, K5_EVENT_LOG, 1)->time, 100 + 4 * 10);
    assert_int_equal(bench_find(events, count, K5_EVENT_LOG, 2)->time, 200 + 4 * 10);
    k5sim_close(sim);
}

static void test_sleep_for_ever_halts_the_machine(void **state)
{
    static const uint16_t sleeper[] = {0x2400, 0x43e4, 0x1c25, SYSCALL(6), 0xe7fe}; /* all ones */
    const struct bench_program programs[] = {BENCH_PROGRAM(sleeper)};
    static struct k5sim_event events[BENCH_EVENTS];
    struct k5sim *sim;

    (void)state;
    build_reset();
    build_single(10);
    sim = bench_boot(programs, 1);
    assert_int_equal(k5sim_run(sim, 1000000, 0), K5SIM_STOP_HALT);
    assert_int_equal(k5sim_now(sim), 6);
    assert_int_equal(bench_find(events, bench_take(sim, events), K5_EVENT_HALT, 0)->time, 6);
    assert_int_equal(k5sim_run(sim, 1000000, 0), K5SIM_STOP_HALT);
    k5sim_close(sim);
}

static void test_full_ring_stops_and_loses_nothing(void **state)
{
    const struct bench_program programs[] = {BENCH_PROGRAM(chatter)};
    static struct k5sim_event events[BENCH_EVENTS];
    struct k5sim *sim;
    uint32_t next = 1;
    uint32_t stops = 0;

    (void)state;
    build_reset();
    build_single(10);
    sim = bench_boot(programs, 1);
    while (next < 20000) {
        stops += k5sim_run(sim, 1000000, 0) == K5SIM_STOP_FULL;
        size_t count;

        while ((count = k5sim_take_events(sim, events, BENCH_EVENTS)) != 0) {
            for (size_t i = 0; i < count; i++) {
                if (events[i].kind == K5_EVENT_LOG) {
                    assert_int_equal(events[i].arg[1], next++);
                }
            }
        }
    }
    assert_true(stops >= 2);
    k5sim_close(sim);
}

static void test_run_stops_at_the_event_asked_for(void **state)
{
    static struct k5sim_event events[BENCH_EVENTS];
    struct k5sim *sim = boot_ticker_and_counter();

    (void)state;
    for (uint32_t i = 0; i < 5; i++) {
        assert_int_equal(k5sim_run(sim, 1000000, BIT(K5_EVENT_LOG)), K5SIM_STOP_EVENT);
        size_t count = bench_take(sim, events);

        assert_int_equal(events[count - 1].kind, K5_EVENT_LOG);
        assert_int_equal(events[count - 1].arg[1], i + 1);
        assert_int_equal(events[count - 1].time, k5sim_now(sim));
    }
    k5sim_close(sim);
}

/* ---------------------------------------------------------------- faults */

/* Boots one task with this code, runs it, and returns its first fault record. */
static struct k5sim_event fault_of(const uint16_t *code, size_t halfwords)
{
    const struct bench_program programs[] = {{code, halfwords}};
    static struct k5sim_event events[BENCH_EVENTS];
    struct k5sim *sim;

    build_reset();
    build_single(10);
    build_task_of(0)->policy = SYS_POLICY_STOP;
    sim = bench_boot(programs, 1);
    assert_int_equal(k5sim_run(sim, 100000, 0), K5SIM_STOP_HALT);
    size_t count = bench_take(sim, events);
    struct k5sim_event fault = *bench_find(events, count, K5_EVENT_FAULT, 0);

    assert_int_equal(bench_find(events, count, K5_EVENT_TASK, 0)->code, K5_TASK_STOPPED);
    k5sim_close(sim);
    return fault;
}

#define FAULT_OF(code) fault_of(code, sizeof(code) / sizeof((code)[0]))

enum { PC, ADDRESS, STATUS, FLAGS, SP }; /* arguments of a FAULT event */

static void test_fault_record_says_what_the_core_would(void **state)
{
    static const uint16_t store_to_zero[] = {0x2100, 0x6008, 0xe7fe};
    struct k5sim_event fault = FAULT_OF(store_to_zero);

    (void)state;
    assert_int_equal(fault.code, K5_FAULT_DATA);
    assert_int_equal(fault.arg[PC], bench_text(0) + 2);
    assert_int_equal(fault.arg[ADDRESS], 0);
    assert_int_equal(fault.arg[STATUS], 0x82);
    assert_int_equal(fault.arg[FLAGS], K5_FAULT_FLAG_PC_KNOWN | K5_FAULT_FLAG_ADDRESS_KNOWN |
                                           K5_FAULT_FLAG_RESUMABLE);
    assert_int_equal(fault.arg[SP], build_thread_of(0)->stack_top);
}

/* SVC with a stack that has room for the call's arguments, but not for the frame. */
static void test_svc_without_room_for_its_frame_is_an_overflow(void **state)
{
    static const uint16_t full_stack[] = {0xb08c, 0xdf00, 0xe7fe}; /* sub sp, #48; svc */
    struct k5sim_event fault = FAULT_OF(full_stack);

    (void)state;
    assert_int_equal(fault.code, K5_FAULT_STACK_OVERFLOW);
    assert_int_equal(fault.arg[STATUS], 0x00100000);
    assert_int_equal(fault.arg[FLAGS], 0);
    assert_int_equal(fault.arg[SP], build_thread_of(0)->stack_base);
}

/* A stack pointer into nowhere: the frame of the SVC is refused by the MPU. */
static void test_svc_on_a_stack_that_is_not_there(void **state)
{
    static const uint16_t no_stack[] = {0x2001, 0x07c0, 0x4685, 0xdf00,
                                        0xe7fe}; /* sp = 0x80000000 */
    struct k5sim_event fault = FAULT_OF(no_stack);

    (void)state;
    assert_int_equal(fault.code, K5_FAULT_STACK_OVERFLOW);
    assert_int_equal(fault.arg[STATUS], 0x10);
    assert_int_equal(fault.arg[FLAGS], 0);
    assert_int_equal(fault.arg[SP], 0x7fffffe0);
}

/* A push that is refused, whose fault cannot be stacked either: both bits, as QEMU has it. */
static void test_fault_that_cannot_be_stacked_has_both_bits(void **state)
{
    static const uint16_t no_stack[] = {0x2001, 0x07c0, 0x4685, 0xb401, 0xe7fe};
    struct k5sim_event fault = FAULT_OF(no_stack);

    (void)state;
    assert_int_equal(fault.code, K5_FAULT_STACK_OVERFLOW);
    assert_int_equal(fault.arg[STATUS], 0x92);
}

/* Restarted without back-off, it faults at its first instruction, for ever: time must pass. */
static void test_endless_faults_do_not_stop_the_clock(void **state)
{
    static const uint16_t undefined[] = {0xde00};
    const struct bench_program programs[] = {BENCH_PROGRAM(undefined)};
    static struct k5sim_event events[BENCH_EVENTS];
    struct k5sim *sim;

    (void)state;
    build_reset();
    build_single(10);
    build_task_of(0)->backoff_ticks = 0;
    build_task_of(0)->backoff_max_ticks = 0;
    sim = bench_boot(programs, 1);
    assert_int_equal(k5sim_run(sim, 500, 0), K5SIM_STOP_TIME);
    assert_int_equal(k5sim_now(sim), 500);
    assert_int_equal(k5sim_instructions(sim), 0);
    bench_find(events, bench_take(sim, events), K5_EVENT_FAULT, 100);
    assert_null(k5sim_invariants(sim));
    k5sim_close(sim);
}

/* ---------------------------------------------------------------- threads and memory */

/* Two threads of one task, each with its own counter, share the engine in time slices. */
static void test_threads_of_one_task_keep_their_registers(void **state)
{
    const struct bench_program programs[] = {BENCH_PROGRAM(counter)};
    struct k5sim *sim;

    (void)state;
    build_reset();
    uint32_t task = build_task(SYS_POLICY_RESTART);

    build_thread(task, 10);
    build_thread(task, 10);
    build_thread_of(0)->argument = build_buffer(0, 0);
    build_thread_of(1)->argument = build_buffer(0, 1);
    sim = bench_boot(programs, 1);
    assert_int_equal(k5sim_run(sim, 20 * BUILD_SLICE, 0), K5SIM_STOP_TIME);
    uint32_t first = word(sim, build_buffer(0, 0));
    uint32_t second = word(sim, build_buffer(0, 1));

    /* Three instructions a round; nothing of either count may be lost. */
    assert_in_range(3 * (first + second), 20 * BUILD_SLICE - 12, 20 * BUILD_SLICE);
    assert_in_range(3 * first, 10 * BUILD_SLICE - 12, 10 * BUILD_SLICE + 12);
    k5sim_close(sim);
}

/* Exclusives of two threads that share an engine: a slice that ends in between loses nothing. */
static void test_exclusive_additions_of_two_threads_add_up(void **state)
{
    static const uint16_t adder[] = {
        0x2700,                                         /* movs r7, #0 */
        0xe850, 0x2f00, 0x3201,                         /* loop: ldrex r2, [r0]; adds r2, #1 */
        0xe840, 0x2300, 0x2b00, 0xd1f8, 0x3701, 0xe7f6, /* strex; again if refused; adds r7, #1 */
    };
    const struct bench_program programs[] = {BENCH_PROGRAM(adder)};
    struct k5sim *sim;
    uint32_t r[2][17];

    (void)state;
    build_reset();
    uint32_t task = build_task(SYS_POLICY_STOP);

    for (uint32_t i = 0; i < 2; i++) {
        build_thread(task, 10);
        build_thread_of(i)->argument = build_buffer(0, 0);
        build_thread_of(i)->budget = 11 + 2 * i;
    }
    sim = bench_boot(programs, 1);
    assert_int_equal(k5sim_run(sim, 30000, 0), K5SIM_STOP_TIME);
    assert_int_equal(k5sim_registers(sim, 0, r[0]), K5SIM_OK);
    assert_int_equal(k5sim_registers(sim, 1, r[1]), K5SIM_OK);
    assert_true(r[0][7] > 1000 && r[1][7] > 1000);
    assert_in_range(word(sim, build_buffer(0, 0)) - r[0][7] - r[1][7], 0, 2);
    k5sim_close(sim);
}

static void test_written_code_runs_until_the_next_boot(void **state)
{
    static const uint16_t loop[] = {0xe7fe};
    static const uint16_t undefined = 0xde00;
    const struct bench_program programs[] = {BENCH_PROGRAM(loop)};
    static struct k5sim_event events[BENCH_EVENTS];
    struct k5sim *sim;

    (void)state;
    build_reset();
    build_single(10);
    sim = bench_boot(programs, 1);
    k5sim_run(sim, 100, 0);
    assert_int_equal(k5sim_write(sim, bench_text(0), &undefined, 2), K5SIM_OK);
    assert_int_equal(k5sim_run(sim, 10000, BIT(K5_EVENT_FAULT)), K5SIM_STOP_EVENT);
    assert_int_equal(k5sim_boot(sim), K5SIM_OK);
    assert_int_equal(k5sim_run(sim, 10000, BIT(K5_EVENT_FAULT)), K5SIM_STOP_TIME);
    assert_int_equal(bench_take(sim, events), 1); /* BOOT */
    k5sim_close(sim);
}

static void test_access_is_what_the_regions_allow(void **state)
{
    struct k5sim *sim = boot_ticker_and_counter();
    uint32_t ram = FAKE_RAM_BASE + BUILD_TASK_BYTES;

    (void)state;
    assert_int_equal(k5sim_access(sim, 1, ram, BUILD_TASK_BYTES), SYS_READ | SYS_WRITE);
    assert_int_equal(k5sim_access(sim, 1, ram - 1, 2), 0);
    assert_int_equal(k5sim_access(sim, 0, ram, 1), 0);
    assert_int_equal(k5sim_access(sim, 0, bench_text(0), 4), SYS_READ | SYS_EXECUTE);
    assert_int_equal(k5sim_access(sim, 0, UINT32_MAX, 2), 0);
    assert_int_equal(k5sim_access(sim, 99, ram, 1), 0);
    k5sim_close(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sleeper_wakes_at_its_exact_tick),
        cmocka_unit_test(test_second_machine_and_second_boot_run_alike),
        cmocka_unit_test(test_stops_of_the_observer_do_not_show),
        cmocka_unit_test(test_two_machines_take_turns_in_one_thread),
        cmocka_unit_test(test_registers_are_those_with_which_a_thread_goes_on),
        cmocka_unit_test(test_idle_time_costs_nothing),
        cmocka_unit_test(test_ticks_per_instruction_scale_the_clock),
        cmocka_unit_test(test_sleep_for_ever_halts_the_machine),
        cmocka_unit_test(test_full_ring_stops_and_loses_nothing),
        cmocka_unit_test(test_run_stops_at_the_event_asked_for),
        cmocka_unit_test(test_fault_record_says_what_the_core_would),
        cmocka_unit_test(test_svc_without_room_for_its_frame_is_an_overflow),
        cmocka_unit_test(test_svc_on_a_stack_that_is_not_there),
        cmocka_unit_test(test_fault_that_cannot_be_stacked_has_both_bits),
        cmocka_unit_test(test_endless_faults_do_not_stop_the_clock),
        cmocka_unit_test(test_threads_of_one_task_keep_their_registers),
        cmocka_unit_test(test_exclusive_additions_of_two_threads_add_up),
        cmocka_unit_test(test_written_code_runs_until_the_next_boot),
        cmocka_unit_test(test_access_is_what_the_regions_allow),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
