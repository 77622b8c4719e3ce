/* The parts of abuser, and what it says to book and victim. */
#pragma once

#include "k5.h"

enum book_request {
    BOOK_NEXT = 1, /* w0 = number of the step to take, from 0 on */
    BOOK_VERDICT,  /* w0 = 1: passed, 0: failed */
    BOOK_END,      /* no more steps: book writes the total */
};

enum victim_request {
    VICTIM_ANSWER = 1, /* w0 comes back */
    VICTIM_REPORT,     /* w0 = memory is intact, w1 = messages received before this one */
};

/* -- calls.c: one system call with wrong arguments, and the error that it must give */

struct wrong_call {
    const char *name;
    uint32_t number;
    uint32_t arg[7];
    int32_t wanted;
};

extern const struct wrong_call wrong_calls[];
extern const uint32_t wrong_call_count;

/* ARCH/calls_raw.c: the system call in r[7] with the arguments before it; all eight registers come
 * back.
 */
void raw_call(uint32_t r[8]);

/* -- ARCH/checks.c: what takes more than one call; false: failed */

struct check {
    const char *name;
    bool (*holds)(void);
};

extern const struct check checks[];
extern const uint32_t check_count;

/* -- ARCH/crimes.c: what must end this life of the task */

struct crime {
    const char *name;
    void (*commit)(void);
};

extern const struct crime crimes[];
extern const uint32_t crime_count;

/* -- places that are not ours */

extern char task_text_base[]; /* absolute symbols of task.ld: their addresses are the numbers */
extern char task_ram_base[];
extern char task_ram_end[];

#define ADDRESS(symbol) ((uint32_t)(uintptr_t)(symbol))

/* On every board flash and RAM start at a multiple of 2 MiB, and the kernel comes first. */
#define KERNEL_CODE   (ADDRESS(task_text_base) & ~0x1fffffu)
#define KERNEL_MEMORY (ADDRESS(task_ram_base) & ~0x1fffffu)
