/* Running a guest CPU: start the engine, and say exactly why it stopped. */
#include "sim/cpu/cpu_internal.h"

#include <stdio.h>
#include <string.h>

#include "kernel/system.h"

const struct cpu_registers *cpu_registers(const struct cpu *cpu)
{
    return &cpu->regs;
}

/* The engine gets what differs. Inlined, so that `count` is known: this is done at each trap. */
static inline void set_registers(struct cpu *cpu, const struct cpu_registers *to, unsigned count)
{
    uint64_t changed = 0; /* bit i: register i */

    for (unsigned i = count; i > 0; i--) {
        changed = changed << 1 | (cpu->regs.r[i - 1u] != to->r[i - 1u]);
    }
    if (changed == 0) {
        return;
    }
    engine_write_registers(cpu, to, changed);
    if ((changed & cpu->arch->flow) != 0) {
        cpu->it_end = 0;
    }
    /* Of no size known to the compiler: wide loads of what was just stored word by word wait. */
    memcpy(cpu->regs.r, to->r, cpu->arch->register_count * sizeof to->r[0]);
}

void cpu_set_registers(struct cpu *cpu, const struct cpu_registers *registers)
{
    if (cpu->arch == &cpu_armv8m) {
        set_registers(cpu, registers, 17);
    } else {
        set_registers(cpu, registers, CPU_REGISTERS);
    }
}

void cpu_set_register(struct cpu *cpu, uint32_t number, uint32_t value)
{
    uint64_t bit = UINT64_C(1) << number;

    cpu->regs.r[number] = value;
    engine_write_registers(cpu, &cpu->regs, bit);
    if ((bit & cpu->arch->flow) != 0) {
        cpu->it_end = 0;
    }
}

static bool may_fetch(const struct cpu *cpu, uint32_t pc, uint32_t bytes)
{
    return (cpu->regs.r[cpu->arch->state] & cpu->arch->state_bits) == cpu->arch->state_bits &&
           memory_host(cpu->memory, pc, bytes) != NULL &&
           mpu_allows(&cpu->mpu, pc, bytes, SYS_EXECUTE);
}

bool cpu_skip(struct cpu *cpu)
{
    uint32_t pc = cpu->regs.r[cpu->arch->pc];
    uint16_t half[2];

    code_fetch(cpu, pc, half);
    uint32_t bytes = cpu->arch->bytes(half[0]);

    if (!may_fetch(cpu, pc, bytes)) {
        return false;
    }
    cpu_set_register(cpu, cpu->arch->pc, pc + bytes);
    cpu->arch->skipped(cpu);
    return true;
}

void cpu_set_mpu(struct cpu *cpu, const struct mpu *mpu)
{
    if (cpu->mpu_valid && memcmp(&cpu->mpu, mpu, sizeof *mpu) == 0) {
        return;
    }
    cpu->mpu = *mpu;
    cpu->mpu_valid = true;
    cpu->flush_tlb = true;
    code_scan(cpu);
}

void cpu_stuck_changed(struct cpu *cpu)
{
    cpu->flush_tlb = true;
}

void cpu_exception(struct cpu *cpu)
{
    if (cpu->saw_exclusive) {
        cpu->saw_exclusive = false;
        cpu->arch->clear_monitor(cpu);
    }
}

const struct cpu_fault *cpu_fault(const struct cpu *cpu)
{
    return &cpu->fault;
}

const char *cpu_failure(const struct cpu *cpu)
{
    return cpu->failure;
}

enum cpu_stop cpu_failed(struct cpu *cpu, const char *what, unsigned number)
{
    snprintf(cpu->failure, sizeof cpu->failure, "Unicorn: %s %u at pc 0x%08x", what, number,
             (unsigned)cpu->regs.r[cpu->arch->pc]);
    return CPU_STOP_ENGINE;
}

static void restore_refused(struct cpu *cpu)
{
    if (cpu->keep_host != NULL) {
        memcpy(cpu->keep_host, cpu->keep, sizeof cpu->keep);
        cpu->keep_host = NULL;
    }
    uc_context_restore(cpu->uc, cpu->fault_context);
    engine_read_registers(cpu);
    cpu->regs.r[cpu->arch->pc] = cpu->fault_pc;
}

static enum cpu_stop stopped(struct cpu *cpu, uc_err error)
{
    if (cpu->ending == ENDING_ACCESS || cpu->ending == ENDING_SCREEN ||
        cpu->ending == ENDING_DEVICE) {
        restore_refused(cpu);
    } else {
        engine_read_registers(cpu);
    }
    if (cpu->ending == ENDING_BUDGET) {
        return CPU_STOP_BUDGET;
    }
    if (cpu->ending == ENDING_BREAK) {
        return CPU_STOP_BREAK;
    }
    if (cpu->ending == ENDING_SVC) { /* what is left of an IT block is counted when it goes on */
        cpu->left += cpu->arch->counted_ahead(cpu);
        cpu->it_end = 0;
        return CPU_STOP_SVC;
    }
    return cpu->arch->explain(cpu, error);
}

/* Some instructions make Unicorn return without a reason. */
static bool was_nothing(struct cpu *cpu, uc_err error)
{
    if (error != UC_ERR_OK || cpu->ending != ENDING_NONE || !cpu->arch->is_nothing(cpu)) {
        return false;
    }
    uc_reg_read(cpu->uc, cpu->arch->register_id[cpu->arch->pc], &cpu->regs.r[cpu->arch->pc]);
    return true;
}

enum cpu_stop cpu_run(struct cpu *cpu, uint64_t budget, uint64_t *executed)
{
    uc_err error;

    *executed = 0;
    if ((cpu->regs.r[cpu->arch->state] & cpu->arch->state_bits) != cpu->arch->state_bits) {
        cpu->arch->cannot_start(cpu);
        return CPU_STOP_FAULT;
    }
    if (cpu->flush_tlb) {
        engine_flush_tlb(cpu);
        cpu->flush_tlb = false;
    }
    cpu->most = budget > INT64_MAX ? INT64_MAX : (int64_t)budget;
    cpu->left = cpu->most;
    cpu->undo_count = 0; /* `left` and the pc name an instruction within one run only */
    if (!cpu->arch->begin(cpu)) {
        return CPU_STOP_FAULT;
    }
    do {
        cpu->ending = ENDING_NONE;
        cpu->fast_bytes = cpu->it_end != 0 ? 0 : cpu->code_bytes;
        error = uc_emu_start(cpu->uc, cpu->regs.r[cpu->arch->pc] | cpu->arch->start_bit, 0, 0, 0);
    } while (was_nothing(cpu, error));

    enum cpu_stop stop = stopped(cpu, error);

    cpu->pass_break = false;
    *executed = (uint64_t)(cpu->most - cpu->left);
    return stop;
}

uint64_t cpu_executed(const struct cpu *cpu)
{
    uint32_t ahead = cpu->it_end == 0 ? 0 : cpu->arch->counted_ahead(cpu);

    return (uint64_t)(cpu->most - cpu->left) - ahead;
}

uint32_t cpu_access_pc(const struct cpu *cpu)
{
    return cpu->last_pc;
}

/* What is left may become less than nothing: the run ends before its next instruction. */
void cpu_cut(struct cpu *cpu, uint64_t most)
{
    if (most < (uint64_t)cpu->most) {
        cpu->left -= cpu->most - (int64_t)most;
        cpu->most = (int64_t)most;
    }
}
