/* Tasks: their life from boot through faults to restart, hold or stop. */
#include "kernel/task.h"

#include "kernel/cap.h"
#include "kernel/donation.h"
#include "kernel/ipc.h"
#include "kernel/reaper.h"
#include "kernel/sched.h"
#include "kernel/syscall.h"
#include "kernel/system.h"
#include "kernel/thread.h"
#include "kernel/wait.h"

static void report(uint32_t id, uint32_t delay_ticks)
{
    const struct task *task = task_at(id);
    const uint32_t arg[] = {id, task->generation, delay_ticks};

    event_emit(K5_EVENT_TASK, sys_task(id)->first_thread, task->state, arg, 3);
}

/* ------------------------------------------------------------ supervisors */

/* The endpoint that the faults of task `id` go to, or SYS_NONE. */
static uint32_t supervisor_of(uint32_t id)
{
    return k5.task[id].unsupervised ? SYS_NONE : sys_task(id)->supervisor;
}

static uint32_t serving_task(uint32_t endpoint)
{
    return k5.thread[k5.endpoint[endpoint].receiver].task;
}

/* A supervisor that itself waits for the task would never take the message. */
static bool waits_for_task(uint32_t thread, uint32_t task)
{
    for (uint32_t i = 0; i < CFG_THREADS && thread != NO_THREAD; i++) {
        if (k5.thread[thread].task == task) {
            return true;
        }
        thread = donation_waits_for(thread);
    }
    return false;
}

static bool can_be_supervised(uint32_t id)
{
    uint32_t endpoint = supervisor_of(id);
    const struct thread *thread = &k5.thread[k5.task[id].fault.thread];

    return endpoint != SYS_NONE && k5.task[serving_task(endpoint)].state != K5_TASK_STOPPED &&
           thread_is_runnable(k5.task[id].fault.thread) && !thread->dying &&
           !waits_for_task(k5.endpoint[endpoint].receiver, id);
}

/* ------------------------------------------------------------ start */

static void start(uint32_t id)
{
    const struct sys_task *table = sys_task(id);
    struct task *task = task_at(id);

    task->state = K5_TASK_READY;
    task->started_at = k5.charged_at;
    task->fault.kind = 0;
    cap_reset_table(id);
    for (uint32_t i = 0; i < table->thread_count; i++) {
        if ((sys_thread(table->first_thread + i)->flags & SYS_THREAD_OFF) == 0) {
            thread_start(table->first_thread + i);
        }
    }
    for (uint32_t i = 0; i < sys_task_count(); i++) {
        uint32_t endpoint = sys_task(i)->supervisor;

        if (endpoint != SYS_NONE && serving_task(endpoint) == id) {
            k5.task[i].unsupervised = 0;
        }
    }
}

void task_boot_all(void)
{
    cap_init_all();
    for (uint32_t i = 0; i < sys_task_count(); i++) {
        region_boot(i);
        if ((sys_task(i)->flags & SYS_TASK_STOPPED) != 0) {
            k5.task[i].state = K5_TASK_STOPPED;
        } else {
            start(i);
        }
    }
}

/* ------------------------------------------------------------ what becomes of a task */

static void stop(uint32_t id)
{
    k5.task[id].state = K5_TASK_STOPPED;
    reaper_take_task(id);
    report(id, 0);
}

/* Its threads stay as they are, for whoever looks; those that could run do not. */
static void hold(uint32_t id)
{
    const struct sys_task *table = sys_task(id);

    k5.task[id].state = K5_TASK_HELD;
    for (uint32_t i = 0; i < table->thread_count; i++) {
        uint32_t thread = table->first_thread + i;

        if (thread_is_runnable(thread)) {
            sched_remove(thread);
            thread_set_state(&k5.thread[thread], K5_THREAD_HELD);
        }
    }
    report(id, 0);
}

/* The delay doubles with every restart, up to a limit, until the task has run stably. */
static uint32_t next_delay(uint32_t id)
{
    const struct sys_task *table = sys_task(id);
    struct task *task = task_at(id);
    uint32_t shift = task->restart_count;
    uint64_t delay = shift < 32 ? (uint64_t)table->backoff_ticks << shift : UINT32_MAX;

    if (task->restart_count < UINT8_MAX) {
        task->restart_count++;
    }
    return delay < table->backoff_max_ticks ? (uint32_t)delay : table->backoff_max_ticks;
}

/* False: there are no more restarts for this task. */
static bool may_restart(uint32_t id)
{
    const struct sys_task *table = sys_task(id);
    struct task *task = task_at(id);

    if (k5.charged_at - task->started_at >= table->stable_ticks) {
        task->restart_count = 0;
    }
    /* A wrapped generation would let stale capabilities live again. */
    return task->generation != UINT16_MAX &&
           (table->restart_limit == 0 || task->restart_count < table->restart_limit);
}

static void restart(uint32_t id, uint32_t delay)
{
    struct task *task = task_at(id);

    task->generation++;
    task->state = K5_TASK_BACKOFF;
    task->restart_at = k5.charged_at + delay;
    reaper_take_task(id);
    report(id, delay);
}

static void follow_policy(uint32_t id)
{
    switch ((enum sys_policy)sys_task(id)->policy) {
    case SYS_POLICY_RESTART:
        if (may_restart(id)) {
            restart(id, next_delay(id));
        } else {
            stop(id);
        }
        break;
    case SYS_POLICY_HOLD:
        if (k5.task[id].state != K5_TASK_HELD) {
            hold(id);
        }
        break;
    case SYS_POLICY_STOP:
        stop(id);
        break;
    }
}

void task_fault(uint32_t id)
{
    if (can_be_supervised(id)) {
        hold(id);
        ipc_send_fault(k5.task[id].fault.thread, supervisor_of(id));
    } else {
        follow_policy(id);
    }
}

bool task_timers(uint32_t id)
{
    const struct task *task = task_at(id);

    if (task->dying) {
        return reaper_timers(id);
    }
    if (task->state != K5_TASK_BACKOFF || !sched_is_due(task->restart_at)) {
        return false;
    }
    start(id);
    report(id, 0);
    return true;
}

/* ------------------------------------------------------------ the last resort */

static void epitaph(uint32_t id)
{
    uint32_t resort = port_system()->last_resort;
    const uint32_t arg[] = {id, k5.task[id].restart_count};

    event_emit(K5_EVENT_EPITAPH, sys_task(id)->first_thread, resort, arg, 2);
    if (resort == SYS_LAST_HALT) {
        k5.halted = 1;
        sched_halt(1);
    }
}

static bool is_held_with_fault(uint32_t id)
{
    return k5.task[id].state == K5_TASK_HELD && k5.task[id].fault.kind != 0;
}

/* Its supervisor will not come back: from now on it follows its own policy. False: it does so. */
static bool release(uint32_t id)
{
    if (k5.task[id].unsupervised) {
        return false;
    }
    k5.task[id].unsupervised = 1;
    if (is_held_with_fault(id)) {
        follow_policy(id);
    }
    return true;
}

/* Its supervisor may have died over its fault: the next incarnation shall know. False: it will. */
static bool tell_again(uint32_t id)
{
    uint32_t thread = k5.task[id].fault.thread;

    if (!is_held_with_fault(id) || k5.thread[thread].state != K5_THREAD_HELD) {
        return false;
    }
    ipc_send_fault(thread, sys_task(id)->supervisor);
    return true;
}

bool task_release_ward(uint32_t id)
{
    bool gone = k5.task[id].state == K5_TASK_STOPPED;
    bool first = true;

    for (uint32_t i = 0; i < sys_task_count() && !k5.halted; i++) {
        uint32_t endpoint = sys_task(i)->supervisor;

        if (endpoint == SYS_NONE || serving_task(endpoint) != id) {
            continue;
        }
        if (gone && first && !k5.task[i].unsupervised) {
            epitaph(id);
        }
        if (gone ? release(i) : tell_again(i)) {
            return true;
        }
        first = false;
    }
    return false;
}

/* ------------------------------------------------------------ system calls */

enum k5_error task_call_status(struct thread *thread, struct cap *cap)
{
    const struct task *task = task_at(cap->object);

    thread->reg[1] = task->state;
    thread->reg[2] = task->generation;
    thread->reg[3] = task->restart_count;
    return K5_OK;
}

enum k5_error task_call_start(struct thread *thread, struct cap *cap)
{
    uint32_t id = cap->object;
    struct task *task = task_at(id);

    (void)thread;
    if (task->dying) {
        return K5_E_BUSY;
    }
    if (task->state == K5_TASK_STOPPED && task->generation != UINT16_MAX) {
        task->generation++;
        task->restart_count = 0;
    } else if (task->state != K5_TASK_BACKOFF) {
        return K5_E_STATE;
    }
    start(id);
    report(id, 0);
    return K5_OK;
}

/* In this call and the next the task may be the caller's own: so the result comes first. */
enum k5_error task_call_stop(struct thread *thread, struct cap *cap)
{
    uint32_t id = cap->object;

    thread_complete(thread, K5_OK);
    if (k5.task[id].state != K5_TASK_STOPPED) {
        stop(id);
    }
    return NO_RESULT;
}

enum k5_error task_call_restart(struct thread *thread, struct cap *cap)
{
    uint32_t id = cap->object;
    struct task *task = task_at(id);

    if (task->state == K5_TASK_STOPPED || task->generation == UINT16_MAX) {
        return K5_E_STATE;
    }
    thread_complete(thread, K5_OK);
    if (task->state == K5_TASK_BACKOFF) {
        task->restart_at = k5.charged_at;
        (void)task_timers(id);
    } else {
        (void)may_restart(id); /* who asks for a restart decides; but it counts as one in a row */
        (void)next_delay(id);
        restart(id, 0);
    }
    return NO_RESULT;
}

enum k5_error task_call_hold(struct thread *thread, struct cap *cap)
{
    uint32_t id = cap->object;

    if (k5.task[id].state != K5_TASK_READY) {
        return K5_E_STATE;
    }
    thread_complete(thread, K5_OK);
    k5.task[id].fault.kind = 0;
    hold(id);
    return NO_RESULT;
}

static void resume(uint32_t id)
{
    const struct sys_task *table = sys_task(id);

    k5.task[id].state = K5_TASK_READY;
    k5.task[id].fault.kind = 0;
    for (uint32_t i = 0; i < table->thread_count; i++) {
        uint32_t thread = table->first_thread + i;

        if (k5.thread[thread].state == K5_THREAD_FAULTED) {
            wait_leave(thread);
            thread_set_state(&k5.thread[thread], K5_THREAD_HELD);
        }
        if (k5.thread[thread].state == K5_THREAD_HELD) {
            k5.thread[thread].overrun_used = 0;
            sched_ready(thread);
        }
    }
    report(id, 0);
}

enum k5_error task_call_resume(struct thread *thread, struct cap *cap)
{
    uint32_t id = cap->object;
    const struct task *task = task_at(id);
    bool resumable = task->fault.kind == 0 || (task->fault.flags & K5_FAULT_FLAG_RESUMABLE) != 0;

    (void)thread;
    if (task->state != K5_TASK_HELD || !resumable) {
        return K5_E_STATE;
    }
    resume(id);
    return K5_OK;
}
