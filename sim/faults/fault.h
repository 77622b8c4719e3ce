/* Injected faults, as the machine has them: what lasts, and what waits for its moment.
 *
 * fault.c: from the outside, and all at once. fault_state.c: registers, memory. fault_code.c:
 * instructions. fault_mpu.c: regions. fault_kernel.c: the kernel's state, messages.
 * fault_line.c: interrupt lines. fault_device.c: pins, quantities, timer, supply.
 *
 * Who calls the functions below has seen that there is something for them to do: a machine without
 * faults pays one test where it takes a slow path anyway.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "hostport/hostport.h"
#include "sim/cpu/cpu.h"
#include "sim/k5sim_fault.h"
#include "sim/memory.h"
#include "sim/cpu/mpu.h"

#define FAULT_REGISTERS  16u
#define FAULT_REGIONS    16u
#define FAULT_LATE_LINES 8u
#define FAULT_LINE_WORDS (HOSTPORT_LINES / 32u)

struct k5sim;
struct kernel_state;
struct sys_header;
struct thread;

struct fault_register {
    uint32_t thread;
    uint32_t number;
    uint32_t mask;
    uint32_t level;
};

struct fault_region {
    uint32_t task;
    uint32_t place;
    uint32_t kind; /* of enum k5sim_fault_kind */
    int32_t by;
};

/* The next interrupt of this line comes `by` ticks late: at `until`, once it is held back. */
struct fault_late {
    uint64_t until; /* since power-on; 0: it has not come yet */
    uint32_t line;
    uint32_t by;
};

/* A bit a line. */
struct fault_lines {
    uint32_t any; /* 1: some of what follows is not 0 */
    uint32_t late_count;
    uint32_t drop[FAULT_LINE_WORDS];  /* the next one is lost */
    uint32_t lost[FAULT_LINE_WORDS];  /* it was: nothing comes until the line goes down */
    uint32_t twice[FAULT_LINE_WORDS]; /* the next one pends once more */
    uint32_t pends[FAULT_LINE_WORDS]; /* it comes, whatever the line's level */
    uint32_t stuck[FAULT_LINE_WORDS];
    uint32_t level[FAULT_LINE_WORDS]; /* of those that are stuck */
    struct fault_late late[FAULT_LATE_LINES];
};

/* What happens to one instruction, the thread's next one if that is at `pc`. */
struct fault_next {
    uint32_t kind; /* K5SIM_FAULT_SKIP, K5SIM_FAULT_OPCODE; 0: nothing */
    uint32_t thread;
    uint32_t pc;
    uint32_t mask;
};

/* Plain data without holes: snapshots copy, compare and hash it. Pins: struct signals. */
struct faults {
    uint32_t register_count;
    uint32_t region_count;
    struct fault_next next;
    struct fault_register reg[FAULT_REGISTERS];
    struct fault_region region[FAULT_REGIONS];
    struct fault_lines lines;
    uint32_t jitter_most; /* ticks; 0: none */
    uint32_t jitter_seed;
    struct memory_stuck words;
    uint32_t reserved;
};

/* ---- fault.c ---- */

/* Those of a snapshot instead: what is derived from them (regions, translations) follows. Call with
 * the kernel's state of the snapshot in place. */
void faults_restore(struct k5sim *sim, const struct faults *to);
/* Could these be a machine's? Of bytes from a file. */
bool faults_are_possible(const struct faults *faults);
/* None, as after power-on of the host. */
void faults_clear(struct k5sim *sim);
/* The MCU was reset: what its interrupt controller held is gone. */
void faults_reset(struct k5sim *sim);

/* ---- fault_code.c ---- */

/* cpu_run() for a machine with faults that concern running code. */
enum cpu_stop faults_run(struct k5sim *sim, uint32_t thread, struct cpu *cpu, uint64_t budget,
                         uint64_t *executed);

static inline bool faults_in_code(const struct faults *f)
{
    return (f->next.kind | f->register_count | f->region_count) != 0;
}

/* ---- fault_mpu.c ---- */

/* What the unit makes of the task's entries. */
void faults_decode_mpu(const struct k5sim *sim, uint32_t task, struct mpu_entries *entries,
                       struct mpu *mpu);
/* Memory that the task may write by a fault counts as written. */
void faults_touch(struct k5sim *sim, uint32_t task);
/* Memory that the task may execute by a fault may have been written since it ran last. */
void faults_refresh_code(struct k5sim *sim, uint32_t task, struct cpu *cpu);

/* ---- fault_line.c ---- */

/* The line's level, once faults have had their say; and it has gone down. */
bool faults_line_level(const struct k5sim *sim, uint32_t line, bool raised);
void faults_line_is_down(struct k5sim *sim, uint32_t line);
/* The lines of this word that ask for an interrupt. */
uint32_t faults_line_requests(const struct k5sim *sim, uint32_t word);
/* When a line that is held back comes, in the kernel's ticks; or TIMERS_NEVER. */
uint64_t faults_next_line(const struct k5sim *sim);
/* An interrupt is about to be taken. False: none is, now. */
bool faults_admit_line(struct k5sim *sim);
/* It was taken, for this line. */
void faults_line_fired(struct k5sim *sim, uint32_t line);

/* ---- fault_device.c ---- */

/* When the kernel's timer comes. */
uint64_t faults_deadline(const struct k5sim *sim);

/* ---- fault_NAME.c: from fault.c. 0, K5SIM_NOTHING or an error. ---- */

int fault_register(struct k5sim *sim, const struct k5sim_fault *f);
int fault_register_stuck(struct k5sim *sim, const struct k5sim_fault *f);
int fault_memory(struct k5sim *sim, const struct k5sim_fault *f);
int fault_memory_stuck(struct k5sim *sim, const struct k5sim_fault *f);
int fault_next(struct k5sim *sim, const struct k5sim_fault *f);
int fault_region(struct k5sim *sim, const struct k5sim_fault *f);
int fault_kernel(struct k5sim *sim, const struct k5sim_fault *f);
int fault_message(struct k5sim *sim, const struct k5sim_fault *f);
int fault_line(struct k5sim *sim, const struct k5sim_fault *f);
int fault_pin(struct k5sim *sim, const struct k5sim_fault *f);
int fault_value(struct k5sim *sim, const struct k5sim_fault *f);
int fault_jitter(struct k5sim *sim, const struct k5sim_fault *f);
int fault_power(struct k5sim *sim, const struct k5sim_fault *f);

/* The running thread's program counter. False: nobody runs. */
bool fault_pc(struct k5sim *sim, uint32_t *pc);
/* fault_state.c: stuck registers of the thread, which is in its CPU; false: it has none. */
bool fault_hold_registers(struct k5sim *sim, uint32_t thread, struct cpu *cpu);
/* fault_device.c, fault_line.c: for those that end. */
void fault_release_pins(struct k5sim *sim);
void fault_release_lines(struct k5sim *sim);
/* fault_kernel_check.c: the line of it that found an index into no table, or a list without an end;
 * 0: the kernel can go on, if not rightly. */
uint32_t fault_kernel_check(const struct kernel_state *kernel, const struct sys_header *system);
/* fault_mpu.c, fault_state.c: CPUs get to know which words and regions are theirs now. */
void fault_refresh_regions(struct k5sim *sim);
void fault_refresh_words(struct k5sim *sim);
/* All has been checked, and now it happens: as history_input(). */
int fault_begins(struct k5sim *sim, const struct k5sim_fault *f);
/* There is one of this number. */
int fault_check(struct k5sim *sim, const char *what, uint32_t number, uint32_t count);
