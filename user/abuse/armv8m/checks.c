/* What survives a system call on Armv8-M, and what must not. */
#include "checks.h"

#define REGISTERS 12 /* r1 to r12 */
#define R4        3
#define R11       10

/* All that a system call does not return must be as it was; r0 proves itself by still pointing. */
static bool registers_survive(void)
{
    struct {
        uint32_t before[REGISTERS];
        uint32_t after[REGISTERS];
    } r;
    register void *at __asm__("r0") = &r;
    bool same = true;

    for (uint32_t i = 0; i < REGISTERS; i++) {
        r.before[i] = 0x01010101u * (i + 1);
    }
    r.before[R11] = K5_SYS_YIELD;
    __asm__ volatile("ldmia %0!, {r1-r12}\n"
                     "svc #0\n"
                     "stmia %0, {r1-r12}\n"
                     : "+r"(at)
                     :
                     : "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12",
                       "memory");
    r.before[R4] = K5_OK;
    for (uint32_t i = 0; i < REGISTERS; i++) {
        same = same && r.after[i] == r.before[i];
    }
    return same;
}

static bool flags_survive(void)
{
    uint32_t before;
    uint32_t after;

    __asm__ volatile("mov r11, %[yield]\n"
                     "movs r4, #1\n"
                     "cmp r4, #2\n"
                     "mrs %[before], apsr\n"
                     "svc #0\n"
                     "mrs %[after], apsr\n"
                     : [before] "=&r"(before), [after] "=&r"(after)
                     : [yield] "I"(K5_SYS_YIELD)
                     : "r4", "r11", "cc", "memory");
    return before == after && before == 0x80000000u; /* 1 - 2 is negative, with borrow */
}

/* Another task may have run in between: the exclusive monitor must not bridge a system call. */
static bool exclusive_store_fails_after_a_system_call(void)
{
    static uint32_t word = 1;
    uint32_t failed;

    __asm__ volatile("mov r11, %[yield]\n"
                     "ldrex r1, [%[word]]\n"
                     "svc #0\n"
                     "strex %[failed], r1, [%[word]]\n"
                     : [failed] "=&r"(failed)
                     : [word] "r"(&word), [yield] "I"(K5_SYS_YIELD)
                     : "r1", "r4", "r11", "memory");
    return failed == 1;
}

static bool exclusive_store_works_without(void)
{
    static uint32_t word = 1;
    uint32_t failed;

    __asm__ volatile("ldrex r1, [%[word]]\n"
                     "add r1, r1, #1\n"
                     "strex %[failed], r1, [%[word]]\n"
                     : [failed] "=&r"(failed)
                     : [word] "r"(&word)
                     : "r1", "memory");
    return failed == 0 && word == 2;
}

/* Privileged registers: writes are ignored, and the task is still unprivileged afterwards. */
static bool privilege_cannot_be_taken(void)
{
    uint32_t control;
    uint32_t primask;

    __asm__ volatile("movs r1, #0\n"
                     "msr control, r1\n"
                     "isb\n"
                     "movs r1, #1\n"
                     "msr primask, r1\n"
                     "msr basepri, r1\n"
                     "msr psplim, r1\n"
                     "cpsid i\n"
                     "cpsid f\n"
                     "mrs %[control], control\n"
                     "mrs %[primask], primask\n"
                     : [control] "=r"(control), [primask] "=r"(primask)
                     :
                     : "r1", "memory");
    return (control & 1) == 1 && primask == 0;
}

/* Hints that a compiler or a spin loop may use must not stop anything. */
static bool hints_go_on(void)
{
    __asm__ volatile("nop\n"
                     "yield\n"
                     "sev\n"
                     "wfe\n"
                     "dmb\n"
                     "dsb\n"
                     "isb\n"
                     "clrex\n" ::
                         : "memory");
    return true;
}

const struct check checks[] = {
    {"forged cptrs are refused", check_forged_cptrs_are_refused},
    {"guessed reply capabilities are refused", check_guessed_replies_are_refused},
    {"caps lists what was given", check_table_lists_what_was_given},
    {"a good call works before", check_good_calls_still_work},
    {"registers survive a system call", registers_survive},
    {"flags survive a system call", flags_survive},
    {"an exclusive store fails after a system call", exclusive_store_fails_after_a_system_call},
    {"an exclusive store works without one", exclusive_store_works_without},
    {"privilege cannot be taken", privilege_cannot_be_taken},
    {"hints go on", hints_go_on},
    {"a good call works after", check_good_calls_still_work},
};

const uint32_t check_count = sizeof(checks) / sizeof(checks[0]);
