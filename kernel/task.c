/* Tasks: their life from boot through faults to restart, hold or stop. */
#include "kernel/task.h"

#include "kernel/cap.h"
#include "kernel/endpoint.h"
#include "kernel/ipc.h"
#include "kernel/kassert.h"
#include "kernel/sched.h"
#include "kernel/system.h"
#include "kernel/thread.h"

static void report(uint32_t id, uint32_t delay_ticks)
{
    const struct task *task = &k5.task[id];
    const uint32_t arg[] = {id, task->generation, delay_ticks};

    event_emit(K5_EVENT_TASK, sys_task(id)->first_thread, task->state, arg, 3);
}

static void start(uint32_t id)
{
    const struct sys_task *table = sys_task(id);

    k5.task[id].state = K5_TASK_READY;
    k5.task[id].started_at = k5.charged_at;
    cap_reset_table(id);
    for (uint32_t i = 0; i < table->thread_count; i++) {
        thread_start(table->first_thread + i);
    }
}

void task_boot_all(void)
{
    for (uint32_t i = 0; i < port_system()->task_count; i++) {
        port_mpu_compile((uint8_t)i);
        start(i);
    }
}

/* No thread of the task runs or takes part in anything; its peers get `error`. */
static void quiesce(uint32_t id, enum k5_error error)
{
    const struct sys_task *table = sys_task(id);

    for (uint32_t i = 0; i < table->thread_count; i++) {
        uint32_t thread = table->first_thread + i;

        if (thread_is_runnable(thread)) {
            sched_remove(thread);
        }
        endpoint_set_generation(thread, k5.task[id].generation);
        ipc_abandon(thread, error);
    }
}

static void stop(uint32_t id)
{
    k5.task[id].state = K5_TASK_STOPPED;
    quiesce(id, K5_E_STOPPED);
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
            thread_set_state(thread, THREAD_OFF);
        }
    }
    report(id, 0);
}

/* The delay doubles with every restart, up to a limit, until the task has run stably. */
static uint32_t next_delay(uint32_t id)
{
    const struct sys_task *table = sys_task(id);
    struct task *task = &k5.task[id];

    if (k5.charged_at - task->started_at >= table->stable_ticks) {
        task->restart_count = 0;
    }

    uint32_t shift = task->restart_count;
    uint64_t delay = shift < 32 ? (uint64_t)table->backoff_ticks << shift : UINT32_MAX;

    if (task->restart_count < UINT8_MAX) {
        task->restart_count++;
    }
    return delay < table->backoff_max_ticks ? (uint32_t)delay : table->backoff_max_ticks;
}

static void restart(uint32_t id)
{
    struct task *task = &k5.task[id];

    if (task->generation == UINT16_MAX) {
        stop(id); /* a wrapped generation would let stale capabilities live again */
        return;
    }

    uint32_t delay = next_delay(id);

    task->generation++;
    task->state = K5_TASK_BACKOFF;
    task->restart_at = k5.charged_at + delay;
    quiesce(id, K5_E_RESTARTED);
    sched_note_timer(task->restart_at);
    report(id, delay);
}

void task_fault(uint32_t id)
{
    switch ((enum sys_policy)sys_task(id)->policy) {
    case SYS_POLICY_RESTART:
        restart(id);
        break;
    case SYS_POLICY_HOLD:
        hold(id);
        break;
    case SYS_POLICY_STOP:
        stop(id);
        break;
    }
}

void task_timers(uint32_t id)
{
    struct task *task = &k5.task[id];

    if (task->state != K5_TASK_BACKOFF) {
        return;
    }
    if (task->restart_at > k5.charged_at) {
        sched_note_timer(task->restart_at);
        return;
    }
    start(id);
    report(id, 0);
}
