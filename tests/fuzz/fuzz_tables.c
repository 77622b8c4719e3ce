/* libFuzzer's way into the check of the boot tables: its bytes are a system.bin.
 *
 * Tables that are taken must boot and run: whatever they say, the kernel finds
 * its invariants kept, and does not panic. Each task's text is one instruction
 * that makes a system call, and one that branches back to it.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/system.h"
#include "tests/sim/support/bench.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* As much of an AN505 as small systems need. */
#define FLASH_BASE  0x00200000u
#define FLASH_BYTES 0x20000u
#define RAM_BASE    0x28200000u
#define RAM_BYTES   0x20000u
#define RUN_TICKS   2000u

static const uint16_t code[] = {0xdf00, 0xe7fd}; /* svc #0; b . - 2 */

static void broken(const char *what)
{
    fprintf(stderr, "broken: %s\n", what);
    abort();
}

static struct k5sim *machine(void)
{
    static const struct k5sim_memory memory[] = {
        {FLASH_BASE, FLASH_BYTES, false},
        {RAM_BASE, RAM_BYTES, true},
    };
    const struct k5sim_board board = {
        .cpu = "cortex-m33",
        .memory = memory,
        .memory_count = 2,
        .mpu_regions = 8,
        .ticks_per_insn = 1,
    };
    char why[256] = "";
    struct k5sim *sim = k5sim_open(&board, why, sizeof why);

    if (sim == NULL) {
        broken(why);
    }
    return sim;
}

/* The first flash that the task may execute, or 0. */
static uint32_t text_of(const struct sys_header *system, uint32_t id)
{
    const uint8_t *base = (const uint8_t *)system;
    const struct sys_task *task = (const struct sys_task *)(base + system->tasks_offset) + id;
    const struct sys_region *region =
        (const struct sys_region *)(base + system->regions_offset) + task->first_region;

    for (uint32_t i = 0; i < task->region_count; i++) {
        if ((region[i].access & SYS_EXECUTE) != 0 && region[i].base >= FLASH_BASE &&
            region[i].base < FLASH_BASE + FLASH_BYTES) {
            return region[i].base;
        }
    }
    return 0;
}

static int add_tasks(struct k5sim *sim, const struct sys_header *system)
{
    int result = K5SIM_OK;

    for (uint32_t i = 0; i < system->task_count && result == K5SIM_OK; i++) {
        struct elf_file file;
        uint32_t text = text_of(system, i);

        if (text == 0) {
            return K5SIM_BAD_ELF;
        }
        elf_file_make(&file, text, code, sizeof code / sizeof code[0]);
        const char *path = elf_file_write(&file);

        result = k5sim_add_task(sim, i, path);
        elf_file_remove(path);
    }
    return result;
}

static void run(struct k5sim *sim)
{
    enum k5sim_stop stop = K5SIM_STOP_FULL;

    if (k5sim_boot(sim) != K5SIM_OK) {
        return;
    }
    while (stop == K5SIM_STOP_FULL) {
        struct k5sim_event events[64];

        stop = k5sim_run(sim, RUN_TICKS, 0);
        while (k5sim_take_events(sim, events, 64) == 64) {
        }
    }
    if (stop == K5SIM_STOP_PANIC) {
        broken("the kernel panicked");
    }
    if (stop == K5SIM_STOP_ENGINE) {
        broken(k5sim_error_text(sim));
    }
    if (k5sim_invariants(sim) != NULL) {
        broken(k5sim_invariants(sim));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct k5sim *sim;
    void *tables = malloc(size); /* its own block: a read past its end is found */

    if (sim == NULL) {
        sim = machine();
    }
    if (size != 0) {
        memcpy(tables, data, size);
    }
    if (k5sim_set_system(sim, tables, size) == K5SIM_OK) {
        if (add_tasks(sim, tables) == K5SIM_OK) {
            run(sim);
        }
        k5sim_close(sim);
        sim = NULL;
    } else if (k5sim_error_text(sim)[0] == '\0') {
        broken("a refusal without a reason");
    }
    free(tables);
    return 0;
}
