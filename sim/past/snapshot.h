/* What a snapshot is, for the files that take them apart. */
#pragma once

#include "sim/k5sim_snapshot.h"
#include "sim/machine.h"
#include "sim/past/store.h"

/* What changes nearly always, copied whole. Plain data, no holes that are not 0. */
struct snapshot_core {
    struct kernel_state kernel; /* as far as the system uses it: kernel_parts.h */
    struct timers timers;
    uint32_t raised[HOSTPORT_LINES / 32u];
    uint32_t forced[HOSTPORT_LINES / 32u];
    uint32_t unmasked[HOSTPORT_LINES / 32u];
    uint32_t fired[HOSTPORT_LINES];
    uint64_t now; /* of the kernel's clock */
    uint64_t epoch;
    uint64_t deadline;
    uint64_t unsettled;
    struct faults faults;
    uint32_t halted;
    uint32_t reset_wanted;
    uint32_t reset_by;
    uint32_t panicked;
    uint32_t live;
    struct cpu_registers registers; /* live: the running thread's */

    /* From here on: what the machine has counted, of no consequence for what it does. */
    uint64_t instructions;
    uint64_t actions;
    uint32_t guest_error_count;
    uint32_t reserved_last;
};

struct k5sim_snapshot {
    struct k5sim *sim;
    struct snapshot_core core;
    void *monitor;           /* live, and an exclusive monitor is held: it */
    struct cpu_fp_state *fp; /* of each thread of the system; NULL: none has an FPU */
    uint32_t count;          /* pieces that were known */
    uint32_t room;
    struct content **content;
};
