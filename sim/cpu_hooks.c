/* Unicorn's callbacks: counting, the look before an instruction, protection of each byte.
 *
 * What holds and what only looks as if it did was measured (docs/simulator.md):
 * a stop is honoured before the next instruction, but inside an IT block only
 * after it; so once an instruction of a block is refused, the registers of the
 * remaining ones are filled with an address where nothing is.
 */
#include "sim/cpu_internal.h"

#include <string.h>

#include "arch/armv8m/fault.h"
#include "kernel/system.h"

#define LIKELY(condition) __builtin_expect((condition), 1)

/* Nothing is mapped here and no region can cover it: board memories end below. */
#define NOWHERE UINT32_C(0xc0000000)

_Static_assert((int)SYS_READ == (int)UC_PROT_READ && (int)SYS_WRITE == (int)UC_PROT_WRITE &&
                   (int)SYS_EXECUTE == (int)UC_PROT_EXEC,
               "access bits are handed to Unicorn as they are");

static const int core_register[15] = {
    UC_ARM_REG_R0,  UC_ARM_REG_R1,  UC_ARM_REG_R2,  UC_ARM_REG_R3, UC_ARM_REG_R4,
    UC_ARM_REG_R5,  UC_ARM_REG_R6,  UC_ARM_REG_R7,  UC_ARM_REG_R8, UC_ARM_REG_R9,
    UC_ARM_REG_R10, UC_ARM_REG_R11, UC_ARM_REG_R12, UC_ARM_REG_SP, UC_ARM_REG_LR,
};

static void end_run(struct cpu *cpu, enum cpu_ending ending)
{
    cpu->ending = ending;
    cpu->fast_bytes = 0;
    uc_emu_stop(cpu->uc);
}

/* The registers now are those before the instruction at `pc`, which must not happen. */
static void refuse(struct cpu *cpu, uint32_t pc, enum cpu_ending ending)
{
    cpu->fault_pc = pc;
    uc_context_save(cpu->uc, cpu->fault_context);
    end_run(cpu, ending);
}

static void lose_registers(struct cpu *cpu)
{
    static const uint32_t nowhere = NOWHERE;
    int ids[15];
    void *values[15];

    for (unsigned i = 0; i < 15; i++) {
        ids[i] = core_register[i];
        values[i] = (void *)(uintptr_t)&nowhere;
    }
    uc_reg_write_batch(cpu->uc, ids, values, 15);
}

/* ---------------------------------------------------------------- the look before */

static uint32_t read_register(const struct cpu *cpu, uint32_t number)
{
    uint32_t value = UINT32_MAX; /* pc, where the manual says unpredictable: at least not 0 */

    if (number < 15) {
        uc_reg_read(cpu->uc, core_register[number], &value);
    }
    return value;
}

static bool is_unaligned(const struct cpu *cpu, uint32_t pc, const uint16_t half[2])
{
    struct thumb_access access;
    uint32_t r[15] = {0};

    if (!thumb_access(half[0], half[1], &access) || !access.aligned) {
        return false;
    }
    if (access.rn != THUMB_PC) {
        r[access.rn] = read_register(cpu, access.rn);
    }
    return (thumb_address(&access, r, pc) & (access.unit - 1u)) != 0;
}

/* The CFSR bit that the instruction would set on the chip, where Unicorn would let it pass. */
static uint32_t screen_fault(struct cpu *cpu, uint32_t pc, enum thumb_screen kind,
                             const uint16_t half[2])
{
    switch (kind) {
    case THUMB_FPU:
        if (!cpu->fpu) {
            return CFSR_NOCP;
        }
        return is_unaligned(cpu, pc, half) ? CFSR_UNALIGNED : 0;
    case THUMB_EXCLUSIVE:
        cpu->saw_exclusive = true;
        return is_unaligned(cpu, pc, half) ? CFSR_UNALIGNED : 0;
    case THUMB_ALIGNED:
        return is_unaligned(cpu, pc, half) ? CFSR_UNALIGNED : 0;
    case THUMB_DIVIDE:
        return read_register(cpu, thumb_divisor(half[1])) == 0 ? CFSR_DIVBYZERO : 0;
    case THUMB_UNDEFINED:
        return CFSR_UNDEFINSTR;
    case THUMB_PLAIN:
    case THUMB_IT:
    case THUMB_EDGE:
        break;
    }
    return 0;
}

/* Address behind the IT block that begins at `pc`; 0 if a slot holds what no slot may. */
static uint32_t it_block_end(const struct cpu *cpu, uint32_t pc, uint32_t *slots)
{
    uint16_t half[2];
    uint32_t end = pc + 2u;

    code_fetch(cpu, pc, half);
    *slots = thumb_it_slots(half[0]);
    for (uint32_t i = 1; i <= *slots; i++) {
        code_fetch(cpu, end, half);
        if (!thumb_may_be_slot(half[0], half[1], i == *slots)) {
            return 0;
        }
        end += thumb_bytes(half[0]);
    }
    return end;
}

static bool refuses(struct cpu *cpu, uint32_t exception, uint32_t cfsr)
{
    cpu->fault = (struct cpu_fault){.exception = exception, .cfsr = cfsr};
    return cfsr != 0;
}

/* Fills `fault` and returns true if the instruction must not run. */
static bool is_refused(struct cpu *cpu, uint32_t pc, uint32_t bytes)
{
    uint16_t half[2];

    if (!mpu_allows(&cpu->mpu, pc, bytes, SYS_EXECUTE)) {
        return refuses(cpu, EXC_MEM_MANAGE, CFSR_IACCVIOL);
    }
    enum thumb_screen kind = code_screen_at(cpu, pc);

    cpu->next_slots = 0;
    if (LIKELY(kind == THUMB_PLAIN)) {
        return false;
    }
    if (kind == THUMB_IT) {
        cpu->next_it_end = it_block_end(cpu, pc, &cpu->next_slots);
        return refuses(cpu, EXC_USAGE_FAULT, cpu->next_it_end == 0 ? CFSR_UNDEFINSTR : 0);
    }
    code_fetch(cpu, pc, half);
    return refuses(cpu, EXC_USAGE_FAULT, screen_fault(cpu, pc, kind, half));
}

/* Counts the block's slots with its opcode: Unicorn does not report slots that it skips. */
static void enter_it_block(struct cpu *cpu, uint32_t pc)
{
    cpu->left -= cpu->next_slots;
    cpu->it_opcode = pc;
    cpu->it_end = cpu->next_it_end;
    cpu->fast_bytes = 0; /* each slot needs a look, and so does what follows the block */
}

static void setup_instruction(struct cpu *cpu)
{
    if (cpu->left <= 0) {
        end_run(cpu, ENDING_BUDGET);
    }
    cpu->left--;
}

static void look_at_instruction(struct cpu *cpu, uint32_t pc, uint32_t bytes)
{
    /* Later slots lie behind earlier ones: a branch back to a slot has left the block. */
    bool slot = cpu->it_end != 0 && pc > cpu->last_pc && pc < cpu->it_end;

    if (!slot) {
        cpu->it_end = 0;
        cpu->fast_bytes = cpu->code_bytes;
        if (cpu->left <= 0) {
            end_run(cpu, ENDING_BUDGET);
            return;
        }
    }
    if (is_refused(cpu, pc, bytes)) {
        refuse(cpu, pc, ENDING_SCREEN);
        if (slot) {
            lose_registers(cpu);
        }
        return;
    }
    cpu->last_pc = pc;
    if (slot) {
        return;
    }
    cpu->left--;
    if (cpu->next_slots != 0) {
        enter_it_block(cpu, pc);
    }
}

__attribute__((noinline)) static void slow_instruction(struct cpu *cpu, uint32_t pc, uint32_t bytes)
{
    if (cpu->setup) {
        setup_instruction(cpu);
    } else if (cpu->ending == ENDING_NONE) {
        look_at_instruction(cpu, pc, bytes);
    } else if (cpu->it_end != 0) {
        lose_registers(cpu); /* the rest of a block whose instruction was refused */
    }
}

void hook_instruction(uc_engine *uc, uint64_t address, uint32_t size, void *user)
{
    struct cpu *cpu = user;
    uint32_t pc = (uint32_t)address;
    uint32_t offset = pc - cpu->code_base;

    (void)uc;
    if (LIKELY(offset < cpu->fast_bytes && cpu->screen[offset / 2] == THUMB_PLAIN &&
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
 * access is checked. So does a page whose successor begins refused but is writable later: a store
 * across the border would have written its first bytes before the refusal.
 */
static bool needs_alias(const struct cpu *cpu, uint32_t page, struct mpu_access here)
{
    uint32_t next = page + MEMORY_PAGE;

    if (((here.all ^ here.any) & (SYS_READ | SYS_WRITE)) != 0) {
        return true;
    }
    if ((here.all & SYS_WRITE) == 0 || next == 0 || (mpu_at(&cpu->mpu, next) & SYS_WRITE) != 0) {
        return false;
    }
    return (mpu_range(&cpu->mpu, next, MEMORY_PAGE).any & SYS_WRITE) != 0;
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

bool hook_tlb_fill(uc_engine *uc, uint64_t address, uc_mem_type type, uc_tlb_entry *entry,
                   void *user)
{
    struct cpu *cpu = user;
    uint32_t page = (uint32_t)address & ~(MEMORY_PAGE - 1u);
    const struct cpu_window *window = window_of(cpu, page);

    (void)uc;
    if (cpu->setup) { /* the entry may stay: a task's fetch there is refused before it executes */
        *entry = (uc_tlb_entry){.paddr = page, .perms = UC_PROT_EXEC};
        return true;
    }
    cpu->refused_fetch = type == UC_MEM_FETCH;
    if (window == NULL) {
        return false;
    }
    struct mpu_access access = mpu_range(&cpu->mpu, page, MEMORY_PAGE);
    bool alias = needs_alias(cpu, page, access);

    if (type == UC_MEM_FETCH) { /* what may execute is decided before each instruction */
        *entry = (uc_tlb_entry){page, UC_PROT_EXEC | (alias ? 0 : access.all & 3u)};
        return true;
    }
    if ((access.any & (type == UC_MEM_WRITE ? SYS_WRITE : SYS_READ)) == 0) {
        return false;
    }
    if (alias) {
        *entry = (uc_tlb_entry){window->alias + (page - window->range.base), access.any & 3u};
    } else {
        *entry = (uc_tlb_entry){page, (access.all & 3u) | UC_PROT_EXEC};
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
        refuse(cpu, cpu->last_pc, ENDING_ACCESS);
        return 0;
    }
    memcpy(&value, window->range.host + offset, bytes);
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

static void undo_bytes(struct cpu *cpu)
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
    uint32_t next = (address | (MEMORY_PAGE - 1u)) + 1u;
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
        undo_bytes(cpu);
        keep_next_page(cpu, address);
        refuse(cpu, cpu->last_pc, ENDING_ACCESS);
        return;
    }
    if (bytes == 1) {
        remember_byte(cpu, window->range.host + offset);
    }
    memcpy(window->range.host + offset, &value, bytes);
}

/* ---------------------------------------------------------------- exceptions */

#define INTERRUPT_SVC 2u

void hook_interrupt(uc_engine *uc, uint32_t number, void *user)
{
    struct cpu *cpu = user;

    (void)uc;
    if (cpu->ending == ENDING_NONE) {
        cpu->interrupt = number;
        end_run(cpu, number == INTERRUPT_SVC ? ENDING_SVC : ENDING_INTERRUPT);
    } else {
        uc_emu_stop(cpu->uc);
    }
}

/* Unicorn has no WFE and YIELD; for a task they do nothing, as on the chip without events. */
bool hook_invalid(uc_engine *uc, void *user)
{
    struct cpu *cpu = user;
    uint16_t half[2];

    (void)uc;
    if (cpu->ending != ENDING_NONE) {
        return false;
    }
    code_fetch(cpu, cpu->last_pc, half);
    if (thumb_is_hint(half[0], half[1])) {
        return true;
    }
    cpu->ending = ENDING_INVALID;
    return false;
}
