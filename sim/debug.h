/* What a debugger wants of the machine: the inside of k5sim_debug.h.
 *
 * None of it is the machine's state: a run with marks does the same as one without.
 */
#pragma once

#include "hostport/hostport.h"
#include "sim/cpu/cpu.h"
#include "sim/k5sim_debug.h"

struct thread;

struct debug {
    struct cpu_marks marks;
    struct k5sim_hit hit;
    enum k5sim_stop stop; /* what the machine has come upon; 0: nothing */
    void (*written)(struct hostport_machine *, uint32_t, uint32_t); /* the port's, without us */
    bool faults;          /* stop before the kernel gets one */
    bool quiet;           /* stop at nothing: the machine is on its way to somewhere */
    uint32_t pass_thread; /* about to do at pass_pc what was stopped at already; or NO_THREAD */
    uint32_t pass_pc;
    bool pass_fault; /* it is a fault, and may have a breakpoint, too */
};

/* After the port's callbacks are set. */
void debug_open(struct k5sim *sim);

/* A task got its CPU. */
void debug_equip(struct k5sim *sim, uint32_t task);

/* What the next run begins with is not stopped at. */
void debug_pass_here(struct k5sim *sim);
void debug_pass_nothing(struct k5sim *sim);

/* What stopped the running thread's CPU, behind `executed` instructions, is not the kernel's to
 * know: a breakpoint, or a fault that the machine stops before. */
bool debug_takes(struct k5sim *sim, const struct thread *thread, struct cpu *cpu,
                 enum cpu_stop stop, uint64_t executed);

/* An event that stops, or what a debugger wants to stop at? */
enum k5sim_stop debug_reason(struct k5sim *sim);
