/* Breakpoints, watchpoints, stops before faults: where they stop, and that nothing else shows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/k5sim_debug.h"
#include "tests/sim/oracle/program.h"
#include "tests/sim/support/bench.h"

#define BIT(kind) (UINT64_C(1) << (kind))
#define END       20000u /* of most runs */
#define RISCV     243u
#define MOST_REGS 33u

/* Each counts in its RAM for ever, and reads that again; the address is its argument. */
static const uint16_t arm_worker[] = {
    0x2300, 0x3301, 0x6003, /* movs r3, #0; loop: adds r3, #1; str r3, [r0] */
    0x6801, 0x07da,         /* ldr r1, [r0]; lsls r2, r3, #31 */
    0xbf14, 0x3501, 0x3601, /* ite ne; addne r5, #1; addeq r6, #1 */
    0xe7f7,                 /* b loop */
};
static const uint16_t rv_worker[] = {
    0x0285, 0x2023, 0x0055, /* loop: c.addi t0, 1; sw t0, 0(a0) */
    0x2303, 0x0005, 0xbfdd, /* lw t1, 0(a0); c.j loop */
};
/* Store to the argument, which another task owns. */
static const uint16_t arm_thief[] = {0x2305, 0x6003, 0xe7fe};
static const uint16_t rv_thief[] = {0x4295, 0x2023, 0x0055, 0xa001};

struct isa {
    const char *cpu;
    const uint16_t *worker;
    size_t worker_halves;
    const uint16_t *thief;
    size_t thief_halves;
    uint32_t loop; /* offsets in the text */
    uint32_t store;
    uint32_t load;
    uint32_t turn; /* instructions of a round */
    uint32_t theft;
    uint32_t pc; /* registers */
    uint32_t count;
    uint32_t stolen;
    uint32_t registers;
};

static const struct isa isas[] = {
    {"cortex-m33", arm_worker, 9, arm_thief, 3, 2, 4, 6, 8, 2, 15, 3, 3, 17},
    {"rv32", rv_worker, 6, rv_thief, 4, 0, 2, 6, 4, 2, 32, 5, 5, 33},
};
#define ISAS (sizeof isas / sizeof isas[0])

static void must(struct k5sim *sim, int result)
{
    if (result != K5SIM_OK) {
        fail_msg("%s", k5sim_error_text(sim));
    }
}

static struct k5sim *open_board(const struct isa *isa)
{
    const struct k5sim_memory memory[] = {
        {FAKE_FLASH_BASE, FAKE_FLASH_BYTES, false},
        {FAKE_RAM_BASE, FAKE_RAM_BYTES, true},
    };
    const struct k5sim_board board = {
        .cpu = isa->cpu,
        .memory = memory,
        .memory_count = 2,
        .mpu_regions = 8,
        .ticks_per_insn = 1,
    };
    char why[256] = "";
    struct k5sim *sim = k5sim_open(&board, why, sizeof why);

    if (sim == NULL) {
        fail_msg("%s", why);
    }
    return sim;
}

static void add(struct k5sim *sim, const struct isa *isa, uint32_t task, const uint16_t *code,
                size_t halves)
{
    struct elf_file file;

    elf_file_make(&file, bench_text(task), code, halves);
    file.head.e_machine = isa->registers == MOST_REGS ? RISCV : EM_ARM;
    const char *path = elf_file_write(&file);
    int result = k5sim_add_task(sim, task, path);

    elf_file_remove(path);
    must(sim, result);
}

/* Two workers that take turns, recorded from the boot on. */
static struct k5sim *boot_workers(const struct isa *isa)
{
    build_reset();
    build_single(10);
    build_single(10);
    build_thread_of(0)->argument = build_buffer(0, 0);
    build_thread_of(1)->argument = build_buffer(1, 0);
    const struct sys_header *system = build_finish();
    struct k5sim *sim = open_board(isa);

    must(sim, k5sim_set_system(sim, system, system->total_bytes));
    for (uint32_t i = 0; i < 2; i++) {
        add(sim, isa, i, isa->worker, isa->worker_halves);
    }
    k5sim_record(sim, UINT64_MAX);
    must(sim, k5sim_boot(sim));
    return sim;
}

/* Task 0 writes into task 1's memory, is started again and does it again. */
static struct k5sim *boot_thief(const struct isa *isa, enum sys_policy policy)
{
    build_reset();
    build_task(policy);
    build_thread(0, 10);
    build_single(5);
    build_thread_of(0)->argument = build_buffer(1, 0);
    build_thread_of(1)->argument = build_buffer(1, 0);
    const struct sys_header *system = build_finish();
    struct k5sim *sim = open_board(isa);

    must(sim, k5sim_set_system(sim, system, system->total_bytes));
    add(sim, isa, 0, isa->thief, isa->thief_halves);
    add(sim, isa, 1, isa->worker, isa->worker_halves);
    k5sim_record(sim, UINT64_MAX);
    must(sim, k5sim_boot(sim));
    return sim;
}

static uint32_t reg(struct k5sim *sim, uint32_t thread, uint32_t number)
{
    uint32_t r[MOST_REGS];

    must(sim, k5sim_registers(sim, thread, r));
    return r[number];
}

static uint32_t word(struct k5sim *sim, uint32_t address)
{
    uint32_t value = 0;

    must(sim, k5sim_read(sim, address, &value, 4));
    return value;
}

static struct k5sim_hit hit(struct k5sim *sim)
{
    struct k5sim_hit found;

    must(sim, k5sim_last_hit(sim, &found));
    return found;
}

/* Everything that a run leaves behind. */
struct trace {
    struct k5sim_event events[BENCH_EVENTS];
    size_t count;
    uint32_t registers[2][MOST_REGS];
    uint8_t ram[FAKE_RAM_BYTES];
    struct k5sim_position position;
    uint64_t kernel; /* sum of its state */
};

static void take_trace(struct k5sim *sim, struct trace *trace)
{
    size_t bytes;
    const uint8_t *kernel = k5sim_kernel_state(sim, &bytes);

    memset(trace, 0, sizeof *trace);
    trace->count = bench_take(sim, trace->events);
    for (uint32_t i = 0; i < 2; i++) {
        must(sim, k5sim_registers(sim, i, trace->registers[i]));
    }
    must(sim, k5sim_read(sim, FAKE_RAM_BASE, trace->ram, FAKE_RAM_BYTES));
    k5sim_position(sim, &trace->position);
    for (size_t i = 0; i < bytes; i++) {
        trace->kernel = trace->kernel * 31u + kernel[i];
    }
}

/* ---------------------------------------------------------------- breakpoints */

static void check_break_each_round(const struct isa *isa)
{
    struct k5sim *sim = boot_workers(isa);

    must(sim, k5sim_break_set(sim, K5SIM_ANY_TASK, bench_text(0) + isa->load));
    for (uint32_t round = 1; round < 20; round++) {
        assert_int_equal(k5sim_run(sim, BUILD_SLICE, 0), K5SIM_STOP_BREAK);
        assert_int_equal(hit(sim).thread, 0);
        assert_int_equal(hit(sim).pc, bench_text(0) + isa->load);
        assert_int_equal(reg(sim, 0, isa->pc), bench_text(0) + isa->load);
        assert_int_equal(reg(sim, 0, isa->count), round);
        assert_int_equal(word(sim, build_buffer(0, 0)), round);
        assert_int_equal(k5sim_now(sim), (round - 1) * isa->turn + (isa->load - isa->loop) / 2 -
                                             (isa->registers == MOST_REGS ? 1 : 0) +
                                             (isa->loop != 0));
    }
    must(sim, k5sim_break_clear(sim, K5SIM_ANY_TASK, bench_text(0) + isa->load));
    assert_int_equal(k5sim_run(sim, BUILD_SLICE, 0), K5SIM_STOP_TIME);
    k5sim_close(sim);
}

static void test_breakpoint_stops_before_its_instruction_each_time(void **state)
{
    (void)state;
    for (size_t i = 0; i < ISAS; i++) {
        check_break_each_round(&isas[i]);
    }
}

static void test_breakpoint_of_another_task_does_not_stop(void **state)
{
    (void)state;
    for (size_t i = 0; i < ISAS; i++) {
        struct k5sim *sim = boot_workers(&isas[i]);

        must(sim, k5sim_break_set(sim, 1, bench_text(0) + isas[i].load));
        assert_int_equal(k5sim_run(sim, END, 0), K5SIM_STOP_TIME);
        must(sim, k5sim_break_set(sim, 1, bench_text(1) + isas[i].load));
        assert_int_equal(k5sim_run(sim, 2 * END, 0), K5SIM_STOP_BREAK);
        assert_int_equal(hit(sim).thread, 1);
        k5sim_close(sim);
    }
}

/* A run that a time ended must not lose the breakpoint that it ended at. */
static void test_run_behind_a_stop_of_time_meets_the_breakpoint(void **state)
{
    (void)state;
    for (size_t i = 0; i < ISAS; i++) {
        const struct isa *isa = &isas[i];
        struct k5sim *sim = boot_workers(isa);
        uint32_t at = bench_text(0) + isa->load;
        uint64_t tick = 0;

        while (reg(sim, 0, isa->pc) != at) {
            assert_int_equal(k5sim_run(sim, ++tick, 0), K5SIM_STOP_TIME);
        }
        must(sim, k5sim_break_set(sim, 0, at));
        assert_int_equal(k5sim_run(sim, tick + 1, 0), K5SIM_STOP_BREAK);
        assert_int_equal(k5sim_now(sim), tick);
        assert_int_equal(k5sim_run(sim, tick + 1, 0), K5SIM_STOP_TIME);
        k5sim_close(sim);
    }
}

static void test_step_goes_on_from_a_breakpoint(void **state)
{
    (void)state;
    for (size_t i = 0; i < ISAS; i++) {
        const struct isa *isa = &isas[i];
        struct k5sim *sim = boot_workers(isa);
        uint32_t at = bench_text(0) + isa->store;

        must(sim, k5sim_break_set(sim, 0, at));
        assert_int_equal(k5sim_run(sim, END, 0), K5SIM_STOP_BREAK);
        assert_int_equal(k5sim_step(sim, 1, END, 0), K5SIM_STOP_POSITION);
        assert_int_equal(reg(sim, 0, isa->pc), bench_text(0) + isa->load);
        must(sim, k5sim_break_set(sim, 0, bench_text(0) + isa->load));
        assert_int_equal(k5sim_run(sim, END, 0), K5SIM_STOP_BREAK); /* the next round's first */
        assert_int_equal(reg(sim, 0, isa->pc), at);
        assert_int_equal(k5sim_step(sim, 100, END, 0), K5SIM_STOP_BREAK);
        assert_int_equal(reg(sim, 0, isa->pc), bench_text(0) + isa->load);
        k5sim_close(sim);
    }
}

static void test_breakpoint_in_an_it_block_stops_before_it(void **state)
{
    const struct isa *isa = &isas[0];
    struct k5sim *sim = boot_workers(isa);

    (void)state;
    must(sim, k5sim_break_set(sim, 0, bench_text(0) + 14)); /* the second slot */
    for (uint32_t round = 1; round < 5; round++) {
        assert_int_equal(k5sim_run(sim, BUILD_SLICE, 0), K5SIM_STOP_BREAK);
        assert_int_equal(hit(sim).pc, bench_text(0) + 10);
        assert_int_equal(reg(sim, 0, isa->count), round);
        assert_int_equal(reg(sim, 0, 5) + reg(sim, 0, 6), round - 1);
    }
    k5sim_close(sim);
}

/* ---------------------------------------------------------------- watchpoints */

static void check_watch(const struct isa *isa, uint32_t kinds, uint32_t place, uint32_t seen)
{
    struct k5sim *sim = boot_workers(isa);
    uint32_t buffer = build_buffer(1, 0);

    must(sim, k5sim_watch_set(sim, K5SIM_ANY_TASK, buffer + 3, 1, kinds));
    for (uint32_t round = 1; round < 20; round++) {
        assert_int_equal(k5sim_run(sim, END, 0), K5SIM_STOP_WATCH);
        assert_int_equal(hit(sim).thread, 1);
        assert_int_equal(hit(sim).pc, bench_text(1) + place);
        assert_int_equal(hit(sim).address, buffer);
        assert_int_equal(hit(sim).bytes, 4);
        assert_int_equal(hit(sim).kinds, seen);
        assert_int_equal(hit(sim).value, round);
        assert_false(hit(sim).by_kernel);
        assert_int_equal(reg(sim, 1, isa->pc),
                         bench_text(1) + place + (isa->registers == MOST_REGS ? 4 : 2));
    }
    must(sim, k5sim_watch_clear(sim, K5SIM_ANY_TASK, buffer + 3, 1, kinds));
    assert_int_equal(k5sim_run(sim, END, 0), K5SIM_STOP_TIME);
    k5sim_close(sim);
}

static void test_watchpoint_stops_behind_the_access(void **state)
{
    (void)state;
    for (size_t i = 0; i < ISAS; i++) {
        check_watch(&isas[i], K5SIM_WATCH_WRITE, isas[i].store, K5SIM_WATCH_WRITE);
        check_watch(&isas[i], K5SIM_WATCH_READ, isas[i].load, K5SIM_WATCH_READ);
    }
}

static void test_neighbouring_bytes_and_other_tasks_are_not_watched(void **state)
{
    (void)state;
    for (size_t i = 0; i < ISAS; i++) {
        struct k5sim *sim = boot_workers(&isas[i]);
        uint32_t buffer = build_buffer(0, 0);

        must(sim, k5sim_watch_set(sim, K5SIM_ANY_TASK, buffer - 4, 4, 3));
        must(sim, k5sim_watch_set(sim, K5SIM_ANY_TASK, buffer + 4, 4, 3));
        must(sim, k5sim_watch_set(sim, 1, buffer, 4, 3));
        assert_int_equal(k5sim_run(sim, END, 0), K5SIM_STOP_TIME);
        k5sim_close(sim);
    }
}

/* A thread that starts anew finds a frame that the kernel made. */
static void test_what_the_kernel_writes_is_watched(void **state)
{
    struct k5sim *sim = boot_thief(&isas[0], SYS_POLICY_RESTART);
    uint32_t frame = build_thread_of(0)->stack_top - 32u;

    (void)state;
    must(sim, k5sim_watch_set(sim, 0, frame + 24, 4, K5SIM_WATCH_WRITE)); /* its pc */
    assert_int_equal(k5sim_run(sim, END, 0), K5SIM_STOP_WATCH);
    assert_true(hit(sim).by_kernel);
    assert_int_equal(hit(sim).kinds, K5SIM_WATCH_WRITE);
    assert_int_equal(hit(sim).address, frame);
    assert_in_range(k5sim_now(sim), BUILD_BACKOFF, BUILD_BACKOFF + 20);
    k5sim_close(sim);
}

#define TIMER UINT32_C(0x40001000)

/* ldr r1, [r0, #4]; str r1, [r0, #8]; b to it */
static const uint16_t poller[] = {0x6841, 0x6081, 0xe7fc};

static void test_registers_of_devices_are_watched(void **state)
{
    static const struct k5sim_device device = {
        .model = "cmsdk-timer", .name = "timer", .base = TIMER, .line_count = 0};
    static const struct bench_program program[] = {BENCH_PROGRAM(poller)};

    (void)state;
    build_reset();
    build_single(10);
    build_region(0, TIMER, 4096, SYS_READ | SYS_WRITE);
    build_thread_of(0)->argument = TIMER;
    struct k5sim *sim = bench_open_devices(&device, 1);

    bench_start(sim, program, 1);
    must(sim, k5sim_watch_set(sim, 0, TIMER + 8, 4, K5SIM_WATCH_WRITE));
    for (uint64_t round = 0; round < 5; round++) {
        assert_int_equal(k5sim_run(sim, END, 0), K5SIM_STOP_WATCH);
        assert_int_equal(hit(sim).pc, bench_text(0) + 2);
        assert_int_equal(k5sim_now(sim), 3 * round + 2);
    }
    must(sim, k5sim_watch_clear(sim, 0, TIMER + 8, 4, K5SIM_WATCH_WRITE));
    must(sim, k5sim_watch_set(sim, 0, TIMER + 4, 4, K5SIM_WATCH_READ));
    assert_int_equal(k5sim_run(sim, END, 0), K5SIM_STOP_WATCH);
    assert_int_equal(hit(sim).address, TIMER + 4);
    assert_int_equal(hit(sim).pc, bench_text(0));
    k5sim_close(sim);
}

/* ---------------------------------------------------------------- faults */

static void check_fault(const struct isa *isa)
{
    static struct k5sim_event events[BENCH_EVENTS];
    struct k5sim *sim = boot_thief(isa, SYS_POLICY_RESTART);

    k5sim_break_faults(sim, true);
    must(sim, k5sim_break_set(sim, 0, bench_text(0) + isa->theft));
    for (uint32_t life = 0; life < 3; life++) {
        assert_int_equal(k5sim_run(sim, END, 0), K5SIM_STOP_BREAK); /* the breakpoint */
        assert_false(hit(sim).is_fault);
        assert_int_equal(k5sim_run(sim, END, 0), K5SIM_STOP_BREAK); /* and the fault */
        const struct k5sim_hit fault = hit(sim);

        assert_true(fault.is_fault);
        assert_int_equal(fault.pc, bench_text(0) + isa->theft);
        assert_int_equal(reg(sim, 0, isa->pc), bench_text(0) + isa->theft);
        assert_int_equal(reg(sim, 0, isa->stolen), 5);
        bench_take(sim, events);
        assert_int_equal(k5sim_run(sim, END, BIT(K5_EVENT_FAULT)), K5SIM_STOP_EVENT);
        const struct k5sim_event *told =
            bench_find(events, bench_take(sim, events), K5_EVENT_FAULT, 0);

        assert_memory_equal(told, &fault.fault, sizeof *told);
    }
    k5sim_close(sim);
}

static void test_stop_before_a_fault_tells_what_will_be_recorded(void **state)
{
    (void)state;
    for (size_t i = 0; i < ISAS; i++) {
        check_fault(&isas[i]);
    }
}

/* ---------------------------------------------------------------- registers */

static void check_registers(const struct isa *isa)
{
    struct k5sim *sim = boot_workers(isa);

    assert_int_equal(k5sim_run(sim, 3, 0), K5SIM_STOP_TIME);
    for (uint32_t thread = 0; thread < 2; thread++) { /* one runs, one has not run yet */
        must(sim, k5sim_register_set(sim, thread, isa->count, 1000u * (thread + 1u)));
        assert_int_equal(reg(sim, thread, isa->count), 1000u * (thread + 1u));
        must(sim, k5sim_register_set(sim, thread, isa->pc, bench_text(thread) + isa->loop));
    }
    assert_int_equal(k5sim_run(sim, 3 * BUILD_SLICE, 0), K5SIM_STOP_TIME);
    for (uint32_t thread = 0; thread < 2; thread++) {
        assert_in_range(word(sim, build_buffer(thread, 0)), 1000u * (thread + 1u),
                        1000u * (thread + 1u) + 2u * BUILD_SLICE / isa->turn + 1u);
    }
    assert_int_equal(k5sim_register_set(sim, 0, isa->pc, bench_text(0) + 1u), K5SIM_BAD_ARGUMENT);
    assert_int_equal(k5sim_register_set(sim, 0, isa->registers, 0), K5SIM_BAD_ARGUMENT);
    assert_int_equal(k5sim_register_set(sim, 2, 4, 0), K5SIM_BAD_ARGUMENT);
    k5sim_close(sim);
}

static void test_registers_can_be_set(void **state)
{
    (void)state;
    for (size_t i = 0; i < ISAS; i++) {
        check_registers(&isas[i]);
    }
    struct k5sim *sim = boot_workers(&isas[1]);

    assert_int_equal(k5sim_register_set(sim, 0, 0, 1), K5SIM_BAD_ARGUMENT); /* x0 */
    k5sim_close(sim);
    sim = boot_workers(&isas[0]);
    assert_int_equal(k5sim_register_set(sim, 1, 13, 8), K5SIM_BAD_ARGUMENT); /* holds the frame */
    k5sim_close(sim);
}

/* ---------------------------------------------------------------- nothing else shows */

/* Break- and watchpoints come and go while it runs, at random. */
static void change_marks(struct k5sim *sim, const struct isa *isa, uint64_t *random)
{
    uint32_t task = random_below(random, 3);
    uint32_t of = random_below(random, 2);
    uint32_t at = bench_text(of) + 2u * random_below(random, (uint32_t)isa->worker_halves);
    uint32_t watched = build_buffer(of, 0) + random_below(random, 8);
    uint32_t kinds = 1u + random_below(random, 3);

    task = task == 2 ? (uint32_t)K5SIM_ANY_TASK : task;
    switch (random_below(random, 4)) {
    case 0:
        must(sim, k5sim_break_set(sim, task, at));
        break;
    case 1:
        (void)k5sim_break_clear(sim, task, at);
        break;
    case 2:
        (void)k5sim_watch_set(sim, task, watched, 1, kinds);
        break;
    default:
        (void)k5sim_watch_clear(sim, task, watched, 1, kinds);
        break;
    }
    k5sim_break_faults(sim, random_below(random, 2) == 0);
}

/* Returns how often it stopped for a mark. */
static uint32_t run_with_marks(struct k5sim *sim, const struct isa *isa, uint64_t seed)
{
    uint64_t random = seed;
    uint32_t stops = 0;
    enum k5sim_stop stop;

    do {
        if (random_below(&random, 4) == 0) {
            change_marks(sim, isa, &random);
        }
        if (random_below(&random, 4) == 0) {
            stop = k5sim_step(sim, 1u + random_below(&random, 20), END, 0);
        } else {
            stop = k5sim_run(sim, END, 0);
        }
        assert_int_not_equal(stop, K5SIM_STOP_ENGINE);
        stops += stop != K5SIM_STOP_TIME;
    } while (stop != K5SIM_STOP_TIME);
    return stops;
}

static void check_transparent(const struct isa *isa, struct k5sim *(*boot)(const struct isa *isa))
{
    static struct trace plain, marked;
    uint32_t stops = 0;

    struct k5sim *sim = boot(isa);

    assert_int_equal(k5sim_run(sim, END, 0), K5SIM_STOP_TIME);
    take_trace(sim, &plain);
    k5sim_close(sim);
    assert_true(plain.count > 20);
    for (uint64_t seed = 1; seed <= 8; seed++) {
        sim = boot(isa);
        change_marks(sim, isa, &(uint64_t){seed});
        must(sim, k5sim_break_set(sim, K5SIM_ANY_TASK, bench_text(1) + isa->loop));
        stops += run_with_marks(sim, isa, seed);
        take_trace(sim, &marked);
        k5sim_close(sim);
        assert_memory_equal(&plain, &marked, sizeof plain);
    }
    assert_true(stops > 5000);
}

static struct k5sim *boot_restarting_thief(const struct isa *isa)
{
    return boot_thief(isa, SYS_POLICY_RESTART);
}

static void test_a_run_with_marks_is_the_run_without(void **state)
{
    (void)state;
    for (size_t i = 0; i < ISAS; i++) {
        check_transparent(&isas[i], boot_workers);
        check_transparent(&isas[i], boot_restarting_thief);
    }
}

/* ---------------------------------------------------------------- what cannot be */

static void test_marks_that_cannot_be_are_refused(void **state)
{
    struct k5sim *sim = boot_workers(&isas[0]);

    (void)state;
    assert_int_equal(k5sim_break_set(sim, 0, bench_text(0) + 1), K5SIM_BAD_ARGUMENT);
    assert_non_null(strstr(k5sim_error_text(sim), "odd"));
    assert_int_equal(k5sim_break_set(sim, 0, 0x12345678), K5SIM_BAD_ARGUMENT);
    assert_non_null(strstr(k5sim_error_text(sim), "0x12345678 is in no memory"));
    assert_int_equal(k5sim_break_set(sim, 2, bench_text(0)), K5SIM_BAD_ARGUMENT);
    assert_int_equal(k5sim_break_clear(sim, 0, bench_text(0)), K5SIM_BAD_ARGUMENT);
    assert_int_equal(k5sim_watch_set(sim, 0, build_buffer(0, 0), 0, 1), K5SIM_BAD_ARGUMENT);
    assert_int_equal(k5sim_watch_set(sim, 0, 0xfffffffe, 4, 1), K5SIM_BAD_ARGUMENT);
    assert_int_equal(k5sim_watch_set(sim, 0, build_buffer(0, 0), 4, 4), K5SIM_BAD_ARGUMENT);
    assert_int_equal(k5sim_watch_set(sim, 7, build_buffer(0, 0), 4, 1), K5SIM_BAD_ARGUMENT);
    assert_int_equal(k5sim_watch_clear(sim, 0, build_buffer(0, 0), 4, 1), K5SIM_BAD_ARGUMENT);
    for (uint32_t i = 0; i < 1024; i++) {
        must(sim, k5sim_break_set(sim, 0, FAKE_FLASH_BASE + 2 * i));
    }
    must(sim, k5sim_break_set(sim, 0, FAKE_FLASH_BASE)); /* is there already */
    assert_int_equal(k5sim_break_set(sim, 0, FAKE_RAM_BASE), K5SIM_BAD_ARGUMENT);
    assert_non_null(strstr(k5sim_error_text(sim), "1024"));
    for (uint32_t i = 0; i < 64; i++) {
        must(sim, k5sim_watch_set(sim, 0, FAKE_RAM_BASE + i, 1, 3));
    }
    assert_int_equal(k5sim_watch_set(sim, 0, FAKE_RAM_BASE, 2, 3), K5SIM_BAD_ARGUMENT);
    k5sim_close(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_breakpoint_stops_before_its_instruction_each_time),
        cmocka_unit_test(test_breakpoint_of_another_task_does_not_stop),
        cmocka_unit_test(test_run_behind_a_stop_of_time_meets_the_breakpoint),
        cmocka_unit_test(test_step_goes_on_from_a_breakpoint),
        cmocka_unit_test(test_breakpoint_in_an_it_block_stops_before_it),
        cmocka_unit_test(test_watchpoint_stops_behind_the_access),
        cmocka_unit_test(test_neighbouring_bytes_and_other_tasks_are_not_watched),
        cmocka_unit_test(test_what_the_kernel_writes_is_watched),
        cmocka_unit_test(test_registers_of_devices_are_watched),
        cmocka_unit_test(test_stop_before_a_fault_tells_what_will_be_recorded),
        cmocka_unit_test(test_registers_can_be_set),
        cmocka_unit_test(test_a_run_with_marks_is_the_run_without),
        cmocka_unit_test(test_marks_that_cannot_be_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
