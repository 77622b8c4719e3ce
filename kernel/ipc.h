/* Messages: send, call, recv, reply, reply_recv, in all their forms.
 *
 * Each works on the running thread, whose registers hold the arguments, after
 * sched_charge(). The common case of call and reply_recv is in fastpath.c.
 */
#pragma once

#include "kernel/message.h"
#include "kernel/state.h"
#include "kernel/system.h"

/* System calls: kernel/syscall.c. They look up their capabilities by themselves. */
enum k5_error ipc_send(struct thread *thread, struct cap *cap);
enum k5_error ipc_call(struct thread *thread, struct cap *cap);
enum k5_error ipc_recv(struct thread *thread, struct cap *cap);
enum k5_error ipc_reply(struct thread *thread, struct cap *cap);
enum k5_error ipc_reply_recv(struct thread *thread, struct cap *cap);

/*
 * Thread `id`, which waits for dead or stopped `server`, gets `error`, and back what
 * it has lent.
 */
void ipc_fail_waiting(uint32_t id, uint32_t server, enum k5_error error);

/*
 * Thread `id`, held with a fault, tells the endpoint's receiver: at once, or in its queue.
 */
void ipc_send_fault(uint32_t id, uint32_t endpoint);
