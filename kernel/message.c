/* Messages: what the registers say, and how they get across. */
#include "kernel/message.h"

#include "kernel/cap.h"
#include "kernel/loan.h"
#include "kernel/thread.h"

#define ALL_FLAGS 0xff00u

/* ------------------------------------------------------------ what the registers say */

static struct range outgoing(const struct thread *thread)
{
    return (struct range){thread->reg[IPC_W0], thread->reg[IPC_W1]};
}

/* Where `thread` wants a copy message; empty if it gave no buffer. */
static struct range incoming(const struct thread *thread)
{
    bool given = IPC_KIND(thread->reg[IPC_INFO]) == K5_MSG_COPY ||
                 (thread->reg[IPC_INFO] & K5_FLAG_RECV_BUF) != 0;

    if (!given) {
        return (struct range){0, 0};
    }
    return (struct range){thread->reg[IPC_W2], thread->reg[IPC_W3]};
}

static bool may_read(const struct thread *thread, struct range range)
{
    return region_check(thread->task, range.base, range.bytes, SYS_READ);
}

static bool may_write(const struct thread *thread, struct range range)
{
    return region_check(thread->task, range.base, range.bytes, SYS_WRITE);
}

/* ------------------------------------------------------------ checks */

/* The capability that the thread's message carries, in register `index`. */
K5_MUST_USE static enum k5_error find_passed(const struct thread *thread, uint32_t index,
                                             bool movable, struct cap **cap)
{
    enum k5_error error = cap_find_any(thread, thread->reg[index], cap);

    if (error != K5_OK) {
        return error;
    }
    if (((*cap)->rights & K5_RIGHT_GRANT) == 0) {
        return K5_E_RIGHTS;
    }
    return cap_is_movable(*cap) == movable ? K5_OK : K5_E_INVALID;
}

/* A loan must leave the reply's buffer to its owner. */
K5_MUST_USE static enum k5_error check_loan(const struct thread *thread)
{
    struct range buffer = incoming(thread);

    if (buffer.bytes != 0 && outgoing(thread).bytes != 0 &&
        region_overlap(buffer, outgoing(thread))) {
        return K5_E_ADDRESS;
    }
    return loan_check(k5.current);
}

enum k5_error message_check(const struct thread *thread, uint32_t flags, bool call)
{
    uint32_t info = thread->reg[IPC_INFO];
    uint32_t kind = IPC_KIND(info);
    struct cap *cap = NULL;

    if (kind == K5_MSG_SHORT) {
        flags |= K5_FLAG_CAP;
    }
    if ((info & ALL_FLAGS & ~flags) != 0) {
        return K5_E_INVALID;
    }
    switch (kind) {
    case K5_MSG_SHORT:
        return (info & K5_FLAG_CAP) != 0 ? find_passed(thread, IPC_W1, false, &cap) : K5_OK;
    case K5_MSG_COPY:
        if (outgoing(thread).bytes > CFG_COPY_BYTES) {
            return K5_E_SIZE;
        }
        return may_read(thread, outgoing(thread)) ? K5_OK : K5_E_ADDRESS;
    case K5_MSG_LEND:
    case K5_MSG_LEND_MUT:
        return call ? check_loan(thread) : K5_E_INVALID;
    case K5_MSG_MOVE:
        return find_passed(thread, IPC_W0, true, &cap);
    default:
        return K5_E_INVALID;
    }
}

enum k5_error message_check_buffer(const struct thread *thread)
{
    return may_write(thread, incoming(thread)) ? K5_OK : K5_E_ADDRESS;
}

/* ------------------------------------------------------------ what goes across */

/* What is put into the receiver's words, beside what the registers of the sender say: how much of a
 * copy message was copied, or the slot of the receiver's new capability. */
typedef uint32_t payload_t;

/* Copies one message. Nothing is copied unless all may be. */
K5_MUST_USE static enum k5_error copy(uint32_t from, uint32_t to, payload_t *copied)
{
    struct range source = outgoing(&k5.thread[from]);
    struct range target = incoming(&k5.thread[to]);
    uint32_t bytes = source.bytes < target.bytes ? source.bytes : target.bytes;

    if (!may_read(&k5.thread[from], source)) {
        return K5_E_ADDRESS;
    }
    if (!may_write(&k5.thread[to], target)) {
        return RECEIVER_FAILED;
    }
    if (bytes != 0) {
        port_copy(target.base, source.base, bytes);
    }
    *copied = bytes;
    return K5_OK;
}

K5_MUST_USE static enum k5_error pass(uint32_t from, uint32_t to, payload_t *passed)
{
    struct cap *cap = NULL;
    enum k5_error error = find_passed(&k5.thread[from], IPC_W1, false, &cap);

    if (error != K5_OK) {
        return error;
    }

    const struct cap *derived = cap_derive(cap, k5.thread[to].task, cap->rights, cap->badge);

    if (derived == NULL) {
        return K5_E_SLOTS;
    }
    *passed = cap_slot(derived);
    return K5_OK;
}

K5_MUST_USE static enum k5_error move(uint32_t from, uint32_t to, payload_t *moved)
{
    struct cap *cap = NULL;
    enum k5_error error = find_passed(&k5.thread[from], IPC_W0, true, &cap);

    if (error != K5_OK) {
        return error;
    }
    return region_move(k5.thread[from].task, cap, k5.thread[to].task, moved);
}

/* A message that had to wait is checked again: its sender's memory may have changed. */
K5_MUST_USE static enum k5_error lend(uint32_t from, uint32_t to)
{
    enum k5_error error = from == k5.current ? K5_OK : loan_check(from);

    if (error != K5_OK) {
        return error;
    }
    return k5.thread[from].task == k5.thread[to].task ? K5_E_INVALID : loan_begin(from, to);
}

K5_MUST_USE static enum k5_error carry(uint32_t from, uint32_t to, payload_t *payload)
{
    uint32_t info = k5.thread[from].reg[IPC_INFO];

    switch (IPC_KIND(info)) {
    case K5_MSG_COPY:
        return copy(from, to, payload);
    case K5_MSG_LEND:
    case K5_MSG_LEND_MUT:
        return lend(from, to);
    case K5_MSG_MOVE:
        return move(from, to, payload);
    default:
        return (info & K5_FLAG_CAP) != 0 ? pass(from, to, payload) : K5_OK;
    }
}

/* ------------------------------------------------------------ the receiver's registers */

static void set_copy(struct thread *target, const struct thread *source, uint32_t copied)
{
    target->reg[IPC_W0] = source->reg[IPC_W1];
    target->reg[IPC_W1] = copied;
    target->reg[IPC_W2] = 0;
    target->reg[IPC_W3] = 0;
    if (copied < source->reg[IPC_W1]) {
        target->reg[IPC_INFO] |= K5_FLAG_TRUNCATED;
    }
}

static void set_moved(struct thread *target, uint32_t slot)
{
    const struct sys_region *object = sys_object(k5.slot[slot].object);

    target->reg[IPC_W0] = object->base;
    target->reg[IPC_W1] = object->bytes;
    target->reg[IPC_W2] = cap_cptr_of(&k5.slot[slot], target);
    target->reg[IPC_W3] = 0;
}

static void set_words(struct thread *target, const struct thread *source)
{
    bool buffered = (source->reg[IPC_INFO] & K5_FLAG_RECV_BUF) != 0;

    target->reg[IPC_W0] = source->reg[IPC_W0];
    target->reg[IPC_W1] = source->reg[IPC_W1];
    target->reg[IPC_W2] = buffered ? 0 : source->reg[IPC_W2];
    target->reg[IPC_W3] = buffered ? 0 : source->reg[IPC_W3];
}

static void set_message(uint32_t from, uint32_t to, payload_t payload)
{
    const struct thread *source = &k5.thread[from];
    struct thread *target = &k5.thread[to];
    uint32_t info = source->reg[IPC_INFO];

    target->reg[IPC_INFO] = IPC_LABEL(info) | IPC_KIND(info) | (info & K5_FLAG_CAP);
    if (IPC_KIND(info) == K5_MSG_COPY) {
        set_copy(target, source, payload);
    } else if (IPC_KIND(info) == K5_MSG_MOVE) {
        set_moved(target, payload);
    } else {
        set_words(target, source);
        if ((info & K5_FLAG_CAP) != 0) {
            target->reg[IPC_W1] = cap_cptr_of(&k5.slot[payload], target);
        }
    }
}

void message_sent(struct thread *sender, uint32_t copied)
{
    if (IPC_KIND(sender->reg[IPC_INFO]) == K5_MSG_COPY) {
        uint32_t full = sender->reg[IPC_W1];

        sender->reg[IPC_W0] = full;
        sender->reg[IPC_W1] = copied;
        sender->reg[IPC_INFO] = copied < full ? K5_FLAG_TRUNCATED : 0;
    }
}

/* ------------------------------------------------------------ from thread to thread */

enum k5_error message_deliver(uint32_t from, uint32_t to, bool is_call)
{
    struct thread *sender = &k5.thread[from];
    struct thread *receiver = &k5.thread[to];
    uint32_t replied = receiver->reg[IPC_INFO] & K5_FLAG_REPLY_TRUNCATED;
    payload_t payload = 0;
    enum k5_error error = carry(from, to, &payload);

    if (error != K5_OK) {
        return error;
    }
    set_message(from, to, payload);
    receiver->reg[IPC_INFO] |= replied;
    thread_complete(&k5.thread[to], K5_OK);
    receiver->reg[IPC_BADGE] = k5.slot[sender->used_slot].badge;
    receiver->reg[IPC_REPLY] = 0;
    if (is_call) {
        ipc_next_sequence(sender);
        /* The result `copied`, if no error overtakes it. */
        sender->reg[IPC_BADGE] = IPC_KIND(sender->reg[IPC_INFO]) == K5_MSG_COPY ? payload : 0;
        sender->holder = (uint8_t)to;
        thread_set_state(&k5.thread[from], K5_THREAD_AWAITING);
        receiver->reg[IPC_REPLY] = ipc_reply_cap(from);
        receiver->client = (uint8_t)from;
        receiver->overrun_used = 0;
    } else {
        message_sent(sender, payload);
        thread_complete(&k5.thread[from], K5_OK);
    }
    return K5_OK;
}

enum k5_error message_answer(uint32_t caller, uint32_t *copied)
{
    enum k5_error error = carry(k5.current, caller, copied);

    if (error != K5_OK && error != RECEIVER_FAILED) {
        return error;
    }
    if (k5.thread[caller].lends) {
        loan_end(caller); /* now, as the reply overwrites the registers that say what was lent */
    }
    if (error == K5_OK) {
        set_message(k5.current, caller, *copied);
    }
    return error;
}

/* ------------------------------------------------------------ from the kernel */

static void from_kernel(uint32_t to, uint32_t info, const uint32_t word[4], uint32_t badge)
{
    struct thread *receiver = &k5.thread[to];
    uint32_t replied = receiver->reg[IPC_INFO] & K5_FLAG_REPLY_TRUNCATED;

    receiver->reg[IPC_INFO] = info | replied;
    for (uint32_t i = 0; i < 4; i++) {
        receiver->reg[IPC_W0 + i] = word[i];
    }
    thread_complete(&k5.thread[to], K5_OK);
    receiver->reg[IPC_BADGE] = badge;
    receiver->reg[IPC_REPLY] = 0;
}

void message_from_ring(uint32_t to, const struct message *message)
{
    from_kernel(to, IPC_LABEL(message->info), message->word, message->badge);
}

void message_from_bits(uint32_t to, uint32_t bits)
{
    from_kernel(to, K5_MSG_NOTIFICATION, (const uint32_t[4]){bits}, 0);
}

void message_from_fault(uint32_t to, uint32_t task)
{
    const struct task_fault *fault = &k5.task[task].fault;
    const uint32_t word[4] = {
        task | (uint32_t)fault->thread << 8 | (uint32_t)fault->flags << 16,
        fault->pc,
        fault->address,
        fault->status,
    };

    from_kernel(to, (uint32_t)fault->kind << 16 | K5_MSG_FAULT, word, 0);
}
