/* libk5sim, for debuggers: stop at an instruction, an access or a fault. Costs nothing while
 * nothing is set.
 *
 * Break- and watchpoints are no part of the machine: what it does is the same with them and
 * without, and snapshots do not know them.
 */
#pragma once

#include "sim/k5sim.h"

enum { K5SIM_ANY_TASK = 255 };
enum k5sim_watch { K5SIM_WATCH_READ = 1, K5SIM_WATCH_WRITE = 2 };

/*
 * Stops with BREAK before the instruction at `address`, when a thread of the task (or any) is about
 * to execute it. Where a step begins, or a run behind a stop with BREAK or POSITION, it does not
 * stop. Inside an IT block (Arm): before the IT instruction. -4: odd, no memory, or too many.
 */
int k5sim_break_set(struct k5sim *sim, uint32_t task, uint32_t address);
int k5sim_break_clear(struct k5sim *sim, uint32_t task, uint32_t address);

/*
 * Stops with WATCH behind an instruction (Arm: or the IT block) of the task (or any) that accessed
 * one of these bytes so (some of enum k5sim_watch), and behind an entry in which the kernel did,
 * whoever it did it for. Memory or device registers. What an exception pushes and pops does not
 * count. -4: not that many bytes, no such kinds, or too many.
 */
int k5sim_watch_set(struct k5sim *sim, uint32_t task, uint32_t address, uint32_t bytes,
                    uint32_t kinds);
int k5sim_watch_clear(struct k5sim *sim, uint32_t task, uint32_t address, uint32_t bytes,
                      uint32_t kinds);

/* Stops with BREAK before the kernel gets the fault of an instruction: the thread's registers are
 * as they were before it, and the next run delivers it. */
void k5sim_break_faults(struct k5sim *sim, bool stop);

/* What the last run stopped at with BREAK or WATCH. */
struct k5sim_hit {
    uint32_t thread;
    uint32_t pc;      /* BREAK: of the next instruction; WATCH: of the one that did it */
    uint32_t address; /* WATCH: the first byte accessed */
    uint32_t bytes;
    uint32_t kinds; /* WATCH: enum k5sim_watch */
    uint32_t value; /* WATCH: what was read or written, its lowest four bytes */
    bool by_kernel; /* WATCH: then pc is the last that the thread executed before */
    bool is_fault;
    struct k5sim_event fault; /* BREAK at a fault: as it will be recorded */
};
int k5sim_last_hit(const struct k5sim *sim, struct k5sim_hit *out);

/* Sets a register of a thread as k5sim_registers() numbers them. -4: it cannot be set (the stack
 * pointer of a suspended thread on Armv8-M, x0, an odd pc), or there is none. */
int k5sim_register_set(struct k5sim *sim, uint32_t thread, uint32_t number, uint32_t value);
