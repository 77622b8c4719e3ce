/* Notifications: 32 bits that others set and one thread waits for; and interrupts, which set one.
 */
#pragma once

#include "kernel/state.h"

void notification_init_all(void);

/* Sets bits and wakes the receiver if it waits for one of them, or receives and is bound. */
void notification_signal(uint32_t id, uint32_t bits);

/* The bits of thread `id`'s bound notification, which are cleared. 0: none, or not bound. */
uint32_t notification_take_bound(uint32_t id);

/* The receiver's task is coming down: no bits are left, its interrupts are masked. */
void notification_reset(uint32_t id);

/* True if a line is unmasked: then something may still happen on an idle machine. */
bool interrupt_is_expected(void);

/* System calls: kernel/syscall.c. */
enum k5_error notification_call_signal(struct thread *thread, struct cap *cap);
enum k5_error notification_call_wait(struct thread *thread, struct cap *cap);
enum k5_error interrupt_call_ack(struct thread *thread, struct cap *cap);
