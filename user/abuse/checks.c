/* What takes more than one system call to see. */
#include "abuse.h"
#include "k5_task.h"

#define SLOTS 8u

/* The system call `number` with cptr `cptr` must be refused, whatever it is. */
static bool refused(uint32_t number, uint32_t cptr)
{
    uint32_t r[8] = {cptr, K5_FLAG_TRY, 0, 0, 0, 0, cptr, number};

    raw_call(r);
    return (int32_t)r[0] < 0;
}

static bool forged_cptrs_are_refused(void)
{
    static const uint16_t generations[] = {0, 2, 3, 0x7fff, 0x8000, 0xffff};
    bool all = true;

    for (uint32_t slot = 0; slot < 2 * SLOTS; slot++) {
        for (uint32_t i = 0; i < sizeof(generations) / sizeof(generations[0]); i++) {
            uint32_t cptr = (uint32_t)generations[i] << 16 | slot;

            all = all && refused(K5_SYS_SEND, cptr) && refused(K5_SYS_CALL, cptr) &&
                  refused(K5_SYS_RECV, cptr);
        }
    }
    return all;
}

static bool guessed_replies_are_refused(void)
{
    bool all = true;

    for (uint32_t thread = 0; thread < 8; thread++) {
        for (uint32_t sequence = 0; sequence < 64; sequence++) {
            all = all && refused(K5_SYS_REPLY, sequence << 8 | thread) &&
                  refused(K5_SYS_REPLY_RECV, sequence << 8 | thread);
        }
    }
    return all;
}

static bool table_lists_what_was_given(void)
{
    struct k5_cap_info victim = {0};
    struct k5_cap_info self = {0};

    return k5_caps(1, &victim) == K5_OK && k5_caps(2, &self) == K5_OK &&
           victim.cptr == CAP_VICTIM && victim.kind == K5_KIND_ENDPOINT &&
           victim.rights == K5_RIGHT_SEND && victim.badge == 5 && self.cptr == CAP_SELF &&
           self.rights == K5_RIGHT_RECV;
}

/* A call with no wrong in it, between all the others. */
static bool good_calls_still_work(void)
{
    struct k5_message message = k5_short(VICTIM_ANSWER, 0x12345678, 0, 0, 0);

    return k5_call(CAP_VICTIM, &message) == K5_OK && message.word[0] == 0x12345678;
}

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
    {"forged cptrs are refused", forged_cptrs_are_refused},
    {"guessed reply capabilities are refused", guessed_replies_are_refused},
    {"caps lists what was given", table_lists_what_was_given},
    {"a good call works before", good_calls_still_work},
    {"registers survive a system call", registers_survive},
    {"flags survive a system call", flags_survive},
    {"an exclusive store fails after a system call", exclusive_store_fails_after_a_system_call},
    {"an exclusive store works without one", exclusive_store_works_without},
    {"privilege cannot be taken", privilege_cannot_be_taken},
    {"hints go on", hints_go_on},
    {"a good call works after", good_calls_still_work},
};

const uint32_t check_count = sizeof(checks) / sizeof(checks[0]);
