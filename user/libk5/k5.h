/* K5 for tasks: messages, time, capabilities. Start reading here.
 *
 * A task acts only through its capabilities. The system description names them,
 * and the builder hands them to the task's C sources in the generated header
 * k5_task.h: `capabilities = [{name = "bar", ...}]` becomes CAP_BAR.
 *
 * Every function that can fail returns enum k5_error (k5_abi.h): K5_OK is 0, all
 * errors are negative. What each system call checks, and in which registers it
 * travels: docs/abi.md.
 *
 *     struct k5_message message = k5_short(ADD, 2, 3, 0, 0);
 *     if (k5_call(CAP_BAR, &message) == K5_OK) {
 *         K5_INFO("the sum is %u", message.word[0]);
 *     }
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "k5_abi.h"
#include "k5_syscall.h"

#define K5_MUST_USE __attribute__((warn_unused_result))

/* Names a capability of this task: slot number and generation. Not a pointer. */
typedef uint32_t k5_cptr_t;

/* ---------------------------------------------------------------- messages */

/* A message, on its way out or as it came in.
 *
 * Short: four words of the protocol's own. Copy: word[0] is the address of the
 * bytes and word[1] their number, on the way out; the full length and the copied
 * length, on the way in. Where a receive buffer is set it takes word[2] and
 * word[3] on the way out, so that a short message then carries two words.
 */
struct k5_message {
    uint32_t info; /* kind, flags and label: k5_label(), k5_is_copy(), k5_is_truncated() */
    uint32_t word[4];
    uint32_t badge;  /* after a receive: of the capability that the sender used */
    k5_cptr_t reply; /* after a receive: answers the call, once; 0 if no answer is awaited */
    uint32_t copied; /* after a call with a copy message: how many of its bytes arrived */
};

/* A short message: four words that travel in registers. */
static inline struct k5_message k5_short(uint16_t label, uint32_t w0, uint32_t w1, uint32_t w2,
                                         uint32_t w3)
{
    return (struct k5_message){
        .info = (uint32_t)label << 16 | K5_MSG_SHORT,
        .word = {w0, w1, w2, w3},
    };
}

/* A copy message of `bytes` bytes at `data` (at most 256 unless the system says otherwise). */
static inline struct k5_message k5_copy(uint16_t label, const void *data, size_t bytes)
{
    return (struct k5_message){
        .info = (uint32_t)label << 16 | K5_MSG_COPY,
        .word = {(uint32_t)(uintptr_t)data, (uint32_t)bytes},
    };
}

/* Where copy messages may be put by the receive that this message goes into (a call's reply
 * included). Takes word[2] and word[3]; to be set again for each receive. */
static inline void k5_set_buffer(struct k5_message *message, void *buffer, size_t bytes)
{
    message->info |= K5_FLAG_RECV_BUF;
    message->word[2] = (uint32_t)(uintptr_t)buffer;
    message->word[3] = (uint32_t)bytes;
}

static inline uint16_t k5_label(const struct k5_message *message)
{
    return (uint16_t)(message->info >> 16);
}

static inline bool k5_is_copy(const struct k5_message *message)
{
    return (message->info & 0xffu) == K5_MSG_COPY;
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

/* -- the five calls; each replaces *message by what comes back, and leaves it alone on an error,
 *    so that the same call can be made again */

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
 * Sends and waits until the message is received, not for an answer. After a copy
 * message word[0] is its full length and word[1] how much of it arrived.
 *
 * K5_E_CPTR, K5_E_STALE, K5_E_KIND, K5_E_RIGHTS: `to` is no capability that may send.
 * K5_E_ADDRESS, K5_E_SIZE, K5_E_INVALID: the message is not well formed.
 * K5_E_DEADLOCK: this thread would wait for itself.
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
 * Errors: as k5_send().
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

/*
 * Waits for a message. What *message held before does not matter, except a buffer
 * that k5_set_buffer() put there. Receiving while a call is unanswered ends what its
 * caller lent (time, priority), not the call.
 *
 * K5_E_CPTR, K5_E_STALE, K5_E_KIND, K5_E_RIGHTS: `from` is no capability that may
 * receive, or this is not the endpoint's receiving thread.
 * K5_E_ADDRESS, K5_E_SIZE, K5_E_INVALID: the buffer is not writable memory of this task.
 */
K5_MUST_USE static inline enum k5_error k5_recv(k5_cptr_t from, struct k5_message *message)
{
    struct k5_sys_frame f = K5_FRAME_OF(message);
    int32_t error;

    f.info &= K5_FLAG_RECV_BUF | K5_FLAG_TRY;
    error = k5_sys_recv(from, &f);
    if (error == K5_OK) {
        k5_from_frame(message, &f);
    }
    return (enum k5_error)error;
}

/*
 * Answers the call that message->reply names. Never waits. After a copy message
 * word[0] is its full length and word[1] how much of it arrived.
 *
 * K5_E_STALE: the caller is gone, or was answered before.
 * K5_E_ADDRESS, K5_E_SIZE, K5_E_INVALID: the message is not well formed; the call stays open.
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
 * Errors: as k5_reply_recv(), but never K5_E_STALE for a caller that is gone.
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

/* -- the same without waiting: K5_E_WOULD_BLOCK where the other side is not ready */

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
    enum k5_error error;

    message->info |= K5_FLAG_TRY;
    error = k5_recv(from, message);
    message->info &= ~(uint32_t)K5_FLAG_TRY;
    return error;
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

/* ---------------------------------------------------------------- time */

/* Ticks of the board's clock since boot. */
static inline uint64_t k5_time(void)
{
    uint32_t tick_hz;

    return k5_sys_time(&tick_hz);
}

/* Microseconds since boot, rounded down. */
uint64_t k5_time_us(void);

/* Waits until that many microseconds after boot; returns at once if they have passed. */
void k5_sleep_until_us(uint64_t us);

/* Waits at least that many microseconds from now. */
void k5_sleep_us(uint64_t us);

/* Never wakes up. A task that is done does this: returning from main() is a panic. */
_Noreturn void k5_sleep_forever(void);

/* Lets the other ready threads of this priority run first. */
static inline void k5_yield(void)
{
    (void)k5_sys_yield();
}

/* ---------------------------------------------------------------- the rest */

struct k5_cap_info {
    k5_cptr_t cptr;
    uint32_t badge;
    uint8_t kind;   /* enum k5_kind */
    uint8_t rights; /* K5_RIGHT_ bits */
};

/*
 * Describes slot `slot` of this task's capability table.
 * K5_E_CPTR: the slot is empty. K5_E_INVALID: the table ends before it.
 */
K5_MUST_USE enum k5_error k5_caps(uint32_t slot, struct k5_cap_info *info);

/*
 * Ends this incarnation of the task, for its supervisor or restart policy to deal
 * with; the fault record shows `code`.
 */
_Noreturn static inline void k5_panic(uint32_t code)
{
    k5_sys_panic(code);
}

/* The panic code of a task whose main() returned, with the low 16 bits of its result. */
#define K5_PANIC_EXIT 0xE0170000u
