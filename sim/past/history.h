/* The past of a machine, for the files that the outside and the callers of a run come through. */
#pragma once

#include "sim/k5sim_history.h"

struct history;
struct run_goal;

/*
 * The outside is about to change the machine so (`at`, `bytes` and `data` of `what` are not looked
 * at): called after all checks and before the change. Counts as an action, and is written down if
 * the machine has a history; where there is much data as several. K5SIM_NO_MEMORY: it cannot be
 * written down, and must not happen.
 */
int history_input(struct k5sim *sim, const struct k5sim_entry *what, const void *data,
                  uint32_t bytes);

/* The machine was booted: its past begins here. */
int history_booted(struct k5sim *sim);

/* Somebody restored this snapshot: if it is not of this past, another one begins here. */
int history_restored(struct k5sim *sim, const struct k5sim_snapshot *snapshot);

/* machine_run() for a machine with a history: gives it what the journal says, takes snapshots. */
enum k5sim_stop history_run(struct k5sim *sim, const struct run_goal *goal);
