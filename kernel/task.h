/* Tasks: their life from boot through faults to restart, hold or stop. */
#pragma once

#include "kernel/state.h"

/* Boot: all tasks' tables and threads; every thread is started. */
void task_boot_all(void);

/* A thread of task `id` committed a fault: its policy decides. */
void task_fault(uint32_t id);

/* Restarts task `id` if its back-off is over. */
void task_timers(uint32_t id);
