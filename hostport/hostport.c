/* The hosted port: the kernel's way out, where the machine is a data structure.
 *
 * What depends on the instruction set of the tasks is in a file for each.
 */
#include "hostport/hostport.h"

#include <string.h>

#include "kernel/kassert.h"
#include "kernel/port.h"
#include "kernel/state.h"
#include "kernel/system.h"
#include "kernel/trace.h"

_Thread_local struct kernel_state *hostport_state;
_Thread_local const struct sys_header *hostport_system;
_Thread_local struct hostport_machine *hostport_machine;

void hostport_enter(struct hostport_machine *machine, struct kernel_state *state,
                    const struct sys_header *system)
{
    hostport_machine = machine;
    hostport_state = state;
    hostport_system = system;
}

uint8_t *hostport_memory(const struct hostport_machine *machine, uint32_t address, uint32_t bytes)
{
    for (uint32_t i = 0; i < machine->range_count; i++) {
        const struct hostport_range *range = &machine->range[i];
        uint32_t offset = address - range->base;

        if (offset < range->bytes && bytes <= range->bytes - offset) {
            return range->host + offset;
        }
    }
    return NULL;
}

uint64_t port_cycles(void)
{
    return hostport_machine->now;
}

void port_deadline(uint64_t at)
{
    hostport_machine->deadline = at;
}

/* A range may lie across two memories that touch: then it has no single host address. */
static uint8_t *byte_at(uint32_t address)
{
    uint8_t *host = hostport_memory(hostport_machine, address, 1);

    KASSERT(host != NULL); /* the kernel has checked it against regions, and they lie in memory */
    return host;
}

static void copy_bytewise(uint32_t to, uint32_t from, uint32_t bytes)
{
    uint8_t staged[CFG_COPY_BYTES];

    for (uint32_t i = 0; i < bytes; i++) {
        staged[i] = *byte_at(from + i);
    }
    for (uint32_t i = 0; i < bytes; i++) {
        *byte_at(to + i) = staged[i];
    }
}

void port_copy(uint32_t to, uint32_t from, uint32_t bytes)
{
    uint8_t *target = hostport_memory(hostport_machine, to, bytes);
    const uint8_t *source = hostport_memory(hostport_machine, from, bytes);

    KASSERT(bytes <= CFG_COPY_BYTES);
    if (hostport_machine->reading != NULL) {
        hostport_machine->reading(hostport_machine, from, bytes);
    }
    if (target != NULL && source != NULL) {
        memmove(target, source, bytes);
    } else {
        copy_bytewise(to, from, bytes);
    }
    hostport_machine->written(hostport_machine, to, bytes);
}

void port_thread_init(uint8_t id)
{
    hostport_machine->arch->thread_init(id);
}

void port_fault_site(uint8_t id, struct fault_record *record)
{
    hostport_machine->arch->fault_site(id, record);
}

uint32_t port_mpu_entries(const struct sys_region *region, bool whole, uint32_t edges,
                          uint32_t holes)
{
    return hostport_machine->arch->mpu_entries(region, whole, edges, holes);
}

void port_mpu_compile(uint8_t id)
{
    struct task *task = &k5.task[id];

    hostport_machine->arch->mpu_compile(task->region, task->region_count, &task->mpu);
}

void port_clear(uint32_t base, uint32_t bytes)
{
    uint8_t *target = hostport_memory(hostport_machine, base, bytes);

    KASSERT(bytes <= CFG_COPY_BYTES && target != NULL); /* a region lies in one memory */
    memset(target, 0, bytes);
    hostport_machine->written(hostport_machine, base, bytes);
}

/* A line that the controller has not is masked for ever. */
static void set_unmasked(uint32_t line, bool unmasked)
{
    uint32_t bit = UINT32_C(1) << (line % 32u);

    if (line < HOSTPORT_LINES) {
        uint32_t *word = &hostport_machine->unmasked[line / 32u];

        *word = unmasked ? *word | bit : *word & ~bit;
        hostport_machine->lines_changed = true;
    }
}

void port_irq_mask(uint32_t line)
{
    set_unmasked(line, false);
}

void port_irq_unmask(uint32_t line)
{
    set_unmasked(line, true);
}

bool port_pending(void)
{
    return hostport_machine->pending_interrupt;
}

void port_event(const struct k5_event *event)
{
    hostport_machine->event(hostport_machine, event);
}

/* Written in place: to copy a record that was just put together byte by byte stalls the host. */
void hostport_trace(uint32_t kind, uint32_t thread, uint32_t code, uint32_t arg0, uint32_t arg1)
{
    struct hostport_machine *machine = hostport_machine;

    if (machine->place == NULL) {
        trace_emit((uint8_t)kind, thread, code, arg0, arg1);
        return;
    }

    struct k5_event *event = machine->place(machine, kind);

    if (event != NULL) {
        *event = (struct k5_event){
            .time = event->time,
            .kind = (uint8_t)kind,
            .thread = (uint8_t)thread,
            .code = (uint16_t)code,
            .arg = {arg0, arg1},
        };
    }
}

void port_halt(void)
{
    hostport_machine->halted = true;
}

_Noreturn void port_panic(const char *file, uint32_t line)
{
    struct k5_event event = {
        .time = hostport_machine->now,
        .kind = K5_EVENT_PANIC,
        .thread = k5.current,
        .code = (uint16_t)line,
    };
    size_t length = strlen(file);

    memcpy(event.arg, file, length < sizeof event.arg ? length : sizeof event.arg);
    hostport_machine->event(hostport_machine, &event);
    hostport_machine->panic(hostport_machine);
}
