/* Break- and watchpoints of a machine, and stops before faults: k5sim_debug.h.
 *
 * The marks are the CPUs' business (cpu_marks.c). Here they are kept and checked, and what
 * the CPUs come upon becomes a stop. What was stopped at once must not stop the next
 * run at once: so the thread and the pc are kept that are about to do it.
 */
#pragma GCC visibility push(default) /* these names, and no others, leave the library */
#include "sim/k5sim_debug.h"
#pragma GCC visibility pop

#include <string.h>

#include "kernel/entry.h"
#include "kernel/system.h"
#include "sim/past/history.h"
#include "sim/machine.h"

_Static_assert((int)K5SIM_WATCH_READ == (int)SYS_READ && (int)K5SIM_WATCH_WRITE == (int)SYS_WRITE &&
                   (unsigned)K5SIM_ANY_TASK == CPU_ANY_TASK,
               "the marks take what the caller gives");

static struct k5sim *sim_of(struct hostport_machine *port)
{
    return (struct k5sim *)port;
}

/* ---------------------------------------------------------------- what the machine comes upon */

/* The first of an instruction, or of an entry into the kernel, is told. */
static void come_upon(struct k5sim *sim, enum k5sim_stop stop, const struct k5sim_hit *hit)
{
    if (sim->debug.quiet || sim->debug.stop != 0) {
        return;
    }
    sim->debug.hit = *hit;
    sim->debug.stop = stop;
    sim->event_came = true;
}

static void accessed(void *user, struct cpu *cpu, const struct cpu_access *access)
{
    struct k5sim *sim = user;

    come_upon(sim, K5SIM_STOP_WATCH,
              &(struct k5sim_hit){
                  .thread = sim->kernel.current,
                  .pc = cpu_access_pc(cpu),
                  .address = access->address,
                  .bytes = access->bytes,
                  .kinds = access->kind,
                  .value = access->value,
              });
    machine_cut_run(sim);
}

static bool is_watched(const struct cpu_marks *marks, uint32_t address, uint32_t bytes,
                       uint32_t kind)
{
    for (uint32_t i = 0; bytes != 0 && i < marks->watch_count; i++) {
        const struct cpu_watch *watch = &marks->watch[i];

        if ((watch->kinds & kind) != 0 && watch->first <= address + (bytes - 1u) &&
            watch->last >= address) {
            return true;
        }
    }
    return false;
}

/* The last instruction that the current thread's task executed; 0: it has not run yet. */
static uint32_t last_pc(const struct k5sim *sim)
{
    uint32_t id = sim->kernel.current;
    const struct cpu *cpu = id == NO_THREAD ? NULL : sim->task[sim->kernel.thread[id].task].cpu;

    return cpu == NULL ? 0 : cpu_access_pc(cpu);
}

static void kernel_accessed(struct k5sim *sim, uint32_t address, uint32_t bytes, uint32_t kind)
{
    uint32_t value = 0;

    if (!is_watched(&sim->debug.marks, address, bytes, kind)) {
        return;
    }
    for (uint32_t i = bytes < 4u ? bytes : 4u; i > 0; i--) {
        const uint8_t *host = memory_host(sim->memory, address + i - 1u, 1);

        value = value << 8 | (host == NULL ? 0 : *host);
    }
    come_upon(sim, K5SIM_STOP_WATCH,
              &(struct k5sim_hit){
                  .thread = sim->kernel.current,
                  .pc = last_pc(sim),
                  .address = address,
                  .bytes = bytes,
                  .kinds = kind,
                  .value = value,
                  .by_kernel = true,
              });
}

static void kernel_wrote(struct hostport_machine *port, uint32_t address, uint32_t bytes)
{
    struct k5sim *sim = sim_of(port);

    sim->debug.written(port, address, bytes);
    kernel_accessed(sim, address, bytes, SYS_WRITE);
}

static void kernel_reads(struct hostport_machine *port, uint32_t address, uint32_t bytes)
{
    kernel_accessed(sim_of(port), address, bytes, SYS_READ);
}

enum k5sim_stop debug_reason(struct k5sim *sim)
{
    enum k5sim_stop stop = sim->debug.stop;

    sim->debug.stop = 0;
    return stop == 0 ? K5SIM_STOP_EVENT : stop;
}

/* ---------------------------------------------------------------- once is enough */

static uint32_t pc_of(struct k5sim *sim, uint32_t id)
{
    const struct thread *thread = &sim->kernel.thread[id];
    uint32_t place = sim->guest->register_count == CPU_REGISTERS ? CPU_X_PC : CPU_PC;
    struct cpu_registers registers = {{0}};

    if (sim->live && id == sim->kernel.current) {
        return cpu_registers(sim->task[thread->task].cpu)->r[place];
    }
    sim->guest->registers(sim, thread, &registers);
    return registers.r[place];
}

static void pass(struct k5sim *sim, uint32_t thread, bool fault)
{
    sim->debug.pass_thread = thread;
    sim->debug.pass_pc = thread == NO_THREAD ? 0 : pc_of(sim, thread);
    sim->debug.pass_fault = fault;
}

void debug_pass_here(struct k5sim *sim)
{
    uint32_t id = sim->kernel.current;
    bool same =
        id != NO_THREAD && sim->debug.pass_thread == id && sim->debug.pass_pc == pc_of(sim, id);

    pass(sim, id, same && sim->debug.pass_fault);
}

void debug_pass_nothing(struct k5sim *sim)
{
    pass(sim, NO_THREAD, false);
}

static bool is_passed(struct k5sim *sim, uint64_t executed)
{
    uint32_t id = sim->kernel.current;

    return executed == 0 && sim->debug.pass_thread == id && sim->debug.pass_pc == pc_of(sim, id);
}

static void at_break(struct k5sim *sim, struct cpu *cpu, uint64_t executed)
{
    bool passed = is_passed(sim, executed);

    if (sim->debug.quiet || passed) {
        cpu_pass_break(cpu);
        if (passed && !sim->debug.pass_fault) { /* else that still comes */
            debug_pass_nothing(sim);
        }
        return;
    }
    come_upon(sim, K5SIM_STOP_BREAK,
              &(struct k5sim_hit){
                  .thread = sim->kernel.current,
                  .pc = pc_of(sim, sim->kernel.current),
              });
    debug_pass_here(sim);
}

/* As kernel/fault.c will record it, at the tick at which it does. */
static struct k5sim_event event_of(const struct k5sim *sim, const struct fault_record *record)
{
    return (struct k5sim_event){
        .time = sim->epoch + sim->port.now + sim->ticks_per_insn,
        .kind = K5_EVENT_FAULT,
        .thread = sim->kernel.current,
        .code = record->kind,
        .arg = {record->pc, record->address, record->status, record->flags, record->sp, record->lr},
    };
}

/* What is due while an IT block runs comes behind it: then there is no stopping in between. */
static bool at_fault(struct k5sim *sim, const struct thread *thread, const struct cpu *cpu,
                     uint64_t executed)
{
    struct fault_record record;

    if (sim->debug.quiet || sim->timers.next <= sim->port.now) {
        return false;
    }
    if (is_passed(sim, executed) && sim->debug.pass_fault) {
        debug_pass_nothing(sim);
        return false;
    }
    sim->guest->describe_fault(sim, thread, cpu, &record);
    come_upon(sim, K5SIM_STOP_BREAK,
              &(struct k5sim_hit){
                  .thread = sim->kernel.current,
                  .pc = pc_of(sim, sim->kernel.current),
                  .is_fault = true,
                  .fault = event_of(sim, &record),
              });
    pass(sim, sim->kernel.current, true);
    return true;
}

bool debug_takes(struct k5sim *sim, const struct thread *thread, struct cpu *cpu,
                 enum cpu_stop stop, uint64_t executed)
{
    if (stop == CPU_STOP_BREAK) {
        at_break(sim, cpu, executed);
        return true;
    }
    return stop == CPU_STOP_FAULT && sim->debug.faults && at_fault(sim, thread, cpu, executed);
}

/* ---------------------------------------------------------------- marks */

static const struct cpu_marks *marks_of(const struct k5sim *sim)
{
    const struct cpu_marks *marks = &sim->debug.marks;

    return marks->break_count + marks->watch_count == 0 ? NULL : marks;
}

static void changed(struct k5sim *sim)
{
    bool watches = sim->debug.marks.watch_count != 0;

    for (uint32_t i = 0; i < CFG_TASKS; i++) {
        if (sim->task[i].cpu != NULL) {
            cpu_set_marks(sim->task[i].cpu, marks_of(sim), i);
        }
    }
    sim->port.written = watches ? kernel_wrote : sim->debug.written;
    sim->port.reading = watches ? kernel_reads : NULL;
}

void debug_open(struct k5sim *sim)
{
    sim->debug.marks.accessed = accessed;
    sim->debug.marks.user = sim;
    sim->debug.written = sim->port.written;
    debug_pass_nothing(sim);
}

void debug_equip(struct k5sim *sim, uint32_t task)
{
    if (marks_of(sim) != NULL) {
        cpu_set_marks(sim->task[task].cpu, marks_of(sim), task);
    }
}

static int check_task(struct k5sim *sim, uint32_t task)
{
    if (sim->system == NULL) {
        return machine_error(sim, K5SIM_BAD_ARGUMENT, "this machine has no boot tables yet");
    }
    if (task != K5SIM_ANY_TASK && task >= sim->system->task_count) {
        return machine_error(sim, K5SIM_BAD_ARGUMENT, "there is no task %u, but %u of them",
                             (unsigned)task, sim->system->task_count);
    }
    return K5SIM_OK;
}

/* Its place, or the count of them. */
static uint32_t find_break(const struct cpu_marks *marks, uint32_t task, uint32_t address)
{
    uint32_t i = 0;

    while (i < marks->break_count &&
           !(marks->at[i].task == task && marks->at[i].address == address)) {
        i++;
    }
    return i;
}

int k5sim_break_set(struct k5sim *sim, uint32_t task, uint32_t address)
{
    struct cpu_marks *marks = &sim->debug.marks;
    int result = check_task(sim, task);

    if (result != K5SIM_OK) {
        return result;
    }
    if ((address & 1u) != 0) {
        return machine_error(sim, K5SIM_BAD_ARGUMENT, "0x%08x is odd: no instruction is there",
                             (unsigned)address);
    }
    if (memory_range_of(sim->memory, address) == NULL) {
        return machine_error(sim, K5SIM_BAD_ARGUMENT, "0x%08x is in no memory of the board",
                             (unsigned)address);
    }
    if (find_break(marks, task, address) < marks->break_count) {
        return K5SIM_OK;
    }
    if (marks->break_count == CPU_BREAKS) {
        return machine_error(sim, K5SIM_BAD_ARGUMENT, "there are %u breakpoints already",
                             CPU_BREAKS);
    }
    marks->at[marks->break_count++] = (struct cpu_break){task, address};
    changed(sim);
    return K5SIM_OK;
}

int k5sim_break_clear(struct k5sim *sim, uint32_t task, uint32_t address)
{
    struct cpu_marks *marks = &sim->debug.marks;
    uint32_t i = find_break(marks, task, address);

    if (i == marks->break_count) {
        return machine_error(sim, K5SIM_BAD_ARGUMENT, "there is no breakpoint at 0x%08x",
                             (unsigned)address);
    }
    marks->at[i] = marks->at[--marks->break_count];
    changed(sim);
    return K5SIM_OK;
}

static uint32_t find_watch(const struct cpu_marks *marks, const struct cpu_watch *watch)
{
    uint32_t i = 0;

    while (i < marks->watch_count && memcmp(&marks->watch[i], watch, sizeof *watch) != 0) {
        i++;
    }
    return i;
}

int k5sim_watch_set(struct k5sim *sim, uint32_t task, uint32_t address, uint32_t bytes,
                    uint32_t kinds)
{
    struct cpu_marks *marks = &sim->debug.marks;
    struct cpu_watch watch = {task, address, address + (bytes - 1u), kinds};
    int result = check_task(sim, task);

    if (result != K5SIM_OK) {
        return result;
    }
    if (bytes == 0 || watch.last < address) {
        return machine_error(sim, K5SIM_BAD_ARGUMENT, "0x%08x + %u is no range of addresses",
                             (unsigned)address, (unsigned)bytes);
    }
    if (kinds == 0 || (kinds & ~(uint32_t)(K5SIM_WATCH_READ | K5SIM_WATCH_WRITE)) != 0) {
        return machine_error(sim, K5SIM_BAD_ARGUMENT, "%u is no kind of access: 1, 2 or 3 are",
                             (unsigned)kinds);
    }
    if (find_watch(marks, &watch) < marks->watch_count) {
        return K5SIM_OK;
    }
    if (marks->watch_count == CPU_WATCHES) {
        return machine_error(sim, K5SIM_BAD_ARGUMENT, "there are %u watchpoints already",
                             CPU_WATCHES);
    }
    marks->watch[marks->watch_count++] = watch;
    changed(sim);
    return K5SIM_OK;
}

int k5sim_watch_clear(struct k5sim *sim, uint32_t task, uint32_t address, uint32_t bytes,
                      uint32_t kinds)
{
    struct cpu_marks *marks = &sim->debug.marks;
    struct cpu_watch watch = {task, address, address + (bytes - 1u), kinds};
    uint32_t i = find_watch(marks, &watch);

    if (i == marks->watch_count) {
        return machine_error(sim, K5SIM_BAD_ARGUMENT, "there is no such watchpoint at 0x%08x",
                             (unsigned)address);
    }
    marks->watch[i] = marks->watch[--marks->watch_count];
    changed(sim);
    return K5SIM_OK;
}

void k5sim_break_faults(struct k5sim *sim, bool stop)
{
    sim->debug.faults = stop;
}

int k5sim_last_hit(const struct k5sim *sim, struct k5sim_hit *out)
{
    *out = sim->debug.hit;
    return K5SIM_OK;
}

/* ---------------------------------------------------------------- registers */

static void set_live(struct cpu *cpu, uint32_t number, uint32_t value)
{
    struct cpu_registers registers = *cpu_registers(cpu);

    registers.r[number] = value;
    cpu_set_registers(cpu, &registers);
}

int k5sim_register_set(struct k5sim *sim, uint32_t thread, uint32_t number, uint32_t value)
{
    bool riscv = sim->guest->register_count == CPU_REGISTERS;

    if (!sim->booted || thread >= sim->system->thread_count) {
        return machine_error(sim, K5SIM_BAD_ARGUMENT, "there is no thread %u", (unsigned)thread);
    }
    if (number >= sim->guest->register_count || (riscv && number == 0)) {
        return machine_error(sim, K5SIM_BAD_ARGUMENT, "there is no register %u to set",
                             (unsigned)number);
    }
    if (number == (riscv ? CPU_X_PC : CPU_PC) && (value & 1u) != 0) {
        return machine_error(sim, K5SIM_BAD_ARGUMENT, "pc 0x%08x is odd", (unsigned)value);
    }
    struct thread *t = &sim->kernel.thread[thread];
    bool live = sim->live && thread == sim->kernel.current;

    if (!live && (t->state == K5_THREAD_OFF || !sim->guest->set_register(sim, t, number, NULL))) {
        return machine_error(sim, K5SIM_BAD_ARGUMENT,
                             "register %u of thread %u cannot be set in its state",
                             (unsigned)number, (unsigned)thread);
    }
    int result = history_input(sim,
                               &(struct k5sim_entry){
                                   .input = K5SIM_INPUT_REGISTER,
                                   .target = thread,
                                   .extra = number,
                                   .value = (int32_t)value,
                               },
                               NULL, 0);

    if (result == K5SIM_OK && live) {
        set_live(sim->task[t->task].cpu, number, value);
    } else if (result == K5SIM_OK) {
        sim->guest->set_register(sim, t, number, &value);
    }
    return result;
}
