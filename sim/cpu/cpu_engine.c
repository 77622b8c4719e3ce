/* Opening engines, their registers, and threads in them. */
#include "sim/cpu/cpu_internal.h"

#include <stdlib.h>
#include <string.h>

#define BUFFER_LEAST    (1u << 20)
#define BUFFER_MOST     (1u << 30)
#define BUFFER_PER_BYTE 192u /* of code: one instruction takes up to 250 bytes of translation */

/* The uc_ctl macros shift into the sign bit. */
#define UC_CTL_FUNCTION __attribute__((no_sanitize("shift")))

static const struct cpu_arch *arch_of(enum cpu_model model)
{
    return model == CPU_CORTEX_M33 ? &cpu_armv8m : &cpu_rv32;
}

uint32_t cpu_page(enum cpu_model model)
{
    return arch_of(model)->page;
}

uint32_t cpu_memory_end(enum cpu_model model)
{
    return arch_of(model)->scratch_base - arch_of(model)->page;
}

/* ---------------------------------------------------------------- registers */

/* Inlined, so that `count` is known: this is done at each trap. */
static inline void read_registers(struct cpu *cpu, unsigned count)
{
    void *values[CPU_REGISTERS];

    for (unsigned i = 0; i < count; i++) {
        values[i] = &cpu->regs.r[i];
    }
    uc_reg_read_batch(cpu->uc, (int *)(uintptr_t)cpu->arch->register_id, values, (int)count);
}

void engine_read_registers(struct cpu *cpu)
{
    if (cpu->arch == &cpu_armv8m) {
        read_registers(cpu, 17);
    } else {
        read_registers(cpu, CPU_REGISTERS);
    }
}

void engine_write_registers(struct cpu *cpu, const struct cpu_registers *to, uint64_t changed)
{
    const struct cpu_arch *arch = cpu->arch;
    int ids[CPU_REGISTERS];
    void *values[CPU_REGISTERS];
    int count = 0;

    for (uint64_t left = changed & ~(UINT64_C(1) << arch->pc); left != 0; left &= left - 1u) {
        unsigned i = (unsigned)__builtin_ctzll(left);

        ids[count] = arch->register_id[i];
        values[count] = (void *)(uintptr_t)&to->r[i];
        count++;
    }
    if (arch == &cpu_armv8m && (changed & UINT64_C(1) << CPU_XPSR) != 0) {
        uint32_t flags = to->r[CPU_XPSR]; /* UC_ARM_REG_XPSR leaves the GE flags alone */

        uc_reg_write(cpu->uc, UC_ARM_REG_XPSR_NZCVQG, &flags);
    }
    if (count != 0) {
        uc_reg_write_batch(cpu->uc, ids, values, count);
    }
}

UC_CTL_FUNCTION void engine_flush_tlb(struct cpu *cpu)
{
    uc_ctl_flush_tlb(cpu->uc);
}

/*
 * remove_cache looks up the first address only, through the TLB hook, and silently does nothing if
 * that refuses: so one call a page, and none for addresses where no memory is.
 */
UC_CTL_FUNCTION void engine_forget_code(struct cpu *cpu, uint32_t address, uint32_t bytes)
{
    uint64_t end = (uint64_t)address + bytes;

    for (uint64_t from = address; from < end;) {
        uint64_t to = (from | (cpu->arch->page - 1u)) + 1u;

        to = to < end ? to : end;
        if (memory_range_of(cpu->memory, (uint32_t)from) != NULL) {
            uc_ctl_remove_cache(cpu->uc, from, to);
        }
        from = to;
    }
    memset(cpu->decoded, 0, sizeof cpu->decoded);
}

void cpu_code_written(struct cpu *cpu, uint32_t address, uint32_t bytes)
{
    engine_forget_code(cpu, address, bytes);
    code_refresh(cpu, address, bytes);
}

/* ---------------------------------------------------------------- threads */

bool engine_run_setup(struct cpu *cpu, uint32_t address)
{
    cpu->setup = true;
    cpu->ending = ENDING_NONE;
    cpu->fast_bytes = 0;
    cpu->left = 1;
    uc_err error = uc_emu_start(cpu->uc, address | cpu->arch->start_bit, 0, 0, 0);

    cpu->setup = false;
    return error == UC_ERR_OK && cpu->ending == ENDING_BUDGET;
}

bool cpu_select(struct cpu *cpu, uint32_t slot, uint32_t stack_limit, bool fpu)
{
    if (slot == cpu->slot && cpu->slot_limit[slot] == stack_limit) {
        return true;
    }
    if (!cpu->arch->load_thread(cpu, slot, stack_limit)) {
        return false;
    }
    cpu->slot = slot;
    cpu->slot_limit[slot] = stack_limit;
    cpu->fpu = fpu;
    cpu->it_end = 0;
    engine_read_registers(cpu);
    return true;
}

/* ---------------------------------------------------------------- opening and closing */

static bool add_hooks(struct cpu *cpu)
{
    const struct {
        int type;
        void *callback;
    } hooks[] = {
        {UC_HOOK_TLB_FILL, (void *)(uintptr_t)hook_tlb_fill},
        {UC_HOOK_INTR, (void *)(uintptr_t)hook_interrupt},
        {UC_HOOK_INSN_INVALID, (void *)(uintptr_t)hook_invalid},
        {UC_HOOK_CODE, (void *)(uintptr_t)hook_instruction},
    };
    uc_hook handle;

    for (unsigned i = 0; i < sizeof hooks / sizeof hooks[0]; i++) {
        if (uc_hook_add(cpu->uc, &handle, hooks[i].type, hooks[i].callback, cpu, 1, 0) !=
            UC_ERR_OK) {
            return false;
        }
    }
    return true;
}

/* The first flush of all translations repairs the buffer's bookkeeping: without it the first
 * overflow would crash (Unicorn 2.1.1 never hands out region 0 properly). */
UC_CTL_FUNCTION static bool configure(struct cpu *cpu)
{
    return uc_ctl_set_cpu_model(cpu->uc, cpu->arch->uc_model) == UC_ERR_OK &&
           uc_ctl_set_tcg_buffer_size(cpu->uc, cpu->buffer_bytes) == UC_ERR_OK &&
           uc_ctl_tlb_mode(cpu->uc, UC_TLB_VIRTUAL) == UC_ERR_OK && add_hooks(cpu) &&
           uc_mem_map_ptr(cpu->uc, cpu->arch->scratch_base, cpu->arch->page,
                          UC_PROT_READ | UC_PROT_EXEC,
                          (void *)(uintptr_t)cpu->arch->setup_code) == UC_ERR_OK &&
           uc_mem_map_ptr(cpu->uc, cpu->arch->scratch_base - cpu->arch->page, cpu->arch->page,
                          UC_PROT_READ | UC_PROT_EXEC, cpu->shadow) == UC_ERR_OK &&
           uc_ctl_flush_tb(cpu->uc) == UC_ERR_OK;
}

void cpu_close(struct cpu *cpu)
{
    if (cpu->uc != NULL) {
        for (unsigned i = 0; i < CPU_THREADS; i++) {
            if (cpu->slot_context[i] != NULL) {
                uc_context_free(cpu->slot_context[i]);
            }
        }
        if (cpu->fresh != NULL) {
            uc_context_free(cpu->fresh);
        }
        if (cpu->fault_context != NULL) {
            uc_context_free(cpu->fault_context);
        }
        uc_close(cpu->uc);
    }
    free(cpu->shadow);
    free(cpu->screen);
    free(cpu);
}

static bool prepare(struct cpu *cpu)
{
    return uc_context_alloc(cpu->uc, &cpu->fresh) == UC_ERR_OK &&
           uc_context_alloc(cpu->uc, &cpu->fault_context) == UC_ERR_OK && cpu->arch->prepare(cpu);
}

static struct cpu *create(enum cpu_model model, uint32_t buffer_bytes)
{
    struct cpu *cpu = aligned_alloc(_Alignof(struct cpu), sizeof *cpu);

    if (cpu == NULL) {
        return NULL;
    }
    memset(cpu, 0, sizeof *cpu);
    cpu->arch = arch_of(model);
    cpu->model = model;
    cpu->buffer_bytes = buffer_bytes;
    cpu->slot = CPU_THREADS;
    cpu->shadow = aligned_alloc(4096, 4096); /* as Unicorn maps it */
    if (cpu->shadow == NULL ||
        uc_open(cpu->arch->uc_arch, cpu->arch->uc_mode, &cpu->uc) != UC_ERR_OK || !configure(cpu) ||
        !prepare(cpu)) {
        cpu_close(cpu);
        return NULL;
    }
    return cpu;
}

static bool map_memory(struct cpu *cpu, const struct memory *memory)
{
    uint32_t alias = CPU_ALIAS_BASE;

    cpu->memory = memory;
    for (uint32_t i = 0; i < memory->count; i++) {
        const struct memory_range *range = &memory->range[i];
        struct cpu_window *window = &cpu->window[i];

        *window = (struct cpu_window){cpu, *range, alias};
        if (uc_mem_map_ptr(cpu->uc, range->base, range->bytes, UC_PROT_ALL, range->host) !=
                UC_ERR_OK ||
            uc_mmio_map(cpu->uc, alias, range->bytes, hook_alias_read, window, hook_alias_write,
                        window) != UC_ERR_OK) {
            return false;
        }
        cpu->window_count++;
        alias += range->bytes;
    }
    return bus_map(cpu);
}

/* A power of two, so that a CPU fits many tasks. */
static uint32_t buffer_for(uint32_t text_bytes)
{
    uint64_t wanted = (uint64_t)text_bytes * BUFFER_PER_BYTE;
    uint32_t buffer = BUFFER_LEAST;

    while (buffer < wanted && buffer < BUFFER_MOST) {
        buffer *= 2u;
    }
    return buffer;
}

bool cpu_fits(const struct cpu *cpu, uint32_t text_bytes)
{
    return buffer_for(text_bytes) <= cpu->buffer_bytes;
}

struct cpu *cpu_open(enum cpu_model model, const struct memory *memory, const struct cpu_bus *bus,
                     uint32_t text_bytes, const char **why)
{
    struct cpu *cpu = create(model, buffer_for(text_bytes));

    if (cpu == NULL) {
        *why = "Unicorn could not open an engine";
        return NULL;
    }
    cpu->bus = bus;
    if (!map_memory(cpu, memory)) {
        cpu_close(cpu);
        *why = "Unicorn could not map the board's memories and devices";
        return NULL;
    }
    return cpu;
}

void cpu_forget(struct cpu *cpu)
{
    for (unsigned i = 0; i < CPU_THREADS; i++) {
        if (cpu->slot_context[i] != NULL) {
            uc_context_free(cpu->slot_context[i]);
            cpu->slot_context[i] = NULL;
        }
    }
    cpu->slot = CPU_THREADS;
    cpu->it_end = 0;
    cpu->saw_exclusive = false;
    cpu->failure[0] = '\0';
}

UC_CTL_FUNCTION bool cpu_clear(struct cpu *cpu)
{
    cpu_forget(cpu);
    cpu->marks = NULL;
    cpu->mpu_valid = false;
    memset(cpu->decoded, 0, sizeof cpu->decoded);
    cpu->code_bytes = 0;
    return uc_ctl_flush_tb(cpu->uc) == UC_ERR_OK && uc_ctl_flush_tlb(cpu->uc) == UC_ERR_OK;
}
