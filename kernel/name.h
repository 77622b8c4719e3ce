/* Ports: names at which a server is found. (A "port" of the kernel to a machine is another thing:
 * hence the file's name.) */
#pragma once

#include "kernel/state.h"

void name_init_all(void);

/* Closes the port that is open with the endpoint capability in this slot. */
void name_close(uint32_t slot);

/* Closes the ports at which task `task` listens. */
void name_close_all(uint32_t task);

/* System calls: kernel/syscall.c. */
enum k5_error name_call_listen(struct thread *thread, struct cap *cap);
enum k5_error name_call_connect(struct thread *thread, struct cap *cap);
