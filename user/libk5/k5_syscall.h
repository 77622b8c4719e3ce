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
    K5_IN_REG(7, v7) = K5_SYS_SEND;

    __asm__ volatile(K5_TRAP : "+r"(v0), "+r"(v1), "+r"(v2), "+r"(v3) : "r"(v4), "r"(v5), "r"(v7) : "memory");
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
    K5_IN_REG(6, v6);
    K5_IN_REG(7, v7) = K5_SYS_CALL;

    __asm__ volatile(K5_TRAP : "+r"(v0), "+r"(v1), "+r"(v2), "+r"(v3), "+r"(v4), "+r"(v5), "=r"(v6) : "r"(v7) : "memory");
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
    K5_IN_REG(6, v6);
    K5_IN_REG(7, v7) = K5_SYS_RECV;

    __asm__ volatile(K5_TRAP : "+r"(v0), "+r"(v1), "+r"(v2), "+r"(v3), "+r"(v4), "+r"(v5), "=r"(v6), "+r"(v7) :  : "memory");
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
