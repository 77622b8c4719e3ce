/* The public functions of libk5sim: checks what the caller says, then asks the machine. */
#pragma GCC visibility push(default) /* these names, and no others, leave the library */
#include "sim/k5sim.h"
#pragma GCC visibility pop

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/invariants.h"
#include "kernel/port.h"
#include "sim/past/history.h"
#include "sim/machine.h"
#include "sim/past/store.h"

#define MEMORY_LEAST 4096u

/* Events of class log: kinds 1 to 15 (abi/syscalls.toml). */
#define CLASS_LOG UINT64_C(0xfffe)
_Static_assert(K5_EVENT_EPITAPH < 16 && K5_EVENT_ENTER >= 16, "the low numbers are class log");

/* ---------------------------------------------------------------- a machine */

static void fill_bus(const struct k5sim_board *board, struct cpu_bus *bus)
{
    for (size_t i = 0; i < board->device_count; i++) {
        bus->device[i].base = board->device[i].base;
        bus->device[i].bytes = device_model_find(board->device[i].model)->bytes;
    }
    bus->count = (uint32_t)board->device_count;
}

static bool attach_memory(struct k5sim *sim, const struct k5sim_board *board)
{
    struct memory_range range[HOSTPORT_RANGES];
    struct cpu_bus bus = {.count = 0};

    for (size_t i = 0; i < board->memory_count; i++) {
        range[i] = (struct memory_range){
            .base = board->memory[i].base,
            .bytes = board->memory[i].bytes,
            .writable = board->memory[i].writable,
        };
    }
    fill_bus(board, &bus);
    sim->chassis = chassis_open(sim->guest->model, range, (uint32_t)board->memory_count, &bus);
    if (sim->chassis == NULL) {
        return false;
    }
    sim->memory = &sim->chassis->memory;
    sim->memory->stuck = &sim->faults.words;
    return devices_open(sim, board);
}

struct k5sim *k5sim_open(const struct k5sim_board *board, char *error, size_t error_bytes)
{
    if (!board_check(board, error, error_bytes)) {
        return NULL;
    }
    struct k5sim *sim = calloc(1, sizeof *sim);

    if (sim == NULL || !ring_open(&sim->ring)) {
        free(sim);
        snprintf(error, error_bytes, "out of memory");
        return NULL;
    }
    sim->guest = guest_find(board->cpu);
    if (!attach_memory(sim, board)) {
        snprintf(error, error_bytes, "out of memory for the board's memories and devices");
        k5sim_close(sim);
        return NULL;
    }
    sim->mpu_regions = board->mpu_regions;
    sim->ticks_per_insn = board->ticks_per_insn;
    machine_init(sim);
    k5sim_record(sim, CLASS_LOG);
    return sim;
}

void k5sim_close(struct k5sim *sim)
{
    if (sim == NULL) {
        return;
    }
    for (unsigned i = 0; i < CFG_TASKS; i++) {
        if (sim->task[i].cpu != NULL) {
            chassis_return_cpu(sim->chassis, sim->task[i].cpu);
        }
    }
    if (sim->chassis != NULL) {
        sim->memory->stuck = NULL;
        chassis_close(sim->chassis);
    }
    k5sim_history_stop(sim);
    store_close(sim);
    devices_close(sim);
    memory_free(&sim->pristine);
    ring_close(&sim->ring);
    free(sim->system);
    free(sim);
}

const char *k5sim_error_text(const struct k5sim *sim)
{
    return sim->error;
}

/* ---------------------------------------------------------------- a system */

static const struct sys_region *regions_of(const struct sys_header *h)
{
    return (const struct sys_region *)((const uint8_t *)h + h->regions_offset);
}

static const struct sys_region *objects_of(const struct sys_header *h)
{
    return (const struct sys_region *)((const uint8_t *)h + h->objects_offset);
}

static bool has_code_in_ram(const struct k5sim *sim)
{
    const struct sys_region *region = regions_of(sim->system);

    for (unsigned i = 0; i < sim->system->region_count; i++) {
        const struct memory_range *range = memory_range_of(sim->memory, region[i].base);

        if ((region[i].access & SYS_EXECUTE) != 0 && range != NULL && range->writable) {
            return true;
        }
    }
    return false;
}

static uint64_t fpu_threads_of(const struct sys_header *h)
{
    const struct sys_thread *thread =
        (const struct sys_thread *)((const uint8_t *)h + h->threads_offset);
    uint64_t threads = 0;

    for (unsigned i = 0; i < h->thread_count; i++) {
        threads |= (uint64_t)((thread[i].flags & SYS_THREAD_FPU) != 0) << i;
    }
    return threads;
}

int k5sim_set_system(struct k5sim *sim, const void *blob, size_t bytes)
{
    if (sim->system != NULL) {
        return machine_error(sim, K5SIM_BAD_ARGUMENT, "this machine has its boot tables already");
    }
    /* Aligned, as the tables want, and never less than a header. */
    struct sys_header *copy = calloc(1, bytes > sizeof(*copy) ? bytes : sizeof(*copy));

    if (copy == NULL) {
        return machine_error(sim, K5SIM_NO_MEMORY, "out of memory for %zu bytes", bytes);
    }
    memcpy(copy, blob, bytes);
    int result = system_check(sim, copy, bytes);

    if (result != K5SIM_OK) {
        free(copy);
        return result;
    }
    sim->system = copy;
    kernel_parts_find(&sim->kernel_parts, copy);
    sim->code_in_ram = has_code_in_ram(sim);
    sim->fpu_threads = fpu_threads_of(copy);
    return K5SIM_OK;
}

int k5sim_add_task(struct k5sim *sim, uint32_t task, const char *elf_path)
{
    if (sim->system == NULL || sim->booted) {
        return machine_error(sim, K5SIM_BAD_ARGUMENT,
                             "%s: tasks are added after the boot tables and before the boot",
                             elf_path);
    }
    if (task >= sim->system->task_count) {
        return machine_error(sim, K5SIM_BAD_ARGUMENT, "%s: task %u; the boot tables have %u",
                             elf_path, (unsigned)task, sim->system->task_count);
    }
    int result = elf_load(sim, task, elf_path);

    sim->task[task].loaded = result == K5SIM_OK;
    return result;
}

/* Flash as it was loaded, before the first byte of it changes. */
static bool keep_flash(struct k5sim *sim)
{
    for (uint32_t i = sim->pristine.count; i < sim->memory->count; i++) {
        const struct memory_range *range = &sim->memory->range[i];
        uint32_t bytes = range->writable ? MEMORY_LEAST : range->bytes;

        if (!memory_add(&sim->pristine, range->base, bytes, range->writable)) {
            return false;
        }
        memcpy(sim->pristine.range[i].host, range->host, bytes);
    }
    return true;
}

static void restore_flash(struct k5sim *sim)
{
    for (uint32_t i = 0; i < sim->pristine.count; i++) {
        const struct memory_range *range = &sim->memory->range[i];

        if (!range->writable) {
            memcpy(range->host, sim->pristine.range[i].host, range->bytes);
            machine_written(sim, range->base, range->bytes);
        }
    }
    memory_free(&sim->pristine);
}

static void touch_regions(struct k5sim *sim, const struct sys_region *region, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if ((region[i].access & SYS_WRITE) != 0) {
            memory_touch(sim->memory, region[i].base, region[i].bytes);
        }
    }
}

void machine_touch_regions(struct k5sim *sim)
{
    touch_regions(sim, regions_of(sim->system), sim->system->region_count);
    touch_regions(sim, objects_of(sim->system), sim->system->object_count);
}

int k5sim_boot(struct k5sim *sim)
{
    if (sim->system == NULL) {
        return machine_error(sim, K5SIM_BAD_ARGUMENT, "this machine has no boot tables yet");
    }
    for (unsigned i = 0; i < sim->system->task_count; i++) {
        if (!sim->task[i].loaded) {
            return machine_error(sim, K5SIM_BAD_ARGUMENT, "task %u has no ELF file yet", i);
        }
    }
    faults_clear(sim);
    sim->kernel_hit = false;
    restore_flash(sim);
    memory_erase(sim->memory, true);
    machine_touch_regions(sim);
    if (sim->store != NULL) {
        store_all_changed(sim);
    }
    int result = machine_boot(sim);

    return result == K5SIM_OK ? history_booted(sim) : result;
}

/* ---------------------------------------------------------------- running */

void k5sim_record(struct k5sim *sim, uint64_t kinds)
{
    sim->recorded = kinds;
    sim->port.wanted = sim->recorded | sim->stop_kinds;
}

static enum k5sim_stop run(struct k5sim *sim, const struct run_goal *goal, uint64_t stop_kinds)
{
    if (!sim->booted) {
        machine_error(sim, K5SIM_BAD_ARGUMENT, "this machine was not booted");
        return K5SIM_STOP_ENGINE;
    }
    sim->stop_kinds = stop_kinds;
    sim->port.wanted = sim->recorded | stop_kinds;
    enum k5sim_stop stop = sim->history != NULL ? history_run(sim, goal) : machine_run(sim, goal);

    if (stop == K5SIM_STOP_POSITION) {
        debug_pass_here(sim);
    }
    sim->stop_kinds = 0;
    sim->port.wanted = sim->recorded;
    return stop;
}

enum k5sim_stop k5sim_run(struct k5sim *sim, uint64_t until, uint64_t stop_kinds)
{
    const struct run_goal goal = {.until = until, .instructions = UINT64_MAX};

    return run(sim, &goal, stop_kinds);
}

enum k5sim_stop k5sim_step(struct k5sim *sim, uint64_t count, uint64_t until, uint64_t stop_kinds)
{
    uint64_t most = UINT64_MAX - sim->instructions;
    const struct run_goal goal = {
        .until = until,
        .instructions = sim->instructions + (count < most ? count : most),
    };

    if (sim->booted) {
        debug_pass_here(sim);
    }
    return run(sim, &goal, stop_kinds);
}

enum k5sim_stop k5sim_run_to(struct k5sim *sim, const struct k5sim_position *to,
                             uint64_t stop_kinds)
{
    const struct run_goal goal = {
        .until = to->now,
        .instructions = to->instructions,
        .actions = to->actions,
        .exact = true,
    };

    return run(sim, &goal, stop_kinds);
}

void k5sim_position(const struct k5sim *sim, struct k5sim_position *out)
{
    *out = (struct k5sim_position){machine_now(sim), sim->instructions, sim->actions};
}

int k5sim_idle_until(struct k5sim *sim, uint64_t tick)
{
    bool idle = sim->booted && (sim->port.halted || (sim->kernel.current == NO_THREAD &&
                                                     sim->timers.next == TIMERS_NEVER));

    if (!idle || tick < machine_now(sim)) {
        return machine_error(sim, K5SIM_BAD_ARGUMENT, "this machine is not idle until tick %llu",
                             (unsigned long long)tick);
    }
    const struct k5sim_entry what = {.input = K5SIM_INPUT_IDLE};
    int result = history_input(sim, &what, &tick, sizeof tick);

    if (result == K5SIM_OK) {
        sim->port.now = tick - sim->epoch;
    }
    return result;
}

size_t k5sim_take_events(struct k5sim *sim, struct k5sim_event *out, size_t most)
{
    return ring_take(&sim->ring, out, most);
}

uint64_t k5sim_now(const struct k5sim *sim)
{
    return machine_now(sim);
}

uint64_t k5sim_instructions(const struct k5sim *sim)
{
    return sim->instructions;
}

/* ---------------------------------------------------------------- looking inside */

static uint8_t *physical(struct k5sim *sim, uint32_t address, uint32_t bytes)
{
    uint8_t *host = memory_host(sim->memory, address, bytes);

    if (host == NULL) {
        machine_error(sim, K5SIM_BAD_ADDRESS, "0x%08x + %u is not in one memory of the board",
                      (unsigned)address, (unsigned)bytes);
    }
    return host;
}

int k5sim_read(struct k5sim *sim, uint32_t address, void *out, uint32_t bytes)
{
    const uint8_t *host = physical(sim, address, bytes);

    if (host == NULL) {
        return K5SIM_BAD_ADDRESS;
    }
    memcpy(out, host, bytes);
    return K5SIM_OK;
}

int machine_write(struct k5sim *sim, uint32_t address, const void *data, uint32_t bytes)
{
    uint8_t *host = physical(sim, address, bytes);

    if (host == NULL) {
        return K5SIM_BAD_ADDRESS;
    }
    if (!memory_range_of(sim->memory, address)->writable && !keep_flash(sim)) {
        return machine_error(sim, K5SIM_NO_MEMORY, "out of memory to keep the flash as loaded");
    }
    if (sim->store != NULL) {
        store_write(sim, address, bytes);
    }
    memcpy(host, data, bytes);
    memory_touch(sim->memory, address, bytes);
    machine_written(sim, address, bytes);
    return K5SIM_OK;
}

int k5sim_write(struct k5sim *sim, uint32_t address, const void *data, uint32_t bytes)
{
    const struct k5sim_entry what = {.input = K5SIM_INPUT_WRITE, .target = address};

    if (physical(sim, address, bytes) == NULL) {
        return K5SIM_BAD_ADDRESS;
    }
    if (bytes == 0) {
        return K5SIM_OK;
    }
    int result = history_input(sim, &what, data, bytes);

    return result == K5SIM_OK ? machine_write(sim, address, data, bytes) : result;
}

int machine_flip_word(struct k5sim *sim, uint32_t address, uint32_t mask)
{
    uint32_t word;
    int result = k5sim_read(sim, address, &word, 4);

    if (result == K5SIM_OK) {
        word ^= mask;
        result = machine_write(sim, address, &word, 4);
    }
    return result;
}

uint32_t k5sim_access(const struct k5sim *sim, uint32_t task, uint32_t address, uint32_t bytes)
{
    struct mpu mpu;

    if (sim->system == NULL || task >= sim->system->task_count || bytes == 0 ||
        address + (bytes - 1u) < address) {
        return 0;
    }
    machine_view(sim, task, &mpu);
    return mpu_range(&mpu, address, bytes).all;
}

int k5sim_registers(struct k5sim *sim, uint32_t thread, uint32_t *out)
{
    struct cpu_registers registers = {{0}};

    if (!sim->booted || thread >= sim->system->thread_count) {
        return machine_error(sim, K5SIM_BAD_ARGUMENT, "there is no thread %u", (unsigned)thread);
    }
    const struct thread *t = &sim->kernel.thread[thread];

    if (sim->live && thread == sim->kernel.current) {
        registers = *cpu_registers(sim->task[t->task].cpu);
    } else {
        sim->guest->registers(sim, t, &registers);
    }
    memcpy(out, registers.r, sim->guest->register_count * sizeof registers.r[0]);
    return K5SIM_OK;
}

const char *k5sim_invariants(struct k5sim *sim)
{
    if (!sim->booted) {
        return NULL;
    }
    if (sim->kernel_hit && fault_kernel_check(&sim->kernel, sim->system) != 0) {
        return "what the kernel refers to exists"; /* the check itself would look for it */
    }
    hostport_enter(&sim->port, &sim->kernel, sim->system);
    return kernel_invariants();
}

const void *k5sim_kernel_state(const struct k5sim *sim, size_t *bytes)
{
    *bytes = sizeof sim->kernel;
    return &sim->kernel;
}
