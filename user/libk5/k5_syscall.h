/* Made from abi/syscalls.toml by `./k5 build --abi`: do not edit.
 *
 * System-call stubs: one inline function a call, nothing but registers. Arguments and
 * results travel in eight registers, the number in the last of them (docs/abi.md);
 * k5_machine.h says which these are. The kernel changes only the registers that a call
 * names as results, and restores everything else, flags included: so no stub clobbers
 * more than it returns. Programs use k5.h; these are for those who count instructions.
 */
#pragma once

#include <stdint.h>

#include "k5_abi.h"
#include "k5_machine.h"

/* clang-format off */

/* What a message call leaves behind. Fields that it does not return keep their value. */
struct k5_sys_frame {
    uint32_t info;
    uint32_t w0;
    uint32_t w1;
    uint32_t w2;
    uint32_t w3;
    uint32_t copied; /* call */
    uint32_t badge; /* recv, reply_recv */
    uint32_t reply; /* recv, reply_recv; also the argument of reply and reply_recv */
    uint32_t deadline; /* argument of send, call and recv, with K5_FLAG_TIMED */
};

/* Sends the message in *f; afterwards *f says how much of it arrived. */
static inline int32_t k5_sys_send(uint32_t cptr, struct k5_sys_frame *f)
{
    K5_IN_REG(0, v0) = cptr;
    K5_IN_REG(1, v1) = f->info;
    K5_IN_REG(2, v2) = f->w0;
    K5_IN_REG(3, v3) = f->w1;
    K5_IN_REG(4, v4) = f->w2;
    K5_IN_REG(5, v5) = f->w3;
    K5_IN_REG(6, v6) = f->deadline;
    K5_IN_REG(7, v7) = K5_SYS_SEND;

    __asm__ volatile(K5_TRAP : "+r"(v0), "+r"(v1), "+r"(v2), "+r"(v3) : "r"(v4), "r"(v5), "r"(v6), "r"(v7) : "memory");
    f->info = v1;
    f->w0 = v2;
    f->w1 = k5_from_v3(v3);
    return (int32_t)v0;
}

/* Sends the message in *f and waits for the reply, which takes its place. */
static inline int32_t k5_sys_call(uint32_t cptr, struct k5_sys_frame *f)
{
    K5_IN_REG(0, v0) = cptr;
    K5_IN_REG(1, v1) = f->info;
    K5_IN_REG(2, v2) = f->w0;
    K5_IN_REG(3, v3) = f->w1;
    K5_IN_REG(4, v4) = f->w2;
    K5_IN_REG(5, v5) = f->w3;
    K5_IN_REG(6, v6) = f->deadline;
    K5_IN_REG(7, v7) = K5_SYS_CALL;

    __asm__ volatile(K5_TRAP : "+r"(v0), "+r"(v1), "+r"(v2), "+r"(v3), "+r"(v4), "+r"(v5), "+r"(v6) : "r"(v7) : "memory");
    f->info = v1;
    f->w0 = v2;
    f->w1 = k5_from_v3(v3);
    f->w2 = v4;
    f->w3 = v5;
    f->copied = v6;
    return (int32_t)v0;
}

/* Waits for a message; *f has the flags and the buffer before, the message after. */
static inline int32_t k5_sys_recv(uint32_t cptr, struct k5_sys_frame *f)
{
    K5_IN_REG(0, v0) = cptr;
    K5_IN_REG(1, v1) = f->info;
    K5_IN_REG(2, v2) = f->w0;
    K5_IN_REG(3, v3) = f->w1;
    K5_IN_REG(4, v4) = f->w2;
    K5_IN_REG(5, v5) = f->w3;
    K5_IN_REG(6, v6) = f->deadline;
    K5_IN_REG(7, v7) = K5_SYS_RECV;

    __asm__ volatile(K5_TRAP : "+r"(v0), "+r"(v1), "+r"(v2), "+r"(v3), "+r"(v4), "+r"(v5), "+r"(v6), "+r"(v7) :  : "memory");
    f->info = v1;
    f->w0 = v2;
    f->w1 = k5_from_v3(v3);
    f->w2 = v4;
    f->w3 = v5;
    f->badge = v6;
    f->reply = v7;
    return (int32_t)v0;
}

/* Answers the call f->reply with the message in *f. */
static inline int32_t k5_sys_reply(struct k5_sys_frame *f)
{
    K5_IN_REG(0, v0) = f->reply;
    K5_IN_REG(1, v1) = f->info;
    K5_IN_REG(2, v2) = f->w0;
    K5_IN_REG(3, v3) = f->w1;
    K5_IN_REG(4, v4) = f->w2;
    K5_IN_REG(5, v5) = f->w3;
    K5_IN_REG(7, v7) = K5_SYS_REPLY;

    __asm__ volatile(K5_TRAP : "+r"(v0), "+r"(v1), "+r"(v2), "+r"(v3) : "r"(v4), "r"(v5), "r"(v7) : "memory");
    f->info = v1;
    f->w0 = v2;
    f->w1 = k5_from_v3(v3);
    return (int32_t)v0;
}

/* Answers f->reply with the message in *f, then waits for the next one on cptr. */
static inline int32_t k5_sys_reply_recv(uint32_t cptr, struct k5_sys_frame *f)
{
    K5_IN_REG(0, v0) = f->reply;
    K5_IN_REG(1, v1) = f->info;
    K5_IN_REG(2, v2) = f->w0;
    K5_IN_REG(3, v3) = f->w1;
    K5_IN_REG(4, v4) = f->w2;
    K5_IN_REG(5, v5) = f->w3;
    K5_IN_REG(6, v6) = cptr;
    K5_IN_REG(7, v7) = K5_SYS_REPLY_RECV;

    __asm__ volatile(K5_TRAP : "+r"(v0), "+r"(v1), "+r"(v2), "+r"(v3), "+r"(v4), "+r"(v5), "+r"(v6), "+r"(v7) :  : "memory");
    f->info = v1;
    f->w0 = v2;
    f->w1 = k5_from_v3(v3);
    f->w2 = v4;
    f->w3 = v5;
    f->badge = v6;
    f->reply = v7;
    return (int32_t)v0;
}

/* Returns the ticks since boot; *tick_hz is how many of them make a second. */
static inline uint64_t k5_sys_time(uint32_t *tick_hz)
{
    K5_IN_REG(0, v0);
    K5_IN_REG(1, v1);
    K5_IN_REG(2, v2);
    K5_IN_REG(3, v3);
    K5_IN_REG(7, v7) = K5_SYS_TIME;

    __asm__ volatile(K5_TRAP : "=r"(v0), "=r"(v1), "=r"(v2), "=r"(v3) : "r"(v7) : "memory");
    *tick_hz = k5_from_v3(v3);
    return (uint64_t)v2 << 32 | v1;
}

/* Waits until the absolute tick. */
static inline int32_t k5_sys_sleep(uint64_t ticks)
{
    K5_IN_REG(0, v0) = (uint32_t)ticks;
    K5_IN_REG(1, v1) = (uint32_t)(ticks >> 32);
    K5_IN_REG(7, v7) = K5_SYS_SLEEP;

    __asm__ volatile(K5_TRAP : "+r"(v0) : "r"(v1), "r"(v7) : "memory");
    return (int32_t)v0;
}

/* Goes behind the ready threads of the same priority. */
static inline int32_t k5_sys_yield(void)
{
    K5_IN_REG(0, v0);
    K5_IN_REG(7, v7) = K5_SYS_YIELD;

    __asm__ volatile(K5_TRAP : "=r"(v0) : "r"(v7) : "memory");
    return (int32_t)v0;
}

/* `shape` is level | count << 8; words past the count are not looked at. */
static inline int32_t k5_sys_log(uint32_t id, uint32_t shape, uint32_t a0, uint32_t a1, uint32_t a2, uint32_t a3, uint32_t a4)
{
    K5_IN_REG(0, v0) = id;
    K5_IN_REG(1, v1) = shape;
    K5_IN_REG(2, v2) = a0;
    K5_IN_REG(3, v3) = a1;
    K5_IN_REG(4, v4) = a2;
    K5_IN_REG(5, v5) = a3;
    K5_IN_REG(6, v6) = a4;
    K5_IN_REG(7, v7) = K5_SYS_LOG;

    __asm__ volatile(K5_TRAP : "+r"(v0) : "r"(v1), "r"(v2), "r"(v3), "r"(v4), "r"(v5), "r"(v6), "r"(v7));
    return (int32_t)v0;
}

/* Describes a slot; on an error what the pointers point to stays as it was. */
static inline int32_t k5_sys_caps(uint32_t slot, uint32_t *cptr, uint32_t *kind_rights, uint32_t *badge)
{
    K5_IN_REG(0, v0) = slot;
    K5_IN_REG(1, v1) = *cptr;
    K5_IN_REG(2, v2) = *kind_rights;
    K5_IN_REG(3, v3) = *badge;
    K5_IN_REG(7, v7) = K5_SYS_CAPS;

    __asm__ volatile(K5_TRAP : "+r"(v0), "+r"(v1), "+r"(v2), "+r"(v3) : "r"(v7));
    *cptr = v1;
    *kind_rights = v2;
    *badge = k5_from_v3(v3);
    return (int32_t)v0;
}

/* Ends this incarnation of the task. */
_Noreturn static inline void k5_sys_panic(uint32_t code)
{
    K5_IN_REG(0, v0) = code;
    K5_IN_REG(7, v7) = K5_SYS_PANIC;

    __asm__ volatile(K5_TRAP :  : "r"(v0), "r"(v7) : "memory");
    __builtin_unreachable();
}

/* Sets bits of a notification. */
static inline int32_t k5_sys_signal(uint32_t cptr, uint32_t bits)
{
    K5_IN_REG(0, v0) = cptr;
    K5_IN_REG(1, v1) = bits;
    K5_IN_REG(7, v7) = K5_SYS_SIGNAL;

    __asm__ volatile(K5_TRAP : "+r"(v0) : "r"(v1), "r"(v7) : "memory");
    return (int32_t)v0;
}

/* Waits until a bit of the mask is set; takes those that are. */
static inline int32_t k5_sys_wait(uint32_t cptr, uint32_t flags, uint32_t mask, uint32_t deadline, uint32_t *bits)
{
    K5_IN_REG(0, v0) = cptr;
    K5_IN_REG(1, v1) = flags;
    K5_IN_REG(2, v2) = mask;
    K5_IN_REG(3, v3) = deadline;
    K5_IN_REG(7, v7) = K5_SYS_WAIT;

    __asm__ volatile(K5_TRAP : "+r"(v0), "+r"(v1) : "r"(v2), "r"(v3), "r"(v7) : "memory");
    *bits = v1;
    return (int32_t)v0;
}

/* Derives a capability in the caller's own table. */
static inline int32_t k5_sys_mint(uint32_t cptr, uint32_t rights, uint32_t badge, uint32_t *minted)
{
    K5_IN_REG(0, v0) = cptr;
    K5_IN_REG(1, v1) = rights;
    K5_IN_REG(2, v2) = badge;
    K5_IN_REG(7, v7) = K5_SYS_MINT;

    __asm__ volatile(K5_TRAP : "+r"(v0), "+r"(v1) : "r"(v2), "r"(v7) : "memory");
    *minted = v1;
    return (int32_t)v0;
}

/* Gives up a capability. */
static inline int32_t k5_sys_delete(uint32_t cptr)
{
    K5_IN_REG(0, v0) = cptr;
    K5_IN_REG(7, v7) = K5_SYS_DELETE;

    __asm__ volatile(K5_TRAP : "+r"(v0) : "r"(v7) : "memory");
    return (int32_t)v0;
}

/* Removes all that was derived from a capability, a few at a time. */
static inline int32_t k5_sys_revoke(uint32_t cptr)
{
    K5_IN_REG(0, v0) = cptr;
    K5_IN_REG(7, v7) = K5_SYS_REVOKE;

    __asm__ volatile(K5_TRAP : "+r"(v0) : "r"(v7) : "memory");
    return (int32_t)v0;
}

/* Maps a region; on an error what the pointers point to stays as it was. */
static inline int32_t k5_sys_map(uint32_t cptr, uint32_t access, uint32_t *base, uint32_t *bytes)
{
    K5_IN_REG(0, v0) = cptr;
    K5_IN_REG(1, v1) = access;
    K5_IN_REG(2, v2) = *bytes;
    K5_IN_REG(7, v7) = K5_SYS_MAP;

    __asm__ volatile(K5_TRAP : "+r"(v0), "+r"(v1), "+r"(v2) : "r"(v7) : "memory");
    *base = v1;
    *bytes = v2;
    return (int32_t)v0;
}

/* Takes a mapped region out of the task. */
static inline int32_t k5_sys_unmap(uint32_t cptr)
{
    K5_IN_REG(0, v0) = cptr;
    K5_IN_REG(7, v7) = K5_SYS_UNMAP;

    __asm__ volatile(K5_TRAP : "+r"(v0) : "r"(v7) : "memory");
    return (int32_t)v0;
}

/* Unmasks an interrupt. */
static inline int32_t k5_sys_irq_ack(uint32_t cptr)
{
    K5_IN_REG(0, v0) = cptr;
    K5_IN_REG(7, v7) = K5_SYS_IRQ_ACK;

    __asm__ volatile(K5_TRAP : "+r"(v0) : "r"(v7) : "memory");
    return (int32_t)v0;
}

/* Opens a port with an endpoint; with 0 instead of one, closes it. */
static inline int32_t k5_sys_listen(uint32_t port, uint32_t endpoint)
{
    K5_IN_REG(0, v0) = port;
    K5_IN_REG(1, v1) = endpoint;
    K5_IN_REG(7, v7) = K5_SYS_LISTEN;

    __asm__ volatile(K5_TRAP : "+r"(v0) : "r"(v1), "r"(v7) : "memory");
    return (int32_t)v0;
}

/* Gets a capability to the endpoint behind a port. */
static inline int32_t k5_sys_connect(uint32_t port, uint32_t flags, uint32_t deadline, uint32_t *endpoint)
{
    K5_IN_REG(0, v0) = port;
    K5_IN_REG(1, v1) = flags;
    K5_IN_REG(2, v2) = deadline;
    K5_IN_REG(7, v7) = K5_SYS_CONNECT;

    __asm__ volatile(K5_TRAP : "+r"(v0), "+r"(v1) : "r"(v2), "r"(v7) : "memory");
    *endpoint = v1;
    return (int32_t)v0;
}

/* Describes a task; on an error what the pointers point to stays as it was. */
static inline int32_t k5_sys_task_status(uint32_t cptr, uint32_t *state, uint32_t *generation, uint32_t *restarts)
{
    K5_IN_REG(0, v0) = cptr;
    K5_IN_REG(1, v1) = *state;
    K5_IN_REG(2, v2) = *generation;
    K5_IN_REG(3, v3) = *restarts;
    K5_IN_REG(7, v7) = K5_SYS_TASK_STATUS;

    __asm__ volatile(K5_TRAP : "+r"(v0), "+r"(v1), "+r"(v2), "+r"(v3) : "r"(v7) : "memory");
    *state = v1;
    *generation = v2;
    *restarts = k5_from_v3(v3);
    return (int32_t)v0;
}

/* Starts a stopped task, or one in back-off at once. */
static inline int32_t k5_sys_task_start(uint32_t cptr)
{
    K5_IN_REG(0, v0) = cptr;
    K5_IN_REG(7, v7) = K5_SYS_TASK_START;

    __asm__ volatile(K5_TRAP : "+r"(v0) : "r"(v7) : "memory");
    return (int32_t)v0;
}

/* Stops a task. */
static inline int32_t k5_sys_task_stop(uint32_t cptr)
{
    K5_IN_REG(0, v0) = cptr;
    K5_IN_REG(7, v7) = K5_SYS_TASK_STOP;

    __asm__ volatile(K5_TRAP : "+r"(v0) : "r"(v7) : "memory");
    return (int32_t)v0;
}

/* Restarts a task, without back-off. */
static inline int32_t k5_sys_task_restart(uint32_t cptr)
{
    K5_IN_REG(0, v0) = cptr;
    K5_IN_REG(7, v7) = K5_SYS_TASK_RESTART;

    __asm__ volatile(K5_TRAP : "+r"(v0) : "r"(v7) : "memory");
    return (int32_t)v0;
}

/* Freezes a task. */
static inline int32_t k5_sys_task_hold(uint32_t cptr)
{
    K5_IN_REG(0, v0) = cptr;
    K5_IN_REG(7, v7) = K5_SYS_TASK_HOLD;

    __asm__ volatile(K5_TRAP : "+r"(v0) : "r"(v7) : "memory");
    return (int32_t)v0;
}

/* Lets a held task go on. */
static inline int32_t k5_sys_task_resume(uint32_t cptr)
{
    K5_IN_REG(0, v0) = cptr;
    K5_IN_REG(7, v7) = K5_SYS_TASK_RESUME;

    __asm__ volatile(K5_TRAP : "+r"(v0) : "r"(v7) : "memory");
    return (int32_t)v0;
}

/* Describes a thread; on an error what the pointers point to stays as it was. */
static inline int32_t k5_sys_thread_status(uint32_t cptr, uint32_t *state, uint32_t *priority, uint32_t *consumed_low, uint32_t *consumed_high)
{
    K5_IN_REG(0, v0) = cptr;
    K5_IN_REG(1, v1) = *state;
    K5_IN_REG(2, v2) = *priority;
    K5_IN_REG(3, v3) = *consumed_low;
    K5_IN_REG(4, v4) = *consumed_high;
    K5_IN_REG(7, v7) = K5_SYS_THREAD_STATUS;

    __asm__ volatile(K5_TRAP : "+r"(v0), "+r"(v1), "+r"(v2), "+r"(v3), "+r"(v4) : "r"(v7) : "memory");
    *state = v1;
    *priority = v2;
    *consumed_low = k5_from_v3(v3);
    *consumed_high = v4;
    return (int32_t)v0;
}

/* Starts a thread that is off. */
static inline int32_t k5_sys_thread_start(uint32_t cptr)
{
    K5_IN_REG(0, v0) = cptr;
    K5_IN_REG(7, v7) = K5_SYS_THREAD_START;

    __asm__ volatile(K5_TRAP : "+r"(v0) : "r"(v7) : "memory");
    return (int32_t)v0;
}

/* Stops a thread, which may be the caller. */
static inline int32_t k5_sys_thread_stop(uint32_t cptr)
{
    K5_IN_REG(0, v0) = cptr;
    K5_IN_REG(7, v7) = K5_SYS_THREAD_STOP;

    __asm__ volatile(K5_TRAP : "+r"(v0) : "r"(v7) : "memory");
    return (int32_t)v0;
}

/* Sets a thread's own priority. */
static inline int32_t k5_sys_thread_set_priority(uint32_t cptr, uint32_t priority)
{
    K5_IN_REG(0, v0) = cptr;
    K5_IN_REG(1, v1) = priority;
    K5_IN_REG(7, v7) = K5_SYS_THREAD_SET_PRIORITY;

    __asm__ volatile(K5_TRAP : "+r"(v0) : "r"(v1), "r"(v7) : "memory");
    return (int32_t)v0;
}

/* Sets a thread's budget and cooldown. */
static inline int32_t k5_sys_thread_set_budget(uint32_t cptr, uint32_t budget_ticks, uint32_t cooldown_ticks)
{
    K5_IN_REG(0, v0) = cptr;
    K5_IN_REG(1, v1) = budget_ticks;
    K5_IN_REG(2, v2) = cooldown_ticks;
    K5_IN_REG(7, v7) = K5_SYS_THREAD_SET_BUDGET;

    __asm__ volatile(K5_TRAP : "+r"(v0) : "r"(v1), "r"(v2), "r"(v7) : "memory");
    return (int32_t)v0;
}
