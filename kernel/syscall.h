/* System calls: the table of all that are not taken by a fast path. */
#pragma once

#include "kernel/kassert.h"
#include "kernel/state.h"

/* What a system call returns if its thread has no result yet, or has got it already. */
#define NO_RESULT ((enum k5_error)1)

/* Runs the system call `number` of the running thread: all that kernel_syscall() leaves over. */
void syscall_slow(uint32_t number);

/* Those that never change who runs: no charge, no scheduling. Only the cheapest goes into the fast
 * path's code, which is compiled for speed. */
void syscall_time(struct thread *thread);
__attribute__((noinline)) void syscall_log(struct thread *thread);
