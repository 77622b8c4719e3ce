/* System calls on threads: kernel/syscall.c. */
#pragma once

#include "kernel/state.h"

enum k5_error control_call_status(struct thread *thread, struct cap *cap);
enum k5_error control_call_start(struct thread *thread, struct cap *cap);
enum k5_error control_call_stop(struct thread *thread, struct cap *cap);
enum k5_error control_call_set_priority(struct thread *thread, struct cap *cap);
enum k5_error control_call_set_budget(struct thread *thread, struct cap *cap);
