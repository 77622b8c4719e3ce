/* libk5sim, exploration: what another timing of the same machine would have made of it here.
 *
 * The course of a run depends on where, between two instructions, a slice ends, a timer comes, an
 * interrupt fires. On the chip that differs a little from here, and from run to run.
 * k5sim_force() lets it happen before the next instruction, by the same entry into the kernel; it
 * changes nothing else, and what it does is a function of the machine, so that it can be repeated.
 */
#pragma once

#include "sim/k5sim.h"

enum k5sim_force_kind {
    /* The turn of the running thread ends. With a cooldown of 0 (of whoever pays for it) its slice
     * does, and it goes behind its equals; otherwise the budget does, and the payer cools down. */
    K5SIM_FORCE_PREEMPT = 1, /* where: the running thread */
    /* What a thread waits for by time comes: the end of its sleep, deadline or cooldown. */
    K5SIM_FORCE_TIMER = 2, /* where: the thread */
    K5SIM_FORCE_LINE = 3,  /* where: an interrupt line; it fires once, whatever its device says */
    K5SIM_FORCE_LATE = 4,  /* where: a thread; what it waits for by time comes `ticks` later */
};

struct k5sim_force {
    uint32_t kind;
    uint32_t where;
    uint32_t ticks; /* LATE: at least 1 */
};

/* -4: the kernel's rules do not allow it here, k5sim_error_text() says why. */
int k5sim_force(struct k5sim *sim, const struct k5sim_force *force);

enum { K5SIM_FORCE_LINES = 8 };

/* Which of them are asked for. */
struct k5sim_forces {
    bool preempt;
    uint64_t early; /* by so many ticks timers may be early, or late; 0: none */
    uint32_t line_count;
    uint32_t line[8]; /* K5SIM_FORCE_LINES */
};

/*
 * Up to `most` of those that can be forced here and make a difference at once, in a fixed order;
 * returns how many. A timer that makes nobody run who is more urgent than the running thread counts
 * at the first instruction after an entry into the kernel alone: until the next one it makes none.
 * LATE (by `early`) is one at the last instruction before somebody more urgent would wake.
 */
uint32_t k5sim_forces(struct k5sim *sim, const struct k5sim_forces *wanted, struct k5sim_force *out,
                      uint32_t most);

/* The thread whose instruction is the next one; -1: nobody runs. */
int32_t k5sim_running(const struct k5sim *sim);

/* As k5sim_step() of one instruction after the other, until one of them could be forced. */
enum k5sim_stop k5sim_walk(struct k5sim *sim, const struct k5sim_forces *wanted, uint64_t until,
                           uint64_t stop_kinds);
