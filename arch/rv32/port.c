/* The kernel's state, and the port functions about threads, memory and the PMP. */
#include "kernel/port.h"

#include "arch/rv32/copy.h"
#include "arch/rv32/entry_offsets.h"
#include "arch/rv32/pmp.h"
#include "arch/rv32/port_state.h"
#include "kernel/entry.h"
#include "kernel/kassert.h"
#include "kernel/state.h"
#include "kernel/system.h"

#define ECALL_BYTES 4u
#define STALE       0xfeu /* no thread has this number: CFG_THREADS is at most 128 */

/* image.ld puts them next to each other: entry.S has both within reach of one register. */
struct port_state port __attribute__((used, section(".bss.a_port")));
struct kernel_state k5 __attribute__((used, section(".bss.b_k5")));

#define OFFSET_IS(type, field, number)                                                             \
    _Static_assert(offsetof(type, field) == (number), "entry_offsets.h: " #number)

OFFSET_IS(struct port_state, scratch, 0);
OFFSET_IS(struct port_state, id, PORT_ID);
OFFSET_IS(struct port_state, saved, PORT_SAVED);
OFFSET_IS(struct port_state, mapped, PORT_MAPPED);
_Static_assert(sizeof(struct port_state) == PORT_BYTES, "entry_offsets.h: PORT_BYTES");
OFFSET_IS(struct kernel_state, current, K5_CURRENT);
OFFSET_IS(struct kernel_state, thread[0].reg, K5_REG);
OFFSET_IS(struct port_saved, reg, THREAD_REG);
OFFSET_IS(struct port_saved, context, THREAD_PC);
OFFSET_IS(struct port_saved, context.ra, THREAD_RA);
OFFSET_IS(struct port_saved, context.sp, THREAD_SP);
OFFSET_IS(struct port_saved, context.gp, THREAD_GP);
OFFSET_IS(struct port_saved, context.tp, THREAD_TP);
OFFSET_IS(struct port_saved, context.t, THREAD_T);
OFFSET_IS(struct port_saved, context.s, THREAD_S);
OFFSET_IS(struct port_saved, context.mpu, THREAD_MPU);
OFFSET_IS(struct thread, context,
          offsetof(struct thread, reg) + offsetof(struct port_saved, context));
_Static_assert(sizeof(struct thread) == THREAD_BYTES, "entry_offsets.h: THREAD_BYTES");
OFFSET_IS(struct port_mpu_image, cfg, MPU_CFG);
OFFSET_IS(struct port_mpu_image, addr, MPU_ADDR);
_Static_assert(NO_THREAD == NOBODY, "entry_offsets.h: NOBODY");

static uint32_t mpu_address(uint32_t task)
{
    return (uint32_t)(uintptr_t)&k5.task[task].mpu;
}

void port_thread_init(uint8_t id)
{
    const struct sys_thread *fixed = sys_thread(id);
    struct thread *thread = &k5.thread[id];

    thread->context = (struct port_context){
        .pc = fixed->entry,
        .sp = fixed->stack_top,
        .mpu = mpu_address(fixed->task),
    };
    thread->reg[0] = fixed->argument;
    if (port.saved == (struct port_saved *)&thread->reg) {
        port.saved = NULL; /* s0 to s11 in the core are of its last life */
        port.id = STALE;
    }
}

void port_fault_site(uint8_t id, struct fault_record *record)
{
    const struct port_context *context = &k5.thread[id].context;

    /* After an ecall pc is behind it; a timeout interrupts before the instruction. */
    record->pc = record->kind == K5_FAULT_TIMEOUT ? context->pc : context->pc - ECALL_BYTES;
    record->lr = context->ra;
    record->sp = context->sp;
    record->flags |= K5_FAULT_FLAG_PC_KNOWN;
}

uint32_t port_mpu_entries(const struct sys_region *region, bool whole, uint32_t edges,
                          uint32_t holes)
{
    return pmp_entries_most(region, whole, edges, holes);
}

void port_mpu_compile(uint8_t id)
{
    struct task *task = &k5.task[id];
    bool fits = pmp_compile(task->region, task->region_count, &task->mpu);

    KASSERT(fits); /* the kernel has asked port_mpu_entries() */
    if (port.mapped == mpu_address(id)) {
        port.mapped = 0; /* what the PMP holds is out of date, */
        port.id = STALE; /* and the exit must see to it, whoever runs next */
    }
}

void port_copy(uint32_t to, uint32_t from, uint32_t bytes)
{
    copy_bytes((uint8_t *)(uintptr_t)to, (const uint8_t *)(uintptr_t)from, bytes);
}

void port_clear(uint32_t base, uint32_t bytes)
{
    __builtin_memset((void *)(uintptr_t)base, 0, bytes);
}
