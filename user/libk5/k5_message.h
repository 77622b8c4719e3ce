/* Messages: four kinds, sent, called with, received, replied with.
 *
 * k5_types.h says what the errors mean that are not explained here. To the task
 * that is called, a client is a risk it must not carry: so a server should use
 * k5_serve(), and never wait for a client in another way.
 */
#pragma once

#include "k5_types.h"

/* A message, on its way out or as it came in; what word[] holds depends on its kind:
 *
 *              on the way out                           on the way in
 *   short      four words; k5_pass(): a cptr in 1       the same; k5_has_cap(): its own cptr in 1
 *   copy       address and number of bytes              full and copied length
 *   lend       address, number of bytes, two words      the same
 *   move       a region's cptr                          address, number of bytes, own cptr, 0
 *   notification (received only)                        the bits
 *   fault        (received only)                        see k5_fault() in k5_control.h
 *
 * Where a receive buffer is set it takes word[2] and word[3] on the way out, so
 * that a short or a lending message then carries two words less.
 */
struct k5_message {
    uint32_t info; /* kind, flags and label: k5_kind(), k5_label(), k5_is_truncated() */
    uint32_t word[4];
    uint32_t badge;  /* after a receive: of the capability that the sender used */
    k5_cptr_t reply; /* after a receive: answers the call, once; 0 if no answer is awaited */
    uint32_t copied; /* after a call with a copy message: how many of its bytes arrived */
};

/* ---------------------------------------------------------------- making one */

static inline struct k5_message k5_message_of(uint16_t label, enum k5_message_kind kind,
                                              uint32_t w0, uint32_t w1, uint32_t w2, uint32_t w3)
{
    return (struct k5_message){
        .info = (uint32_t)label << 16 | kind,
        .word = {w0, w1, w2, w3},
    };
}

/* A short message: four words that travel in registers. */
static inline struct k5_message k5_short(uint16_t label, uint32_t w0, uint32_t w1, uint32_t w2,
                                         uint32_t w3)
{
    return k5_message_of(label, K5_MSG_SHORT, w0, w1, w2, w3);
}

/*
 * A short message that passes a capability on, which must have the right GRANT: the
 * receiver gets one derived from it, with the same rights and badge.
 * K5_E_RIGHTS: it has not. K5_E_SLOTS: the receiver's table is full; nothing was delivered.
 * K5_E_INVALID: it is a movable region, see k5_move().
 */
static inline struct k5_message k5_pass(uint16_t label, uint32_t w0, k5_cptr_t cptr, uint32_t w2,
                                        uint32_t w3)
{
    struct k5_message message = k5_short(label, w0, cptr, w2, w3);

    message.info |= K5_FLAG_CAP;
    return message;
}

/* A copy message of `bytes` bytes at `data` (at most 256 unless the system says otherwise). */
static inline struct k5_message k5_copy(uint16_t label, const void *data, size_t bytes)
{
    return k5_message_of(label, K5_MSG_COPY, (uint32_t)(uintptr_t)data, (uint32_t)bytes, 0, 0);
}

/*
 * For k5_call() only: lends a range of this task's memory, to be read. Until the
 * reply nobody can write it, this task's other threads included. Both ends are
 * multiples of 32 (K5_E_ALIGNMENT), no stack, device or shared region lies in
 * between (K5_E_ADDRESS), and both tasks need MPU regions for it (K5_E_REGIONS: one
 * has not enough; nothing has changed). The callee may pass it on, not beyond its
 * own reply. Not to another thread of the same task (K5_E_INVALID).
 */
static inline struct k5_message k5_lend(uint16_t label, const void *base, size_t bytes, uint32_t w2,
                                        uint32_t w3)
{
    return k5_message_of(label, K5_MSG_LEND, (uint32_t)(uintptr_t)base, (uint32_t)bytes, w2, w3);
}

/* The same to be read and written by the callee; until the reply this task cannot touch it. */
static inline struct k5_message k5_lend_mut(uint16_t label, void *base, size_t bytes, uint32_t w2,
                                            uint32_t w3)
{
    return k5_message_of(label, K5_MSG_LEND_MUT, (uint32_t)(uintptr_t)base, (uint32_t)bytes, w2,
                         w3);
}

/*
 * Gives away a movable region, memory and capability (which needs the right GRANT).
 * When its new owner dies it returns, cleared, to its home.
 * K5_E_SLOTS, K5_E_REGIONS: the receiver has no room for it. K5_E_BUSY: part of it is lent.
 */
static inline struct k5_message k5_move(uint16_t label, k5_cptr_t region)
{
    return k5_message_of(label, K5_MSG_MOVE, region, 0, 0, 0);
}

/* Where copy messages may be put by the receive that this message goes into (a call's reply
 * included). Takes word[2] and word[3]; to be set again for each receive. */
static inline void k5_set_buffer(struct k5_message *message, void *buffer, size_t bytes)
{
    message->info |= K5_FLAG_RECV_BUF;
    message->word[2] = (uint32_t)(uintptr_t)buffer;
    message->word[3] = (uint32_t)bytes;
}

/* Turns a received request into its answer: short words out, reply and badge kept. */
static inline void k5_answer(struct k5_message *message, uint16_t label, uint32_t w0, uint32_t w1,
                             uint32_t w2, uint32_t w3)
{
    message->info = (uint32_t)label << 16 | K5_MSG_SHORT;
    message->word[0] = w0;
    message->word[1] = w1;
    message->word[2] = w2;
    message->word[3] = w3;
}

/* The same with bytes, to be copied into the buffer that the caller gave. */
static inline void k5_answer_copy(struct k5_message *message, uint16_t label, const void *data,
                                  size_t bytes)
{
    k5_answer(message, label, (uint32_t)(uintptr_t)data, (uint32_t)bytes, 0, 0);
    message->info |= K5_MSG_COPY;
}

/* The same with a capability, as k5_pass(). */
static inline void k5_answer_pass(struct k5_message *message, uint16_t label, uint32_t w0,
                                  k5_cptr_t cptr, uint32_t w2, uint32_t w3)
{
    k5_answer(message, label, w0, cptr, w2, w3);
    message->info |= K5_FLAG_CAP;
}

/* The same with a region, as k5_move(). */
static inline void k5_answer_move(struct k5_message *message, uint16_t label, k5_cptr_t region)
{
    k5_answer(message, label, region, 0, 0, 0);
    message->info |= K5_MSG_MOVE;
}

/* ---------------------------------------------------------------- reading one */

static inline uint16_t k5_label(const struct k5_message *message)
{
    return (uint16_t)(message->info >> 16);
}

static inline enum k5_message_kind k5_kind(const struct k5_message *message)
{
    return (enum k5_message_kind)(message->info & 0xffu);
}

static inline bool k5_is_copy(const struct k5_message *message)
{
    return k5_kind(message) == K5_MSG_COPY;
}

/* word[1] is a capability that was passed on with the message: this task's from now on. */
static inline bool k5_has_cap(const struct k5_message *message)
{
    return (message->info & K5_FLAG_CAP) != 0;
}

/* The receive buffer was shorter than the message: word[0] is the full length, word[1] the copied
 * one. The other side knows it too. */
static inline bool k5_is_truncated(const struct k5_message *message)
{
    return (message->info & K5_FLAG_TRUNCATED) != 0;
}

/* After k5_reply_recv(): the caller's buffer was shorter than the reply just given. */
static inline bool k5_reply_was_truncated(const struct k5_message *message)
{
    return (message->info & K5_FLAG_REPLY_TRUNCATED) != 0;
}

/* ---------------------------------------------------------------- the five calls
 *
 * Each replaces *message by what comes back, and leaves it alone on an error, so that
 * the same call can be made again.
 */

#define K5_FRAME_OF(m)                                                                             \
    {                                                                                              \
        .info = (m)->info, .w0 = (m)->word[0], .w1 = (m)->word[1], .w2 = (m)->word[2],             \
        .w3 = (m)->word[3], .copied = (m)->copied, .badge = (m)->badge, .reply = (m)->reply,       \
    }

static inline void k5_from_frame(struct k5_message *message, const struct k5_sys_frame *f)
{
    message->info = f->info;
    message->word[0] = f->w0;
    message->word[1] = f->w1;
    message->word[2] = f->w2;
    message->word[3] = f->w3;
    message->copied = f->copied;
    message->badge = f->badge;
    message->reply = f->reply;
}

/*
 * Sends and waits until the message is received, not for an answer; does not wait
 * where it finds room in the endpoint's queue. After a copy message word[0] is its
 * full length and word[1] how much of it arrived.
 *
 * K5_E_ADDRESS, K5_E_SIZE, K5_E_INVALID: the message is not well formed. Also
 *                 K5_E_INVALID: the server is passive, it can only be called.
 * K5_E_DEADLOCK: this thread would wait for itself.
 * K5_E_FULL: the endpoint has a queue, and that has no room for a short message.
 * K5_E_RESTARTED: the server restarted since `to` was last used, or while this waited;
 *                 nothing was delivered, and the next use reaches the new incarnation.
 * K5_E_STOPPED: the server is gone for good.
 */
K5_MUST_USE static inline enum k5_error k5_send(k5_cptr_t to, struct k5_message *message)
{
    struct k5_sys_frame f = K5_FRAME_OF(message);
    int32_t error = k5_sys_send(to, &f);

    if (error == K5_OK) {
        k5_from_frame(message, &f);
    }
    return (enum k5_error)error;
}

/*
 * Sends, lends the receiver this thread's time and priority, and waits for the
 * reply, which replaces *message. A reply by copy message needs k5_set_buffer().
 * Errors: as k5_send(), and those of the message's kind.
 */
K5_MUST_USE static inline enum k5_error k5_call(k5_cptr_t to, struct k5_message *message)
{
    struct k5_sys_frame f = K5_FRAME_OF(message);
    int32_t error = k5_sys_call(to, &f);

    if (error == K5_OK) {
        k5_from_frame(message, &f);
    }
    return (enum k5_error)error;
}

/* k5_recv() with flags and deadline; the forms below use it. */
K5_MUST_USE static inline enum k5_error k5_recv_as(k5_cptr_t from, struct k5_message *message,
                                                   uint32_t flags, k5_deadline_t deadline)
{
    struct k5_sys_frame f = K5_FRAME_OF(message);
    int32_t error;

    f.info = (f.info & K5_FLAG_RECV_BUF) | flags;
    f.deadline = deadline;
    error = k5_sys_recv(from, &f);
    if (error == K5_OK) {
        k5_from_frame(message, &f);
    }
    return (enum k5_error)error;
}

/*
 * Waits for a message. What *message held before does not matter, except a buffer
 * that k5_set_buffer() put there. Receiving while a call is unanswered ends what its
 * caller lent (time, priority), not the call, and not a loan of memory. A thread with
 * a bound notification, or a supervisor, also gets messages that nobody sent: k5_kind().
 *
 * K5_E_RIGHTS: also if this is not the endpoint's receiving thread.
 * K5_E_ADDRESS, K5_E_INVALID: the buffer is not writable memory of this task.
 */
K5_MUST_USE static inline enum k5_error k5_recv(k5_cptr_t from, struct k5_message *message)
{
    return k5_recv_as(from, message, 0, 0);
}

/*
 * Answers the call that message->reply names. Never waits. After a copy message
 * word[0] is its full length and word[1] how much of it arrived. Ends the loan that
 * came with the call.
 *
 * On an error but K5_E_STALE the call stays open.
 * K5_E_STALE: the caller is gone, or was answered before.
 * K5_E_BUSY: what came as a loan was passed on, and that call is still out.
 * K5_E_SLOTS, K5_E_REGIONS: the caller has no room for the capability or region.
 * K5_E_ADDRESS, K5_E_SIZE, K5_E_INVALID: the message is not well formed.
 */
K5_MUST_USE static inline enum k5_error k5_reply(struct k5_message *message)
{
    struct k5_sys_frame f = K5_FRAME_OF(message);
    int32_t error = k5_sys_reply(&f);

    if (error == K5_OK) {
        k5_from_frame(message, &f);
    }
    return (enum k5_error)error;
}

/*
 * k5_reply(), then k5_recv(from, message), in one kernel entry: a server's loop.
 * An error of either half leaves both undone, except K5_E_WOULD_BLOCK (try_ form).
 */
K5_MUST_USE static inline enum k5_error k5_reply_recv(k5_cptr_t from, struct k5_message *message)
{
    struct k5_sys_frame f = K5_FRAME_OF(message);
    int32_t error = k5_sys_reply_recv(from, &f);

    if (error == K5_OK) {
        k5_from_frame(message, &f);
    } else if (error == K5_E_WOULD_BLOCK) {
        message->reply = 0;
    }
    return (enum k5_error)error;
}

/*
 * A server's loop in one function: answers message->reply, if there is one and its
 * caller still lives, and waits for the next message.
 *
 *     struct k5_message message = {0};
 *     while (k5_serve(CAP_ME, &message) == K5_OK) {
 *         ... make the answer with k5_answer() ...
 *     }
 *
 * Where a notification is bound to this thread, or it is a supervisor's, k5_kind()
 * says what came: neither of the two awaits an answer (message.reply is 0), so going
 * round the loop is all they need.
 *
 * Errors: as k5_reply_recv(), but never K5_E_STALE for a caller that is gone. A server
 * that answers with capabilities or regions may find that its client has no room for
 * them: K5_E_SLOTS, K5_E_REGIONS; the call is then still open, for another answer.
 */
K5_MUST_USE static inline enum k5_error k5_serve(k5_cptr_t from, struct k5_message *message)
{
    if (message->reply != 0) {
        enum k5_error error = k5_reply_recv(from, message);

        if (error != K5_E_STALE) {
            return error;
        }
    }
    return k5_recv(from, message);
}

/* ---------------------------------------------------------------- without waiting
 *
 * K5_E_WOULD_BLOCK where the other side is not ready.
 */

K5_MUST_USE static inline enum k5_error k5_try_send(k5_cptr_t to, struct k5_message *message)
{
    enum k5_error error;

    message->info |= K5_FLAG_TRY;
    error = k5_send(to, message);
    message->info &= ~(uint32_t)K5_FLAG_TRY;
    return error;
}

/* Tries to hand the message over now; if that works it does wait for the reply. */
K5_MUST_USE static inline enum k5_error k5_try_call(k5_cptr_t to, struct k5_message *message)
{
    enum k5_error error;

    message->info |= K5_FLAG_TRY;
    error = k5_call(to, message);
    message->info &= ~(uint32_t)K5_FLAG_TRY;
    return error;
}

K5_MUST_USE static inline enum k5_error k5_try_recv(k5_cptr_t from, struct k5_message *message)
{
    return k5_recv_as(from, message, K5_FLAG_TRY, 0);
}

/* Gives the reply in any case; K5_E_WOULD_BLOCK: it was given, but no message waits. */
K5_MUST_USE static inline enum k5_error k5_try_reply_recv(k5_cptr_t from,
                                                          struct k5_message *message)
{
    enum k5_error error;

    message->info |= K5_FLAG_TRY;
    error = k5_reply_recv(from, message);
    message->info &= ~(uint32_t)K5_FLAG_TRY;
    return error;
}

/* ---------------------------------------------------------------- until a deadline
 *
 * K5_E_TIMEOUT where the other side was not ready by then: k5_time.h makes deadlines.
 * To receive and reply in one is not to be had: a server that wants to be woken by
 * time replies, then receives.
 */

K5_MUST_USE static inline enum k5_error k5_send_until(k5_cptr_t to, struct k5_message *message,
                                                      k5_deadline_t deadline)
{
    struct k5_sys_frame f = K5_FRAME_OF(message);
    int32_t error;

    f.info |= K5_FLAG_TIMED;
    f.deadline = deadline;
    error = k5_sys_send(to, &f);
    if (error == K5_OK) {
        k5_from_frame(message, &f);
    }
    return (enum k5_error)error;
}

/* The deadline is for the message to be received; from then on it waits for the reply. */
K5_MUST_USE static inline enum k5_error k5_call_until(k5_cptr_t to, struct k5_message *message,
                                                      k5_deadline_t deadline)
{
    struct k5_sys_frame f = K5_FRAME_OF(message);
    int32_t error;

    f.info |= K5_FLAG_TIMED;
    f.deadline = deadline;
    error = k5_sys_call(to, &f);
    if (error == K5_OK) {
        k5_from_frame(message, &f);
    }
    return (enum k5_error)error;
}

K5_MUST_USE static inline enum k5_error k5_recv_until(k5_cptr_t from, struct k5_message *message,
                                                      k5_deadline_t deadline)
{
    return k5_recv_as(from, message, K5_FLAG_TIMED, deadline);
}
