/* libk5sim, for debuggers: stop at an instruction or an access. Costs nothing while nothing is set.
 *
 * Break- and watchpoints are no part of the machine: what it does is the same with them and
 * without, and snapshots do not know them.
 */
#pragma once

#include "sim/k5sim.h"

enum { K5SIM_ANY_TASK = 255 };
enum k5sim_watch { K5SIM_WATCH_READ = 1, K5SIM_WATCH_WRITE = 2 };

/* Stops with BREAK before the instruction at `address`, when a thread of the task (or any) is about
 * to execute it; a run that begins there does not stop there. -4: odd, or no memory. */
int k5sim_break_set(struct k5sim *sim, uint32_t task, uint32_t address);
int k5sim_break_clear(struct k5sim *sim, uint32_t task, uint32_t address);

/* Stops with WATCH behind an instruction of the task (or any) that accessed one of these bytes so
 * (some of enum k5sim_watch), and behind an entry in which the kernel did it for that task. */
int k5sim_watch_set(struct k5sim *sim, uint32_t task, uint32_t address, uint32_t bytes,
                    uint32_t kinds);
int k5sim_watch_clear(struct k5sim *sim, uint32_t task, uint32_t address, uint32_t bytes,
                      uint32_t kinds);

/* What the last run stopped at. */
struct k5sim_hit {
    uint32_t thread;
    uint32_t pc;      /* BREAK: of the next instruction; WATCH: of the one that did it */
    uint32_t address; /* WATCH: the first byte accessed */
    uint32_t bytes;
    uint32_t kinds; /* WATCH: enum k5sim_watch */
    uint32_t value; /* WATCH: what was read or written, its lowest four bytes */
    bool by_kernel;
};
int k5sim_last_hit(const struct k5sim *sim, struct k5sim_hit *out);

/* Sets a register of a thread as k5sim_registers() numbers them. -4: it cannot be told for a thread
 * in this state, or there is none. */
int k5sim_register_set(struct k5sim *sim, uint32_t thread, uint32_t number, uint32_t value);
