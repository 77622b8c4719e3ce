/* Crimes that QEMU 7.2 reports otherwise than the privileged architecture wants. They must end the
 * task's life on every engine.
 */
#include "abuse.h"

/* QEMU's mcause says that a load was refused: 5, not 7. */
static void add_past_end(void)
{
    __asm__ volatile("amoadd.w t0, zero, (%0)" : : "r"(ADDRESS(task_ram_end)) : "t0", "memory");
}

/* mtval is the address of the portion that was refused (Privileged Architecture 3.1.16), the
 * region's end; QEMU 7.2 gives the store's own address, QEMU 10 the right one. */
static void store_across_end(void)
{
    __asm__ volatile("sw zero, 0(%0)" : : "r"(ADDRESS(task_ram_end) - 2) : "memory");
}

const struct crime crimes[] = {
    {"add to a word past its end", add_past_end},
    {"store a word across its end", store_across_end},
};

const uint32_t crime_count = sizeof(crimes) / sizeof(crimes[0]);
