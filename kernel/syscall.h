/* System calls beside the fast paths. */
#pragma once

#include "kernel/state.h"

/* Runs the system call `number` of the running thread: all that kernel_syscall() leaves over. */
void syscall_slow(uint32_t number);

/* Those that never change who runs: no charge, no scheduling. Only the cheapest goes into the fast
 * path's code, which is compiled for speed. */
void syscall_time(struct thread *thread);
__attribute__((noinline)) void syscall_log(struct thread *thread);
