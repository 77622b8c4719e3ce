/* The hosted port for tasks of RV32.
 *
 * A trap pushes nothing: all of a thread's registers are in its context, and the
 * kernel finds there what it wants to know. Register values of the PMP are
 * computed by the same pure code as on the chip (arch/rv32/pmp.c).
 */
#include "arch/rv32/pmp.h"
#include "hostport/hostport.h"
#include "kernel/entry.h"
#include "kernel/kassert.h"
#include "kernel/state.h"
#include "kernel/system.h"

#define ECALL_BYTES 4u

static void thread_init(uint8_t id)
{
    const struct sys_thread *fixed = sys_thread(id);
    struct thread *thread = &k5.thread[id];

    thread->context.rv32 = (struct rv32_context){
        .pc = fixed->entry,
        .sp = fixed->stack_top,
    };
    thread->reg[0] = fixed->argument; /* a0 */
}

static void fault_site(uint8_t id, struct fault_record *record)
{
    const struct rv32_context *context = &k5.thread[id].context.rv32;

    /* After an ecall pc is behind it; a timeout interrupts before the instruction. */
    record->pc = record->kind == K5_FAULT_TIMEOUT ? context->pc : context->pc - ECALL_BYTES;
    record->lr = context->ra;
    record->sp = context->sp;
    record->flags |= K5_FAULT_FLAG_PC_KNOWN;
}

static void mpu_compile(const struct sys_region *region, uint32_t count,
                        struct port_mpu_image *image)
{
    KASSERT(pmp_entries(region, count) <= PMP_ENTRIES);
    pmp_compile(region, count, &image->rv32);
}

const struct hostport_arch hostport_rv32 = {
    .thread_init = thread_init,
    .fault_site = fault_site,
    .mpu_compile = mpu_compile,
    .mpu_entries = pmp_entries_most,
};
