/* What the two files of a machine's history share. */
#pragma once

#include "sim/past/history.h"
#include "sim/past/journal.h"
#include "sim/machine.h"

struct point {
    struct k5sim_position at;
    struct k5sim_snapshot *snapshot;
};

struct history {
    uint64_t interval;   /* instructions between two points */
    uint32_t most;       /* points; 0: there is a journal alone */
    uint32_t count;      /* of them */
    struct point *point; /* room for most + 1, ascending */
    struct journal journal;
    struct k5sim_position furthest;
    bool applying;   /* the journal is the outside */
    bool travelling; /* it is this machine's own past that is restored */
};

/* How many points there are at a position or before it. */
uint32_t history_points_until(const struct history *h, const struct k5sim_position *at);

/* Drops the points from the `count`-th on. */
void history_keep_points(struct history *h, uint32_t count);

/* A point here, behind all others. */
int history_take_point(struct k5sim *sim);

static inline struct k5sim_position history_here(const struct k5sim *sim)
{
    struct k5sim_position at;

    k5sim_position(sim, &at);
    return at;
}

static inline int history_no_memory(struct k5sim *sim)
{
    return machine_error(sim, K5SIM_NO_MEMORY, "out of memory for the machine's history");
}
