/* Devices and their interrupts, as tasks meet them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/machine.h"
#include "tests/sim/oracle/program.h"
#include "tests/sim/support/bench.h"

#define BIT(kind)   (UINT64_C(1) << (kind))
#define DEVICE_BITS (UINT64_C(31) << K5SIM_EVENT_LINE)

#define TIMER  UINT32_C(0x40001000)
#define SECOND UINT32_C(0x40002000)
#define CLOCK  UINT32_C(0x40000040) /* two in one page */
#define CLOCK2 UINT32_C(0x40000080)

#define TIMER_LINE 9u

enum { D_TIMER, D_SECOND, D_CLOCK, D_CLOCK2, D_COUNT };

static const struct k5sim_device devices[D_COUNT] = {
    {.model = "cmsdk-timer",
     .name = "timer1",
     .base = TIMER,
     .line_count = 1,
     .line = {TIMER_LINE}},
    {.model = "cmsdk-timer", .name = "timer2", .base = SECOND, .line_count = 1, .line = {40}},
    {.model = "goldfish-rtc", .name = "rtc", .base = CLOCK, .line_count = 1, .line = {11}},
    {.model = "goldfish-rtc", .name = "rtc2", .base = CLOCK2},
};

#define PERIOD 200u

/* r0: the timer. Capability 0 is the interrupt, 1 its notification. */
static const uint16_t driver[] = {
    0x4681,                         /* mov r9, r0 */
    0x21c7, 0x6081,                 /* RELOAD = 199 */
    0x2109, 0x6001,                 /* CTRL = enabled, interrupt */
    0x2401, 0x0424,                 /* loop: r4 = 0x10000 */
    0x2112, 0x468b, 0xdf00,         /* irq_ack */
    0x2401, 0x0424, 0x3401,         /* r4 = 0x10001 */
    0x2500, 0x2600, 0x43f6, 0x2700, /* no flags, any bit */
    0x210c, 0x468b, 0xdf00,         /* wait */
    0x4648, 0x2101, 0x60c1, 0xe7ec, /* INTCLEAR = 1; b loop */
};

/* Counts in its RAM for ever: the address of the counter is its argument. */
static const uint16_t counter[] = {0x2300, 0x3301, 0x6003, 0xe7fc};

static const struct bench_program driver_and_counter[] = {BENCH_PROGRAM(driver),
                                                          BENCH_PROGRAM(counter)};

static uint32_t word(struct k5sim *sim, uint32_t address)
{
    uint32_t value = 0;

    assert_int_equal(k5sim_read(sim, address, &value, 4), K5SIM_OK);
    return value;
}

static void build_driver(void)
{
    build_reset();
    build_single(20);
    build_single(10);
    uint32_t bits = build_notification(0);

    build_cap_for(0, K5_KIND_INTERRUPT, build_interrupt(TIMER_LINE, bits, 3), K5_RIGHT_ACK, 0);
    build_cap_for(0, K5_KIND_NOTIFICATION, bits, K5_RIGHT_WAIT, 0);
    build_region(0, TIMER, 4096, SYS_READ | SYS_WRITE);
    build_thread_of(0)->argument = TIMER;
    build_thread_of(1)->argument = build_buffer(1, 0);
}

static struct k5sim *boot_driver(uint64_t kinds)
{
    struct k5sim *sim = bench_open_devices(devices, D_COUNT);

    build_driver();
    k5sim_record(sim, kinds);
    bench_start(sim, driver_and_counter, 2);
    return sim;
}

/* One task at `address` with this code; `region` bytes of registers are its own. */
static struct k5sim *boot_code(const uint16_t *code, size_t halfwords, uint32_t address,
                               uint32_t base, uint32_t bytes)
{
    const struct bench_program programs[] = {{code, halfwords}};
    struct k5sim *sim = bench_open_devices(devices, D_COUNT);

    build_reset();
    build_single(10);
    build_task_of(0)->policy = SYS_POLICY_STOP;
    build_region(0, base, bytes, SYS_READ | SYS_WRITE);
    build_thread_of(0)->argument = address;
    k5sim_record(sim, UINT64_MAX);
    bench_start(sim, programs, 1);
    return sim;
}

#define BOOT(code, address, base, bytes)                                                           \
    boot_code(code, sizeof(code) / sizeof((code)[0]), address, base, bytes)

/* ---------------------------------------------------------------- interrupts */

/* Enabled by the fifth instruction: the counter reaches 0 every PERIOD ticks, for ever. */
static void test_interrupt_comes_at_the_exact_tick(void **state)
{
    static struct k5sim_event events[BENCH_EVENTS];
    struct k5sim *sim = boot_driver(BIT(K5_EVENT_INTERRUPT) | BIT(K5SIM_EVENT_LINE));

    (void)state;
    assert_int_equal(k5sim_run(sim, 10 + 20 * PERIOD, 0), K5SIM_STOP_TIME);
    assert_int_equal(k5sim_instructions(sim), k5sim_now(sim));
    size_t count = bench_take(sim, events);
    uint64_t first = bench_find(events, count, K5_EVENT_INTERRUPT, 0)->time;

    assert_int_equal(first, 5 + PERIOD - 1);
    for (uint32_t i = 0; i < 20; i++) {
        const struct k5sim_event *interrupt = bench_find(events, count, K5_EVENT_INTERRUPT, i);
        const struct k5sim_event *raised = bench_find(events, count, K5SIM_EVENT_LINE, 2 * i);
        const struct k5sim_event *lowered = bench_find(events, count, K5SIM_EVENT_LINE, 2 * i + 1);

        assert_int_equal(interrupt->time, first + i * PERIOD);
        assert_int_equal(raised->time, interrupt->time);
        assert_int_equal(raised->arg[1], 1);
        assert_int_equal(lowered->arg[1], 0);
        assert_int_equal(lowered->time, interrupt->time + 3); /* mov, movs, str */
    }
    /* The driver took what it needed, the rest was the counter's. */
    assert_in_range(word(sim, build_buffer(1, 0)), 20 * (PERIOD - 24) / 3, 20 * PERIOD / 3);
    k5sim_close(sim);
}

/* The line stays up until the driver clears it, and acknowledging first would fire again at once:
 * the driver above clears first. Here it never clears. */
static void test_level_that_stays_fires_again_when_unmasked(void **state)
{
    static const uint16_t negligent[] = {
        0x4681, 0x21c7, 0x6081, 0x2109, 0x6001, 0x2401, 0x0424, 0x2112, 0x468b, 0xdf00, 0x2401,
        0x0424, 0x3401, 0x2500, 0x2600, 0x43f6, 0x2700, 0x210c, 0x468b, 0xdf00, 0xe7ef, /* b loop */
    };
    const struct bench_program programs[] = {BENCH_PROGRAM(negligent), BENCH_PROGRAM(counter)};
    static struct k5sim_event events[BENCH_EVENTS];
    struct k5sim *sim = bench_open_devices(devices, D_COUNT);

    (void)state;
    build_driver();
    k5sim_record(sim, BIT(K5_EVENT_INTERRUPT));
    bench_start(sim, programs, 2);
    k5sim_run(sim, 1000, 0);
    size_t count = bench_take(sim, events);

    assert_true(count > 40); /* one in each round of 16 instructions, right behind irq_ack */
    for (size_t i = 2; i < count; i++) {
        assert_int_equal(events[i].time - events[i - 1].time, 16);
    }
    k5sim_close(sim);
}

static void test_masked_line_interrupts_nobody(void **state)
{
    static const uint16_t starter[] = {0x21c7, 0x6081, 0x2109, 0x6001, 0xe7fe};
    static struct k5sim_event events[BENCH_EVENTS];
    struct k5sim *sim = BOOT(starter, TIMER, TIMER, 4096);

    (void)state;
    k5sim_run(sim, 1000, 0);
    size_t count = bench_take(sim, events);

    assert_int_equal(bench_find(events, count, K5SIM_EVENT_LINE, 0)->arg[0], TIMER_LINE);
    for (size_t i = 0; i < count; i++) {
        assert_int_not_equal(events[i].kind, K5_EVENT_INTERRUPT);
    }
    k5sim_close(sim);
}

/* Times at which the line was raised are due ones, or up to `late` ticks behind: without drift. */
static void check_phases(struct k5sim *sim, uint64_t period, uint64_t late)
{
    static struct k5sim_event events[BENCH_EVENTS];
    size_t count = bench_take(sim, events);
    uint64_t first = 0;
    uint64_t latest = 0;
    uint32_t raised = 0;

    for (size_t i = 0; i < count; i++) {
        if (events[i].kind == K5SIM_EVENT_LINE && events[i].arg[1] == 1) {
            first = raised == 0 ? events[i].time : first;
            uint64_t phase = (events[i].time - first) % period;
            uint64_t behind = phase > period / 2 ? 0 : phase; /* the first may be late itself */

            assert_true(behind <= late || period - phase <= late);
            latest = behind > latest ? behind : latest;
            raised++;
        }
    }
    assert_in_range(raised, 95, 101);
    assert_true(latest > 0); /* else this shows nothing */
    k5sim_close(sim);
}

/* An interrupt waits for the end of an IT block, and reads in the block see the counter run on. */
static void test_timer_does_not_drift_where_it_waits_for_a_block(void **state)
{
    static const uint16_t blocks[] = {
        0x21c6, 0x6081, 0x2109, 0x6001, /* RELOAD = 198; CTRL = 9: 199 ticks */
        0x2901, 0xbf1f, 0x6842, 0x6842, /* loop: cmp r1, #1; itttt ne; ldrne r2, VALUE, twice */
        0x6842, 0x6842, 0x60c1, 0xe7f7, /* and twice more; INTCLEAR = 9; b loop */
    };
    struct k5sim *sim = BOOT(blocks, TIMER, TIMER, 4096);

    (void)state;
    k5sim_record(sim, BIT(K5SIM_EVENT_LINE));
    assert_int_equal(k5sim_boot(sim), K5SIM_OK);
    k5sim_run(sim, 100 * 199, 0);
    check_phases(sim, 199, 4);
}

/* Nobody is ready, no timer of the kernel is armed: time jumps to the device's event. */
static void test_idle_jumps_to_the_device_s_event(void **state)
{
    static uint16_t slow[sizeof driver / 2];
    const struct bench_program programs[] = {{slow, sizeof slow / 2}};
    static struct k5sim_event events[BENCH_EVENTS];
    struct k5sim *sim = bench_open_devices(devices, D_COUNT);

    (void)state;
    build_reset();
    build_single(20);
    uint32_t bits = build_notification(0);

    build_cap_for(0, K5_KIND_INTERRUPT, build_interrupt(TIMER_LINE, bits, 3), K5_RIGHT_ACK, 0);
    build_cap_for(0, K5_KIND_NOTIFICATION, bits, K5_RIGHT_WAIT, 0);
    build_region(0, TIMER, 4096, SYS_READ | SYS_WRITE);
    build_thread_of(0)->argument = TIMER;
    memcpy(slow, driver, sizeof slow);
    slow[1] = 0x43c1; /* mvns r1, r0: RELOAD = ~TIMER */
    bench_start(sim, programs, 1);
    k5sim_record(sim, BIT(K5_EVENT_INTERRUPT) | BIT(K5_EVENT_HALT));
    assert_int_equal(k5sim_run(sim, UINT64_C(1) << 33, 0), K5SIM_STOP_TIME);
    size_t count = bench_take(sim, events);

    assert_int_equal(bench_find(events, count, K5_EVENT_INTERRUPT, 0)->time, 5 + (uint64_t)~TIMER);
    assert_int_equal(bench_find(events, count, K5_EVENT_INTERRUPT, 1)->time,
                     5 + 2 * (uint64_t)~TIMER + 1);
    assert_true(k5sim_instructions(sim) < 100);
    k5sim_close(sim);
}

/* ---------------------------------------------------------------- accesses */

/* Starts timer 1, and reads VALUE in a row, in an IT block, and behind it. */
static void test_access_sees_the_tick_of_its_instruction(void **state)
{
    static const uint16_t reader[] = {
        0x2164, 0x6081, 0x2101, 0x6001, /* RELOAD = 100; CTRL = 1: the fourth instruction */
        0x6842, 0x6843,                 /* ldr r2, r3 */
        0x2901, 0xbf04, 0x6844, 0x6845, /* cmp r1, #1; itt eq; ldreq r4, r5 */
        0x6846, 0xe7fe,                 /* ldr r6; b . */
    };
    struct k5sim *sim = BOOT(reader, TIMER, TIMER, 4096);
    uint32_t r[17];

    (void)state;
    k5sim_run(sim, 50, 0);
    assert_int_equal(k5sim_registers(sim, 0, r), K5SIM_OK);
    assert_int_equal(r[2], 99);
    assert_int_equal(r[3], 98);
    assert_int_equal(r[4], 95);
    assert_int_equal(r[5], 94);
    assert_int_equal(r[6], 93);
    k5sim_close(sim);
}

/* The fault record of this code. */
static struct k5sim_event fault_of(struct k5sim *sim)
{
    static struct k5sim_event events[BENCH_EVENTS];

    k5sim_run(sim, 1000, 0);
    struct k5sim_event fault = *bench_find(events, bench_take(sim, events), K5_EVENT_FAULT, 0);

    k5sim_close(sim);
    return fault;
}

enum { PC, ADDRESS, STATUS }; /* arguments of a FAULT event */

static void assert_fault(struct k5sim_event fault, uint32_t kind, uint32_t address, uint32_t cfsr)
{
    assert_int_equal(fault.code, kind);
    assert_int_equal(fault.arg[PC], bench_text(0));
    assert_int_equal(fault.arg[ADDRESS], address);
    assert_int_equal(fault.arg[STATUS], cfsr);
}

static const uint16_t ldr[] = {0x6801, 0xe7fe};          /* ldr r1, [r0]; b . */
static const uint16_t str[] = {0x6001, 0xe7fe};          /* str r1, [r0]; b . */
static const uint16_t strb[] = {0x7001, 0xe7fe};         /* strb r1, [r0]; b . */
static const uint16_t ldrd[] = {0xe9d0, 0x2300, 0xe7fe}; /* ldrd r2, r3, [r0]; b . */
static const uint16_t ldrh[] = {0x8801, 0xe7fe};         /* ldrh r1, [r0]; b . */

static void test_device_of_others_is_refused_by_the_regions(void **state)
{
    (void)state;
    assert_fault(fault_of(BOOT(ldr, SECOND, TIMER, 4096)), K5_FAULT_DATA, SECOND, 0x82);
    assert_fault(fault_of(BOOT(str, SECOND, TIMER, 4096)), K5_FAULT_DATA, SECOND, 0x82);
    /* In the page of one's own: exact to the grain. */
    assert_fault(fault_of(BOOT(ldr, CLOCK2, CLOCK, 32)), K5_FAULT_DATA, CLOCK2, 0x82);
    assert_fault(fault_of(BOOT(ldr, CLOCK + 32, CLOCK, 32)), K5_FAULT_DATA, CLOCK + 32, 0x82);
    assert_fault(fault_of(BOOT(ldrd, CLOCK + 28, CLOCK, 32)), K5_FAULT_DATA, CLOCK + 32, 0x82);
}

static void test_address_without_register_is_a_bus_error(void **state)
{
    (void)state;
    assert_fault(fault_of(BOOT(ldr, CLOCK + 0x24, CLOCK, 64)), K5_FAULT_BUS, CLOCK + 0x24, 0x8200);
    assert_fault(fault_of(BOOT(str, CLOCK - 32, CLOCK - 32, 64)), K5_FAULT_BUS, CLOCK - 32, 0x8200);
    assert_fault(fault_of(BOOT(ldrd, CLOCK + 0x20, CLOCK, 64)), K5_FAULT_BUS, CLOCK + 0x24, 0x8200);
    /* The Goldfish takes words only. */
    assert_fault(fault_of(BOOT(strb, CLOCK, CLOCK, 64)), K5_FAULT_BUS, CLOCK, 0x8200);
    assert_fault(fault_of(BOOT(ldr, 0x50000000, 0x50000000, 64)), K5_FAULT_BUS, 0x50000000, 0x8200);
}

static void test_misaligned_access_is_a_usage_fault(void **state)
{
    (void)state;
    assert_fault(fault_of(BOOT(ldr, TIMER + 5, TIMER, 4096)), K5_FAULT_UNALIGNED, 0, 0x01000000);
    assert_fault(fault_of(BOOT(str, TIMER + 6, TIMER, 4096)), K5_FAULT_UNALIGNED, 0, 0x01000000);
    /* Across the end of the region: its first byte is a device's. */
    assert_fault(fault_of(BOOT(ldr, CLOCK + 30, CLOCK, 32)), K5_FAULT_UNALIGNED, 0, 0x01000000);
    assert_fault(fault_of(BOOT(ldrh, TIMER + 1, TIMER, 4096)), K5_FAULT_UNALIGNED, 0, 0x01000000);
}

/* A word across the border between memory and a device: nothing of it may be stored. */
static void test_store_across_memory_and_device_does_nothing(void **state)
{
    static const uint16_t code[] = {0x43c9, 0x6001, 0xe7fe}; /* mvns r1, r1; str r1, [r0] */
    const uint32_t border = FAKE_RAM_BASE + FAKE_RAM_BYTES;
    const struct k5sim_device neighbour = {
        .model = "cmsdk-timer", .name = "neighbour", .base = border};
    const struct bench_program programs[] = {BENCH_PROGRAM(code)};
    static struct k5sim_event events[BENCH_EVENTS];

    (void)state;
    for (uint32_t before = 1; before < 4; before++) {
        struct k5sim *sim = bench_open_devices(&neighbour, 1);

        build_reset();
        build_single(10);
        build_task_of(0)->policy = SYS_POLICY_STOP;
        build_region(0, border - 1024, 1024, SYS_READ | SYS_WRITE);
        build_region(0, border, 4096, SYS_READ | SYS_WRITE);
        build_thread_of(0)->argument = border - before;
        bench_start(sim, programs, 1);
        k5sim_run(sim, 100, 0);
        const struct k5sim_event *fault =
            bench_find(events, bench_take(sim, events), K5_EVENT_FAULT, 0);

        assert_int_equal(fault->code, K5_FAULT_UNALIGNED);
        assert_int_equal(fault->arg[PC], bench_text(0) + 2);
        assert_int_equal(word(sim, border - 4), 0);
        k5sim_close(sim);
    }
}

/* What the timer does not know reads 0, writes nothing, and is recorded. */
static void test_misuse_is_recorded_and_does_nothing(void **state)
{
    static const struct {
        const uint16_t *code;
        uint32_t offset;
        uint32_t bytes;
    } rows[] = {
        {ldr, 0x10, 4},
        {str, 0xf00, 4 | K5SIM_MISUSE_WRITE},
        {strb, 4, 1 | K5SIM_MISUSE_WRITE},
        {ldrh, 0xfe2, 2},
    };
    static struct k5sim_event events[BENCH_EVENTS];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct k5sim *sim = boot_code(rows[i].code, 2, TIMER + rows[i].offset, TIMER, 4096);
        uint32_t r[17];

        k5sim_run(sim, 100, 0);
        size_t count = bench_take(sim, events);
        const struct k5sim_event *misuse = bench_find(events, count, K5SIM_EVENT_DEVICE_MISUSE, 0);

        assert_int_equal(misuse->arg[0], rows[i].offset);
        assert_int_equal(misuse->arg[2], rows[i].bytes);
        assert_int_equal(misuse->time, 1);
        assert_int_equal(k5sim_registers(sim, 0, r), K5SIM_OK);
        assert_int_equal(r[1], 0);
        k5sim_close(sim);
    }
}

static void test_accesses_are_recorded_by_register(void **state)
{
    static const uint16_t external[] = {0x210a, 0x6001, 0xe7fe}; /* CTRL = SELEXTEN | irq */
    static struct k5sim_event events[BENCH_EVENTS];
    struct k5sim *sim = BOOT(external, SECOND, SECOND, 4096);

    (void)state;
    k5sim_run(sim, 100, 0);
    size_t count = bench_take(sim, events);
    const struct k5sim_event *write = bench_find(events, count, K5SIM_EVENT_DEVICE_WRITE, 0);
    const struct k5sim_event *other = bench_find(events, count, K5SIM_EVENT_DEVICE_UNMODELLED, 0);

    assert_int_equal(write->code, D_SECOND);
    assert_int_equal(write->arg[0], 0);
    assert_int_equal(write->arg[1], 10);
    assert_int_equal(write->arg[2], 10);
    assert_int_equal(other->arg[2], 6);
    assert_string_equal(k5sim_device_register(sim, D_SECOND, 0), "CTRL");
    assert_string_equal(k5sim_device_register(sim, D_CLOCK, 8), "ALARM_LOW");
    assert_null(k5sim_device_register(sim, D_SECOND, 0x10));
    assert_null(k5sim_device_register(sim, D_COUNT, 0));
    k5sim_close(sim);
}

/* ---------------------------------------------------------------- the machine */

/* Polls VALUE for ever; with each access recorded, the ring fills in the middle of runs. */
static void test_full_ring_stops_in_the_middle_of_a_slice(void **state)
{
    static const uint16_t poll[] = {0x21ff, 0x6081, 0x2101, 0x6001, 0x6842, 0xe7fd};
    struct k5sim *sim = BOOT(poll, TIMER, TIMER, 4096);
    struct k5sim_event event;
    uint32_t stops = 0;
    uint64_t last = 0;

    (void)state;
    while (k5sim_now(sim) < 60000) {
        stops += k5sim_run(sim, 60000, 0) == K5SIM_STOP_FULL;
        while (k5sim_take_events(sim, &event, 1) != 0) {
            if (event.kind == K5SIM_EVENT_DEVICE_READ) { /* every other instruction */
                assert_int_equal(event.time, last == 0 ? 5 : last + 2);
                last = event.time;
            }
        }
    }
    assert_true(stops >= 2);
    assert_in_range(last, 59998, 60000);
    k5sim_close(sim);
}

static void test_run_stops_at_a_device_event(void **state)
{
    struct k5sim *sim = boot_driver(UINT64_MAX);

    (void)state;
    assert_int_equal(k5sim_run(sim, 100000, BIT(K5SIM_EVENT_DEVICE_WRITE)), K5SIM_STOP_EVENT);
    assert_int_equal(k5sim_now(sim), 3);
    assert_int_equal(k5sim_run(sim, 100000, BIT(K5SIM_EVENT_DEVICE_WRITE)), K5SIM_STOP_EVENT);
    assert_int_equal(k5sim_now(sim), 5);
    assert_int_equal(k5sim_run(sim, 100000, BIT(K5SIM_EVENT_LINE)), K5SIM_STOP_EVENT);
    assert_int_equal(k5sim_now(sim), 3 + PERIOD + 1);
    k5sim_close(sim);
}

struct trace {
    struct k5sim_event events[BENCH_EVENTS];
    size_t count;
    uint8_t ram[FAKE_RAM_BYTES];
};

static void take_trace(struct k5sim *sim, struct trace *trace)
{
    memset(trace, 0, sizeof *trace);
    trace->count = bench_take(sim, trace->events);
    assert_int_equal(k5sim_read(sim, FAKE_RAM_BASE, trace->ram, FAKE_RAM_BYTES), K5SIM_OK);
}

/* In one piece, in random pieces, after a boot, and on engines that another machine has used. */
static void test_devices_are_repeatable(void **state)
{
    static struct trace whole, pieces;
    struct k5sim *sim = boot_driver(UINT64_MAX);
    uint64_t random = 11;

    (void)state;
    k5sim_run(sim, 20000, 0);
    take_trace(sim, &whole);
    assert_true(whole.count > 500);
    for (uint32_t round = 0; round < 3; round++) {
        if (round == 2) {
            k5sim_close(sim);
            sim = boot_driver(UINT64_MAX);
        }
        assert_int_equal(k5sim_boot(sim), K5SIM_OK);
        while (k5sim_now(sim) < 20000) {
            uint64_t until = k5sim_now(sim) + 1 + random_below(&random, 60);

            k5sim_run(sim, until < 20000 ? until : 20000, 0);
            assert_null(k5sim_invariants(sim));
        }
        take_trace(sim, &pieces);
        assert_memory_equal(&whole, &pieces, sizeof whole);
    }
    k5sim_close(sim);
}

/* While the kernel has left work for later, the machine does not sleep, and takes what is due. */
static void test_unfinished_work_goes_on_at_once(void **state)
{
    static const uint16_t undefined[] = {0xde00};
    const struct bench_program programs[] = {BENCH_PROGRAM(undefined), BENCH_PROGRAM(counter)};
    static struct k5sim_event events[BENCH_EVENTS];
    struct k5sim *sim = bench_open();

    (void)state;
    build_reset();
    build_single(20);
    build_single(10);
    build_thread_of(1)->argument = build_buffer(1, 0);
    bench_start(sim, programs, 2);
    sim->port.pending_interrupt = true; /* the kernel believes that something waits */
    while (sim->kernel.unfinished == 0) {
        assert_int_not_equal(k5sim_run(sim, k5sim_now(sim) + 1, BIT(K5_EVENT_FAULT)),
                             K5SIM_STOP_HALT);
        assert_true(k5sim_now(sim) < 100);
    }
    uint64_t now = k5sim_now(sim);

    assert_int_equal(sim->kernel.current, NO_THREAD);
    sim->port.pending_interrupt = false;
    k5sim_run(sim, now + 20, 0);
    assert_int_equal(sim->kernel.unfinished, 0);
    assert_int_equal(k5sim_instructions(sim), 20); /* no tick went by in between */
    assert_null(k5sim_invariants(sim));
    bench_take(sim, events);
    k5sim_close(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_interrupt_comes_at_the_exact_tick),
        cmocka_unit_test(test_level_that_stays_fires_again_when_unmasked),
        cmocka_unit_test(test_masked_line_interrupts_nobody),
        cmocka_unit_test(test_timer_does_not_drift_where_it_waits_for_a_block),
        cmocka_unit_test(test_idle_jumps_to_the_device_s_event),
        cmocka_unit_test(test_access_sees_the_tick_of_its_instruction),
        cmocka_unit_test(test_device_of_others_is_refused_by_the_regions),
        cmocka_unit_test(test_address_without_register_is_a_bus_error),
        cmocka_unit_test(test_misaligned_access_is_a_usage_fault),
        cmocka_unit_test(test_store_across_memory_and_device_does_nothing),
        cmocka_unit_test(test_misuse_is_recorded_and_does_nothing),
        cmocka_unit_test(test_accesses_are_recorded_by_register),
        cmocka_unit_test(test_full_ring_stops_in_the_middle_of_a_slice),
        cmocka_unit_test(test_run_stops_at_a_device_event),
        cmocka_unit_test(test_devices_are_repeatable),
        cmocka_unit_test(test_unfinished_work_goes_on_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
