/* Whole machines for tests. */
#include "tests/sim/support/bench.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

uint32_t bench_text(uint32_t task)
{
    return FAKE_FLASH_BASE + task * BUILD_TASK_BYTES;
}

/* `board` has whatever is beside CPU and memory. */
static struct k5sim *open_board(enum bench_isa isa, struct k5sim_board board)
{
    static const struct k5sim_memory memory[] = {
        {FAKE_FLASH_BASE, FAKE_FLASH_BYTES, false},
        {FAKE_RAM_BASE, FAKE_RAM_BYTES, true},
    };
    char why[256] = "";

    board.cpu = isa == BENCH_ARM ? "cortex-m33" : "rv32";
    board.memory = memory;
    board.memory_count = 2;
    board.mpu_regions = 8;
    struct k5sim *sim = k5sim_open(&board, why, sizeof why);

    if (sim == NULL) {
        fail_msg("%s", why);
    }
    return sim;
}

struct k5sim *bench_open_with(uint32_t ticks_per_insn)
{
    return open_board(BENCH_ARM, (struct k5sim_board){.ticks_per_insn = ticks_per_insn});
}

struct k5sim *bench_open(void)
{
    return bench_open_with(1);
}

struct k5sim *bench_open_devices(const struct k5sim_device *device, size_t count)
{
    return open_board(BENCH_ARM, (struct k5sim_board){
                                     .ticks_per_insn = 1,
                                     .device = device,
                                     .device_count = count,
                                 });
}

struct k5sim *bench_open_isa(enum bench_isa isa, const struct k5sim_board *extra)
{
    return open_board(isa, extra == NULL ? (struct k5sim_board){.ticks_per_insn = 1} : *extra);
}

static void check(struct k5sim *sim, int result)
{
    if (result != K5SIM_OK) {
        fail_msg("%s", k5sim_error_text(sim));
    }
}

void bench_mark_devices(const struct sys_header *system)
{
    for (uint32_t task = 0; task < system->task_count; task++) {
        for (uint32_t i = 0; i < build_task_of(task)->region_count; i++) {
            struct sys_region *region = build_region_of(task, i);

            if (region->base - FAKE_FLASH_BASE >= FAKE_FLASH_BYTES &&
                region->base - FAKE_RAM_BASE >= FAKE_RAM_BYTES) {
                region->flags |= SYS_REGION_DEVICE;
            }
        }
    }
}

static void load(enum bench_isa isa, struct k5sim *sim, const struct bench_program *programs,
                 uint32_t count)
{
    const struct sys_header *system = build_finish();

    bench_mark_devices(system);
    check(sim, k5sim_set_system(sim, system, system->total_bytes));
    for (uint32_t i = 0; i < count; i++) {
        struct elf_file file;

        elf_file_make(&file, bench_text(i), programs[i].code, programs[i].halfwords);
        file.head.e_machine = isa == BENCH_ARM ? EM_ARM : EM_RISCV;
        const char *path = elf_file_write(&file);
        int result = k5sim_add_task(sim, i, path);

        elf_file_remove(path);
        check(sim, result);
    }
}

void bench_load(struct k5sim *sim, const struct bench_program *programs, uint32_t count)
{
    load(BENCH_ARM, sim, programs, count);
}

void bench_start_isa(enum bench_isa isa, struct k5sim *sim, const struct bench_program *programs,
                     uint32_t count)
{
    load(isa, sim, programs, count);
    check(sim, k5sim_boot(sim));
}

struct k5sim *bench_boot(const struct bench_program *programs, uint32_t count)
{
    return bench_boot_with(programs, count, 1);
}

struct k5sim *bench_boot_with(const struct bench_program *programs, uint32_t count,
                              uint32_t ticks_per_insn)
{
    struct k5sim *sim = bench_open_with(ticks_per_insn);

    bench_start(sim, programs, count);
    return sim;
}

void bench_start(struct k5sim *sim, const struct bench_program *programs, uint32_t count)
{
    bench_load(sim, programs, count);
    check(sim, k5sim_boot(sim));
}

size_t bench_take(struct k5sim *sim, struct k5sim_event events[BENCH_EVENTS])
{
    size_t count = k5sim_take_events(sim, events, BENCH_EVENTS);
    struct k5sim_event more;

    assert_int_equal(k5sim_take_events(sim, &more, 1), 0);
    return count;
}

const struct k5sim_event *bench_find(const struct k5sim_event *events, size_t count, uint32_t kind,
                                     size_t n)
{
    for (size_t i = 0; i < count; i++) {
        if (events[i].kind == kind && n-- == 0) {
            return &events[i];
        }
    }
    fail_msg("no such event of kind %u among %zu", (unsigned)kind, count);
    return NULL;
}
