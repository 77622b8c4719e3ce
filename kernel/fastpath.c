/* The entry of every system call, and the short way through call and reply_recv.
 *
 * A fast path takes the case in which control passes straight to the other
 * side: a short message, the other side waiting, nobody more urgent, the payer
 * unchanged. Then there is nothing to charge, no deadline to move and no queue
 * to touch. Whatever does not fit goes the general way in ipc.c, which must
 * come to the same result. Compiled for speed; all else is compiled for size.
 */
#include "kernel/cap.h"
#include "kernel/entry.h"
#include "kernel/ipc.h"
#include "kernel/queue.h"
#include "kernel/sched.h"
#include "kernel/syscall.h"
#include "kernel/thread.h"

/* All bits of an info word that a fast message must not have: kinds but short, and every flag. */
#define NOT_FAST 0xffffu

/* thread_complete() with K5_OK, in line. */
static inline void fast_complete(struct thread *thread, uint32_t id)
{
    thread->reg[IPC_CPTR] = K5_OK;
    port_trace(K5_EVENT_RESULT, id, thread->reg[IPC_REPLY], K5_OK, thread->reg[IPC_INFO]);
}

static inline void copy_words(struct thread *to, const struct thread *from)
{
    to->reg[IPC_INFO] = from->reg[IPC_INFO];
    to->reg[IPC_W0] = from->reg[IPC_W0];
    to->reg[IPC_W1] = from->reg[IPC_W1];
    to->reg[IPC_W2] = from->reg[IPC_W2];
    to->reg[IPC_W3] = from->reg[IPC_W3];
}

/* The capability in the running thread's table with this cptr, or NULL. */
static inline struct cap *fast_cap(const struct thread *thread, uint32_t cptr, uint32_t rights)
{
    uint32_t index = cptr & 0xffffu;

    if (index >= thread->slot_count) {
        return NULL;
    }

    struct cap *cap = &k5.slot[thread->slot_base + index];
    bool fits = cap->generation == cptr >> 16 && cap->kind == K5_KIND_ENDPOINT &&
                (cap->rights & rights) != 0;

    return fits ? cap : NULL;
}

static inline void fast_switch(uint32_t from, uint32_t to)
{
    thread_set_state(&k5.thread[to], K5_THREAD_RUNNING);
    k5.current = (uint8_t)to;
    port_trace(K5_EVENT_SWITCH, to, from, k5.thread[to].payer, 0);
}

static inline bool fast_call(struct thread *caller, uint32_t id)
{
    struct cap *cap = fast_cap(caller, caller->reg[IPC_CPTR], K5_RIGHT_SEND);

    if (cap == NULL || (caller->reg[IPC_INFO] & NOT_FAST) != 0) {
        return false;
    }

    struct endpoint *endpoint = &k5.endpoint[cap->object];

    if (!endpoint->waiting || k5.thread[caller->payer].cooling) {
        return false;
    }

    uint32_t to = endpoint->receiver;
    struct thread *receiver = &k5.thread[to];
    const struct task *task = &k5.task[receiver->task];

    if (cap->seen != task->generation || task->state != K5_TASK_READY || task->stale) {
        return false; /* held: it gets the message, but does not run */
    }
    endpoint->waiting = 0;
    ipc_next_sequence(caller);
    caller->used_slot = (uint16_t)(cap - k5.slot);
    caller->holder = (uint8_t)to;
    caller->reg[IPC_BADGE] = 0; /* the result `copied` */
    thread_set_state(&k5.thread[id], K5_THREAD_AWAITING);

    uint32_t replied = receiver->reg[IPC_INFO] & K5_FLAG_REPLY_TRUNCATED;

    copy_words(receiver, caller);
    receiver->reg[IPC_INFO] |= replied; /* what became of its last reply */
    fast_complete(receiver, to);
    receiver->reg[IPC_BADGE] = cap->badge;
    receiver->reg[IPC_REPLY] = caller->sequence << 8 | id;
    receiver->client = (uint8_t)id;
    receiver->payer = caller->payer;
    if (receiver->effective < caller->effective) {
        receiver->effective = caller->effective;
    }
    fast_switch(id, to);
    return true;
}

static inline bool fast_reply_recv(struct thread *server, uint32_t id)
{
    uint32_t to = server->client;

    if (to == NO_THREAD || server->queued != 0 || (server->reg[IPC_INFO] & NOT_FAST) != 0) {
        return false;
    }

    struct thread *caller = &k5.thread[to];
    const struct task *task = &k5.task[caller->task];
    const struct cap *cap = fast_cap(server, server->reg[IPC_BADGE], K5_RIGHT_RECV);

    if (cap == NULL || server->reg[IPC_CPTR] != (caller->sequence << 8 | to) ||
        caller->payer != server->payer || caller->lends || k5.thread[server->payer].cooling ||
        k5.reaping != 0 || k5.ready >> caller->effective > 1 || task->state != K5_TASK_READY ||
        task->stale) {
        return false;
    }

    struct endpoint *endpoint = &k5.endpoint[cap->object];

    if (endpoint->receiver != id) {
        return false;
    }
    copy_words(caller, server);
    fast_complete(caller, to);

    server->client = NO_THREAD;
    server->payer = server->own_payer;
    server->effective = server->priority;
    server->endpoint = cap->object;
    server->reg[IPC_INFO] = 0; /* no receive buffer */
    endpoint->waiting = 1;
    server->timed = 0;
    thread_set_state(&k5.thread[id], K5_THREAD_RECEIVING);
    fast_switch(id, to);
    return true;
}

void kernel_syscall(void)
{
    uint32_t id = k5.current;
    struct thread *thread = &k5.thread[id];
    uint32_t number = thread->reg[7];

    /* A tick as an argument differs between engines: no part of a comparable trace. */
    port_trace(K5_EVENT_ENTER, id, number, number == K5_SYS_SLEEP ? 0 : thread->reg[0],
               number == K5_SYS_SLEEP ? 0 : thread->reg[1]);
    if (number == K5_SYS_CALL) {
        if (fast_call(thread, id)) {
            return;
        }
    } else if (number == K5_SYS_REPLY_RECV) {
        if (fast_reply_recv(thread, id)) {
            return;
        }
    } else if (number == K5_SYS_CAPS) {
        cap_describe(thread);
        return;
    } else if (number == K5_SYS_TIME) {
        syscall_time(thread);
        return;
    } else if (number == K5_SYS_LOG) {
        syscall_log(thread);
        return;
    }
    syscall_slow(number);
}
