/* Messages: send, call, recv, reply, reply_recv, in all their forms.
 *
 * Each works on the running thread, whose registers hold the arguments, after
 * sched_charge(). The common case of call and reply_recv is in fastpath.c.
 */
#pragma once

#include "kernel/state.h"
#include "kernel/system.h"

/* Registers of a message, the same in every call. */
enum ipc_register {
    IPC_CPTR = 0, /* or the reply capability; as a result the error */
    IPC_INFO = 1,
    IPC_W0 = 2,    /* of a copy message: its buffer */
    IPC_W1 = 3,    /* and its length */
    IPC_W2 = 4,    /* where a receive buffer is given: its address */
    IPC_W3 = 5,    /* and its length */
    IPC_BADGE = 6, /* result; as an argument of reply_recv the cptr to receive from */
    IPC_REPLY = 7, /* result; as an argument the system call's number */
};

#define IPC_KIND(info)  ((info)&0xffu)
#define IPC_LABEL(info) ((info)&0xffff0000u)

/* A reply capability: the caller and the number of its call, which is never 0. */
#define IPC_SEQUENCE_MAX 0xffffffu

static inline uint32_t ipc_reply_cap(uint32_t caller)
{
    return k5.thread[caller].sequence << 8 | caller;
}

static inline void ipc_next_sequence(struct thread *thread)
{
    thread->sequence = thread->sequence == IPC_SEQUENCE_MAX ? 1 : thread->sequence + 1;
}

/* True if `reply` is the capability of a call that thread `id` holds. */
static inline bool ipc_holds_reply(uint32_t id, uint32_t reply)
{
    uint32_t caller = reply & 0xffu;

    return caller < port_system()->thread_count && k5.thread[caller].state == THREAD_AWAITING &&
           k5.thread[caller].holder == id && ipc_reply_cap(caller) == reply;
}

void ipc_send(void);
void ipc_call(void);
void ipc_recv(void);
void ipc_reply(void);
void ipc_reply_recv(void);

/*
 * Thread `id`, which is OFF from now on, takes part in no exchange any more: it leaves its
 * queue, and everybody who waits for it gets `error`.
 */
void ipc_abandon(uint32_t id, enum k5_error error);
