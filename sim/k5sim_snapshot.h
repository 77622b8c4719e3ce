/* libk5sim, snapshots: the whole machine at one instruction, to go back to.
 *
 * A snapshot holds the kernel's state, the guest CPUs, memory, devices with their own
 * memories, the clock, what is due, and the position; not what is recorded or stopped
 * at, nor break- and watchpoints: those are the debugger's and stay as they are. It
 * belongs to the machine it was taken of, and costs what has changed since the last
 * one, some microseconds.
 */
#pragma once

#include "sim/k5sim.h"

struct k5sim_snapshot;

/* The machine as it is now, between two runs. `old`: one of this machine's, to be overwritten (it
 * is the one returned), or NULL. NULL: out of memory. */
struct k5sim_snapshot *k5sim_snapshot_take(struct k5sim *sim, struct k5sim_snapshot *old);

/* The machine is again what it was. Recorded events that nobody has taken yet are dropped. */
int k5sim_snapshot_restore(struct k5sim *sim, const struct k5sim_snapshot *snapshot);

/* Before its machine is closed. NULL is ignored. */
void k5sim_snapshot_free(struct k5sim_snapshot *snapshot);

void k5sim_snapshot_position(const struct k5sim_snapshot *snapshot, struct k5sim_position *out);

/*
 * Do two snapshots of one machine hold the same? Positions and what was counted on the way do not
 * matter: what matters is whether the machines would go on alike from their ticks on. If not,
 * `where` (at least 128 bytes) names the first difference: "kernel.thread[2].reg", "memory
 * 0x28201000", "device uart1", "register 3". NULL if nobody wants to know.
 */
bool k5sim_snapshot_same(const struct k5sim_snapshot *a, const struct k5sim_snapshot *b,
                         char *where, size_t where_bytes);

/* Equal for snapshots that are the same (see above), and also between processes. */
uint64_t k5sim_snapshot_hash(const struct k5sim_snapshot *snapshot);

/* Memory and kernel state as they were then; see k5sim_read(), k5sim_kernel_state(). */
int k5sim_snapshot_read(struct k5sim *sim, const struct k5sim_snapshot *snapshot, uint32_t address,
                        void *out, uint32_t bytes);
const void *k5sim_snapshot_kernel(const struct k5sim_snapshot *snapshot, size_t *bytes);

/*
 * The snapshot as plain bytes without host pointers, for a file that a later machine of the same
 * library, board and system loads. Returns how many bytes that takes; writes them if there is room.
 * -4: the running thread holds an exclusive monitor, which no register tells: take the snapshot at
 * the next entry into the kernel.
 */
int64_t k5sim_snapshot_pack(struct k5sim *sim, const struct k5sim_snapshot *snapshot, void *out,
                            size_t room);
/* The reverse, in a machine that was booted; NULL: these bytes are none of such a machine's, and
 * k5sim_error_text() says why. */
struct k5sim_snapshot *k5sim_snapshot_unpack(struct k5sim *sim, const void *data, size_t bytes);
