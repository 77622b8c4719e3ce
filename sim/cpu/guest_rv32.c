/* RV32: a trap pushes nothing; its registers go to the thread's context. */
#include <elf.h>
#include <string.h>

#include "arch/rv32/fault.h"
#include "kernel/system.h"
#include "sim/machine.h"

#ifndef EM_RISCV
#define EM_RISCV 243
#endif

#define X_T0 5u
#define X_S0 8u
#define X_S2 18u
#define X_T3 28u

static void list_mpu(struct mpu_entries *entries, const struct port_mpu_image *image,
                     uint32_t count)
{
    mpu_list_pmp(entries, &image->rv32, count);
}

static void save(struct thread *thread, const uint32_t x[CPU_REGISTERS])
{
    struct rv32_context *context = &thread->context.rv32;

    memcpy(thread->reg, &x[CPU_X_A0], sizeof thread->reg);
    context->pc = x[CPU_X_PC];
    context->ra = x[CPU_X_RA];
    context->sp = x[CPU_X_SP];
    context->gp = x[3];
    context->tp = x[4];
    memcpy(&context->t[0], &x[X_T0], 3 * sizeof x[0]);
    memcpy(&context->t[3], &x[X_T3], 4 * sizeof x[0]);
    memcpy(&context->s[0], &x[X_S0], 2 * sizeof x[0]);
    memcpy(&context->s[2], &x[X_S2], 10 * sizeof x[0]);
}

static void load(const struct thread *thread, uint32_t x[CPU_REGISTERS])
{
    const struct rv32_context *context = &thread->context.rv32;

    x[0] = 0;
    x[CPU_X_PC] = context->pc & ~UINT32_C(1); /* mepc has no bit 0 */
    x[CPU_X_RA] = context->ra;
    x[CPU_X_SP] = context->sp;
    x[3] = context->gp;
    x[4] = context->tp;
    memcpy(&x[X_T0], &context->t[0], 3 * sizeof x[0]);
    memcpy(&x[X_T3], &context->t[3], 4 * sizeof x[0]);
    memcpy(&x[X_S0], &context->s[0], 2 * sizeof x[0]);
    memcpy(&x[X_S2], &context->s[2], 10 * sizeof x[0]);
    memcpy(&x[CPU_X_A0], thread->reg, sizeof thread->reg);
}

static bool suspend(struct k5sim *sim, struct thread *thread, struct cpu *cpu)
{
    save(thread, cpu_registers(cpu)->r);
    cpu_exception(cpu);
    sim->live = false;
    return true;
}

static void describe_fault(struct k5sim *sim, const struct thread *thread, const struct cpu *cpu,
                           struct fault_record *record)
{
    const struct cpu_fault *seen = cpu_fault(cpu);
    const uint32_t *x = cpu_registers(cpu)->r;
    uint32_t id = (uint32_t)(thread - sim->kernel.thread);

    rv32_fault_decode(
        &(struct rv32_fault_input){
            .mcause = seen->mcause,
            .mepc = x[CPU_X_PC],
            .mtval = seen->mtval,
            .sp = x[CPU_X_SP],
            .ra = x[CPU_X_RA],
            .stack_base = sys_thread(id)->stack_base,
        },
        record);
}

static void fault(struct k5sim *sim, struct thread *thread, struct cpu *cpu)
{
    struct fault_record record;

    describe_fault(sim, thread, cpu, &record);
    suspend(sim, thread, cpu);
    machine_fault(sim, &record);
}

/* Threads differ in their registers only. */
static bool select_thread(struct k5sim *sim, const struct thread *thread, struct cpu *cpu)
{
    (void)sim;
    (void)thread;
    return cpu_select(cpu, 0, 0, false);
}

static bool resume(struct k5sim *sim, struct thread *thread, struct cpu *cpu)
{
    struct cpu_registers registers;

    select_thread(sim, thread, cpu);
    load(thread, registers.r);
    cpu_set_registers(cpu, &registers);
    sim->live = true;
    return true;
}

static void saved_registers(struct k5sim *sim, const struct thread *thread,
                            struct cpu_registers *registers)
{
    (void)sim;
    load(thread, registers->r);
}

static bool set_register(struct k5sim *sim, struct thread *thread, uint32_t number,
                         const uint32_t *value)
{
    uint32_t x[CPU_REGISTERS];

    (void)sim;
    load(thread, x);
    x[number] = value == NULL ? x[number] : *value;
    save(thread, x);
    return true;
}

static uint32_t register_bits(uint32_t number)
{
    if (number == CPU_X_PC) {
        return ~UINT32_C(1);
    }
    return number == 0 ? 0 : UINT32_MAX;
}

static bool flip_saved(struct k5sim *sim, struct thread *thread, uint32_t number, uint32_t mask)
{
    uint32_t x[CPU_REGISTERS];

    (void)sim;
    load(thread, x);
    x[number] ^= mask;
    save(thread, x);
    return true;
}

/* The cores differ in what Unicorn makes of them. */
#define RV32_GUEST(name, core)                                                                     \
    {                                                                                              \
        .cpu = (name), .model = (core), .port = &hostport_rv32, .elf_machine = EM_RISCV,           \
        .elf_name = "RISC-V", .register_count = CPU_REGISTERS, .list_mpu = list_mpu,               \
        .build_mpu = mpu_build_pmp, .register_bits = register_bits, .flip_saved = flip_saved,      \
        .suspend = suspend, .fault = fault, .describe_fault = describe_fault, .resume = resume,    \
        .select = select_thread, .registers = saved_registers, .set_register = set_register,       \
    }

const struct guest guest_rv32 = RV32_GUEST("rv32", CPU_RV32);
const struct guest guest_sifive_e31 = RV32_GUEST("sifive-e31", CPU_SIFIVE_E31);
