/* What the port itself remembers. Offsets are in entry_offsets.h. */
#pragma once

#include "kernel/state.h"

/* What entry.S saves of a thread: `reg` and `context` of struct thread. */
struct port_saved {
    uint32_t reg[8];
    struct port_context context;
};

struct port_state {
    uint32_t id;              /* whose registers the core holds: a thread, or NO_THREAD for idle */
    struct port_saved *saved; /* where that thread is saved at the next entry */
    uint32_t mapped;          /* address of the struct port_mpu_image that the MPU holds, or 0 */
    uint32_t reserved;
    struct port_saved idle; /* its exc_return is what boot found: every thread starts with it */
};

extern struct port_state port;
extern struct kernel_state port_kernel_state __asm__("k5"); /* what r9 points to */
