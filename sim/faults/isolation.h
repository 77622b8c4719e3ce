/* Does a task differ from the golden run, and may it?
 *
 * A task's part of a run is what the kernel delivers to it (the result of each of its system
 * calls, with the bytes that the kernel wrote into its memory and the loans that came back)
 * and what devices tell it. While all of that equals the golden run's, in content and time,
 * the task must be what it was there: its own memory, its capabilities, its budget, and what
 * it executed. The first delivery that differs explains whatever differs behind it.
 */
#pragma once

#include "sim/k5sim_golden.h"
#include "sim/machine.h"
#include "sim/past/store.h"

#define ISOLATION_RANGES 8u

struct isolation_range {
    uint32_t address;
    uint32_t bytes;
};

/* Ranges of a task's memory that others wrote by right since its last delivery. */
struct isolation_ranges {
    uint32_t count;
    struct isolation_range range[ISOLATION_RANGES];
};

/* Where a task is in its part of the run; plain data. */
struct isolation_task {
    uint64_t executed; /* instructions of its threads */
    uint64_t inputs;   /* hash of what devices told it */
    uint64_t breaks;   /* hash of where it was interrupted: that is left behind on its stacks */
    uint32_t next;     /* its next delivery */
    uint32_t explained;
    struct isolation_ranges written;
};

/* The same for a run. */
struct isolation_run {
    uint64_t called; /* bit k: thread k has not got the result of its system call yet */
    struct isolation_task task[CFG_TASKS];
};

/* As far as the system has tasks: trials copy it. */
static inline size_t isolation_run_bytes(const struct k5sim *sim)
{
    return offsetof(struct isolation_run, task) +
           sim->system->task_count * sizeof(struct isolation_task);
}

/* What the golden run knows of one delivery to a task, or of its end. */
struct isolation_delivery {
    uint64_t time;
    uint64_t content;
    uint64_t executed;
    uint64_t inputs;
    uint64_t breaks;
    struct isolation_ranges written;
    struct content **memory; /* of the task's pieces, in their order */
    struct cap *slot;        /* its capability table */
};

struct isolation_golden {
    uint32_t count;
    uint32_t room;
    struct isolation_delivery *delivery;
    struct isolation_delivery end;
    uint32_t pieces; /* of its own memory */
    uint32_t *piece;
};

struct isolation {
    struct k5sim *sim;
    struct isolation_run run;
    struct isolation_golden golden[CFG_TASKS];
    bool recording;   /* the golden run is being made */
    uint64_t exempt;  /* bit k: task k is touched, trusted, or shares memory with one that is: */
    uint64_t touched; /* worked out for these */
    uint64_t trusted;
    bool knows_exempt;
    uint32_t breach; /* enum k5sim_breach; 0: none yet, */
    uint32_t breach_task;
    uint32_t breach_detail;
    bool failed; /* out of memory */
    size_t seen; /* events of the ring */
};

/* The machine's isolation from now on, recording. False: out of memory. */
bool isolation_open(struct isolation *isolation, struct k5sim *sim);
void isolation_close(struct isolation *isolation);

/* The golden run ends here. */
void isolation_end_recording(struct isolation *isolation);

/* A trial begins where `run` says: what tasks of `touched` are and do is not looked at. */
void isolation_begin(struct isolation *isolation, uint64_t touched, uint64_t trusted);

/* A trial has come to its end: looks at the tasks that had no delivery that differed. */
void isolation_finish(struct isolation *isolation);

/* Takes what is new in the ring; whoever empties that sets `seen` to 0. */
void isolation_look(struct k5sim *sim);

/* What the machine tells while sim->isolation is there. */
void isolation_executed(struct k5sim *sim, uint32_t thread, uint64_t instructions);
void isolation_called(struct k5sim *sim, uint32_t thread);
void isolation_interrupted(struct k5sim *sim, uint32_t thread);
void isolation_delivered(struct k5sim *sim, uint32_t thread);
void isolation_written(struct k5sim *sim, uint32_t address, uint32_t bytes);
void isolation_device_read(struct k5sim *sim, uint32_t device, uint32_t offset, uint32_t value);
