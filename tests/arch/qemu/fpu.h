/* All registers of the FPU, as values. For the tasks of fpu.toml, which are compiled without use of
 * it, so what they see is what the kernel leaves them.
 */
#pragma once

#include <stdint.h>

#include "k5_abi.h"

struct fpu_registers {
    uint32_t s[32];
    uint32_t fpscr;
};

#define FPSCR_WRITABLE UINT32_C(0xf7c0009f)

static inline void fpu_pattern(struct fpu_registers *to, uint32_t seed)
{
    for (uint32_t i = 0; i < 32; i++) {
        to->s[i] = seed * UINT32_C(0x9e3779b9) + i * UINT32_C(0x01010101);
    }
    to->fpscr = seed * UINT32_C(0x85ebca6b) & FPSCR_WRITABLE;
}

static inline void fpu_read(struct fpu_registers *to)
{
    __asm__ volatile(".fpu fpv5-sp-d16\n\t"
                     "vstm %0, {s0-s31}\n\t"
                     "vmrs r12, fpscr\n\t"
                     "str r12, [%0, #128]" ::"r"(to)
                     : "r12", "memory");
}

/*
 * Carries the values through the FPU: loads all registers, counts `loops` down, yields, and stores
 * them again. No compiled code runs in between.
 */
static inline void fpu_carry(const struct fpu_registers *from, struct fpu_registers *to,
                             uint32_t loops)
{
    register const struct fpu_registers *source __asm__("r0") = from;
    register struct fpu_registers *target __asm__("r1") = to;
    register uint32_t left __asm__("r2") = loops;

    __asm__ volatile(".fpu fpv5-sp-d16\n\t"
                     "vldm r0, {s0-s31}\n\t"
                     "ldr r3, [r0, #128]\n\t"
                     "vmsr fpscr, r3\n\t"
                     "1: subs r2, #1\n\t"
                     "bne 1b\n\t"
                     "mov r11, %[yield]\n\t"
                     "svc 0\n\t"
                     "vstm r1, {s0-s31}\n\t"
                     "vmrs r3, fpscr\n\t"
                     "str r3, [r1, #128]"
                     : "+r"(source), "+r"(target), "+r"(left)
                     : [yield] "i"(K5_SYS_YIELD)
                     : "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "cc", "memory");
}
