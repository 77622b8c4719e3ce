/* Tasks: their life from boot through faults to restart, hold or stop. */
#pragma once

#include "kernel/kassert.h"
#include "kernel/state.h"

/* Boot: all tasks' memory and threads; those that the description starts are started. */
void task_boot_all(void);

/* A thread of task `id` committed the fault on record: its supervisor or its policy decides. */
void task_fault(uint32_t id);

/* Starts task `id` if its back-off is over, ends its grace if that is over: true; else either is
 * noted as a timer. */
bool task_timers(uint32_t id);

/*
 * Takes care of one task that `id`, which is down, supervised: if `id` comes back,
 * a fault that it has not dealt with is told again; if not, the last resort comes
 * first, and its wards follow their own policies. False: there is none left.
 */
K5_MUST_USE bool task_release_ward(uint32_t id);

/* System calls: kernel/syscall.c. */
enum k5_error task_call_status(struct thread *thread, struct cap *cap);
enum k5_error task_call_start(struct thread *thread, struct cap *cap);
enum k5_error task_call_stop(struct thread *thread, struct cap *cap);
enum k5_error task_call_restart(struct thread *thread, struct cap *cap);
enum k5_error task_call_hold(struct thread *thread, struct cap *cap);
enum k5_error task_call_resume(struct thread *thread, struct cap *cap);
