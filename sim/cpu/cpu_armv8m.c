/* What is Armv8-M about a guest CPU: privilege, IT blocks, what Unicorn lets pass, faults.
 *
 * An engine starts Secure and privileged. Tasks run Non-secure and unprivileged,
 * as on the boards: in that state BLXNS is undefined and MSR to special registers
 * is ignored, like there. Stack limits can only be set by privileged code, so one
 * context is kept from before the step down, and each thread gets its own from it.
 *
 * A stop is honoured before the next instruction, but inside an IT block only
 * after it; so once an instruction of a block is refused, the registers of the
 * remaining ones are filled with an address where nothing is.
 */
#include "arch/armv8m/fault.h"
#include "arch/armv8m/frame.h"
#include "kernel/system.h"
#include "sim/cpu/cpu_internal.h"
#include "sim/cpu/thumb.h"

#define PAGE           1024u
#define SCRATCH_BASE   UINT32_C(0x9ffffc00)
#define ALL_REGISTERS  UINT64_C(0x1ffff)
#define CONTROL_THREAD 3u /* nPRIV, SPSEL */
#define XPSR_IT        UINT32_C(0x0600fc00)

/* Nothing is mapped here and no region can cover it: board memories end below. */
#define NOWHERE UINT32_C(0xc0000000)

/* Addresses of the set-up code, one instruction each. */
#define SETUP_BXNS   (SCRATCH_BASE + 0u)  /* bxns r0 */
#define SETUP_PSPLIM (SCRATCH_BASE + 4u)  /* msr psplim, r0 */
#define SETUP_CLREX  (SCRATCH_BASE + 12u) /* clrex */
#define SETUP_VMOV   (SCRATCH_BASE + 20u) /* vmov.f32 s0, s0 */

_Static_assert((int)THUMB_PLAIN == (int)SCREEN_PLAIN, "plain in the table is plain in Thumb");

/* Unicorn's numbers for what the core would take as an exception. */
enum interrupt {
    INTERRUPT_SVC = 2,
    INTERRUPT_PREFETCH = 3,
    INTERRUPT_BKPT = 7,
    INTERRUPT_EXC_RETURN = 8, /* a branch to EXC_RETURN, which means nothing in Thread mode */
    INTERRUPT_NOCP = 17,
    INTERRUPT_STKOF = 19,
};

/* Never written by the guest: no thread can reach it (Secure and Non-secure alike). */
static const uint16_t setup_code[PAGE / 2] __attribute__((aligned(4096))) = {
    0x4704, 0xbf00, /* bxns r0; nop */
    0xf380, 0x880b, /* msr psplim, r0 */
    0xbf00, 0xbf00, /* nop; nop */
    0xf3bf, 0x8f2f, /* clrex */
    0xbf00, 0xbf00, /* nop; nop */
    0xeeb0, 0x0a40, /* vmov.f32 s0, s0 */
    0xbf00, 0xe7fe, /* nop; b . */
};

static const int registers[17] = {
    UC_ARM_REG_R0,  UC_ARM_REG_R1,  UC_ARM_REG_R2,  UC_ARM_REG_R3,  UC_ARM_REG_R4,   UC_ARM_REG_R5,
    UC_ARM_REG_R6,  UC_ARM_REG_R7,  UC_ARM_REG_R8,  UC_ARM_REG_R9,  UC_ARM_REG_R10,  UC_ARM_REG_R11,
    UC_ARM_REG_R12, UC_ARM_REG_R13, UC_ARM_REG_R14, UC_ARM_REG_R15, UC_ARM_REG_XPSR,
};

/* ---------------------------------------------------------------- privilege, threads */

/* Leaves the Secure state and keeps the privileged registers. */
static bool prepare(struct cpu *cpu)
{
    uint32_t target = SETUP_PSPLIM; /* bit 0 clear: Non-secure */

    uc_reg_write(cpu->uc, UC_ARM_REG_R0, &target);
    if (!engine_run_setup(cpu, SETUP_BXNS)) {
        return false;
    }
    return uc_context_save(cpu->uc, cpu->fresh) == UC_ERR_OK;
}

static bool step_down(struct cpu *cpu, uint32_t stack_limit)
{
    uint32_t control = CONTROL_THREAD;
    uint32_t stack = stack_limit + 1024u; /* anything above the limit */

    uc_context_restore(cpu->uc, cpu->fresh);
    uc_reg_write(cpu->uc, UC_ARM_REG_R0, &stack_limit);
    if (!engine_run_setup(cpu, SETUP_PSPLIM)) {
        return false;
    }
    uc_reg_write(cpu->uc, UC_ARM_REG_PSP, &stack);
    uc_reg_write(cpu->uc, UC_ARM_REG_CONTROL, &control);
    return true;
}

static bool load_thread(struct cpu *cpu, uint32_t slot, uint32_t stack_limit)
{
    if (cpu->slot < CPU_THREADS) {
        if (cpu->slot_context[cpu->slot] == NULL &&
            uc_context_alloc(cpu->uc, &cpu->slot_context[cpu->slot]) != UC_ERR_OK) {
            return false;
        }
        uc_context_save(cpu->uc, cpu->slot_context[cpu->slot]);
    }
    if (cpu->slot_context[slot] != NULL && cpu->slot_limit[slot] == stack_limit) {
        uc_context_restore(cpu->uc, cpu->slot_context[slot]);
        return true;
    }
    return step_down(cpu, stack_limit);
}

/* ---------------------------------------------------------------- floating point */

#define CONTROL_FPCA 4u
#define FP_REGISTERS 17u

static const int fp_registers[FP_REGISTERS] = {
    UC_ARM_REG_S0,  UC_ARM_REG_S1,    UC_ARM_REG_S2,  UC_ARM_REG_S3,  UC_ARM_REG_S4,
    UC_ARM_REG_S5,  UC_ARM_REG_S6,    UC_ARM_REG_S7,  UC_ARM_REG_S8,  UC_ARM_REG_S9,
    UC_ARM_REG_S10, UC_ARM_REG_S11,   UC_ARM_REG_S12, UC_ARM_REG_S13, UC_ARM_REG_S14,
    UC_ARM_REG_S15, UC_ARM_REG_FPSCR,
};

static void fp_pointers(const struct cpu_fp *fp, void *values[FP_REGISTERS])
{
    for (unsigned i = 0; i < 16; i++) {
        values[i] = (void *)(uintptr_t)&fp->s[i];
    }
    values[16] = (void *)(uintptr_t)&fp->fpscr;
}

bool cpu_fp_active(const struct cpu *cpu)
{
    uint32_t control = 0;

    uc_reg_read(cpu->uc, UC_ARM_REG_CONTROL, &control);
    return (control & CONTROL_FPCA) != 0;
}

void cpu_fp_read(const struct cpu *cpu, struct cpu_fp *fp)
{
    void *values[FP_REGISTERS];

    fp_pointers(fp, values);
    uc_reg_read_batch(cpu->uc, (int *)(uintptr_t)fp_registers, values, FP_REGISTERS);
}

void cpu_fp_write(struct cpu *cpu, const struct cpu_fp *fp)
{
    void *values[FP_REGISTERS];

    fp_pointers(fp, values);
    uc_reg_write_batch(cpu->uc, (int *)(uintptr_t)fp_registers, values, FP_REGISTERS);
}

bool cpu_fp_clear(struct cpu *cpu)
{
    if (!step_down(cpu, cpu->slot_limit[cpu->slot])) {
        return false;
    }
    engine_write_registers(cpu, &cpu->regs, ALL_REGISTERS);
    return true;
}

/* In the task's own state: an instruction of the set-up code that it may execute. */
static bool run_beside(struct cpu *cpu, uint32_t address)
{
    struct cpu_registers outside = cpu->regs;

    outside.r[CPU_XPSR] &= ~XPSR_IT; /* else the instruction would be a slot of the task's block */
    engine_write_registers(cpu, &outside, UINT64_C(1) << CPU_XPSR);
    bool ran = engine_run_setup(cpu, address);

    engine_write_registers(cpu, &cpu->regs, UINT64_C(1) << CPU_XPSR);
    return ran;
}

static void clear_monitor(struct cpu *cpu)
{
    run_beside(cpu, SETUP_CLREX);
}

bool cpu_fp_activate(struct cpu *cpu)
{
    return run_beside(cpu, SETUP_VMOV);
}

/* ---------------------------------------------------------------- the look before */

static void lose_registers(struct cpu *cpu)
{
    static const uint32_t nowhere = NOWHERE;
    int ids[15];
    void *values[15];

    for (unsigned i = 0; i < 15; i++) {
        ids[i] = registers[i];
        values[i] = (void *)(uintptr_t)&nowhere;
    }
    uc_reg_write_batch(cpu->uc, ids, values, 15);
}

static uint32_t read_register(const struct cpu *cpu, uint32_t number)
{
    uint32_t value = UINT32_MAX; /* pc, where the manual says unpredictable: at least not 0 */

    if (number < 15) {
        uc_reg_read(cpu->uc, registers[number], &value);
    }
    return value;
}

static bool lies_askew(const struct cpu *cpu, uint32_t pc, const struct thumb_access *access)
{
    uint32_t r[15] = {0};

    if (access->rn != THUMB_PC) {
        r[access->rn] = read_register(cpu, access->rn);
    }
    if (access->rm < THUMB_PC) {
        r[access->rm] = read_register(cpu, access->rm);
    }
    return (thumb_address(access, r, pc) & (access->unit - 1u)) != 0;
}

static bool is_unaligned(const struct cpu *cpu, uint32_t pc, const uint16_t half[2])
{
    struct thumb_access access;

    return thumb_access(half[0], half[1], &access) && access.aligned &&
           lies_askew(cpu, pc, &access);
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
        break;
    }
    return 0;
}

/* Address behind the slots that begin at `start`; 0 if one holds what no slot may. */
static uint32_t it_block_end(const struct cpu *cpu, uint32_t start, uint32_t state)
{
    uint32_t slots = thumb_it_state_slots(state);
    uint16_t half[2];
    uint32_t end = start;

    for (uint32_t i = 1; i <= slots; i++) {
        code_fetch(cpu, end, half);
        if (!thumb_may_be_slot(half[0], half[1], i == slots)) {
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

/* Decoding again what a loop does to a device would be a tenth of its time. */
static const struct thumb_access *decoded_access(struct cpu *cpu)
{
    struct cpu_decoded *decoded = &cpu->decoded[cpu->last_pc / 2u % CPU_DECODED];
    uint16_t half[2];

    if (decoded->pc == cpu->last_pc) {
        return &decoded->access;
    }
    code_fetch(cpu, cpu->last_pc, half);
    decoded->pc = 0;
    if (!thumb_access(half[0], half[1], &decoded->access)) {
        return NULL;
    }
    decoded->pc = cpu->last_pc;
    return &decoded->access;
}

/* Device memory takes aligned accesses only (Armv8-M ARM B7.6). */
static bool misaligned_device(struct cpu *cpu)
{
    const struct thumb_access *access = decoded_access(cpu);

    return access != NULL && lies_askew(cpu, cpu->last_pc, access) &&
           refuses(cpu, EXC_USAGE_FAULT, CFSR_UNALIGNED);
}

static bool accesses(const struct cpu *cpu, uint32_t kind)
{
    struct thumb_access access;
    uint16_t half[2];

    code_fetch(cpu, cpu->last_pc, half);
    return !thumb_access(half[0], half[1], &access) || access.store == (kind == SYS_WRITE);
}

static void bus_error(struct cpu *cpu, uint32_t address)
{
    refuses(cpu, EXC_BUS_FAULT, CFSR_PRECISERR | CFSR_BFARVALID);
    cpu->fault.bfar = address;
}

/* Fills `fault` and returns true if the instruction must not run. */
static bool is_refused(struct cpu *cpu, uint32_t pc, uint32_t bytes)
{
    uint16_t half[2];

    if (!mpu_allows(&cpu->mpu, pc, bytes, SYS_EXECUTE)) {
        return refuses(cpu, EXC_MEM_MANAGE, CFSR_IACCVIOL);
    }
    enum thumb_screen kind = (enum thumb_screen)code_screen_at(cpu, pc);

    cpu->next_it_state = 0;
    if (kind == THUMB_PLAIN) {
        return false;
    }
    code_fetch(cpu, pc, half);
    if (kind == THUMB_IT) {
        cpu->next_it_state = half[0] & 0xffu;
        cpu->next_it_end = it_block_end(cpu, pc + 2u, cpu->next_it_state);
        return refuses(cpu, EXC_USAGE_FAULT, cpu->next_it_end == 0 ? CFSR_UNDEFINSTR : 0);
    }
    return refuses(cpu, EXC_USAGE_FAULT, screen_fault(cpu, pc, kind, half));
}

/* Counts the block's slots when it begins: Unicorn does not report slots that it skips. */
static void enter_it_block(struct cpu *cpu, uint32_t start, uint32_t state, uint32_t end)
{
    cpu->left -= thumb_it_state_slots(state);
    cpu->it_start = start;
    cpu->it_state = state;
    cpu->it_end = end;
    cpu->fast_bytes = 0; /* each slot needs a look, and so does what follows the block */
}

/* ITSTATE as xPSR holds it: bits 7:2 in 15:10, bits 1:0 in 26:25 (Armv8-M ARM B3.5.1). */
static uint32_t it_state_of(uint32_t xpsr)
{
    return ((xpsr >> 8) & 0xfcu) | ((xpsr >> 25) & 3u);
}

/* A thread may go on inside an IT block: after SVC in a slot, or after a fault that was mended. */
static bool begin(struct cpu *cpu)
{
    uint32_t pc = cpu->regs.r[CPU_PC];
    uint32_t state = it_state_of(cpu->regs.r[CPU_XPSR]);

    if (state == 0) {
        return true;
    }
    uint32_t end = it_block_end(cpu, pc, state);

    if (end == pc || end == 0) { /* a frame that was tampered with */
        cpu->fault = (struct cpu_fault){.exception = EXC_USAGE_FAULT, .cfsr = CFSR_INVSTATE};
        return false;
    }
    cpu->last_pc = pc - 1u; /* what comes is behind it: a slot */
    enter_it_block(cpu, pc, state, end);
    return true;
}

/* Stops are not honoured in the block that is about to begin: so they come before it. */
static bool stops_in_block(const struct cpu *cpu, uint32_t it)
{
    for (uint32_t pc = it + 2u; pc != cpu->next_it_end; pc += 2u) {
        if (marks_stop_at(cpu, pc)) {
            return true;
        }
    }
    return false;
}

static void look(struct cpu *cpu, uint32_t pc, uint32_t bytes)
{
    /* Later slots lie behind earlier ones: a branch back to a slot has left the block. */
    bool slot = cpu->it_end != 0 && pc > cpu->last_pc && pc < cpu->it_end;

    if (!slot) {
        cpu->it_end = 0;
        cpu->fast_bytes = cpu->code_bytes;
        if (cpu->left <= 0) {
            hook_end_run(cpu, ENDING_BUDGET);
            return;
        }
        if (marks_stop_at(cpu, pc)) {
            hook_end_run(cpu, ENDING_BREAK);
            return;
        }
    }
    if (is_refused(cpu, pc, bytes)) {
        hook_refuse(cpu, pc, ENDING_SCREEN);
        if (slot) {
            lose_registers(cpu);
        }
        return;
    }
    if (cpu->next_it_state != 0 && stops_in_block(cpu, pc)) {
        hook_end_run(cpu, ENDING_BREAK);
        return;
    }
    cpu->last_pc = pc;
    if (slot) {
        return;
    }
    cpu->left--;
    if (cpu->next_it_state != 0) {
        enter_it_block(cpu, pc + 2u, cpu->next_it_state, cpu->next_it_end);
    }
}

/* The rest of a block whose instruction was refused. */
static void overrun(struct cpu *cpu)
{
    if (cpu->it_end != 0) {
        lose_registers(cpu);
    }
}

static uint8_t screen(const struct cpu *cpu, uint16_t first, uint16_t second)
{
    (void)cpu;
    return (uint8_t)thumb_screen(first, second);
}

/* An IT instruction, or a slot of its block. */
static bool goes_on(const struct cpu *cpu, uint16_t first)
{
    return thumb_it_slots(first) != 0 || (cpu->regs.r[CPU_XPSR] & XPSR_IT) != 0;
}

/* Unicorn has no WFE and YIELD, and WFI makes it return without a reason; for a task they do
 * nothing, as on the chip without events. */
static bool is_nothing(const struct cpu *cpu)
{
    uint16_t half[2];

    code_fetch(cpu, cpu->last_pc, half);
    return thumb_is_hint(half[0], half[1]);
}

/* ---------------------------------------------------------------- why it stopped */

static void set_cfsr(struct cpu *cpu, uint32_t exception, uint32_t cfsr)
{
    cpu->fault = (struct cpu_fault){.exception = exception, .cfsr = cfsr};
}

/* An instruction counted when it began, or with its block, has not been executed after all. */
static void uncount(struct cpu *cpu, uint32_t pc)
{
    uint32_t remaining = fault_it_remaining(cpu, pc);

    if (remaining != 0) {
        cpu->left += remaining;
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
        engine_write_registers(cpu, &exact, UINT64_C(1) << CPU_XPSR);
        cpu->regs = exact;
    }
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
        return cpu_failed(cpu, "unexpected exception", cpu->interrupt);
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

static enum cpu_stop find_fault(struct cpu *cpu, uc_err error)
{
    switch (cpu->ending) {
    case ENDING_SCREEN: /* `fault` was filled when it was found */
    case ENDING_DEVICE:
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
    case ENDING_BREAK:
    case ENDING_SVC:
        break;
    }
    return error != UC_ERR_OK ? stopped_by_page(cpu) : cpu_failed(cpu, "stopped for no reason", 0);
}

static enum cpu_stop explain(struct cpu *cpu, uc_err error)
{
    enum cpu_stop stop = find_fault(cpu, error);
    uint32_t pc = cpu->regs.r[CPU_PC];

    uncount(cpu, pc);
    set_it_state(cpu, pc);
    cpu->it_end = 0;
    return stop;
}

/* A slot of an IT block that does nothing is over like another (ITAdvance). */
static void skipped(struct cpu *cpu)
{
    uint32_t xpsr = cpu->regs.r[CPU_XPSR];
    uint32_t state = it_state_of(xpsr);

    if (state != 0) {
        cpu_set_register(cpu, CPU_XPSR, (xpsr & ~XPSR_IT) | fault_next_it_state(state));
    }
}

static uint32_t counted_ahead(const struct cpu *cpu)
{
    uint32_t remaining = fault_it_remaining(cpu, cpu->last_pc);

    return remaining == 0 ? 0 : remaining - 1u;
}

/* The T bit is clear in a tampered frame; Unicorn would set it. */
static void cannot_start(struct cpu *cpu)
{
    set_cfsr(cpu, EXC_USAGE_FAULT, CFSR_INVSTATE);
}

const struct cpu_arch cpu_armv8m = {
    .uc_arch = UC_ARCH_ARM,
    .uc_mode = UC_MODE_THUMB | UC_MODE_MCLASS,
    .uc_model = UC_CPU_ARM_CORTEX_M33,
    .page = PAGE,
    .scratch_base = SCRATCH_BASE,
    .setup_code = setup_code,
    .register_id = registers,
    .register_count = 17,
    .pc = CPU_PC,
    .start_bit = 1, /* Thumb */
    .flow = UINT64_C(1) << CPU_PC | UINT64_C(1) << CPU_XPSR,
    .prepare = prepare,
    .load_thread = load_thread,
    .bytes = thumb_bytes,
    .block_end = 0xe7fe, /* b . */
    .goes_on = goes_on,
    .screen = screen,
    .state = CPU_XPSR,
    .state_bits = XPSR_T,
    .cannot_start = cannot_start,
    .begin = begin,
    .look = look,
    .overrun = overrun,
    .syscall = INTERRUPT_SVC,
    .is_nothing = is_nothing,
    .explain = explain,
    .clear_monitor = clear_monitor,
    .skipped = skipped,
    .counted_ahead = counted_ahead,
    .misaligned_device = misaligned_device,
    .accesses = accesses,
    .bus_error = bus_error,
};
