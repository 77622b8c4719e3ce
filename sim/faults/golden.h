/* What a golden run is: the inside of struct k5sim_golden. */
#pragma once

#include "sim/faults/isolation.h"
#include "sim/past/snapshot.h"

/* What a run has shown so far: plain data, to be continued from any place of the golden run. */
struct progress {
    uint64_t stream; /* see k5sim_golden.h */
    uint64_t order;
    uint64_t errors;   /* results of system calls that are errors */
    uint64_t restarts; /* of tasks */
    uint32_t ends;     /* events that count for the end */
    uint32_t faults;   /* of the golden run's list that came in their order, */
    uint32_t others;   /* and faults that the list does not have there; the first of these: */
    uint32_t fault_kind;
    uint32_t fault_thread;
    uint32_t fault_pc;
    bool panicked;
};

/* A fault that the golden run has itself. */
struct known_fault {
    uint32_t kind;
    uint32_t thread;
    uint32_t pc;
};

/* A place of the golden run to compare with, or to begin at. */
struct golden_point {
    struct k5sim_snapshot *snapshot;
    struct k5sim_position position;
    struct progress progress;
    struct isolation_run *isolation;
};

struct k5sim_golden {
    struct k5sim *sim;
    struct k5sim_golden_setup setup;
    uint64_t recorded; /* what the machine records while this is at work */
    struct isolation isolation;
    uint32_t count;
    uint32_t room;
    struct golden_point *point; /* in their order; the last one is the end */
    bool halts;                 /* it ends since nothing would happen any more */
    uint32_t fault_count;
    uint32_t fault_room;
    struct known_fault *fault;
    struct golden_point cursor; /* where trials begin */
    struct progress progress;   /* of the run at hand */
    size_t seen;                /* events of the ring that are in it */
    struct k5sim_snapshot *scratch;
    struct k5sim_trial trial; /* of k5sim_golden_begin(): */
    bool has_trial;
    bool injected;
};

/* Takes what is new in the ring into the progress; the ring stays. */
void golden_look(struct k5sim_golden *golden);
/* The same, and empties it. */
void golden_drain(struct k5sim_golden *golden);

/* Has the run at hand come to the end that the golden run ends with? */
bool golden_is_over(const struct k5sim_golden *golden);

/* The machine and all that looks on are where the point is. False: the engine failed. */
bool golden_return_to(struct k5sim_golden *golden, const struct golden_point *point);
