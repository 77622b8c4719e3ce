/* Messages: the general paths of send, call, recv, reply and reply_recv. */
#include "kernel/ipc.h"

#include "kernel/cap.h"
#include "kernel/donation.h"
#include "kernel/endpoint.h"
#include "kernel/loan.h"
#include "kernel/notification.h"
#include "kernel/queue.h"
#include "kernel/sched.h"
#include "kernel/syscall.h"
#include "kernel/thread.h"
#include "kernel/wait.h"

/* ------------------------------------------------------------ whom it goes to or comes from */

/* Finds the endpoint to send to. A restart of its server is told once. */
K5_MUST_USE static enum k5_error find_target(struct thread *thread, uint32_t *endpoint)
{
    struct cap *cap = NULL;
    enum k5_error error =
        cap_find(thread, thread->reg[IPC_CPTR], CAP_NEED(K5_KIND_ENDPOINT, K5_RIGHT_SEND), &cap);

    if (error != K5_OK) {
        return error;
    }

    uint32_t receiver = k5.endpoint[cap->object].receiver;
    const struct task *task = task_at(k5.thread[receiver].task);

    if (task->state == K5_TASK_STOPPED) {
        return K5_E_STOPPED;
    }
    if (cap->seen != task->generation) {
        cap->seen = task->generation;
        return K5_E_RESTARTED;
    }
    if (donation_would_deadlock(k5.current, receiver)) {
        return K5_E_DEADLOCK;
    }
    thread->used_slot = (uint16_t)cap_slot(cap);
    *endpoint = cap->object;
    return K5_OK;
}

/* ------------------------------------------------------------ send and call */

/* The receiver cannot take the message now. */
static enum k5_error wait_or_fail(struct thread *thread, uint32_t endpoint, bool is_call)
{
    enum k5_error error = wait_allowed(thread, thread->reg[IPC_INFO], thread->reg[IPC_BADGE]);

    if (error != K5_OK) {
        return error;
    }
    endpoint_enqueue(endpoint, k5.current, is_call ? K5_THREAD_CALLING : K5_THREAD_SENDING);
    return NO_RESULT;
}

/* To a thread that waits for it. */
static enum k5_error hand_over(struct thread *thread, uint32_t endpoint, bool is_call)
{
    uint32_t receiver = k5.endpoint[endpoint].receiver;
    enum k5_error error = message_deliver(k5.current, receiver, is_call);

    if (error < K5_OK) {
        return error;
    }
    k5.endpoint[endpoint].waiting = 0;
    if (error == RECEIVER_FAILED) {
        /* The receiver learns of its buffer; the message waits for its next recv, if it may. */
        thread_complete(&k5.thread[receiver], K5_E_ADDRESS);
        error = wait_or_fail(thread, endpoint, is_call);
    } else {
        error = NO_RESULT;
    }
    donation_update(receiver);
    sched_make_ready(receiver, is_call); /* a call: on the caller's turn */
    return error;
}

/* Only a message that needs nothing of its sender any more can wait without it. */
static bool goes_into_ring(const struct thread *thread, uint32_t endpoint, bool is_call)
{
    uint32_t info = thread->reg[IPC_INFO];

    return !is_call && sys_endpoint(endpoint)->queue != 0 && IPC_KIND(info) == K5_MSG_SHORT &&
           (info & K5_FLAG_CAP) == 0;
}

/* TRY and TIMED contradict each other. */
static bool flags_contradict(uint32_t info)
{
    return (info & K5_FLAG_TRY) != 0 && (info & K5_FLAG_TIMED) != 0;
}

K5_MUST_USE static enum k5_error check_send(struct thread *thread, bool is_call, uint32_t *endpoint)
{
    uint32_t flags = K5_FLAG_TRY | K5_FLAG_TIMED | (is_call ? (uint32_t)K5_FLAG_RECV_BUF : 0);
    enum k5_error error = message_check(thread, flags, is_call);

    if (error == K5_OK && is_call) {
        error = message_check_buffer(thread);
    }
    if (error == K5_OK) {
        error = find_target(thread, endpoint);
    }
    if (error != K5_OK) {
        return error;
    }
    /* A passive server that is not called would have the message, but no time. */
    return flags_contradict(thread->reg[IPC_INFO]) ||
                   (!is_call && k5.thread[k5.endpoint[*endpoint].receiver].own_payer == NO_THREAD)
               ? K5_E_INVALID
               : K5_OK;
}

static enum k5_error send(struct thread *thread, bool is_call)
{
    uint32_t endpoint = 0;
    enum k5_error error = check_send(thread, is_call, &endpoint);

    if (error != K5_OK) {
        return error;
    }
    if (k5.endpoint[endpoint].waiting) {
        return hand_over(thread, endpoint, is_call);
    }
    if (goes_into_ring(thread, endpoint, is_call)) {
        return endpoint_push(endpoint) ? K5_OK : K5_E_FULL;
    }
    return wait_or_fail(thread, endpoint, is_call);
}

enum k5_error ipc_send(struct thread *thread, struct cap *cap)
{
    (void)cap;
    return send(thread, false);
}

enum k5_error ipc_call(struct thread *thread, struct cap *cap)
{
    (void)cap;
    return send(thread, true);
}

/* ------------------------------------------------------------ recv */

static void take_fault(uint32_t faulted, uint32_t id)
{
    endpoint_dequeue(faulted);
    thread_set_state(&k5.thread[faulted], K5_THREAD_HELD);
    message_from_fault(id, k5.thread[faulted].task);
}

/* The first in the queue. False: its own fault kept the message back, and it knows. */
static bool take_sender(uint32_t sender, uint32_t id)
{
    bool is_call = k5.thread[sender].state == K5_THREAD_CALLING;

    endpoint_dequeue(sender);

    enum k5_error error = message_deliver(sender, id, is_call);

    if (error != K5_OK) { /* of the sender: our buffer was checked in this entry */
        thread_complete(&k5.thread[sender], error);
    }
    if (error != K5_OK || !is_call) {
        sched_ready(sender);
    }
    return error == K5_OK;
}

/* A message that is there: bits first, then the ring, then who waits in the queue. */
static bool take_waiting(uint32_t endpoint)
{
    uint32_t id = k5.current;
    const struct thread_queue *queue = &k5.endpoint[endpoint].queue;
    uint32_t bits = notification_take_bound(id);

    if (bits != 0) {
        message_from_bits(id, bits);
        return true;
    }

    const struct message *message = endpoint_take(endpoint);

    if (message != NULL) {
        message_from_ring(id, message);
        return true;
    }
    for (uint32_t i = 0; i < CFG_THREADS && !queue_empty(queue); i++) {
        if (k5.thread[queue->head].state == K5_THREAD_FAULTED) {
            take_fault(queue->head, id);
            return true;
        }
        if (take_sender(queue->head, id)) {
            return true;
        }
    }
    return false;
}

static enum k5_error receive(struct thread *thread, uint32_t endpoint)
{
    uint32_t deadline = thread->reg[IPC_BADGE];

    donation_forget(thread);

    bool taken = take_waiting(endpoint);

    donation_update(k5.current);
    if (taken) {
        return NO_RESULT; /* it has been completed with the message */
    }

    enum k5_error error = wait_allowed(thread, thread->reg[IPC_INFO], deadline);

    if (error != K5_OK) {
        return error;
    }
    thread->endpoint = (uint8_t)endpoint;
    k5.endpoint[endpoint].waiting = 1;
    thread_set_state(thread, K5_THREAD_RECEIVING);
    return NO_RESULT;
}

K5_MUST_USE static enum k5_error check_recv(const struct thread *thread, uint32_t cptr,
                                            struct cap **cap)
{
    enum k5_error error = message_check_buffer(thread);

    return error == K5_OK ? endpoint_find_own(thread, cptr, K5_RIGHT_RECV, cap) : error;
}

enum k5_error ipc_recv(struct thread *thread, struct cap *cap)
{
    uint32_t info = thread->reg[IPC_INFO];

    if ((info & ~(uint32_t)(K5_FLAG_TRY | K5_FLAG_TIMED | K5_FLAG_RECV_BUF)) != 0 ||
        flags_contradict(info)) {
        return K5_E_INVALID;
    }

    enum k5_error error = check_recv(thread, thread->reg[IPC_CPTR], &cap);

    if (error != K5_OK) {
        return error;
    }
    return receive(thread, cap->object);
}

void ipc_send_fault(uint32_t id, uint32_t endpoint)
{
    uint32_t receiver = k5.endpoint[endpoint].receiver;

    if (!k5.endpoint[endpoint].waiting) {
        endpoint_enqueue(endpoint, id, K5_THREAD_FAULTED);
        return;
    }
    k5.endpoint[endpoint].waiting = 0;
    thread_set_state(&k5.thread[id], K5_THREAD_HELD);
    message_from_fault(receiver, k5.thread[id].task);
    sched_ready(receiver);
}

/* ------------------------------------------------------------ reply */

/*
 * The call that the running thread answers is open, and in its hands. A dead caller's
 * call is not, but its memory is its owner's again from here on.
 */
K5_MUST_USE static enum k5_error check_reply(const struct thread *thread, uint32_t flags)
{
    uint32_t reply = thread->reg[IPC_CPTR];
    uint32_t caller = reply & 0xffu;
    enum k5_error error = message_check(thread, flags, false);

    if (error != K5_OK) {
        return error;
    }
    if (caller >= sys_thread_count()) {
        return K5_E_STALE;
    }

    struct thread *asking = &k5.thread[caller];

    if (asking->holder != k5.current || asking->sequence != reply >> 8 ||
        (asking->state != K5_THREAD_AWAITING && asking->state != K5_THREAD_LENDING)) {
        return K5_E_STALE;
    }
    if (asking->lends && loan_is_passed_on(caller)) {
        return K5_E_BUSY;
    }
    if (asking->state == K5_THREAD_LENDING) {
        loan_end(caller);
        return K5_E_STALE;
    }
    return K5_OK;
}

/*
 * Answers the call; donation_update() must follow. If control goes straight back,
 * the caller goes on with its turn; else it queues like others.
 */
K5_MUST_USE static enum k5_error answer(struct thread *thread, bool straight_back, uint32_t *copied)
{
    uint32_t caller = thread->reg[IPC_CPTR] & 0xffu;
    enum k5_error error = message_answer(caller, copied);

    if (error < K5_OK) {
        return error;
    }
    thread_complete(&k5.thread[caller], error == RECEIVER_FAILED ? K5_E_ADDRESS : K5_OK);
    if (thread->client == caller) {
        donation_forget(thread);
    }
    sched_make_ready(caller, straight_back);
    return K5_OK;
}

enum k5_error ipc_reply(struct thread *thread, struct cap *cap)
{
    uint32_t copied = 0;
    enum k5_error error = check_reply(thread, K5_FLAG_TRY);

    (void)cap;
    if (error == K5_OK) {
        error = answer(thread, false, &copied);
    }
    if (error == K5_OK) {
        message_sent(thread, copied);
        donation_update(k5.current);
    }
    return error;
}

enum k5_error ipc_reply_recv(struct thread *thread, struct cap *cap)
{
    uint32_t copied = 0;
    enum k5_error error = check_reply(thread, K5_FLAG_TRY | K5_FLAG_RECV_BUF);

    if (error == K5_OK) {
        error = check_recv(thread, thread->reg[IPC_BADGE], &cap);
    }
    if (error == K5_OK) {
        error = answer(thread, queue_empty(&k5.endpoint[cap->object].queue), &copied);
    }
    if (error != K5_OK) {
        return error;
    }

    /* From here on the info word is that of a recv, with what became of the reply. */
    uint32_t info = thread->reg[IPC_INFO];
    bool copy = IPC_KIND(info) == K5_MSG_COPY;
    bool truncated = copied < thread->reg[IPC_W1] && copy;

    thread->reg[IPC_INFO] = (info & K5_FLAG_TRY) |
                            (copy ? (uint32_t)K5_FLAG_RECV_BUF : info & K5_FLAG_RECV_BUF) |
                            (truncated ? (uint32_t)K5_FLAG_REPLY_TRUNCATED : 0);
    return receive(thread, cap->object);
}

/* ------------------------------------------------------------ the end of a server */

void ipc_fail_waiting(uint32_t id, uint32_t server, enum k5_error error)
{
    struct thread *thread = &k5.thread[id];

    if (thread_is_queued(thread)) {
        endpoint_dequeue(id);
    }
    if (thread->used_slot != NO_SLOT) {
        struct cap *cap = cap_at(thread->used_slot);

        cap->seen = endpoint_generation(cap->object); /* this error tells of the restart */
    }
    thread->reg[IPC_INFO] = 0;
    thread_complete(&k5.thread[id], error);
    if (thread->lends) {
        loan_end(id);
    }
    if (k5.thread[server].client == id) {
        k5.thread[server].client = NO_THREAD;
    }
    thread_set_state(&k5.thread[id], K5_THREAD_OFF);
    donation_update(server);
    sched_ready(id);
}
