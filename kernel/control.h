/* The system calls of the running thread on a thread. */
#pragma once

void control_syscall_status(void);
void control_syscall_start(void);
void control_syscall_stop(void);
void control_syscall_set_priority(void);
void control_syscall_set_budget(void);
