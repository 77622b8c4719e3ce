/* Messages: the general paths.
 *
 * A decode_ function reads arguments and may fail, with nothing changed; what
 * follows it cannot fail. A buffer is checked when it is given, so that its
 * owner learns at once, and again when it is used, because by then its owner's
 * regions may have changed.
 */
#include "kernel/ipc.h"

#include "kernel/cap.h"
#include "kernel/donation.h"
#include "kernel/endpoint.h"
#include "kernel/queue.h"
#include "kernel/region.h"
#include "kernel/sched.h"
#include "kernel/thread.h"

#define ALL_FLAGS 0xff00u

struct range {
    uint32_t base;
    uint32_t bytes;
};

/* ------------------------------------------------------------ arguments */

static struct range outgoing(const struct thread *thread)
{
    return (struct range){thread->reg[IPC_W0], thread->reg[IPC_W1]};
}

/* Where thread `thread` wants a copy message; empty if it gave no buffer. */
static struct range incoming(const struct thread *thread)
{
    bool given = IPC_KIND(thread->reg[IPC_INFO]) == K5_MSG_COPY ||
                 (thread->reg[IPC_INFO] & K5_FLAG_RECV_BUF) != 0;

    if (!given) {
        return (struct range){0, 0};
    }
    return (struct range){thread->reg[IPC_W2], thread->reg[IPC_W3]};
}

static bool may_read(uint32_t id, struct range range)
{
    return region_check(k5.thread[id].task, range.base, range.bytes, SYS_READ);
}

static bool may_write(uint32_t id, struct range range)
{
    return region_check(k5.thread[id].task, range.base, range.bytes, SYS_WRITE);
}

/* Checks the info word and the buffer of a message that the running thread sends. */
K5_MUST_USE static enum k5_error decode_message(uint32_t flags_allowed)
{
    const struct thread *thread = &k5.thread[k5.current];
    uint32_t info = thread->reg[IPC_INFO];

    if (IPC_KIND(info) > K5_MSG_COPY || (info & ALL_FLAGS & ~flags_allowed) != 0) {
        return K5_E_INVALID;
    }
    if (IPC_KIND(info) == K5_MSG_COPY) {
        if (outgoing(thread).bytes > CFG_COPY_BYTES) {
            return K5_E_SIZE;
        }
        if (!may_read(k5.current, outgoing(thread))) {
            return K5_E_ADDRESS;
        }
    }
    return K5_OK;
}

/* Checks the receive buffer, if the running thread gives one. */
K5_MUST_USE static enum k5_error decode_buffer(void)
{
    return may_write(k5.current, incoming(&k5.thread[k5.current])) ? K5_OK : K5_E_ADDRESS;
}

/* Finds the endpoint to send to. A restart of its server is told once. */
K5_MUST_USE static enum k5_error decode_target(uint32_t *endpoint)
{
    struct thread *thread = &k5.thread[k5.current];
    uint32_t slot = 0;
    enum k5_error error =
        cap_find(k5.current, thread->reg[IPC_CPTR], K5_KIND_ENDPOINT, K5_RIGHT_SEND, &slot);

    if (error != K5_OK) {
        return error;
    }

    struct cap *cap = &k5.slot[slot];
    uint32_t receiver = k5.endpoint[cap->object].receiver;

    if (k5.task[k5.thread[receiver].task].state == K5_TASK_STOPPED) {
        return K5_E_STOPPED;
    }
    if (cap->seen != k5.endpoint[cap->object].generation) {
        cap->seen = k5.endpoint[cap->object].generation;
        return K5_E_RESTARTED;
    }
    if (donation_would_deadlock(k5.current, receiver)) {
        return K5_E_DEADLOCK;
    }
    thread->used_slot = (uint16_t)slot;
    *endpoint = cap->object;
    return K5_OK;
}

K5_MUST_USE static enum k5_error decode_source(uint32_t cptr, uint32_t *endpoint)
{
    uint32_t slot = 0;
    enum k5_error error = cap_find(k5.current, cptr, K5_KIND_ENDPOINT, K5_RIGHT_RECV, &slot);

    if (error != K5_OK) {
        return error;
    }
    if (k5.endpoint[k5.slot[slot].object].receiver != k5.current) {
        return K5_E_RIGHTS;
    }
    *endpoint = k5.slot[slot].object;
    return K5_OK;
}

/* ------------------------------------------------------------ delivery */

enum delivery { DELIVERED, SENDER_FAILED, RECEIVER_FAILED };

/* Copies one message; *copied is how much of it fitted. Nothing is copied unless all may be. */
static enum delivery copy_message(uint32_t from, struct range source, uint32_t to,
                                  struct range target, uint32_t *copied)
{
    uint32_t bytes = source.bytes < target.bytes ? source.bytes : target.bytes;

    if (!may_read(from, source)) {
        return SENDER_FAILED;
    }
    if (!may_write(to, target)) {
        return RECEIVER_FAILED;
    }
    if (bytes != 0) {
        port_copy(target.base, source.base, bytes);
    }
    *copied = bytes;
    return DELIVERED;
}

/* Fills the message registers of `to`: what `from` sent, of which `copied` bytes were copied. */
static void set_message(uint32_t from, uint32_t to, uint32_t copied)
{
    const struct thread *source = &k5.thread[from];
    struct thread *target = &k5.thread[to];
    uint32_t info = source->reg[IPC_INFO];
    bool buffered = (info & K5_FLAG_RECV_BUF) != 0;

    target->reg[IPC_INFO] = IPC_LABEL(info) | IPC_KIND(info);
    target->reg[IPC_W2] = 0;
    target->reg[IPC_W3] = 0;
    if (IPC_KIND(info) == K5_MSG_COPY) {
        target->reg[IPC_W0] = source->reg[IPC_W1];
        target->reg[IPC_W1] = copied;
        if (copied < source->reg[IPC_W1]) {
            target->reg[IPC_INFO] |= K5_FLAG_TRUNCATED;
        }
        return;
    }
    target->reg[IPC_W0] = source->reg[IPC_W0];
    target->reg[IPC_W1] = source->reg[IPC_W1];
    if (!buffered) {
        target->reg[IPC_W2] = source->reg[IPC_W2];
        target->reg[IPC_W3] = source->reg[IPC_W3];
    }
}

/* The sender of a copy message learns how much of it arrived. */
static void set_sent(struct thread *sender, uint32_t copied)
{
    if (IPC_KIND(sender->reg[IPC_INFO]) == K5_MSG_COPY) {
        uint32_t full = sender->reg[IPC_W1];

        sender->reg[IPC_W0] = full;
        sender->reg[IPC_W1] = copied;
        sender->reg[IPC_INFO] = copied < full ? K5_FLAG_TRUNCATED : 0;
    }
}

/*
 * Gives the message of `from` to `to`, whose registers still hold the arguments
 * of its recv. Neither may be in a queue. Afterwards a caller is AWAITING; a
 * sender's call is complete, and the caller of this function makes it run.
 */
static enum delivery deliver(uint32_t from, uint32_t to, bool is_call)
{
    struct thread *sender = &k5.thread[from];
    struct thread *receiver = &k5.thread[to];
    uint32_t replied = receiver->reg[IPC_INFO] & K5_FLAG_REPLY_TRUNCATED;
    uint32_t copied = 0;

    if (IPC_KIND(sender->reg[IPC_INFO]) == K5_MSG_COPY) {
        enum delivery result =
            copy_message(from, outgoing(sender), to, incoming(receiver), &copied);

        if (result != DELIVERED) {
            return result;
        }
    }
    set_message(from, to, copied);
    receiver->reg[IPC_INFO] |= replied;
    thread_complete(to, K5_OK);
    receiver->reg[IPC_BADGE] = k5.slot[sender->used_slot].badge;
    receiver->reg[IPC_REPLY] = 0;
    if (is_call) {
        ipc_next_sequence(sender);
        sender->reg[IPC_BADGE] =
            copied; /* the result `copied`, if it is not overtaken by an error */
        sender->holder = (uint8_t)to;
        thread_set_state(from, THREAD_AWAITING);
        receiver->reg[IPC_REPLY] = ipc_reply_cap(from);
        receiver->client = (uint8_t)from;
        receiver->overrun_used = 0;
    } else {
        set_sent(sender, copied);
        thread_complete(from, K5_OK);
    }
    return DELIVERED;
}

/* ------------------------------------------------------------ send and call */

/* The receiver cannot take the message now. */
static void wait_or_fail(uint32_t endpoint, bool is_call)
{
    if ((k5.thread[k5.current].reg[IPC_INFO] & K5_FLAG_TRY) != 0) {
        thread_complete(k5.current, K5_E_WOULD_BLOCK);
    } else {
        endpoint_enqueue(endpoint, k5.current, is_call ? THREAD_CALLING : THREAD_SENDING);
    }
}

/* To a thread that waits for it. */
static void hand_over(uint32_t endpoint, bool is_call)
{
    uint32_t id = k5.current;
    uint32_t receiver = k5.endpoint[endpoint].receiver;
    enum delivery result = deliver(id, receiver, is_call);

    KASSERT(result != SENDER_FAILED); /* its buffer was checked in this entry */
    k5.endpoint[endpoint].waiting = 0;
    if (result == RECEIVER_FAILED) {
        /* The receiver learns of its buffer; the message waits for its next recv, if it may. */
        thread_complete(receiver, K5_E_ADDRESS);
        wait_or_fail(endpoint, is_call);
    }
    donation_update(receiver);
    if (is_call) {
        sched_resume(receiver); /* on the caller's turn */
    } else {
        sched_ready(receiver);
    }
}

static void send(bool is_call)
{
    uint32_t endpoint = 0;
    enum k5_error error =
        decode_message(is_call ? K5_FLAG_TRY | K5_FLAG_RECV_BUF : (uint32_t)K5_FLAG_TRY);

    if (error == K5_OK && is_call) {
        error = decode_buffer();
    }
    if (error == K5_OK) {
        error = decode_target(&endpoint);
    }
    if (error != K5_OK) {
        thread_complete(k5.current, error);
    } else if (!is_call && k5.thread[k5.endpoint[endpoint].receiver].own_payer == NO_THREAD) {
        thread_complete(k5.current, K5_E_INVALID); /* it would have the message, but no time */
    } else if (k5.endpoint[endpoint].waiting) {
        hand_over(endpoint, is_call);
    } else {
        wait_or_fail(endpoint, is_call);
    }
}

void ipc_send(void)
{
    send(false);
}

void ipc_call(void)
{
    send(true);
}

/* ------------------------------------------------------------ recv */

/* Takes the best queued message, or waits. Senders whose buffer went bad get their error. */
static void receive(uint32_t endpoint)
{
    uint32_t id = k5.current;
    struct thread *thread = &k5.thread[id];
    struct endpoint *from = &k5.endpoint[endpoint];
    bool try = (thread->reg[IPC_INFO] & K5_FLAG_TRY) != 0;

    for (uint32_t i = 0; i < CFG_THREADS && !queue_empty(&from->queue); i++) {
        uint32_t sender = from->queue.head;
        bool is_call = k5.thread[sender].state == THREAD_CALLING;

        endpoint_dequeue(sender);

        enum delivery result = deliver(sender, id, is_call);

        KASSERT(result != RECEIVER_FAILED); /* its buffer was checked in this entry */
        if (result == SENDER_FAILED) {
            thread_complete(sender, K5_E_ADDRESS);
            sched_ready(sender);
            continue;
        }
        if (!is_call) {
            sched_ready(sender);
        }
        donation_update(id);
        return;
    }
    donation_update(id);
    if (try) {
        thread_complete(id, K5_E_WOULD_BLOCK);
        return;
    }
    thread->endpoint = (uint8_t)endpoint;
    from->waiting = 1;
    thread_set_state(id, THREAD_RECEIVING);
}

K5_MUST_USE static enum k5_error decode_recv(uint32_t cptr, uint32_t *endpoint)
{
    enum k5_error error = decode_buffer();

    return error == K5_OK ? decode_source(cptr, endpoint) : error;
}

void ipc_recv(void)
{
    const struct thread *thread = &k5.thread[k5.current];
    uint32_t info = thread->reg[IPC_INFO];
    uint32_t endpoint = 0;
    enum k5_error error = K5_E_INVALID;

    if ((info & ~(uint32_t)(K5_FLAG_TRY | K5_FLAG_RECV_BUF)) == 0) {
        error = decode_recv(thread->reg[IPC_CPTR], &endpoint);
    }
    if (error != K5_OK) {
        thread_complete(k5.current, error);
        return;
    }
    donation_end(k5.current);
    receive(endpoint);
}

/* ------------------------------------------------------------ reply */

K5_MUST_USE static enum k5_error decode_reply(uint32_t flags_allowed)
{
    enum k5_error error = decode_message(flags_allowed);

    if (error != K5_OK) {
        return error;
    }
    return ipc_holds_reply(k5.current, k5.thread[k5.current].reg[IPC_CPTR]) ? K5_OK : K5_E_STALE;
}

/*
 * Answers the call; returns how much of a copy message arrived. If control goes
 * straight back, the caller goes on with its turn; else it queues like others.
 */
static uint32_t answer(bool straight_back)
{
    uint32_t id = k5.current;
    struct thread *thread = &k5.thread[id];
    uint32_t caller = thread->reg[IPC_CPTR] & 0xffu;
    uint32_t copied = 0;
    enum k5_error error = K5_OK;

    if (IPC_KIND(thread->reg[IPC_INFO]) == K5_MSG_COPY &&
        copy_message(id, outgoing(thread), caller, incoming(&k5.thread[caller]), &copied) !=
            DELIVERED) {
        error = K5_E_ADDRESS; /* the reply was checked just now, so it is the caller's buffer */
    } else {
        set_message(id, caller, copied);
    }
    thread_complete(caller, error);
    if (k5.thread[id].client == caller) {
        donation_end(id);
    }
    if (straight_back) {
        sched_resume(caller);
    } else {
        sched_ready(caller);
    }
    return copied;
}

void ipc_reply(void)
{
    struct thread *thread = &k5.thread[k5.current];
    enum k5_error error = decode_reply(K5_FLAG_TRY);

    if (error == K5_OK) {
        set_sent(thread, answer(false));
    }
    thread_complete(k5.current, error);
}

void ipc_reply_recv(void)
{
    struct thread *thread = &k5.thread[k5.current];
    uint32_t endpoint = 0;
    enum k5_error error = decode_reply(K5_FLAG_TRY | K5_FLAG_RECV_BUF);

    if (error == K5_OK) {
        error = decode_recv(thread->reg[IPC_BADGE], &endpoint);
    }
    if (error != K5_OK) {
        thread_complete(k5.current, error);
        return;
    }

    /* From here on the info word is that of a recv, with what became of the reply. */
    uint32_t info = thread->reg[IPC_INFO];
    bool copy = IPC_KIND(info) == K5_MSG_COPY;
    bool truncated =
        answer(queue_empty(&k5.endpoint[endpoint].queue)) < thread->reg[IPC_W1] && copy;

    thread->reg[IPC_INFO] = (info & K5_FLAG_TRY) |
                            (copy ? K5_FLAG_RECV_BUF : info & K5_FLAG_RECV_BUF) |
                            (truncated ? K5_FLAG_REPLY_TRUNCATED : 0);
    donation_end(k5.current);
    receive(endpoint);
}

/* ------------------------------------------------------------ the end of a thread */

static void fail_waiting(uint32_t id, uint32_t server, enum k5_error error)
{
    struct thread *thread = &k5.thread[id];

    if (thread_is_queued(thread)) {
        endpoint_dequeue(id);
    }

    struct cap *cap = &k5.slot[thread->used_slot];

    cap->seen = k5.endpoint[cap->object].generation; /* this error tells of the restart */
    thread->reg[IPC_INFO] = 0;
    thread_complete(id, error);
    thread_set_state(id, THREAD_OFF);
    donation_update(server);
    sched_ready(id);
}

void ipc_abandon(uint32_t id, enum k5_error error)
{
    struct thread *thread = &k5.thread[id];

    if (thread->state == THREAD_RECEIVING) {
        k5.endpoint[thread->endpoint].waiting = 0;
    } else if (thread_is_queued(thread)) {
        uint32_t receiver = k5.endpoint[thread->endpoint].receiver;

        endpoint_dequeue(id);
        donation_update(receiver);
    } else {
        donation_orphan(id);
    }
    thread_set_state(id, THREAD_OFF);
    for (uint32_t i = 0; i < port_system()->thread_count; i++) {
        if (i != id && donation_waits_for(i) == id) {
            fail_waiting(i, id, error);
        }
    }
    donation_end(id);
}
