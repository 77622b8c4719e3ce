/* Threads: fixed fields, start, results. */
#include "kernel/thread.h"

#include "kernel/kassert.h"
#include "kernel/region.h"
#include "kernel/sched.h"
#include "kernel/system.h"

/* Largest initial frame of any port (32 bytes on Armv8-M). */
#define INITIAL_FRAME_BYTES 32u

void thread_complete(struct thread *thread, enum k5_error error)
{
    thread->reg[0] = (uint32_t)error;
    /* Beyond IPC the second result may be a time: no part of a comparable trace. */
    port_trace(K5_EVENT_RESULT, (uint32_t)(thread - k5.thread), thread->reg[7], (uint32_t)error,
               thread->reg[7] <= K5_SYS_REPLY_RECV ? thread->reg[1] : 0);
}

void thread_init_all(void)
{
    uint32_t count = sys_thread_count();

    for (uint32_t i = 0; i < count; i++) {
        const struct sys_thread *fixed = sys_thread(i);
        const struct sys_task *task = sys_task(fixed->task);
        struct thread *thread = &k5.thread[i];

        thread->budget = fixed->budget;
        thread->cooldown = fixed->cooldown;
        thread->budget_left = (int32_t)fixed->budget;
        thread->slot_base = task->first_slot;
        thread->slot_count = task->slot_count;
        thread->task = fixed->task;
        thread->priority = fixed->priority;
        thread->effective = fixed->priority;
        thread->own_payer = fixed->budget == 0 ? NO_THREAD : (uint8_t)i;
        thread->payer = thread->own_payer;
        thread->client = NO_THREAD;
        thread->holder = NO_THREAD;
        thread->used_slot = NO_SLOT;
        thread_set_state(&k5.thread[i], K5_THREAD_OFF);
    }
}

void thread_start(uint32_t id)
{
    const struct sys_thread *fixed = sys_thread(id);
    struct thread *thread = &k5.thread[id];

    KASSERT(region_check(thread->task, fixed->stack_top - INITIAL_FRAME_BYTES, INITIAL_FRAME_BYTES,
                         SYS_READ | SYS_WRITE));
    for (uint32_t i = 0; i < 8; i++) {
        thread->reg[i] = 0;
    }
    port_thread_init((uint8_t)id);
    sched_ready(id);
}
