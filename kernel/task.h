/* Tasks: their life from boot through faults to restart, hold or stop. */
#pragma once

#include "kernel/kassert.h"
#include "kernel/state.h"

/* Boot: all tasks' memory and threads; those that the description starts are started. */
void task_boot_all(void);

/* A thread of task `id` committed the fault on record: its supervisor or its policy decides. */
void task_fault(uint32_t id);

/* Starts task `id` if its back-off is over and it is down; else that is noted as a timer. */
void task_timers(uint32_t id);

/*
 * If task `id` is gone for good: takes care of one task that it supervised.
 * False: there is none left. The first call that finds one is the last resort.
 */
K5_MUST_USE bool task_release_ward(uint32_t id);

/* The system calls of the running thread on a task. */
void task_syscall_status(void);
void task_syscall_start(void);
void task_syscall_stop(void);
void task_syscall_restart(void);
void task_syscall_hold(void);
void task_syscall_resume(void);
