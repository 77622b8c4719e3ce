/* What memory each task may touch, byte by byte, from the system description and from the loans
 * that the trace tells of. Shares no code with the kernel.
 */
#include "tests/unit/oracle_memory.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "arch/armv8m/pmsav8.h"
#include "hostport/hostport.h"
#include "k5_abi.h"
#include "kernel/config.h"
#include "kernel/state.h"
#include "kernel/system.h"

/* What a thread lends, as the events say. */
struct observed_loan {
    bool out;
    uint8_t borrower;
    uint8_t kind;
    uint32_t base;
    uint32_t bytes;
};

static struct observed_loan loans[CFG_THREADS];
static uint64_t died_at[CFG_TASKS];       /* when the task last began to come down */
static uint64_t idle_at_death[CFG_TASKS]; /* the ticks that the machine had idled by then */
static bool changed; /* since the last check something happened that may change views */
static uint32_t since_check;

/* Time may pass unnoticed between two entries: a driver's longest delay, and a few more. */
#define LATE 6000u

/* Edges of all ranges that matter: between two of them nothing changes. */
#define MOST_EDGES (2u * CFG_TASKS * CFG_MPU_REGIONS * 2u + 2u * CFG_THREADS + 2u * CFG_OBJECTS)

static uint32_t edge[MOST_EDGES];
static uint32_t edge_count;

void oracle_memory_reset(void)
{
    memset(loans, 0, sizeof loans);
    changed = true;
}

/* A thread may be stopped alone: then its task lives, and there is no grace. */
static bool is_down(uint32_t task_state)
{
    return task_state == K5_TASK_BACKOFF || task_state == K5_TASK_STOPPED;
}

const char *oracle_memory_event(const struct k5_event *event)
{
    struct observed_loan *loan = &loans[event->thread < CFG_THREADS ? event->thread : 0];

    changed |= event->kind == K5_EVENT_LOAN || event->kind == K5_EVENT_LOAN_END ||
               event->kind == K5_EVENT_TASK || event->code == K5_SYS_MAP ||
               event->code == K5_SYS_UNMAP || event->code == K5_SYS_REVOKE;
    if (event->kind == K5_EVENT_TASK && is_down(event->code)) {
        died_at[event->arg[0]] = event->time;
        idle_at_death[event->arg[0]] = k5.idle;
    }
    if (event->kind == K5_EVENT_LOAN) {
        if (loan->out) {
            return "a thread lends one range at a time";
        }
        *loan = (struct observed_loan){
            .out = true,
            .borrower = (uint8_t)event->code,
            .kind = (uint8_t)(event->code >> 8),
            .base = event->arg[0],
            .bytes = event->arg[1],
        };
    }
    if (event->kind == K5_EVENT_LOAN_END) {
        if (!loan->out || loan->borrower != event->code || loan->base != event->arg[0] ||
            loan->bytes != event->arg[1]) {
            return "a loan ends as it began";
        }
        loan->out = false;
    }
    return NULL;
}

/* ------------------------------------------------------------ what must be */

static bool holds(uint32_t base, uint32_t bytes, uint32_t address)
{
    return address - base < bytes;
}

static uint32_t own_access(uint32_t task, uint32_t address)
{
    const struct sys_task *table = sys_task(task);

    for (uint32_t i = 0; i < table->region_count; i++) {
        const struct sys_region *region = sys_region(table->first_region + i);

        if (holds(region->base, region->bytes, address)) {
            return region->access;
        }
    }
    for (uint32_t i = 0; i < k5.task[task].mapped_count; i++) {
        const struct cap *cap = &k5.slot[k5.task[task].mapped[i]];
        const struct sys_region *object = sys_object(cap->object);

        if (holds(object->base, object->bytes, address)) {
            return cap->seen;
        }
    }
    return 0;
}

static uint32_t expected_access(uint32_t task, uint32_t address)
{
    uint32_t access = own_access(task, address);

    for (uint32_t id = 0; id < port_system()->thread_count; id++) {
        const struct observed_loan *loan = &loans[id];

        if (loan->out && k5.thread[loan->borrower].task == task &&
            holds(loan->base, loan->bytes, address)) {
            access |= loan->kind == K5_MSG_LEND_MUT ? SYS_READ | SYS_WRITE : SYS_READ;
        }
    }
    for (uint32_t id = 0; id < port_system()->thread_count; id++) {
        const struct observed_loan *loan = &loans[id];

        if (loan->out && k5.thread[id].task == task && holds(loan->base, loan->bytes, address)) {
            access = loan->kind == K5_MSG_LEND_MUT ? 0 : access & ~(uint32_t)SYS_WRITE;
        }
    }
    return access;
}

/* ------------------------------------------------------------ what is */

static uint32_t view_access(uint32_t task, uint32_t address)
{
    const struct task *owner = &k5.task[task];

    for (uint32_t i = 0; i < owner->region_count; i++) {
        if (holds(owner->region[i].base, owner->region[i].bytes, address)) {
            return owner->region[i].access;
        }
    }
    return 0;
}

/* As the registers that the Cortex-M33's MPU would be loaded with. */
static uint32_t hardware_access(uint32_t task, uint32_t address)
{
    const struct armv8m_mpu_image *image = &k5.task[task].mpu.armv8m;

    for (uint32_t i = 0; i < PMSAV8_REGIONS; i++) {
        uint32_t base = image->region[i].rbar & PMSAV8_RBAR_BASE;
        uint32_t last = image->region[i].rlar | ~PMSAV8_RLAR_LIMIT;

        if ((image->region[i].rlar & PMSAV8_RLAR_EN) != 0 && address >= base && address <= last) {
            return pmsav8_access(image->region[i].rbar, image->region[i].rlar);
        }
    }
    return 0;
}

/* ------------------------------------------------------------ edges */

static void add_edges(uint32_t base, uint32_t bytes)
{
    edge[edge_count++] = base;
    edge[edge_count++] = base + bytes;
}

static void collect_edges(void)
{
    const struct sys_header *system = port_system();

    edge_count = 0;
    for (uint32_t t = 0; t < system->task_count; t++) {
        for (uint32_t i = 0; i < sys_task(t)->region_count; i++) {
            const struct sys_region *region = sys_region(sys_task(t)->first_region + i);

            add_edges(region->base, region->bytes);
        }
        for (uint32_t i = 0; i < k5.task[t].region_count; i++) {
            add_edges(k5.task[t].region[i].base, k5.task[t].region[i].bytes);
        }
    }
    for (uint32_t i = 0; i < system->object_count; i++) {
        add_edges(sys_object(i)->base, sys_object(i)->bytes);
    }
    for (uint32_t i = 0; i < system->thread_count; i++) {
        if (loans[i].out) {
            add_edges(loans[i].base, loans[i].bytes);
        }
    }
}

/* ------------------------------------------------------------ checks */

static bool is_shared(uint32_t address)
{
    for (uint32_t i = 0; i < port_system()->object_count; i++) {
        if (holds(sys_object(i)->base, sys_object(i)->bytes, address)) {
            return (sys_object(i)->flags & SYS_REGION_SHARED) != 0;
        }
    }
    return false;
}

/* Lent mutably, and not passed on for reading. */
static bool is_lent_mutably(uint32_t address)
{
    bool mutably = false;
    bool shared = false;

    for (uint32_t i = 0; i < port_system()->thread_count; i++) {
        if (loans[i].out && holds(loans[i].base, loans[i].bytes, address)) {
            mutably |= loans[i].kind == K5_MSG_LEND_MUT;
            shared |= loans[i].kind == K5_MSG_LEND;
        }
    }
    return mutably && !shared;
}

static const char *check_byte(uint32_t address)
{
    uint32_t running = k5.current != NO_THREAD ? k5.thread[k5.current].task : NO_TASK;
    bool armv8m = hostport_machine->arch == &hostport_armv8m;
    uint32_t writers = 0;
    uint32_t others = 0;

    for (uint32_t t = 0; t < port_system()->task_count; t++) {
        uint32_t access = view_access(t, address);

        if (access != expected_access(t, address)) {
            return "a task may touch what is its own and what is lent to it, and nothing else";
        }
        if (armv8m && t == running && access != hardware_access(t, address)) {
            return "the hardware allows what the view says";
        }
        writers += (access & SYS_WRITE) != 0;
        others += access != 0 && (access & SYS_WRITE) == 0;
    }
    if (!is_shared(address) && (writers > 1 || (writers == 1 && others != 0))) {
        return "what one task may write no other may touch";
    }
    if (is_lent_mutably(address) && writers + others > 1) {
        return "what is lent mutably is accessible to one task";
    }
    return NULL;
}

/* Tasks come down when nobody more urgent runs, so what counts is when the machine had time for it.
 * The dead one's grace; and where the loan was passed on, those of the dead behind it. */
static uint64_t longest_wait(void)
{
    uint64_t sum = 0;

    for (uint32_t t = 0; t < port_system()->task_count; t++) {
        sum += sys_task(t)->grace_ticks;
    }
    return sum;
}

static const char *check_loan(uint32_t id)
{
    const struct thread *thread = &k5.thread[id];
    bool may_lend = thread->state == K5_THREAD_AWAITING || thread->state == K5_THREAD_LENDING;

    if (loans[id].out != (thread->lends != 0)) {
        return "each loan is on record from its begin to its end";
    }
    if (thread->state == K5_THREAD_LENDING && is_down(k5.task[thread->task].state) &&
        k5.charged_at > died_at[thread->task] + longest_wait() &&
        k5.idle > idle_at_death[thread->task] + longest_wait() + LATE) {
        return "a dead task's loans end with its grace";
    }
    return loans[id].out && !may_lend ? "a loan lasts as long as its call" : NULL;
}

const char *oracle_memory_check(void)
{
    const char *broken = NULL;

    for (uint32_t i = 0; i < port_system()->thread_count && broken == NULL; i++) {
        broken = check_loan(i);
    }
    if (broken != NULL || (!changed && ++since_check % 16 != 0)) {
        return broken;
    }
    changed = false;
    collect_edges();
    for (uint32_t i = 0; i < edge_count && broken == NULL; i++) {
        broken = check_byte(edge[i]);
    }
    return broken;
}

/* Some task may write all of it; or it is a region on its way home, which nobody can touch. */
const char *oracle_memory_written(uint32_t address, uint32_t bytes)
{
    bool touched = false;
    bool object = false;

    for (uint32_t t = 0; t < port_system()->task_count; t++) {
        uint32_t writable = 0;

        for (uint32_t i = 0; i < bytes; i++) {
            uint32_t access = view_access(t, address + i);

            writable += (access & SYS_WRITE) != 0;
            touched |= access != 0;
        }
        if (writable == bytes) {
            return bytes <= CFG_COPY_BYTES ? NULL : "the kernel writes a message at most at once";
        }
    }
    for (uint32_t i = 0; i < port_system()->object_count; i++) {
        const struct sys_region *region = sys_object(i);

        object |= (region->flags & SYS_REGION_MOVABLE) != 0 &&
                  holds(region->base, region->bytes, address) &&
                  holds(region->base, region->bytes, address + bytes - 1);
    }
    return object && !touched ? NULL : "the kernel writes only where a task may write";
}
