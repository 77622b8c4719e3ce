/* Unicorn's callbacks: counting, the look before an instruction, protection of each byte.
 *
 * What holds and what only looks as if it did was measured (docs/simulator.md).
 */
#include "sim/cpu/cpu_internal.h"

#include <string.h>

#include "kernel/system.h"

#define LIKELY(condition) __builtin_expect((condition), 1)

_Static_assert((int)SYS_READ == (int)UC_PROT_READ && (int)SYS_WRITE == (int)UC_PROT_WRITE &&
                   (int)SYS_EXECUTE == (int)UC_PROT_EXEC,
               "access bits are handed to Unicorn as they are");

void hook_end_run(struct cpu *cpu, enum cpu_ending ending)
{
    cpu->ending = ending;
    cpu->fast_bytes = 0;
    uc_emu_stop(cpu->uc);
}

void hook_refuse(struct cpu *cpu, uint32_t pc, enum cpu_ending ending)
{
    cpu->fault_pc = pc;
    uc_context_save(cpu->uc, cpu->fault_context);
    hook_end_run(cpu, ending);
}

/* ---------------------------------------------------------------- the look before */

static void setup_instruction(struct cpu *cpu)
{
    if (cpu->left <= 0) {
        hook_end_run(cpu, ENDING_BUDGET);
    }
    cpu->left--;
}

__attribute__((noinline)) static void slow_instruction(struct cpu *cpu, uint32_t pc, uint32_t bytes)
{
    if (cpu->setup) {
        setup_instruction(cpu);
    } else if (cpu->ending == ENDING_NONE) {
        cpu->arch->look(cpu, pc, bytes);
    } else {
        cpu->arch->overrun(cpu);
    }
}

__attribute__((aligned(64))) void hook_instruction(uc_engine *uc, uint64_t address, uint32_t size,
                                                   void *user)
{
    struct cpu *cpu = user;
    uint32_t pc = (uint32_t)address;
    uint32_t offset = pc - cpu->code_base;

    (void)uc;
    if (LIKELY(offset < cpu->fast_bytes && cpu->screen[offset / 2] == SCREEN_PLAIN &&
               cpu->left > 0)) {
        cpu->left--;
        cpu->last_pc = pc;
        return;
    }
    slow_instruction(cpu, pc, size);
}

/* ---------------------------------------------------------------- protection */

/*
 * A page whose bytes all have the same rights gets its memory; another one the alias, where each
 * access is checked. So does a page with stuck bits, and one whose successor begins refused but is
 * writable later, or is a device's: a store across the border would have written its first bytes
 * before the refusal.
 */
static bool needs_alias(const struct cpu *cpu, uint32_t page, struct mpu_access here)
{
    uint32_t next = page + cpu->arch->page;

    if (((here.all ^ here.any) & (SYS_READ | SYS_WRITE)) != 0 || bus_window_of(cpu, next) != NULL ||
        memory_has_stuck(cpu->memory, page, cpu->arch->page)) {
        return true;
    }
    if ((here.all & SYS_WRITE) == 0 || next == 0 || (mpu_at(&cpu->mpu, next) & SYS_WRITE) != 0) {
        return false;
    }
    return (mpu_range(&cpu->mpu, next, cpu->arch->page).any & SYS_WRITE) != 0;
}

static const struct cpu_window *window_of(const struct cpu *cpu, uint32_t page)
{
    for (uint32_t i = 0; i < cpu->window_count; i++) {
        if (page - cpu->window[i].range.base < cpu->window[i].range.bytes) {
            return &cpu->window[i];
        }
    }
    return NULL;
}

/*
 * On RV32 Unicorn would report a refusal that it meets while it translates at the start of the
 * block, with nothing of that executed, though it may never come to the last instruction. So
 * there it gets something to translate, and is stopped before it executes that. Not at address 0,
 * where it ends runs by itself.
 */
static bool fetch_nowhere(const struct cpu *cpu, uint32_t page, uc_tlb_entry *entry)
{
    *entry = (uc_tlb_entry){.paddr = cpu->arch->scratch_base, .perms = UC_PROT_EXEC};
    return cpu->arch->fetches_anywhere && page != 0;
}

/* Devices are never executed. */
static bool fill_device(const struct cpu *cpu, uint32_t page,
                        const struct cpu_device_window *device, uc_mem_type type,
                        uc_tlb_entry *entry)
{
    uint32_t any = mpu_range(&cpu->mpu, page, cpu->arch->page).any;

    *entry = (uc_tlb_entry){device->paddr + (page - device->base), any & (SYS_READ | SYS_WRITE)};
    return (any & (type == UC_MEM_WRITE ? SYS_WRITE : SYS_READ)) != 0;
}

static bool is_shadowed(const struct cpu *cpu, uint32_t page)
{
    return cpu->shadowed && page == cpu->shadow_page;
}

bool hook_tlb_fill(uc_engine *uc, uint64_t address, uc_mem_type type, uc_tlb_entry *entry,
                   void *user)
{
    struct cpu *cpu = user;
    uint32_t page = (uint32_t)address & ~(cpu->arch->page - 1u);
    const struct cpu_window *window = window_of(cpu, page);

    (void)uc;
    if (cpu->setup) { /* the entry may stay: a task's fetch there is refused before it executes */
        *entry = (uc_tlb_entry){.paddr = page, .perms = UC_PROT_EXEC};
        return true;
    }
    cpu->refused_fetch = type == UC_MEM_FETCH;
    if (window == NULL && type == UC_MEM_FETCH) {
        return fetch_nowhere(cpu, page, entry);
    }
    if (window == NULL) {
        const struct cpu_device_window *device = bus_window_of(cpu, page);

        return device != NULL && fill_device(cpu, page, device, type, entry);
    }
    struct mpu_access access = mpu_range(&cpu->mpu, page, cpu->arch->page);
    bool alias = needs_alias(cpu, page, access) || marks_watch_page(cpu, page);

    if (type == UC_MEM_FETCH && is_shadowed(cpu, page)) {
        *entry = (uc_tlb_entry){cpu->arch->scratch_base - cpu->arch->page, UC_PROT_EXEC};
        return true;
    }
    if (type == UC_MEM_FETCH) { /* what may execute is decided before each instruction */
        *entry = (uc_tlb_entry){page, UC_PROT_EXEC | (alias ? 0 : access.all & 3u)};
        return true;
    }
    if ((access.any & (type == UC_MEM_WRITE ? SYS_WRITE : SYS_READ)) == 0) {
        return false;
    }
    if (alias) {
        *entry = (uc_tlb_entry){window->alias + (page - window->range.base), access.any & 3u};
    } else { /* Unicorn has one entry for data and code: a shadowed page must not be fetched by it
              */
        *entry =
            (uc_tlb_entry){page, (access.all & 3u) | (is_shadowed(cpu, page) ? 0 : UC_PROT_EXEC)};
    }
    return true;
}

uint64_t hook_alias_read(uc_engine *uc, uint64_t offset, unsigned bytes, void *user)
{
    const struct cpu_window *window = user;
    struct cpu *cpu = window->cpu;
    uint64_t value = 0;

    (void)uc;
    if (cpu->ending != ENDING_NONE) {
        return 0;
    }
    if (!mpu_allows(&cpu->mpu, window->range.base + (uint32_t)offset, bytes, SYS_READ)) {
        hook_refuse(cpu, cpu->last_pc, ENDING_ACCESS);
        return 0;
    }
    memcpy(&value, window->range.host + offset, bytes);
    marks_look(cpu, window->range.base + (uint32_t)offset, bytes, SYS_READ, value);
    return value;
}

/* A store across a border comes byte by byte; when a later one is refused, the earlier ones go. */
static void remember_byte(struct cpu *cpu, uint8_t *host)
{
    if (cpu->undo_left != cpu->left || cpu->undo_pc != cpu->last_pc) {
        cpu->undo_left = cpu->left;
        cpu->undo_pc = cpu->last_pc;
        cpu->undo_count = 0;
    }
    if (cpu->undo_count < CPU_UNDO) {
        cpu->undo[cpu->undo_count++] = (struct cpu_undo){host, *host};
    }
}

void hook_undo_bytes(struct cpu *cpu)
{
    if (cpu->undo_left == cpu->left && cpu->undo_pc == cpu->last_pc) {
        while (cpu->undo_count > 0) {
            cpu->undo_count--;
            *cpu->undo[cpu->undo_count].host = cpu->undo[cpu->undo_count].old;
        }
    }
}

/* What Unicorn will still store behind the refused byte goes to the next page's first bytes: the
 * rest of a store across the border, and inside an IT block the rest of a store multiple. */
static void keep_next_page(struct cpu *cpu, uint32_t address)
{
    uint32_t next = (address | (cpu->arch->page - 1u)) + 1u;
    const struct memory_range *range = memory_range_of(cpu->memory, next);

    if (range != NULL) { /* ranges are made of whole pages */
        cpu->keep_host = range->host + (next - range->base);
        memcpy(cpu->keep, cpu->keep_host, sizeof cpu->keep);
    }
}

void hook_alias_write(uc_engine *uc, uint64_t offset, unsigned bytes, uint64_t value, void *user)
{
    const struct cpu_window *window = user;
    struct cpu *cpu = window->cpu;
    uint32_t address = window->range.base + (uint32_t)offset;

    (void)uc;
    if (cpu->ending != ENDING_NONE) {
        return;
    }
    if (!mpu_allows(&cpu->mpu, address, bytes, SYS_WRITE)) {
        hook_undo_bytes(cpu);
        keep_next_page(cpu, address);
        hook_refuse(cpu, cpu->last_pc, ENDING_ACCESS);
        return;
    }
    if (bytes == 1) {
        remember_byte(cpu, window->range.host + offset);
    }
    memcpy(window->range.host + offset, &value, bytes);
    memory_hold_stuck(cpu->memory, address, bytes);
    marks_look(cpu, address, bytes, SYS_WRITE, value);
}

/* ---------------------------------------------------------------- exceptions */

void hook_interrupt(uc_engine *uc, uint32_t number, void *user)
{
    struct cpu *cpu = user;

    (void)uc;
    if (cpu->ending == ENDING_NONE) {
        cpu->interrupt = number;
        hook_end_run(cpu, number == cpu->arch->syscall ? ENDING_SVC : ENDING_INTERRUPT);
    } else {
        uc_emu_stop(cpu->uc);
    }
}

bool hook_invalid(uc_engine *uc, void *user)
{
    struct cpu *cpu = user;

    (void)uc;
    if (cpu->ending != ENDING_NONE) {
        return false;
    }
    if (cpu->arch->is_nothing(cpu)) {
        return true;
    }
    cpu->ending = ENDING_INVALID;
    return false;
}
