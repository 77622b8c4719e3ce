/* libk5sim, the past of a run: what came from outside, and snapshots to go back to.
 *
 * A machine with a history keeps a snapshot every so many instructions and a journal of
 * what came from outside (pins, characters, values, lines, kills, resets, faults), each
 * with its position. So it can go to any position of its past, exactly, and forward again
 * as it was, whatever it is run with: what came from outside comes again by itself. What
 * the outside does after going back starts another future: the journal behind is dropped.
 * A boot begins a new history.
 */
#pragma once

#include "sim/k5sim_snapshot.h"

enum k5sim_input {
    K5SIM_INPUT_PIN = 1, /* target: pin; value: level or -1 */
    K5SIM_INPUT_SERIAL,  /* target: device; data: `bytes` characters */
    K5SIM_INPUT_SPEED,   /* target: device; value: baud */
    K5SIM_INPUT_DAMAGE,  /* target: device; value: errors */
    K5SIM_INPUT_VALUE,   /* target: device; extra: which; value */
    K5SIM_INPUT_LINE,    /* target: line; value: raised */
    K5SIM_INPUT_KILL,    /* target: task; value: code */
    K5SIM_INPUT_RESET,   /* target: reason */
    K5SIM_INPUT_WRITE,   /* target: address; data: `bytes` */
    K5SIM_INPUT_MEMORY,  /* target: device; extra: offset; data: `bytes` of its own memory */
    K5SIM_INPUT_FAULT,   /* data: struct k5sim_fault (k5sim_fault.h) */
    K5SIM_INPUT_IDLE,    /* time passed in a machine that had halted; data: to this tick, 8 bytes */
    K5SIM_INPUT_FAULTS_END, /* what lasted of faults has ended */
    K5SIM_INPUT_REGISTER,   /* target: thread; extra: register; value (k5sim_debug.h) */
    K5SIM_INPUT_FORCE,      /* target: thread or line; extra: ticks; value: enum k5sim_force_kind */
    K5SIM_INPUT_END, /* nothing: here a run stops with POSITION, whatever it is run with, until
                        something else comes from outside */
};

/* One thing from outside; long ones are several. Each is an action: what follows has a position of
 * its own. */
struct k5sim_entry {
    struct k5sim_position at; /* before it */
    uint32_t input;           /* enum k5sim_input */
    uint32_t target;
    uint32_t extra;
    int32_t value;
    uint32_t bytes; /* used of `data` */
    uint32_t reserved;
    uint8_t data[64];
};

/* From now on: a snapshot every `interval` instructions, and the journal. When there are more than
 * `most` (at least 4) snapshots every second one goes, and the interval doubles. 0: the library's
 * choice (100,000; 256). -4: it has one already. */
int k5sim_history_start(struct k5sim *sim, uint64_t interval, uint32_t most);
void k5sim_history_stop(struct k5sim *sim);

/* The first and the last position that can be gone to; the last is the furthest it has been. */
int k5sim_history_span(const struct k5sim *sim, struct k5sim_position *first,
                       struct k5sim_position *last);

/* Goes there, forward or back; or to the furthest before it (so with a tick and the greatest
 * numbers beside it: to the end of that tick). Nothing is recorded on the way, nothing stops it. */
int k5sim_history_goto(struct k5sim *sim, const struct k5sim_position *to);

/* Goes to where `instructions` have been executed and the next one is about to be; inside an IT
 * block (Arm): to before the block. */
int k5sim_history_goto_instruction(struct k5sim *sim, uint64_t instructions);

/* Positions of the snapshots, ascending; returns how many there are. */
size_t k5sim_history_snapshots(const struct k5sim *sim, struct k5sim_position *out, size_t most);

/* The journal, in order: up to `most` from the first-th on; returns how many there are. */
size_t k5sim_history_journal(const struct k5sim *sim, size_t first, struct k5sim_entry *out,
                             size_t most);

/*
 * A machine that was just booted gets a journal of what will come to it: each at its position, by
 * itself, whatever it is run with. -4: an entry that is none, or out of order. Where an entry lies
 * at the very tick that a run ends with, what follows from it at that tick may be in this run or in
 * the next one: to come to one place exactly use k5sim_run_to(), or K5SIM_INPUT_END.
 */
int k5sim_history_play(struct k5sim *sim, const struct k5sim_entry *entries, size_t count);
