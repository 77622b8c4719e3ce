/* The floating-point unit, for the threads that the system description marks.
 *
 * The unit is one; at most one thread's values are in it, its owner's. CPACR lets
 * the marked threads use it and nobody else: their instructions fault. What the
 * core pushes (s0 to s15, FPSCR) lies on the thread's own stack. s16 to s31 stay
 * in the unit until another marked thread runs; then they are saved, and the rest
 * is cleared before that thread sees it: see fpu_switch.inc.
 *
 * An image without such threads has nothing of all this.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/armv8m/fpu_offsets.h"
#include "kernel/config.h"

#if CFG_FPU_THREADS > 0

/* Finds the marked threads. Once, before the first is made. */
void fpu_start(void);

/* A new life: nothing of the last one is left. True: the exit must look again whether the unit
 * fits the thread that runs. */
bool fpu_thread_init(uint8_t id);

#else

static inline void fpu_start(void)
{
}

static inline bool fpu_thread_init(uint8_t id)
{
    (void)id;
    return false;
}

#endif
