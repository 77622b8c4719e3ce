/* What the port itself remembers. Offsets are in entry_offsets.h. */
#pragma once

#include "kernel/state.h"

/* What entry.S saves of a thread: `reg` and `context` of struct thread. */
struct port_saved {
    uint32_t reg[8];
    struct port_context context;
};

struct port_state {
    uint32_t scratch;         /* where a store-conditional goes that must fail */
    uint32_t id;              /* whose registers the core holds: a thread, or NO_THREAD for idle */
    struct port_saved *saved; /* where that thread is saved; NULL: its registers do not matter */
    uint32_t mapped;          /* address of the struct port_mpu_image that the PMP holds, or 0 */
};

extern struct port_state port;
