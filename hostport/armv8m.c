/* The hosted port for tasks of Armv8-M.
 *
 * Register values and exception frames are computed by the same pure code as on
 * the chip (arch/armv8m/pmsav8.c, frame.h), so what the kernel stores in its
 * state is what it would store there.
 */
#include <string.h>

#include "arch/armv8m/frame.h"
#include "arch/armv8m/pmsav8.h"
#include "hostport/hostport.h"
#include "kernel/entry.h"
#include "kernel/kassert.h"
#include "kernel/region.h"
#include "kernel/state.h"
#include "kernel/system.h"

/* Return to Non-secure Thread mode on PSP, standard frame: as on STM32L5 with TZEN = 0. */
#define EXC_RETURN_THREAD UINT32_C(0xffffffbc)

static void thread_init(uint8_t id)
{
    const struct sys_thread *thread = sys_thread(id);
    struct armv8m_context *context = &k5.thread[id].context.armv8m;
    struct exception_frame frame;

    context->psp = thread->stack_top - FRAME_BYTES;
    context->psplim = thread->stack_base;
    context->exc_return = EXC_RETURN_THREAD;

    uint8_t *target = hostport_memory(hostport_machine, context->psp, FRAME_BYTES);

    KASSERT(target != NULL);
    frame_init(&frame, thread->entry, thread->argument);
    memcpy(target, &frame, sizeof frame);
    hostport_machine->written(hostport_machine, context->psp, FRAME_BYTES);
}

static void fault_site(uint8_t id, struct fault_record *record)
{
    const struct armv8m_context *context = &k5.thread[id].context.armv8m;
    const uint8_t *source = hostport_memory(hostport_machine, context->psp, FRAME_BYTES);
    struct exception_frame frame;

    if (source == NULL || !region_check(k5.thread[id].task, context->psp, FRAME_BYTES, SYS_READ)) {
        return; /* or the frame lies across two memories: the record says that pc is unknown */
    }
    memcpy(&frame, source, sizeof frame);
    /* After an SVC the stacked pc is behind it; a timeout interrupts before the instruction. */
    record->pc = record->kind == K5_FAULT_TIMEOUT ? frame.pc : frame.pc - 2;
    record->lr = frame.lr;
    record->sp = frame_thread_sp(context->psp, context->exc_return, frame.xpsr);
    record->flags |= K5_FAULT_FLAG_PC_KNOWN;
}

static void mpu_compile(const struct sys_region *region, uint32_t count,
                        struct port_mpu_image *image)
{
    KASSERT(count <= PMSAV8_REGIONS);
    pmsav8_compile(region, count, &image->armv8m);
}

static uint32_t mpu_entries(const struct sys_region *region, bool whole, uint32_t edges,
                            uint32_t holes)
{
    (void)region;
    (void)whole;
    return pmsav8_entries_most(edges, holes);
}

const struct hostport_arch hostport_armv8m = {
    .thread_init = thread_init,
    .fault_site = fault_site,
    .mpu_compile = mpu_compile,
    .mpu_entries = mpu_entries,
};
