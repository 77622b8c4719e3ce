/* The kernel's state, and the port functions about threads, memory and the MPU. */
#include "kernel/port.h"
#include "kernel/region.h"

#include "arch/armv8m/core.h"
#include "arch/armv8m/entry_offsets.h"
#include "arch/armv8m/fpu.h"
#include "arch/armv8m/frame.h"
#include "arch/armv8m/pmsav8.h"
#include "arch/armv8m/port_state.h"
#include "kernel/entry.h"
#include "kernel/state.h"
#include "kernel/system.h"

#define SVC_BYTES 2u
#define STALE     0xfeu /* no thread has this number: CFG_THREADS is at most 128 */

/* image.ld puts them next to each other: entry.S has both within reach of one register. */
struct port_state port __attribute__((used, section(".bss.a_port")));
struct kernel_state port_kernel_state __attribute__((used, section(".bss.b_k5")));

#define OFFSET_IS(type, field, number)                                                             \
    _Static_assert(offsetof(type, field) == (number), "entry_offsets.h: " #number)

OFFSET_IS(struct port_state, id, PORT_ID);
OFFSET_IS(struct port_state, saved, PORT_SAVED);
OFFSET_IS(struct port_state, mapped, PORT_MAPPED);
OFFSET_IS(struct port_state, idle, PORT_IDLE);
OFFSET_IS(struct port_saved, context, THREAD_CONTEXT);
OFFSET_IS(struct port_context, psp, 0);
OFFSET_IS(struct port_context, exc_return, 4);
OFFSET_IS(struct port_context, psplim, 8);
OFFSET_IS(struct port_context, mpu, THREAD_MPU - THREAD_CONTEXT);
_Static_assert(sizeof(struct port_state) == PORT_BYTES, "entry_offsets.h: PORT_BYTES");
OFFSET_IS(struct kernel_state, current, K5_CURRENT);
OFFSET_IS(struct kernel_state, thread[0].reg, K5_REG);
OFFSET_IS(struct thread, context, offsetof(struct thread, reg) + THREAD_CONTEXT);
_Static_assert(sizeof(struct thread) == 1u << THREAD_SHIFT, "entry_offsets.h: THREAD_SHIFT");
_Static_assert(sizeof(struct task) == 256, "kernel/state.h: finding a task is a shift");
_Static_assert(NO_THREAD == NOBODY, "entry_offsets.h: NOBODY");

static uint32_t mpu_address(uint32_t task)
{
    return (uint32_t)(uintptr_t)&k5.task[task].mpu;
}

void port_thread_init(uint8_t id)
{
    const struct sys_thread *fixed = sys_thread(id);
    uint32_t psp = fixed->stack_top - FRAME_BYTES;

    frame_init((struct exception_frame *)(uintptr_t)psp, fixed->entry, fixed->argument);
    k5.thread[id].context = (struct port_context){
        .psp = psp,
        .exc_return = port.idle.context.exc_return,
        .psplim = fixed->stack_base,
        .mpu = mpu_address(fixed->task),
    };
    if (fpu_thread_init(id)) {
        port.id = STALE;
    }
}

void port_fault_site(uint8_t id, struct fault_record *record)
{
    const struct port_context *context = &k5.thread[id].context;
    const struct exception_frame *frame = (const struct exception_frame *)(uintptr_t)context->psp;

    if (!region_check(k5.thread[id].task, context->psp, FRAME_BYTES, SYS_READ)) {
        return;
    }
    /* After an SVC the stacked pc is behind it; a timeout interrupts before the instruction. */
    record->pc = record->kind == K5_FAULT_TIMEOUT ? frame->pc : frame->pc - SVC_BYTES;
    record->lr = frame->lr;
    record->sp = frame_thread_sp(context->psp, context->exc_return, frame->xpsr);
    record->flags |= K5_FAULT_FLAG_PC_KNOWN;
}

uint32_t port_mpu_entries(const struct sys_region *region, bool whole, uint32_t edges,
                          uint32_t holes)
{
    (void)region;
    (void)whole;
    return pmsav8_entries_most(edges, holes);
}

void port_mpu_compile(uint8_t id)
{
    struct task *task = &k5.task[id];

    pmsav8_compile(task->region, task->region_count, &task->mpu);
    if (port.mapped == mpu_address(id)) {
        port.mapped = 0; /* what the MPU holds is out of date, */
        port.id = STALE; /* and the exit must see to it, whoever runs next */
    }
}

/*
 * The MPU binds the kernel, too, where it writes: a region that the interrupted task may only read
 * nobody can write, and no setting is for privileged code alone. Others may have the right to what
 * is copied there; so it is off meanwhile.
 */
static void mpu_off(void)
{
    MPU_CTRL = 0;
    core_sync();
}

static void mpu_on(void)
{
    MPU_CTRL = MPU_CTRL_ON;
    core_sync();
}

/* Word by word, aligned or not: the core takes unaligned words in normal memory, and region_check()
 * lets no other through. Byte by byte, a long message would hold interrupts off for too long. */
static void copy_bytes(uint8_t *to, const uint8_t *from, uint32_t bytes)
{
    uint32_t word;
    uint32_t done = 0;

    for (; done + sizeof word <= bytes; done += sizeof word) {
        __builtin_memcpy(&word, from + done, sizeof word);
        __builtin_memcpy(to + done, &word, sizeof word);
    }
    for (; done < bytes; done++) {
        to[done] = from[done];
    }
}

void port_copy(uint32_t to, uint32_t from, uint32_t bytes)
{
    mpu_off();
    copy_bytes((uint8_t *)(uintptr_t)to, (const uint8_t *)(uintptr_t)from, bytes);
    mpu_on();
}

void port_clear(uint32_t base, uint32_t bytes)
{
    mpu_off();
    __builtin_memset((void *)(uintptr_t)base, 0, bytes);
    mpu_on();
}
