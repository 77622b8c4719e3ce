/* System-call stubs: one inline function a call, nothing but registers.
 *
 * Arguments and results travel in r4 to r10, the number in r11 (abi/syscalls.toml,
 * docs/abi.md). The kernel changes only the registers that a call names as
 * results, and the exception return restores everything else, flags included: so
 * no stub clobbers more than it returns. Frame pointers must be off, r7 is one of
 * ours. Programs use k5.h; these are for those who count instructions.
 */
#pragma once

#include <stdint.h>

#include "k5_abi.h"

/* One operand: local variable `name` in register r`number`. */
#define K5_IN_REG(number, name) register uint32_t name __asm__("r" #number)

/* gcc 12 takes r7, Thumb's frame pointer, for never 0 even where frame pointers are off, and
 * drops comparisons with 0: so what comes out of r7 goes through here. Costs a move at most. */
static inline uint32_t k5_from_r7(uint32_t value)
{
    __asm__("" : "+r"(value));
    return value;
}

/* What a blocking call leaves behind. Fields that it does not return keep their value. */
struct k5_sys_frame {
    uint32_t info;
    uint32_t w0;
    uint32_t w1;
    uint32_t w2;
    uint32_t w3;
    uint32_t copied; /* call */
    uint32_t badge;  /* recv, reply_recv */
    uint32_t reply;  /* recv, reply_recv; also the argument of reply and reply_recv */
};

static inline int32_t k5_sys_send(uint32_t cptr, struct k5_sys_frame *f)
{
    K5_IN_REG(4, r4) = cptr;
    K5_IN_REG(5, r5) = f->info;
    K5_IN_REG(6, r6) = f->w0;
    K5_IN_REG(7, r7) = f->w1;
    K5_IN_REG(8, r8) = f->w2;
    K5_IN_REG(9, r9) = f->w3;
    K5_IN_REG(11, r11) = K5_SYS_SEND;

    __asm__ volatile("svc #0"
                     : "+r"(r4), "+r"(r5), "+r"(r6), "+r"(r7)
                     : "r"(r8), "r"(r9), "r"(r11)
                     : "memory");
    f->info = r5;
    f->w0 = r6;
    f->w1 = k5_from_r7(r7);
    return (int32_t)r4;
}

static inline int32_t k5_sys_call(uint32_t cptr, struct k5_sys_frame *f)
{
    K5_IN_REG(4, r4) = cptr;
    K5_IN_REG(5, r5) = f->info;
    K5_IN_REG(6, r6) = f->w0;
    K5_IN_REG(7, r7) = f->w1;
    K5_IN_REG(8, r8) = f->w2;
    K5_IN_REG(9, r9) = f->w3;
    K5_IN_REG(10, r10);
    K5_IN_REG(11, r11) = K5_SYS_CALL;

    __asm__ volatile("svc #0"
                     : "+r"(r4), "+r"(r5), "+r"(r6), "+r"(r7), "+r"(r8), "+r"(r9), "=r"(r10)
                     : "r"(r11)
                     : "memory");
    f->info = r5;
    f->w0 = r6;
    f->w1 = k5_from_r7(r7);
    f->w2 = r8;
    f->w3 = r9;
    f->copied = r10;
    return (int32_t)r4;
}

static inline int32_t k5_sys_recv(uint32_t cptr, struct k5_sys_frame *f)
{
    K5_IN_REG(4, r4) = cptr;
    K5_IN_REG(5, r5) = f->info;
    K5_IN_REG(6, r6) = f->w0;
    K5_IN_REG(7, r7) = f->w1;
    K5_IN_REG(8, r8) = f->w2;
    K5_IN_REG(9, r9) = f->w3;
    K5_IN_REG(10, r10);
    K5_IN_REG(11, r11) = K5_SYS_RECV;

    __asm__ volatile("svc #0"
                     : "+r"(r4), "+r"(r5), "+r"(r6), "+r"(r7), "+r"(r8), "+r"(r9), "=r"(r10),
                       "+r"(r11)
                     :
                     : "memory");
    f->info = r5;
    f->w0 = r6;
    f->w1 = k5_from_r7(r7);
    f->w2 = r8;
    f->w3 = r9;
    f->badge = r10;
    f->reply = r11;
    return (int32_t)r4;
}

static inline int32_t k5_sys_reply(struct k5_sys_frame *f)
{
    K5_IN_REG(4, r4) = f->reply;
    K5_IN_REG(5, r5) = f->info;
    K5_IN_REG(6, r6) = f->w0;
    K5_IN_REG(7, r7) = f->w1;
    K5_IN_REG(8, r8) = f->w2;
    K5_IN_REG(9, r9) = f->w3;
    K5_IN_REG(11, r11) = K5_SYS_REPLY;

    __asm__ volatile("svc #0"
                     : "+r"(r4), "+r"(r5), "+r"(r6), "+r"(r7)
                     : "r"(r8), "r"(r9), "r"(r11)
                     : "memory");
    f->info = r5;
    f->w0 = r6;
    f->w1 = k5_from_r7(r7);
    return (int32_t)r4;
}

static inline int32_t k5_sys_reply_recv(uint32_t cptr, struct k5_sys_frame *f)
{
    K5_IN_REG(4, r4) = f->reply;
    K5_IN_REG(5, r5) = f->info;
    K5_IN_REG(6, r6) = f->w0;
    K5_IN_REG(7, r7) = f->w1;
    K5_IN_REG(8, r8) = f->w2;
    K5_IN_REG(9, r9) = f->w3;
    K5_IN_REG(10, r10) = cptr;
    K5_IN_REG(11, r11) = K5_SYS_REPLY_RECV;

    __asm__ volatile("svc #0"
                     : "+r"(r4), "+r"(r5), "+r"(r6), "+r"(r7), "+r"(r8), "+r"(r9), "+r"(r10),
                       "+r"(r11)
                     :
                     : "memory");
    f->info = r5;
    f->w0 = r6;
    f->w1 = k5_from_r7(r7);
    f->w2 = r8;
    f->w3 = r9;
    f->badge = r10;
    f->reply = r11;
    return (int32_t)r4;
}

/* Returns the ticks; *tick_hz is how many of them make a second. */
static inline uint64_t k5_sys_time(uint32_t *tick_hz)
{
    K5_IN_REG(4, r4);
    K5_IN_REG(5, r5);
    K5_IN_REG(6, r6);
    K5_IN_REG(7, r7);
    K5_IN_REG(11, r11) = K5_SYS_TIME;

    __asm__ volatile("svc #0" : "=r"(r4), "=r"(r5), "=r"(r6), "=r"(r7) : "r"(r11) : "memory");
    *tick_hz = k5_from_r7(r7);
    return (uint64_t)r6 << 32 | r5;
}

static inline int32_t k5_sys_sleep(uint64_t tick)
{
    K5_IN_REG(4, r4) = (uint32_t)tick;
    K5_IN_REG(5, r5) = (uint32_t)(tick >> 32);
    K5_IN_REG(11, r11) = K5_SYS_SLEEP;

    __asm__ volatile("svc #0" : "+r"(r4) : "r"(r5), "r"(r11) : "memory");
    return (int32_t)r4;
}

static inline int32_t k5_sys_yield(void)
{
    K5_IN_REG(4, r4);
    K5_IN_REG(11, r11) = K5_SYS_YIELD;

    __asm__ volatile("svc #0" : "=r"(r4) : "r"(r11) : "memory");
    return (int32_t)r4;
}

/* `shape` is level | count << 8; words past the count are not looked at. */
static inline int32_t k5_sys_log(uint32_t id, uint32_t shape, uint32_t a0, uint32_t a1, uint32_t a2,
                                 uint32_t a3, uint32_t a4)
{
    K5_IN_REG(4, r4) = id;
    K5_IN_REG(5, r5) = shape;
    K5_IN_REG(6, r6) = a0;
    K5_IN_REG(7, r7) = a1;
    K5_IN_REG(8, r8) = a2;
    K5_IN_REG(9, r9) = a3;
    K5_IN_REG(10, r10) = a4;
    K5_IN_REG(11, r11) = K5_SYS_LOG;

    __asm__ volatile("svc #0"
                     : "+r"(r4)
                     : "r"(r5), "r"(r6), "r"(r7), "r"(r8), "r"(r9), "r"(r10), "r"(r11));
    return (int32_t)r4;
}

static inline int32_t k5_sys_caps(uint32_t slot, uint32_t *cptr, uint32_t *kind_rights,
                                  uint32_t *badge)
{
    K5_IN_REG(4, r4) = slot;
    K5_IN_REG(5, r5) = *cptr;
    K5_IN_REG(6, r6) = *kind_rights;
    K5_IN_REG(7, r7) = *badge;
    K5_IN_REG(11, r11) = K5_SYS_CAPS;

    __asm__ volatile("svc #0" : "+r"(r4), "+r"(r5), "+r"(r6), "+r"(r7) : "r"(r11));
    *cptr = r5;
    *kind_rights = r6;
    *badge = k5_from_r7(r7);
    return (int32_t)r4;
}

_Noreturn static inline void k5_sys_panic(uint32_t code)
{
    K5_IN_REG(4, r4) = code;
    K5_IN_REG(11, r11) = K5_SYS_PANIC;

    __asm__ volatile("svc #0" : : "r"(r4), "r"(r11) : "memory");
    __builtin_unreachable();
}
