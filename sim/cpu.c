/* Running a guest CPU: start the engine, and say exactly why it stopped. */
#include "sim/cpu_internal.h"

#include <stdio.h>
#include <string.h>

#include "arch/armv8m/fault.h"
#include "arch/armv8m/frame.h"

/* Unicorn's numbers for what the core would take as an exception. */
enum interrupt {
    INTERRUPT_PREFETCH = 3,
    INTERRUPT_BKPT = 7,
    INTERRUPT_EXC_RETURN = 8, /* a branch to EXC_RETURN, which means nothing in Thread mode */
    INTERRUPT_NOCP = 17,
    INTERRUPT_STKOF = 19,
};

#define XPSR_IT UINT32_C(0x0600fc00)

const struct cpu_registers *cpu_registers(const struct cpu *cpu)
{
    return &cpu->regs;
}

void cpu_set_registers(struct cpu *cpu, const struct cpu_registers *registers)
{
    uint32_t changed = 0;

    for (unsigned i = 0; i < 17; i++) {
        changed |= (uint32_t)(cpu->regs.r[i] != registers->r[i]) << i;
    }
    if (changed == 0) {
        return;
    }
    engine_write_registers(cpu, registers, changed);
    if ((changed & (1u << CPU_PC | 1u << CPU_XPSR)) != 0) {
        cpu->it_end = 0;
    }
    cpu->regs = *registers;
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

void cpu_exception(struct cpu *cpu)
{
    struct cpu_registers outside = cpu->regs;

    if (!cpu->saw_exclusive) {
        return;
    }
    cpu->saw_exclusive = false;
    outside.r[CPU_XPSR] &= ~XPSR_IT; /* else the instruction would be a slot of the task's block */
    engine_write_registers(cpu, &outside, 1u << CPU_XPSR);
    engine_run_setup(cpu, SETUP_CLREX);
    engine_write_registers(cpu, &cpu->regs, 1u << CPU_XPSR);
}

const struct cpu_fault *cpu_fault(const struct cpu *cpu)
{
    return &cpu->fault;
}

const char *cpu_failure(const struct cpu *cpu)
{
    return cpu->failure;
}

/* ---------------------------------------------------------------- why it stopped */

static void set_cfsr(struct cpu *cpu, uint32_t exception, uint32_t cfsr)
{
    cpu->fault = (struct cpu_fault){.exception = exception, .cfsr = cfsr};
}

/* An instruction counted when it began, or with its block, has not been executed after all. */
static void uncount(struct cpu *cpu, uint32_t pc)
{
    if (cpu->it_end != 0 && pc > cpu->it_opcode && pc < cpu->it_end) {
        cpu->left += fault_it_remaining(cpu, pc);
    } else if (pc == cpu->last_pc && cpu->ending != ENDING_SCREEN) {
        cpu->left++;
    }
}

/* The stacked xPSR tells where in the IT block the instruction was; a stop may have lost it. */
static void set_it_state(struct cpu *cpu, uint32_t pc)
{
    struct cpu_registers exact = cpu->regs;

    exact.r[CPU_XPSR] = (exact.r[CPU_XPSR] & ~XPSR_IT) | fault_it_state(cpu, pc);
    if (exact.r[CPU_XPSR] != cpu->regs.r[CPU_XPSR]) {
        engine_write_registers(cpu, &exact, 1u << CPU_XPSR);
        cpu->regs = exact;
    }
}

static enum cpu_stop failed(struct cpu *cpu, const char *what, unsigned number)
{
    snprintf(cpu->failure, sizeof cpu->failure, "Unicorn: %s %u at pc 0x%08x", what, number,
             (unsigned)cpu->regs.r[CPU_PC]);
    return CPU_STOP_ENGINE;
}

static enum cpu_stop stopped_by_interrupt(struct cpu *cpu)
{
    switch (cpu->interrupt) {
    case INTERRUPT_BKPT:
        cpu->fault = (struct cpu_fault){.exception = EXC_HARD_FAULT, .hfsr = HFSR_DEBUGEVT};
        break;
    case INTERRUPT_PREFETCH:
    case INTERRUPT_EXC_RETURN:
        set_cfsr(cpu, EXC_MEM_MANAGE, CFSR_IACCVIOL);
        break;
    case INTERRUPT_NOCP:
        set_cfsr(cpu, EXC_USAGE_FAULT, CFSR_NOCP);
        break;
    case INTERRUPT_STKOF:
        set_cfsr(cpu, EXC_USAGE_FAULT, CFSR_STKOF);
        break;
    default:
        return failed(cpu, "unexpected exception", cpu->interrupt);
    }
    return CPU_STOP_FAULT;
}

/* A data access or a fetch that the TLB hook refused: a page where nothing is allowed. */
static enum cpu_stop stopped_by_page(struct cpu *cpu)
{
    if (cpu->refused_fetch) {
        set_cfsr(cpu, EXC_MEM_MANAGE, CFSR_IACCVIOL);
    } else {
        fault_explain_access(cpu);
    }
    return CPU_STOP_FAULT;
}

static void restore_refused(struct cpu *cpu)
{
    if (cpu->keep_host != NULL) {
        memcpy(cpu->keep_host, cpu->keep, sizeof cpu->keep);
        cpu->keep_host = NULL;
    }
    uc_context_restore(cpu->uc, cpu->fault_context);
    engine_read_registers(cpu);
    cpu->regs.r[CPU_PC] = cpu->fault_pc;
}

static enum cpu_stop find_fault(struct cpu *cpu, uc_err error)
{
    switch (cpu->ending) {
    case ENDING_SCREEN: /* `fault` was filled when it was found */
        return CPU_STOP_FAULT;
    case ENDING_ACCESS:
        fault_explain_access(cpu);
        return CPU_STOP_FAULT;
    case ENDING_INTERRUPT:
        return stopped_by_interrupt(cpu);
    case ENDING_INVALID:
        set_cfsr(cpu, EXC_USAGE_FAULT,
                 (cpu->regs.r[CPU_XPSR] & XPSR_T) != 0 ? CFSR_UNDEFINSTR : CFSR_INVSTATE);
        return CPU_STOP_FAULT;
    case ENDING_NONE:
    case ENDING_BUDGET:
    case ENDING_SVC:
        break;
    }
    return error != UC_ERR_OK ? stopped_by_page(cpu) : failed(cpu, "stopped for no reason", 0);
}

static enum cpu_stop stopped(struct cpu *cpu, uc_err error)
{
    if (cpu->ending == ENDING_ACCESS || cpu->ending == ENDING_SCREEN) {
        restore_refused(cpu);
    } else {
        engine_read_registers(cpu);
    }
    if (cpu->ending == ENDING_BUDGET) {
        return CPU_STOP_BUDGET;
    }
    if (cpu->ending == ENDING_SVC) {
        return CPU_STOP_SVC;
    }
    enum cpu_stop stop = find_fault(cpu, error);
    uint32_t pc = cpu->regs.r[CPU_PC];

    uncount(cpu, pc);
    set_it_state(cpu, pc);
    cpu->it_end = 0;
    return stop;
}

/* WFI makes Unicorn return without a reason; for a task it does nothing. */
static bool is_wait(struct cpu *cpu, uc_err error)
{
    uint16_t half[2];

    if (error != UC_ERR_OK || cpu->ending != ENDING_NONE) {
        return false;
    }
    code_fetch(cpu, cpu->last_pc, half);
    if (!thumb_is_hint(half[0], half[1])) {
        return false;
    }
    uc_reg_read(cpu->uc, UC_ARM_REG_R15, &cpu->regs.r[CPU_PC]);
    return true;
}

enum cpu_stop cpu_run(struct cpu *cpu, uint64_t budget, uint64_t *executed)
{
    uc_err error;

    *executed = 0;
    if ((cpu->regs.r[CPU_XPSR] & XPSR_T) == 0) { /* a tampered frame; Unicorn would set the bit */
        set_cfsr(cpu, EXC_USAGE_FAULT, CFSR_INVSTATE);
        return CPU_STOP_FAULT;
    }
    if (cpu->flush_tlb) {
        engine_flush_tlb(cpu);
        cpu->flush_tlb = false;
    }
    int64_t most = budget > INT64_MAX ? INT64_MAX : (int64_t)budget;

    cpu->left = most;
    cpu->undo_count = 0; /* `left` and the pc name an instruction within one run only */
    do {
        cpu->ending = ENDING_NONE;
        cpu->fast_bytes = cpu->it_end != 0 ? 0 : cpu->code_bytes;
        error = uc_emu_start(cpu->uc, cpu->regs.r[CPU_PC] | 1u, 0, 0, 0);
    } while (is_wait(cpu, error));

    enum cpu_stop stop = stopped(cpu, error);

    *executed = (uint64_t)(most - cpu->left);
    return stop;
}
