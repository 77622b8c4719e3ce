/* What survives a system call on RV32, and what must not. */
#include "checks.h"

#define REGISTERS 23 /* ra, gp, tp, t0 to t6, s0 to s11, and a1 for those that carry arguments */

/* In assembly alone: no compiler gives up all of its registers. */
__asm__(".macro for_all op\n"
        "\\op ra, 0(a6)\n"
        "\\op gp, 4(a6)\n"
        "\\op tp, 8(a6)\n"
        "\\op t0, 12(a6)\n"
        "\\op t1, 16(a6)\n"
        "\\op t2, 20(a6)\n"
        "\\op t3, 24(a6)\n"
        "\\op t4, 28(a6)\n"
        "\\op t5, 32(a6)\n"
        "\\op t6, 36(a6)\n"
        "\\op s0, 40(a6)\n"
        "\\op s1, 44(a6)\n"
        "\\op s2, 48(a6)\n"
        "\\op s3, 52(a6)\n"
        "\\op s4, 56(a6)\n"
        "\\op s5, 60(a6)\n"
        "\\op s6, 64(a6)\n"
        "\\op s7, 68(a6)\n"
        "\\op s8, 72(a6)\n"
        "\\op s9, 76(a6)\n"
        "\\op s10, 80(a6)\n"
        "\\op s11, 84(a6)\n"
        "\\op a1, 88(a6)\n"
        ".endm\n");

struct registers {
    uint32_t own[REGISTERS];
    uint32_t before[REGISTERS];
    uint32_t after[REGISTERS];
};

/* void call_with_registers(struct registers *r, uint32_t number) */
void call_with_registers(struct registers *r, uint32_t number);

__asm__(".text\n"
        ".balign 4\n"
        ".global call_with_registers\n"
        ".type call_with_registers, %function\n"
        "call_with_registers:\n"
        "mv a6, a0\n"
        "mv a7, a1\n"
        "for_all sw\n" /* own */
        "addi a6, a6, 92\n"
        "for_all lw\n" /* before */
        "ecall\n"
        "addi a6, a6, 92\n"
        "for_all sw\n" /* after */
        "addi a6, a6, -184\n"
        "for_all lw\n"
        "ret\n"
        ".size call_with_registers, . - call_with_registers\n");

/* All that a system call does not return must be as it was; a6 proves itself by still pointing. */
static bool registers_survive(void)
{
    static struct registers r;
    bool same = true;

    for (uint32_t i = 0; i < REGISTERS; i++) {
        r.before[i] = 0x01010101u * (i + 1);
    }
    call_with_registers(&r, K5_SYS_YIELD);
    for (uint32_t i = 0; i < REGISTERS; i++) {
        same = same && r.after[i] == r.before[i];
    }
    return same;
}

/* Another task may have run in between: a reservation must not bridge a system call. */
static bool conditional_store_fails_after_a_system_call(void)
{
    static uint32_t word = 1;
    uint32_t failed;

    __asm__ volatile("li a7, %[yield]\n"
                     "lr.w a1, (%[word])\n"
                     "ecall\n"
                     "sc.w %[failed], a1, (%[word])\n"
                     : [failed] "=&r"(failed)
                     : [word] "r"(&word), [yield] "i"(K5_SYS_YIELD)
                     : "a0", "a1", "a7", "memory");
    return failed != 0;
}

static bool conditional_store_works_without(void)
{
    static uint32_t word = 1;
    uint32_t failed;

    __asm__ volatile("lr.w a1, (%[word])\n"
                     "addi a1, a1, 1\n"
                     "sc.w %[failed], a1, (%[word])\n"
                     : [failed] "=&r"(failed)
                     : [word] "r"(&word)
                     : "a1", "memory");
    return failed == 0 && word == 2;
}

/* The kernel needs nothing of the stack: no frame is pushed. */
static bool stack_is_not_touched(void)
{
    uint32_t kept;
    register uint32_t number __asm__("a7") = K5_SYS_YIELD;

    __asm__ volatile("mv t0, sp\n"
                     "li sp, 3\n"
                     "ecall\n"
                     "mv %[kept], sp\n"
                     "mv sp, t0\n"
                     : [kept] "=&r"(kept)
                     : "r"(number)
                     : "a0", "t0", "memory");
    return kept == 3;
}

/* Hints that a compiler or a spin loop may use must not stop anything. */
static bool hints_go_on(void)
{
    __asm__ volatile("nop\n"
                     "fence\n"
                     "fence.i\n"
                     ".word 0x0100000f\n" /* pause */
                     ::
                         : "memory");
    return true;
}

const struct check checks[] = {
    {"forged cptrs are refused", check_forged_cptrs_are_refused},
    {"guessed reply capabilities are refused", check_guessed_replies_are_refused},
    {"caps lists what was given", check_table_lists_what_was_given},
    {"a good call works before", check_good_calls_still_work},
    {"registers survive a system call", registers_survive},
    {"a conditional store fails after a system call", conditional_store_fails_after_a_system_call},
    {"a conditional store works without one", conditional_store_works_without},
    {"a system call does not touch the stack", stack_is_not_touched},
    {"hints go on", hints_go_on},
    {"a good call works after", check_good_calls_still_work},
};

const uint32_t check_count = sizeof(checks) / sizeof(checks[0]);
