/* What is RV32 about a guest CPU: privilege, what Unicorn lets pass, faults.
 *
 * An engine starts in machine mode; MRET takes it to user mode, once and for all, since traps are
 * not taken in the guest. What a thread is lies in its registers, so all threads of a task share
 * the engine as it is.
 */
#include "arch/rv32/fault.h"
#include "kernel/system.h"
#include "sim/cpu/cpu_internal.h"
#include "sim/cpu/rv32.h"

#define PAGE         4096u
#define SCRATCH_BASE UINT32_C(0x9ffff000)
#define ALL_BUT_X0   UINT64_C(0xfffffffe)

/* Unicorn's numbers of exceptions: causes, as far as it has them. */
enum interrupt {
    INTERRUPT_ILLEGAL = 2,
    INTERRUPT_ECALL = 8,
};

#define SETUP_MRET   (SCRATCH_BASE + 0u)
#define SETUP_TARGET (SCRATCH_BASE + 4u)

/* The rest are illegal instructions: fetches from where nothing is get this page, see below. */
static const uint32_t setup_code[PAGE / 4u] __attribute__((aligned(4096))) = {
    0x30200073, /* mret */
};

static const int registers[CPU_REGISTERS] = {
    UC_RISCV_REG_X0,  UC_RISCV_REG_X1,  UC_RISCV_REG_X2,  UC_RISCV_REG_X3,  UC_RISCV_REG_X4,
    UC_RISCV_REG_X5,  UC_RISCV_REG_X6,  UC_RISCV_REG_X7,  UC_RISCV_REG_X8,  UC_RISCV_REG_X9,
    UC_RISCV_REG_X10, UC_RISCV_REG_X11, UC_RISCV_REG_X12, UC_RISCV_REG_X13, UC_RISCV_REG_X14,
    UC_RISCV_REG_X15, UC_RISCV_REG_X16, UC_RISCV_REG_X17, UC_RISCV_REG_X18, UC_RISCV_REG_X19,
    UC_RISCV_REG_X20, UC_RISCV_REG_X21, UC_RISCV_REG_X22, UC_RISCV_REG_X23, UC_RISCV_REG_X24,
    UC_RISCV_REG_X25, UC_RISCV_REG_X26, UC_RISCV_REG_X27, UC_RISCV_REG_X28, UC_RISCV_REG_X29,
    UC_RISCV_REG_X30, UC_RISCV_REG_X31, UC_RISCV_REG_PC,
};

/* ---------------------------------------------------------------- privilege, threads */

/* Leaves machine mode (mstatus.MPP = 0) and keeps the registers of a new thread. */
static bool prepare(struct cpu *cpu)
{
    uint32_t mstatus = 0;
    uint32_t mepc = SETUP_TARGET;

    uc_reg_write(cpu->uc, UC_RISCV_REG_MSTATUS, &mstatus);
    uc_reg_write(cpu->uc, UC_RISCV_REG_MEPC, &mepc);
    return engine_run_setup(cpu, SETUP_MRET) && uc_context_save(cpu->uc, cpu->fresh) == UC_ERR_OK;
}

static bool load_thread(struct cpu *cpu, uint32_t slot, uint32_t stack_limit)
{
    (void)cpu;
    (void)slot;
    (void)stack_limit;
    return true;
}

/* A new thread has no reservation. */
static void clear_monitor(struct cpu *cpu)
{
    uc_context_restore(cpu->uc, cpu->fresh);
    engine_write_registers(cpu, &cpu->regs, ALL_BUT_X0);
}

/* ---------------------------------------------------------------- the look before */

static bool refuses(struct cpu *cpu, enum mcause mcause, uint32_t mtval)
{
    cpu->fault = (struct cpu_fault){.mcause = mcause, .mtval = mtval};
    return true;
}

static bool may_fetch(const struct cpu *cpu, uint32_t pc)
{
    return mpu_allows(&cpu->mpu, pc, 2, SYS_EXECUTE) && memory_range_of(cpu->memory, pc) != NULL;
}

static uint32_t instruction(const uint16_t half[2])
{
    return rv32_bytes(half[0]) == 2 ? half[0] : half[0] | (uint32_t)half[1] << 16;
}

/* AMOs count as stores. */
static bool is_misaligned(struct cpu *cpu, const uint16_t half[2])
{
    struct rv32_access access;
    uint32_t address = 0;

    if (!rv32_access(half[0], half[1], &access)) {
        return false;
    }
    uc_reg_read(cpu->uc, registers[access.rs1], &address);
    address += (uint32_t)access.offset;
    if (address % access.bytes == 0) {
        cpu->saw_exclusive = cpu->saw_exclusive || rv32_is_lr(&access);
        return false;
    }
    return refuses(cpu, access.store ? CAUSE_STORE_MISALIGNED : CAUSE_LOAD_MISALIGNED, address);
}

/* A device takes no misaligned access; QEMU's bus refuses it like one that nothing answers to. */
static bool misaligned_device(struct cpu *cpu)
{
    struct rv32_access access;
    uint16_t half[2];
    uint32_t address = 0;

    code_fetch(cpu, cpu->last_pc, half);
    if (!rv32_access(half[0], half[1], &access)) {
        return false;
    }
    uc_reg_read(cpu->uc, registers[access.rs1], &address);
    address += (uint32_t)access.offset;
    return address % access.bytes != 0 &&
           refuses(cpu, access.store ? CAUSE_STORE_ACCESS : CAUSE_LOAD_ACCESS, address);
}

static bool accesses(const struct cpu *cpu, uint32_t kind)
{
    struct rv32_access access;
    uint16_t half[2];

    code_fetch(cpu, cpu->last_pc, half);
    return !rv32_access(half[0], half[1], &access) ||
           (kind == SYS_WRITE ? access.store : access.load);
}

static void bus_error(struct cpu *cpu, uint32_t address)
{
    struct rv32_access access = {.store = false};
    uint16_t half[2];

    code_fetch(cpu, cpu->last_pc, half);
    rv32_access(half[0], half[1], &access);
    refuses(cpu, access.store ? CAUSE_STORE_ACCESS : CAUSE_LOAD_ACCESS, address);
}

/* Fills `fault` and returns true if the instruction must not run. */
static bool is_refused(struct cpu *cpu, uint32_t pc)
{
    uint16_t half[2];

    if (!may_fetch(cpu, pc)) {
        return refuses(cpu, CAUSE_FETCH_ACCESS, pc);
    }
    code_fetch(cpu, pc, half);
    if (rv32_bytes(half[0]) == 4 && !may_fetch(cpu, pc + 2u)) {
        return refuses(cpu, CAUSE_FETCH_ACCESS, pc + 2u);
    }
    switch ((enum rv32_screen)code_screen_at(cpu, pc)) {
    case RV32_ILLEGAL:
        return refuses(cpu, CAUSE_ILLEGAL, instruction(half));
    case RV32_ATOMIC:
    case RV32_ACCESS:
        return is_misaligned(cpu, half);
    case RV32_PLAIN:
        break;
    }
    return false;
}

static void look(struct cpu *cpu, uint32_t pc, uint32_t bytes)
{
    (void)bytes; /* Unicorn decoded them where it found them; see fetches in hook_tlb_fill() */
    if (cpu->left <= 0) {
        hook_end_run(cpu, ENDING_BUDGET);
    } else if (marks_stop_at(cpu, pc)) {
        hook_end_run(cpu, ENDING_BREAK);
    } else if (is_refused(cpu, pc)) {
        hook_refuse(cpu, pc, ENDING_SCREEN);
    } else {
        cpu->last_pc = pc;
        cpu->left--;
    }
}

static bool begin(struct cpu *cpu)
{
    (void)cpu;
    return true;
}

/* A stop is always honoured before the next instruction. */
static void overrun(struct cpu *cpu)
{
    (void)cpu;
}

/* Misaligned loads and stores are looked at where the core refuses them. */
static uint8_t screen(const struct cpu *cpu, uint16_t first, uint16_t second)
{
    enum rv32_screen kind = rv32_screen(first, second);

    return kind == RV32_ACCESS && cpu->model != CPU_SIFIVE_E31 ? RV32_PLAIN : (uint8_t)kind;
}

static void skipped(struct cpu *cpu)
{
    (void)cpu;
}

static bool goes_on(const struct cpu *cpu, uint16_t first)
{
    (void)cpu;
    (void)first;
    return false;
}

static bool is_nothing(const struct cpu *cpu)
{
    (void)cpu;
    return false;
}

static uint32_t counted_ahead(const struct cpu *cpu)
{
    (void)cpu;
    return 0;
}

/* ---------------------------------------------------------------- why it stopped */

static bool may_access(const struct cpu *cpu, uint32_t address, uint32_t want)
{
    return (mpu_at(&cpu->mpu, address) & want) == want && bus_answers(cpu, address);
}

/* Address of the first byte that is refused: that of the part of the access that failed. */
static enum cpu_stop explain_access(struct cpu *cpu)
{
    struct rv32_access access;
    uint16_t half[2];

    code_fetch(cpu, cpu->last_pc, half);
    if (!rv32_access(half[0], half[1], &access)) {
        return cpu_failed(cpu, "refused an access of something else, opcode", half[0]);
    }
    uint32_t address = cpu->regs.r[access.rs1] + (uint32_t)access.offset;
    uint32_t want = (access.load ? SYS_READ : 0u) | (access.store ? SYS_WRITE : 0u);

    for (uint32_t i = 0; i < access.bytes; i++) {
        if (!may_access(cpu, address + i, want)) {
            refuses(cpu, access.store ? CAUSE_STORE_ACCESS : CAUSE_LOAD_ACCESS, address + i);
            return CPU_STOP_FAULT;
        }
    }
    return cpu_failed(cpu, "refused an access that is allowed, opcode", half[0]);
}

/* EBREAK, or what Unicorn has no instruction for. */
static enum cpu_stop explain_instruction(struct cpu *cpu)
{
    uint16_t half[2];

    code_fetch(cpu, cpu->last_pc, half);
    if (rv32_is_ebreak(half[0], half[1])) {
        refuses(cpu, CAUSE_BREAKPOINT, cpu->last_pc);
    } else {
        refuses(cpu, CAUSE_ILLEGAL, instruction(half));
    }
    return CPU_STOP_FAULT;
}

/* The instruction at last_pc was counted, but has not been executed. */
static void take_back(struct cpu *cpu)
{
    cpu->left++;
    cpu->regs.r[CPU_X_PC] = cpu->last_pc;
}

static enum cpu_stop explain(struct cpu *cpu, uc_err error)
{
    switch (cpu->ending) {
    case ENDING_SCREEN: /* not counted, and `fault` was filled when it was found */
        return CPU_STOP_FAULT;
    case ENDING_DEVICE:
        take_back(cpu);
        return CPU_STOP_FAULT;
    case ENDING_ACCESS:
        take_back(cpu);
        return explain_access(cpu);
    case ENDING_INTERRUPT:
        take_back(cpu);
        if (cpu->interrupt != INTERRUPT_ILLEGAL) {
            return cpu_failed(cpu, "unexpected exception", cpu->interrupt);
        }
        return explain_instruction(cpu);
    case ENDING_INVALID:
        take_back(cpu);
        return explain_instruction(cpu);
    case ENDING_NONE:
    case ENDING_BUDGET:
    case ENDING_BREAK:
    case ENDING_SVC:
        break;
    }
    /* A jump to address 0, where runs end, or to the page around it, which is not fetched from. */
    if (cpu->regs.r[CPU_X_PC] < PAGE && (error == UC_ERR_OK || cpu->refused_fetch)) {
        refuses(cpu, CAUSE_FETCH_ACCESS, cpu->regs.r[CPU_X_PC]);
        return CPU_STOP_FAULT;
    }
    if (error == UC_ERR_OK) {
        return cpu_failed(cpu, "stopped for no reason", 0);
    }
    take_back(cpu);
    return explain_access(cpu);
}

const struct cpu_arch cpu_rv32 = {
    .uc_arch = UC_ARCH_RISCV,
    .uc_mode = UC_MODE_RISCV32,
    .uc_model = UC_CPU_RISCV32_SIFIVE_E31,
    .page = PAGE,
    .scratch_base = SCRATCH_BASE,
    .setup_code = setup_code,
    .fetches_anywhere = true,
    .register_id = registers,
    .register_count = CPU_REGISTERS,
    .pc = CPU_X_PC,
    .prepare = prepare,
    .load_thread = load_thread,
    .bytes = rv32_bytes,
    .block_end = 0xa001, /* c.j . */
    .goes_on = goes_on,
    .screen = screen,
    .begin = begin,
    .look = look,
    .overrun = overrun,
    .syscall = INTERRUPT_ECALL,
    .is_nothing = is_nothing,
    .explain = explain,
    .clear_monitor = clear_monitor,
    .skipped = skipped,
    .counted_ahead = counted_ahead,
    .misaligned_device = misaligned_device,
    .accesses = accesses,
    .bus_error = bus_error,
};
