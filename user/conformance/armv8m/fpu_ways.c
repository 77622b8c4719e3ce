/* Floating point, register by register: no compiled code comes in between. */
#include "fpu_ways.h"
#include "k5.h"
#include "rogue_ways.h"

#define FPSCR_WRITABLE UINT32_C(0xf7c0009f)

struct fpu_registers {
    uint32_t s[32];
    uint32_t fpscr;
};

static void make_pattern(struct fpu_registers *to, uint32_t seed)
{
    for (uint32_t i = 0; i < 32; i++) {
        to->s[i] = seed * UINT32_C(0x9e3779b9) + i * UINT32_C(0x01010101);
    }
    to->fpscr = (seed * UINT32_C(0x85ebca6b)) & FPSCR_WRITABLE;
}

static uint32_t differences(const struct fpu_registers *a, const struct fpu_registers *b)
{
    uint32_t count = a->fpscr != b->fpscr;

    for (uint32_t i = 0; i < 32; i++) {
        count += a->s[i] != b->s[i];
    }
    return count;
}

static void add(volatile struct report *report, uint32_t b, uint32_t c)
{
    uint32_t sum;

    (void)b;
    (void)c;
    __asm__ volatile(".fpu fpv5-sp-d16\n"
                     "vmov.f32 s0, #1.5\n"
                     "vmov.f32 s1, #2.25\n"
                     "vadd.f32 s0, s0, s1\n"
                     "vmov %0, s0\n"
                     : "=r"(sum));
    report->value = sum;
}

static void look(volatile struct report *report, uint32_t b, uint32_t c)
{
    struct fpu_registers seen;
    uint32_t all = 0;

    (void)b;
    (void)c;
    __asm__ volatile(".fpu fpv5-sp-d16\n"
                     "vstm %0, {s0-s31}\n"
                     "vmrs r12, fpscr\n"
                     "str r12, [%0, #128]\n"
                     :
                     : "r"(&seen)
                     : "r12", "memory");
    for (uint32_t i = 0; i < 32; i++) {
        all |= seen.s[i];
    }
    report->value = all;
    report->r[1] = seen.fpscr;
}

#define LOAD_ALL                                                                                   \
    ".fpu fpv5-sp-d16\n"                                                                           \
    "vldm r0, {s0-s31}\n"                                                                          \
    "ldr r3, [r0, #128]\n"                                                                         \
    "vmsr fpscr, r3\n"

#define STORE_ALL                                                                                  \
    "vstm r1, {s0-s31}\n"                                                                          \
    "vmrs r3, fpscr\n"                                                                             \
    "str r3, [r1, #128]\n"

static void leave(volatile struct report *report, uint32_t b, uint32_t c)
{
    struct fpu_registers in;
    register const struct fpu_registers *from __asm__("r0") = &in;

    (void)report;
    (void)c;
    make_pattern(&in, b);
    __asm__ volatile(LOAD_ALL : : "r"(from) : "r3", "memory");
}

static void carry(volatile struct report *report, uint32_t b, uint32_t c)
{
    struct fpu_registers in;
    struct fpu_registers out;
    register const struct fpu_registers *from __asm__("r0") = &in;
    register struct fpu_registers *to __asm__("r1") = &out;
    register uint32_t own __asm__("r2") = CPTR(SLOT_OWN);

    (void)c;
    make_pattern(&in, b);
    __asm__ volatile(LOAD_ALL "mov r4, r2\n"
                              "movs r5, #0\n"
                              "mov r11, %[recv]\n"
                              "svc 0\n" STORE_ALL
                     : "+r"(from), "+r"(to), "+r"(own)
                     : [recv] "i"(K5_SYS_RECV)
                     : "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "cc", "memory");
    report->value = differences(&in, &out);
}

static void spin(volatile struct report *report, uint32_t b, uint32_t c)
{
    struct fpu_registers in;
    struct fpu_registers out;
    register const struct fpu_registers *from __asm__("r0") = &in;
    register struct fpu_registers *to __asm__("r1") = &out;
    register uint32_t rounds __asm__("r2") = c;

    make_pattern(&in, b);
    __asm__ volatile(LOAD_ALL "1: subs r2, #1\n"
                              "bne 1b\n" STORE_ALL
                     : "+r"(from), "+r"(to), "+r"(rounds)
                     :
                     : "r3", "cc", "memory");
    report->value = differences(&in, &out);
}

const struct rogue_act rogue_ways[] = {
    [FPU_ADD] = {add},     [FPU_LOOK] = {look}, [FPU_LEAVE] = {leave},
    [FPU_CARRY] = {carry}, [FPU_SPIN] = {spin},
};
_Static_assert(sizeof(rogue_ways) / sizeof(rogue_ways[0]) == FPU_WAYS, "one for each");
