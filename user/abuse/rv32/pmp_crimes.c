/* A crime that QEMU 7.2 reports otherwise than the privileged architecture wants. It must end the
 * task's life on every engine.
 */
#include "abuse.h"

/* QEMU's mcause says that a load was refused: 5, not 7. */
static void add_past_end(void)
{
    __asm__ volatile("amoadd.w t0, zero, (%0)" : : "r"(ADDRESS(task_ram_end)) : "t0", "memory");
}

const struct crime crimes[] = {
    {"add to a word past its end", add_past_end},
};

const uint32_t crime_count = sizeof(crimes) / sizeof(crimes[0]);
