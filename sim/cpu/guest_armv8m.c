/* Armv8-M: exceptions push and pop frames on the thread's stack, and that can fail. */
#include <elf.h>
#include <string.h>

#include "arch/armv8m/fault.h"
#include "kernel/entry.h"
#include "sim/cpu/exception.h"
#include "sim/machine.h"

#define FIRST_SYSCALL_REGISTER 4u /* r4 to r11 */
#define REGISTERS              17u
#define FRAME_WORDS            (FRAME_EXTENDED_BYTES / 4u + 2u) /* and what aligns it */

_Static_assert(CFG_THREADS <= CPU_THREADS, "a thread has its number in any engine");

static void list_mpu(struct mpu_entries *entries, const struct port_mpu_image *image,
                     uint32_t count)
{
    mpu_list_pmsav8(entries, &image->armv8m, count);
}

static struct fault_input fault_input_of(const struct thread *thread)
{
    return (struct fault_input){
        .psp = thread->context.armv8m.psp,
        .psplim = thread->context.armv8m.psplim,
        .exc_return = thread->context.armv8m.exc_return,
    };
}

static void enter_fault(struct k5sim *sim, const struct fault_input *input)
{
    struct exception_frame frame;
    struct fault_record record;
    const uint8_t *host = hostport_memory(&sim->port, input->psp, FRAME_BYTES);
    bool pushed = host != NULL && fault_frame_pushed(input);

    if (pushed) {
        memcpy(&frame, host, sizeof frame);
    }
    fault_decode(input, pushed ? &frame : NULL, &record);
    machine_fault(sim, &record);
}

static bool has_fpu(const struct k5sim *sim, const struct thread *thread)
{
    return sim->fpu_threads != 0 && (sim->fpu_threads >> (thread - sim->kernel.thread) & 1u) != 0;
}

/* Exception entry: the running thread's registers go where the kernel finds them. */
static uint32_t push(struct k5sim *sim, struct thread *thread, struct cpu *cpu)
{
    const struct cpu_registers *registers = cpu_registers(cpu);
    bool fp_active = has_fpu(sim, thread) && cpu_fp_active(cpu);
    struct cpu_fp fp;

    if (fp_active) {
        cpu_fp_read(cpu, &fp);
    }

    memcpy(thread->reg, &registers->r[FIRST_SYSCALL_REGISTER], sizeof thread->reg);
    cpu_exception(cpu);
    sim->live = false;
    uint32_t stacking = exception_push(sim->memory, &sim->task[thread->task].mpu, registers,
                                       fp_active ? &fp : NULL, &thread->context.armv8m);

    if (sim->faults.words.count != 0) {
        memory_hold_stuck(sim->memory, thread->context.armv8m.psp, FRAME_EXTENDED_BYTES);
    }
    return stacking;
}

static uint32_t exception_of(uint32_t cfsr)
{
    return (cfsr & (CFSR_STKOF | CFSR_INVPC)) != 0 ? EXC_USAGE_FAULT : EXC_MEM_MANAGE;
}

/* The frame could not be pushed or popped: that is the fault, instead of what was to happen. */
static void stack_fault(struct k5sim *sim, const struct thread *thread, uint32_t cfsr)
{
    struct fault_input input = fault_input_of(thread);

    input.exception = exception_of(cfsr);
    input.cfsr = cfsr;
    enter_fault(sim, &input);
}

/* An interrupt whose frame does not fit stays pending, and is taken in what runs next. */
static bool suspend(struct k5sim *sim, struct thread *thread, struct cpu *cpu)
{
    uint32_t stacking = push(sim, thread, cpu);

    if (stacking != 0) {
        stack_fault(sim, thread, stacking);
    }
    return stacking == 0;
}

static struct fault_input input_with(const struct armv8m_context *context,
                                     const struct cpu_fault *fault, uint32_t stacking)
{
    return (struct fault_input){
        .psp = context->psp,
        .psplim = context->psplim,
        .exc_return = context->exc_return,
        .exception = stacking != 0 ? exception_of(stacking) : fault->exception,
        .cfsr = fault->cfsr | stacking,
        .hfsr = fault->hfsr,
        .mmfar = fault->mmfar,
        .bfar = fault->bfar,
    };
}

static void instruction_fault(struct k5sim *sim, struct thread *thread, struct cpu *cpu)
{
    const struct cpu_fault fault = *cpu_fault(cpu);
    uint32_t stacking = push(sim, thread, cpu);
    struct fault_input input = input_with(&thread->context.armv8m, &fault, stacking);

    enter_fault(sim, &input);
}

/* The words below the stack pointer that a frame could take: kept, or put back. */
static void carry_stack(struct k5sim *sim, uint32_t sp, uint32_t words[FRAME_WORDS], bool back)
{
    for (uint32_t i = 0; i < FRAME_WORDS; i++) {
        uint8_t *host = memory_host(sim->memory, (sp & ~UINT32_C(3)) - 4u * (i + 1u), 4);

        if (host != NULL && back) {
            memcpy(host, &words[i], 4);
        } else if (host != NULL) {
            memcpy(&words[i], host, 4);
        }
    }
}

/* Pushes the frame as the exception will, looks, and takes it back. */
static void describe_fault(struct k5sim *sim, const struct thread *thread, const struct cpu *cpu,
                           struct fault_record *record)
{
    const struct cpu_registers *registers = cpu_registers(cpu);
    struct armv8m_context context = thread->context.armv8m;
    bool fp_active = has_fpu(sim, thread) && cpu_fp_active(cpu);
    uint32_t kept[FRAME_WORDS];
    struct exception_frame frame;
    struct cpu_fp fp;

    if (fp_active) {
        cpu_fp_read(cpu, &fp);
    }
    carry_stack(sim, registers->r[CPU_SP], kept, false);
    uint32_t stacking = exception_push(sim->memory, &sim->task[thread->task].mpu, registers,
                                       fp_active ? &fp : NULL, &context);
    struct fault_input input = input_with(&context, cpu_fault(cpu), stacking);
    const uint8_t *host = memory_host(sim->memory, context.psp, FRAME_BYTES);
    bool pushed = host != NULL && fault_frame_pushed(&input);

    if (pushed) {
        memcpy(&frame, host, sizeof frame);
    }
    carry_stack(sim, registers->r[CPU_SP], kept, true);
    fault_decode(&input, pushed ? &frame : NULL, record);
}

static bool select_thread(struct k5sim *sim, const struct thread *thread, struct cpu *cpu)
{
    uint32_t slot = (uint32_t)(thread - sim->kernel.thread);

    return cpu_select(cpu, slot, thread->context.armv8m.psplim, has_fpu(sim, thread));
}

/*
 * The thread in its engine. One with FPU that returns to a standard frame has not used it since it
 * began: it must not find what its last incarnation left.
 */
static bool load(struct k5sim *sim, const struct thread *thread, struct cpu *cpu)
{
    bool standard = !exception_is_extended(&thread->context.armv8m);
    bool loaded = select_thread(sim, thread, cpu);

    if (loaded && has_fpu(sim, thread) && standard && cpu_fp_active(cpu)) {
        loaded = cpu_fp_clear(cpu);
    }
    if (!loaded) {
        machine_error(sim, K5SIM_ENGINE, "task %u: no room in its engine for thread %u",
                      (unsigned)thread->task, (unsigned)(thread - sim->kernel.thread));
        sim->failed = true;
    }
    return loaded;
}

/* Exception return into the running thread. False: its frame is not to be had, the kernel knows. */
static bool resume(struct k5sim *sim, struct thread *thread, struct cpu *cpu)
{
    const struct armv8m_context *context = &thread->context.armv8m;
    struct cpu_registers registers;
    struct cpu_fp fp;

    if (!load(sim, thread, cpu)) {
        return false;
    }
    uint32_t cfsr =
        exception_pop(sim->memory, &sim->task[thread->task].mpu, context, &registers, &fp);

    if (cfsr != 0) {
        stack_fault(sim, thread, cfsr);
        return false;
    }
    if (exception_is_extended(context)) {
        cpu_fp_write(cpu, &fp);
    }
    memcpy(&registers.r[FIRST_SYSCALL_REGISTER], thread->reg, sizeof thread->reg);
    cpu_set_registers(cpu, &registers);
    sim->live = true;
    return true;
}

/* Where the frame is not to be had, what is known stays: r4 to r11 and the stack pointer. */
static void saved_registers(struct k5sim *sim, const struct thread *thread,
                            struct cpu_registers *registers)
{
    struct mpu mpu;

    machine_view(sim, thread->task, &mpu);
    registers->r[CPU_SP] = thread->context.armv8m.psp;
    exception_pop(sim->memory, &mpu, &thread->context.armv8m, registers, NULL);
    memcpy(&registers->r[FIRST_SYSCALL_REGISTER], thread->reg, sizeof thread->reg);
}

static uint32_t register_bits(uint32_t number)
{
    switch (number) {
    case CPU_SP:
        return ~UINT32_C(3);
    case CPU_PC:
        return ~UINT32_C(1);
    case CPU_XPSR: /* flags, IT, T, GE; a thread's exception number is 0 whatever a frame says */
        return UINT32_C(0xff0ffc00);
    default:
        return UINT32_MAX;
    }
}

/* Where register `number` lies in a frame; FRAME_BYTES: not there. */
static uint32_t frame_offset(uint32_t number)
{
    switch (number) {
    case 12:
        return offsetof(struct exception_frame, r12);
    case CPU_LR:
        return offsetof(struct exception_frame, lr);
    case CPU_PC:
        return offsetof(struct exception_frame, pc);
    case CPU_XPSR:
        return offsetof(struct exception_frame, xpsr);
    default:
        return number < FIRST_SYSCALL_REGISTER ? 4u * number : FRAME_BYTES;
    }
}

/* The stack pointer says where the frame is, so it stays. */
static bool set_register(struct k5sim *sim, struct thread *thread, uint32_t number,
                         const uint32_t *value)
{
    uint32_t saved = number - FIRST_SYSCALL_REGISTER;
    uint32_t at = thread->context.armv8m.psp + frame_offset(number);
    struct mpu mpu;

    if (saved < sizeof thread->reg / sizeof thread->reg[0]) {
        thread->reg[saved] = value == NULL ? thread->reg[saved] : *value;
        return true;
    }
    machine_view(sim, thread->task, &mpu);
    uint8_t *host = memory_host(sim->memory, at, 4);

    if (frame_offset(number) == FRAME_BYTES || host == NULL ||
        !mpu_allows(&mpu, at, 4, SYS_WRITE)) {
        return false;
    }
    if (value != NULL) {
        memcpy(host, value, sizeof *value);
        memory_touch(sim->memory, at, sizeof *value);
        machine_written(sim, at, sizeof *value);
    }
    return true;
}

static bool flip_saved(struct k5sim *sim, struct thread *thread, uint32_t number, uint32_t mask)
{
    uint32_t saved = number - FIRST_SYSCALL_REGISTER;
    uint32_t at = thread->context.armv8m.psp + frame_offset(number);

    if (saved < sizeof thread->reg / sizeof thread->reg[0]) {
        thread->reg[saved] ^= mask;
    } else if (number == CPU_SP) {
        thread->context.armv8m.psp ^= mask;
    } else {
        return machine_flip_word(sim, at, mask) == K5SIM_OK;
    }
    return true;
}

const struct guest guest_cortex_m33 = {
    .cpu = "cortex-m33",
    .model = CPU_CORTEX_M33,
    .port = &hostport_armv8m,
    .elf_machine = EM_ARM,
    .elf_name = "Arm",
    .register_count = REGISTERS,
    .has_fpu = true,
    .list_mpu = list_mpu,
    .build_mpu = mpu_build_pmsav8,
    .register_bits = register_bits,
    .flip_saved = flip_saved,
    .suspend = suspend,
    .fault = instruction_fault,
    .describe_fault = describe_fault,
    .resume = resume,
    .select = select_thread,
    .registers = saved_registers,
    .set_register = set_register,
};
