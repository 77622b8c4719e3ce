/* The machine's run loop: guest CPUs, the clock and the kernel between them.
 *
 * Time is the count of executed guest instructions. A fault costs the time of
 * one instruction although none was executed, so that a task which faults at
 * once, for ever, cannot stop the clock. Entries into the kernel cost nothing.
 */
#include "sim/machine.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "kernel/entry.h"
#include "kernel/event.h"
#include "kernel/fault.h"
#include "kernel/port.h"
#include "kernel/sched.h"
#include "sim/faults/isolation.h"
#include "sim/past/store.h"

_Static_assert(sizeof(struct k5sim_event) == sizeof(struct k5_event) &&
                   offsetof(struct k5sim_event, time) == offsetof(struct k5_event, time) &&
                   offsetof(struct k5sim_event, code) == offsetof(struct k5_event, code) &&
                   offsetof(struct k5sim_event, arg) == offsetof(struct k5_event, arg),
               "one record, two headers");

/* Turns of the run loop at one tick: far more than the kernel can need. */
#define STANDSTILL_TURNS 100000u

struct standstill {
    uint64_t now;
    uint32_t turns;
};

int machine_error(struct k5sim *sim, int code, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(sim->error, sizeof sim->error, format, arguments);
    va_end(arguments);
    return code;
}

/* ---------------------------------------------------------------- time since power-on
 *
 * The kernel's clock, port.now, begins anew with each reset of the MCU; the machine's goes on. The
 * timers are in the kernel's ticks, all else (devices, events, callers) in the machine's.
 */

static uint64_t kernel_tick(const struct k5sim *sim, uint64_t tick)
{
    if (tick == UINT64_MAX) {
        return tick;
    }
    return tick > sim->epoch ? tick - sim->epoch : 0;
}

void machine_set_timer(struct k5sim *sim, uint32_t source, uint64_t at)
{
    timers_set(&sim->timers, source, kernel_tick(sim, at));
}

uint64_t machine_timer(const struct k5sim *sim, uint32_t source)
{
    uint64_t at = sim->timers.at[source];

    return at == TIMERS_NEVER ? at : at + sim->epoch;
}

/* ---------------------------------------------------------------- what the port calls */

static struct k5sim *sim_of(struct hostport_machine *port)
{
    return (struct k5sim *)port;
}

/* Where to put an event of this kind; NULL: nobody wants it, or there is no room. */
static struct k5sim_event *slot_for(struct k5sim *sim, uint32_t kind)
{
    uint64_t bit = UINT64_C(1) << (kind & 63u);

    if (!machine_wants(sim, kind) && kind != K5_EVENT_PANIC) {
        return NULL;
    }
    if ((sim->stop_kinds & bit) != 0) {
        sim->event_came = true;
    }

    struct k5sim_event *slot = ring_put(&sim->ring);

    if (slot == NULL) {
        sim->failed = true;
        machine_error(sim, K5SIM_ENGINE, "more than %u events in one entry into the kernel",
                      RING_SPARE);
    }
    return slot;
}

void machine_record(struct k5sim *sim, const struct k5sim_event *event)
{
    struct k5sim_event *slot = slot_for(sim, event->kind);

    if (slot != NULL) {
        *slot = *event;
    }
}

static void take_event(struct hostport_machine *port, const struct k5_event *event)
{
    struct k5sim_event *slot = slot_for(sim_of(port), event->kind);

    if (slot != NULL) {
        memcpy(slot, event, sizeof *slot);
        slot->time += sim_of(port)->epoch;
    }
}

/* The two records are one, see above. */
static struct k5_event *place_event(struct hostport_machine *port, uint32_t kind)
{
    struct k5sim_event *slot = slot_for(sim_of(port), kind);

    if (slot != NULL) {
        slot->time = sim_of(port)->epoch + port->now;
    }
    return (struct k5_event *)(void *)slot;
}

static void memory_written(struct hostport_machine *port, uint32_t address, uint32_t bytes)
{
    struct k5sim *sim = sim_of(port);

    machine_written(sim, address, bytes);
    if (sim->isolation != NULL) {
        isolation_written(sim, address, bytes);
    }
}

__attribute__((noreturn)) static void leave_kernel(struct hostport_machine *port)
{
    longjmp(sim_of(port)->leave_kernel, 1);
}

/* ---------------------------------------------------------------- what devices call */

uint64_t machine_now(const struct k5sim *sim)
{
    uint64_t executed = sim->running == NULL ? 0 : cpu_executed(sim->running);

    return sim->epoch + sim->port.now + executed * sim->ticks_per_insn;
}

/* Instructions that take at least `ticks`. */
static uint64_t instructions_in(const struct k5sim *sim, uint64_t ticks)
{
    if (sim->ticks_per_insn == 1) {
        return ticks; /* most boards; and a device access asks */
    }
    return ticks / sim->ticks_per_insn + (ticks % sim->ticks_per_insn != 0);
}

void machine_cut_run(struct k5sim *sim)
{
    if (sim->running == NULL) {
        return;
    }
    if (sim->event_came || sim->reset_wanted || sim->timers.next <= sim->port.now ||
        ring_is_full(&sim->ring)) {
        cpu_cut(sim->running, 0);
    } else {
        cpu_cut(sim->running, instructions_in(sim, sim->timers.next - sim->port.now));
    }
}

static bool device_read(void *user, uint32_t device, uint32_t offset, uint32_t bytes,
                        uint32_t *value)
{
    struct k5sim *sim = user;
    bool answered = devices_read(sim, device, offset, bytes, value);

    if (sim->isolation != NULL) {
        isolation_device_read(sim, device, offset, *value);
    }
    return answered;
}

static bool device_write(void *user, uint32_t device, uint32_t offset, uint32_t bytes,
                         uint32_t value)
{
    return devices_write(user, device, offset, bytes, value);
}

void machine_init(struct k5sim *sim)
{
    sim->port.arch = sim->guest->port;
    sim->port.deadline = PORT_NEVER;
    sim->port.event = take_event;
    sim->port.place = place_event;
    sim->port.written = memory_written;
    sim->port.panic = leave_kernel;
    debug_open(sim);
    sim->port.range_count = sim->memory->count;
    for (uint32_t i = 0; i < sim->memory->count; i++) {
        const struct memory_range *range = &sim->memory->range[i];

        sim->port.range[i] = (struct hostport_range){range->base, range->bytes, range->host};
    }
    sim->chassis->bus.read = device_read;
    sim->chassis->bus.write = device_write;
    sim->chassis->bus.user = sim;
}

/* ---------------------------------------------------------------- tasks */

static void decode_mpu(const struct k5sim *sim, uint32_t task, const struct port_mpu_image *image,
                       struct mpu *mpu)
{
    struct mpu_entries entries;

    sim->guest->list_mpu(&entries, image, sim->mpu_regions);
    if (sim->faults.region_count == 0) {
        sim->guest->build_mpu(mpu, &entries);
    } else {
        faults_decode_mpu(sim, task, &entries, mpu);
    }
}

void machine_view(const struct k5sim *sim, uint32_t task, struct mpu *mpu)
{
    const struct task *t = &sim->kernel.task[task];
    struct port_mpu_image image;

    sim->guest->port->mpu_compile(t->region, t->region_count, &image);
    decode_mpu(sim, task, &image, mpu);
}

void machine_list_mpu(const struct k5sim *sim, uint32_t task, struct mpu_entries *entries)
{
    const struct task *t = &sim->kernel.task[task];
    struct port_mpu_image image;

    sim->guest->port->mpu_compile(t->region, t->region_count, &image);
    sim->guest->list_mpu(entries, &image, sim->mpu_regions);
}

void machine_refresh_mpu(struct k5sim *sim, uint32_t task)
{
    struct sim_task *entry = &sim->task[task];

    entry->image = sim->kernel.task[task].mpu;
    decode_mpu(sim, task, &entry->image, &entry->mpu);
    if (entry->cpu != NULL) {
        cpu_set_mpu(entry->cpu, &entry->mpu);
    }
    faults_touch(sim, task);
    if (sim->store != NULL) {
        store_forget_task(sim, task);
    }
}

/* The regions of a task that runs now, as the kernel programmed them. */
static const struct mpu *mpu_in_force(struct k5sim *sim, uint32_t task)
{
    struct sim_task *entry = &sim->task[task];
    const struct port_mpu_image *image = &sim->kernel.task[task].mpu;

    if (memcmp(entry->image.word, image->word, sizeof image->word) != 0) {
        machine_refresh_mpu(sim, task);
    }
    return &entry->mpu;
}

struct cpu *machine_cpu(struct k5sim *sim, uint32_t task)
{
    struct sim_task *entry = &sim->task[task];
    const struct mpu *mpu = mpu_in_force(sim, task);

    if (entry->cpu == NULL) {
        const char *why = "";

        entry->cpu = chassis_take_cpu(sim->chassis, entry->text_bytes, &why);
        if (entry->cpu == NULL) {
            machine_error(sim, K5SIM_ENGINE, "task %u: %s", (unsigned)task, why);
            return NULL;
        }
        cpu_set_mpu(entry->cpu, mpu);
        debug_equip(sim, task);
    }
    return entry->cpu;
}

/* Could a task execute what lies here? Data memory is written all the time, code hardly ever. */
static bool is_code(const struct mpu *mpu, uint32_t address, uint32_t bytes)
{
    for (uint32_t i = 0; i < mpu->count; i++) {
        const struct mpu_region *region = &mpu->region[i];

        if ((region->access & SYS_EXECUTE) != 0 && address <= region->last &&
            address + (bytes - 1u) >= region->first) {
            return true;
        }
    }
    return false;
}

void machine_code_written(struct k5sim *sim, uint32_t address, uint32_t bytes)
{
    const struct memory_range *range = memory_range_of(sim->memory, address);
    bool no_code = range == NULL || bytes == 0 ||
                   (range->writable && !sim->code_in_ram && sim->faults.region_count == 0);

    for (uint32_t i = 0; !no_code && i < CFG_TASKS; i++) {
        const struct sim_task *task = &sim->task[i];

        if (task->cpu != NULL && is_code(&task->mpu, address, bytes)) {
            cpu_code_written(task->cpu, address, bytes);
        }
    }
}

void machine_written(struct k5sim *sim, uint32_t address, uint32_t bytes)
{
    if (sim->store != NULL) {
        store_written(sim, address, bytes);
    }
    if (sim->faults.words.count != 0) {
        memory_hold_stuck(sim->memory, address, bytes);
    }
    machine_code_written(sim, address, bytes);
}

/* ---------------------------------------------------------------- the loop */

static void after_entry(struct k5sim *sim)
{
    uint64_t deadline = sim->port.deadline;

    timers_set(&sim->timers, TIMERS_KERNEL,
               sim->faults.jitter_most == 0 ? deadline : faults_deadline(sim));
    if (sim->port.lines_changed) {
        devices_update_lines(sim);
    }
}

/* Time passes even if a task faults at each instruction. */
void machine_fault(struct k5sim *sim, const struct fault_record *record)
{
    sim->port.now += sim->ticks_per_insn;
    kernel_fault(record);
}

/* An interrupt's trap entry. False: it could not be taken, and the kernel got a fault instead. */
static bool interrupt_thread(struct k5sim *sim)
{
    if (!sim->live || sim->kernel.current == NO_THREAD) {
        return true; /* between two exceptions, or idle */
    }
    struct thread *thread = &sim->kernel.thread[sim->kernel.current];

    if (sim->store != NULL) {
        store_runs(sim, thread->task); /* its frame goes onto its stack */
    }
    if (sim->isolation != NULL) {
        isolation_interrupted(sim, sim->kernel.current);
    }
    bool suspended = sim->guest->suspend(sim, thread, sim->task[thread->task].cpu);

    if (!suspended) {
        after_entry(sim);
    }
    return suspended;
}

static void enter_timer(struct k5sim *sim)
{
    sim->port.deadline = PORT_NEVER;
    kernel_timer();
    after_entry(sim);
}

/* A device's event interrupts nobody; the line that it may raise does. */
static void fire(struct k5sim *sim)
{
    int source = timers_due(&sim->timers, sim->port.now);

    if (source >= (int)TIMERS_DEVICE) {
        devices_event(sim, (uint32_t)source - TIMERS_DEVICE);
    } else if (source == TIMERS_SERIAL) {
        serial_arrive(sim);
    } else if (source == TIMERS_INTERRUPT && sim->faults.lines.any && !faults_admit_line(sim)) {
        devices_update_lines(sim); /* none comes now */
    } else if (interrupt_thread(sim)) {
        if (source == TIMERS_KERNEL) {
            enter_timer(sim);
        } else {
            uint32_t line = devices_pending_line(sim);

            lines_fired(sim, line);
            kernel_interrupt(line);
            after_entry(sim);
        }
    }
}

/* Trap exit into the current thread, if it has not happened yet. */
static bool is_resumed(struct k5sim *sim, struct thread *thread, struct cpu *cpu)
{
    if (sim->live) {
        return true;
    }
    machine_acts(sim);
    bool resumed = sim->guest->resume(sim, thread, cpu);

    if (!resumed) {
        after_entry(sim);
    } else if (sim->isolation != NULL) {
        isolation_delivered(sim, sim->kernel.current);
    }
    return resumed;
}

/* What stopped the CPU comes to the kernel. False: the simulator failed. */
static bool take_trap(struct k5sim *sim, struct thread *thread, struct cpu *cpu, enum cpu_stop stop)
{
    machine_acts(sim);
    switch (stop) {
    case CPU_STOP_BUDGET:
        break;
    case CPU_STOP_SVC:
        if (sim->isolation != NULL) {
            isolation_called(sim, sim->kernel.current);
        }
        if (sim->guest->suspend(sim, thread, cpu)) {
            kernel_syscall();
        }
        break;
    case CPU_STOP_FAULT:
        sim->guest->fault(sim, thread, cpu);
        break;
    case CPU_STOP_BREAK: /* the debugger took it */
        break;
    case CPU_STOP_ENGINE:
        machine_error(sim, K5SIM_ENGINE, "task %u: %s", (unsigned)thread->task, cpu_failure(cpu));
        return false;
    }
    after_entry(sim);
    return true;
}

static bool comes_by(const struct k5sim *sim, const struct run_goal *goal)
{
    return goal->pass != NULL && sim->actions == goal->pass->actions &&
           sim->instructions == goal->pass->instructions && machine_now(sim) == goal->pass->now;
}

/*
 * Has the goal not been reached? A position may lie behind an instruction that faults, which is
 * not counted: then it is the next one's turn although all are executed.
 */
static bool may_run(const struct k5sim *sim, const struct run_goal *goal)
{
    if (comes_by(sim, goal)) {
        return false;
    }
    return sim->instructions < goal->instructions ||
           (goal->exact && sim->instructions == goal->instructions && sim->actions < goal->actions);
}

static uint64_t budget_within(const struct k5sim *sim, const struct run_goal *goal, uint64_t budget)
{
    uint64_t left = goal->instructions - sim->instructions;

    left = left == 0 ? 1 : left;
    if (goal->pass != NULL && goal->pass->instructions > sim->instructions &&
        goal->pass->instructions - sim->instructions < left) {
        left = goal->pass->instructions - sim->instructions;
    }
    return budget < left ? budget : left;
}

/* Runs the current thread up to tick `limit`, or the goal. False: the simulator failed. */
static bool run_thread(struct k5sim *sim, uint64_t limit, const struct run_goal *goal)
{
    uint32_t id = sim->kernel.current;
    struct thread *thread = &sim->kernel.thread[id];
    struct cpu *cpu = machine_cpu(sim, thread->task);
    uint64_t budget = instructions_in(sim, limit - sim->port.now);
    uint64_t executed = 0;

    if (cpu == NULL) {
        return false;
    }
    if (!is_resumed(sim, thread, cpu)) {
        return !sim->failed;
    }
    if (!may_run(sim, goal)) {
        return true; /* the loop sees it */
    }
    budget = budget_within(sim, goal, budget);
    if (sim->store != NULL) {
        store_runs(sim, thread->task);
    }
    const struct fault_next next = sim->faults.next;

    sim->running = cpu;
    enum cpu_stop stop = faults_in_code(&sim->faults) ? faults_run(sim, id, cpu, budget, &executed)
                                                      : cpu_run(cpu, budget, &executed);

    sim->running = NULL;
    sim->instructions += executed;
    sim->port.now += executed * sim->ticks_per_insn;
    if (sim->isolation != NULL) {
        isolation_executed(sim, id, executed);
    }
    if (stop == CPU_STOP_BUDGET) {
        return true;
    }
    if (stop != CPU_STOP_SVC && debug_takes(sim, thread, cpu, stop, executed)) {
        if (executed == 0) {
            sim->faults.next = next; /* the instruction is still to come */
        }
        return true;
    }
    return take_trap(sim, thread, cpu, stop);
}

/* The kernel is done, whatever may still be due. But what was given to a serial line leaves it: the
 * next such event has come, or there is none before `until`. */
static bool finish_sending(struct k5sim *sim, uint64_t until)
{
    uint64_t next = TIMERS_NEVER;
    uint32_t sender = 0;

    for (uint32_t i = 0; i < sim->devices.serial.count; i++) {
        uint32_t device = sim->devices.serial.line[i].device;
        uint64_t at = sim->timers.at[TIMERS_DEVICE + device];

        sender = at < next ? device : sender;
        next = at < next ? at : next;
    }
    if (next == TIMERS_NEVER || next > until) {
        return false;
    }
    sim->port.now = next > sim->port.now ? next : sim->port.now;
    devices_event(sim, sender);
    return true;
}

/* Nobody runs: time jumps to what happens next. 0: something did, go on. */
static int idle(struct k5sim *sim, uint64_t until)
{
    uint64_t next = sim->timers.next;

    if (sim->port.halted) {
        return finish_sending(sim, until) ? 0 : K5SIM_STOP_HALT;
    }
    if (next > sim->port.now && sim->kernel.unfinished != 0) {
        enter_timer(sim);
        return 0;
    }
    if (next == TIMERS_NEVER) {
        return K5SIM_STOP_HALT;
    }
    if (next > until) {
        sim->port.now = until > sim->port.now ? until : sim->port.now;
        return K5SIM_STOP_TIME;
    }
    sim->port.now = next > sim->port.now ? next : sim->port.now;
    fire(sim);
    return 0;
}

/* Why the machine may not go on now, or 0. */
static int must_stop(struct k5sim *sim)
{
    if (sim->event_came) {
        sim->event_came = false;
        return (int)debug_reason(sim);
    }
    if (sim->failed) {
        return K5SIM_STOP_ENGINE;
    }
    return ring_is_full(&sim->ring) ? K5SIM_STOP_FULL : 0;
}

/* Each entry into the kernel costs an instruction, or waits for a later tick. */
static bool stands_still(struct k5sim *sim, struct standstill *s)
{
    if (s->now != sim->port.now) {
        *s = (struct standstill){.now = sim->port.now};
    } else if (++s->turns > STANDSTILL_TURNS) {
        sim->failed = true;
        machine_error(sim, K5SIM_ENGINE, "time stands still at tick %llu",
                      (unsigned long long)s->now);
    }
    return sim->failed;
}

/* The MCU as after power-on, but for what a reset of this kind leaves; and the kernel boots. */
static void start(struct k5sim *sim, enum device_reset why)
{
    sim->port.now = 0;
    sim->port.deadline = PORT_NEVER;
    sim->port.halted = false;
    sim->live = false;
    sim->reset_wanted = false;
    timers_reset(&sim->timers, TIMERS_DEVICE + sim->devices.count);
    memset(sim->port.unmasked, 0, sizeof sim->port.unmasked);
    faults_reset(sim);
    for (uint32_t i = 0; i < CFG_TASKS; i++) {
        if (sim->task[i].cpu != NULL) {
            cpu_forget(sim->task[i].cpu);
        }
    }
    memset(&sim->kernel, 0, sizeof sim->kernel);
    sim->kernel.current = NO_THREAD;
    if (sim->booted) {
        devices_reset(sim, why);
    } else {
        devices_boot(sim);
    }
    kernel_boot();
    after_entry(sim);
}

static void restart(struct k5sim *sim, enum device_reset why)
{
    const struct k5sim_event event = {
        .time = machine_now(sim),
        .kind = K5SIM_EVENT_RESET,
        .thread = sim->kernel.current,
        .code = (uint16_t)why,
        .arg = {why == DEVICE_RESET_WATCHDOG ? sim->reset_by : DEVICE_NONE},
    };

    machine_record(sim, &event);
    sim->epoch += sim->port.now;
    if (why == DEVICE_RESET_POWER) {
        memory_erase(sim->memory, true);
        machine_touch_regions(sim);
        memory_hold_stuck(sim->memory, 0, UINT32_MAX);
        if (sim->store != NULL) {
            store_all_changed(sim);
        }
    }
    start(sim, why);
}

static bool is_there(const struct k5sim *sim, const struct run_goal *goal)
{
    return sim->actions == goal->actions && sim->instructions == goal->instructions &&
           machine_now(sim) == goal->until;
}

/* How far idle time may go at once. */
static uint64_t idle_until(const struct k5sim *sim, uint64_t until, const struct run_goal *goal)
{
    if (goal->pass == NULL || goal->pass->now <= machine_now(sim)) {
        return until;
    }
    uint64_t pass = kernel_tick(sim, goal->pass->now);

    return pass < until ? pass : until;
}

/* What the machine does next, if that is not the end: something happens, or a thread runs. */
static int turn(struct k5sim *sim, uint64_t until, const struct run_goal *goal)
{
    if (sim->kernel.current == NO_THREAD) {
        int stop = idle(sim, idle_until(sim, until, goal));

        sim->actions += stop == 0;
        return stop;
    }
    if (sim->timers.next <= sim->port.now) {
        machine_acts(sim);
        fire(sim);
        return 0;
    }
    if (sim->port.now >= until && !goal->exact) {
        return K5SIM_STOP_TIME;
    }
    if (sim->live && !may_run(sim, goal)) {
        return K5SIM_STOP_POSITION; /* of an exact goal: it lies on another run than this */
    }
    uint64_t limit = until < sim->timers.next && !goal->exact ? until : sim->timers.next;

    sim->failed = !run_thread(sim, limit, goal);
    return 0;
}

static enum k5sim_stop run_loop(struct k5sim *sim, const struct run_goal *goal)
{
    struct standstill standstill = {.now = PORT_NEVER};

    for (;;) {
        int stop = stands_still(sim, &standstill) ? (int)K5SIM_STOP_ENGINE : must_stop(sim);

        if (stop == 0 && ((goal->exact && is_there(sim, goal)) || comes_by(sim, goal))) {
            stop = K5SIM_STOP_POSITION;
        } else if (stop == 0 && sim->reset_wanted) {
            machine_acts(sim);
            restart(sim, DEVICE_RESET_WATCHDOG);
        } else if (stop == 0) {
            stop = turn(sim, kernel_tick(sim, goal->until), goal);
        }
        if (stop == K5SIM_STOP_TIME && goal->exact && is_there(sim, goal)) {
            stop = K5SIM_STOP_POSITION; /* in idle time */
        } else if (stop == K5SIM_STOP_TIME && machine_now(sim) < goal->until) {
            stop = 0; /* that was as far as goal->pass */
        }
        if (stop != 0) {
            return (enum k5sim_stop)stop;
        }
    }
}

enum k5sim_stop machine_run(struct k5sim *sim, const struct run_goal *goal)
{
    if (sim->panicked) {
        return K5SIM_STOP_PANIC;
    }
    sim->event_came = false;
    sim->debug.stop = 0;
    hostport_enter(&sim->port, &sim->kernel, sim->system);
    if (setjmp(sim->leave_kernel) != 0) {
        sim->panicked = true;
        sim->live = false;
        return K5SIM_STOP_PANIC;
    }
    return run_loop(sim, goal);
}

int machine_boot(struct k5sim *sim)
{
    sim->epoch = 0;
    sim->instructions = 0;
    sim->actions = 0;
    sim->panicked = false;
    sim->stop_kinds = 0;
    sim->event_came = false;
    sim->failed = false;
    sim->booted = false;
    debug_pass_nothing(sim);
    ring_clear(&sim->ring);
    hostport_enter(&sim->port, &sim->kernel, sim->system);
    if (setjmp(sim->leave_kernel) != 0) {
        sim->panicked = true;
    } else {
        start(sim, DEVICE_RESET_POWER);
    }
    sim->booted = true;
    return K5SIM_OK;
}

int machine_reset(struct k5sim *sim, uint32_t why)
{
    sim->panicked = false;
    hostport_enter(&sim->port, &sim->kernel, sim->system);
    if (setjmp(sim->leave_kernel) != 0) {
        sim->panicked = true;
    } else {
        restart(sim, (enum device_reset)why);
    }
    return K5SIM_OK;
}

void machine_suspend(struct k5sim *sim)
{
    hostport_enter(&sim->port, &sim->kernel, sim->system);
    if (setjmp(sim->leave_kernel) != 0) {
        sim->panicked = true;
    } else {
        (void)interrupt_thread(sim); /* where its frame does not fit, that is a fault of its own */
    }
}

void machine_panic(struct k5sim *sim, const char *file, uint32_t line)
{
    hostport_enter(&sim->port, &sim->kernel, sim->system);
    if (setjmp(sim->leave_kernel) == 0) {
        port_panic(file, line);
    }
    sim->panicked = true;
    sim->live = false;
}

/* What the kernel has left for an interrupt, before something else happens to it. */
static void finish_work(struct k5sim *sim)
{
    while (sim->kernel.unfinished != 0) {
        enter_timer(sim);
    }
}

void machine_kill(struct k5sim *sim, uint32_t task, uint32_t code)
{
    hostport_enter(&sim->port, &sim->kernel, sim->system);
    if (setjmp(sim->leave_kernel) != 0) {
        sim->panicked = true;
    } else {
        (void)interrupt_thread(sim); /* where its frame does not fit, that is a fault of its own */
        finish_work(sim);
        if (sim->kernel.task[task].state == K5_TASK_READY) {
            sched_charge();
            fault_raise(sys_task(task)->first_thread, K5_FAULT_OTHER, code);
            sched_finish(K5_EVENT_SWITCH);
            after_entry(sim);
        }
    }
}

void machine_enter(struct k5sim *sim, void (*entry)(struct k5sim *sim, uint32_t where),
                   uint32_t where)
{
    hostport_enter(&sim->port, &sim->kernel, sim->system);
    if (setjmp(sim->leave_kernel) != 0) {
        sim->panicked = true;
    } else if (interrupt_thread(sim)) {
        entry(sim, where);
        after_entry(sim);
    }
}
