/* Messages: what the registers of a sender and a receiver say, and how one reaches the other.
 *
 * A check reads arguments and may fail, with nothing changed. What was checked
 * when a thread gave it is checked again when it is used, because by then its
 * task's memory and capabilities may have changed.
 */
#pragma once

#include "kernel/kassert.h"
#include "kernel/region.h"

/* Registers of a message, the same in every call. */
enum ipc_register {
    IPC_CPTR = 0, /* or the reply capability; as a result the error */
    IPC_INFO = 1,
    IPC_W0 = 2,    /* of a copy message or a loan: its address; of a move: the capability */
    IPC_W1 = 3,    /* and its length; the capability that goes with a short message */
    IPC_W2 = 4,    /* where a receive buffer is given: its address */
    IPC_W3 = 5,    /* and its length */
    IPC_BADGE = 6, /* result; as an argument the deadline, of reply_recv the cptr to receive from */
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

/*
 * The message that the running thread, `thread`, sends: its info word, which may have the
 * flags `flags`, and what the words refer to. Loans only where `call`.
 */
K5_MUST_USE enum k5_error message_check(const struct thread *thread, uint32_t flags, bool call);

/* The receive buffer, if the running thread gives one. */
K5_MUST_USE enum k5_error message_check_buffer(const struct thread *thread);

/* A message was not delivered because of the receiver, whose buffer went bad. Not an error code of
 * the ABI. */
#define RECEIVER_FAILED ((enum k5_error)2)

/*
 * Gives the message of `from` to `to`, whose registers still hold the arguments
 * of its recv. Neither may be in a queue. Afterwards a caller is AWAITING; a
 * sender's call is complete, and whoever called this makes it run. On an error,
 * the sender's or RECEIVER_FAILED, nothing has changed.
 */
K5_MUST_USE enum k5_error message_deliver(uint32_t from, uint32_t to, bool is_call);

/*
 * Gives the running thread's reply to `caller`, which is AWAITING and stays so for
 * now. *copied is how much of a copy message arrived. RECEIVER_FAILED: the call
 * ends all the same; any other error is the replier's own, and nothing has changed.
 */
K5_MUST_USE enum k5_error message_answer(uint32_t caller, uint32_t *copied);

/* The sender of a copy message learns how much of it arrived. */
void message_sent(struct thread *sender, uint32_t copied);

/* Messages that come from no thread. Each completes the recv of `to`. */
void message_from_ring(uint32_t to, const struct message *message);
void message_from_bits(uint32_t to, uint32_t bits);
void message_from_fault(uint32_t to, uint32_t task);
