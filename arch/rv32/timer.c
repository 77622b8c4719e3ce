/* Time: mtime of the CLINT, 64 bits, and mtimecmp as the deadline.
 *
 * Where mtime is slow (32,768 Hz on FE310), a count of it is 2^MTIME_SHIFT ticks,
 * so that a tick is near a cycle of the CPU, as elsewhere: budgets keep their
 * meaning, but time goes in steps. MTIME_SHIFT is the board's.
 */
#include "arch/rv32/csr.h"
#include "arch/rv32/port_internal.h"
#include "kernel/entry.h"
#include "kernel/port.h"

static uint64_t deadline; /* what the kernel asked for last */

/* Two halves that belong together: the upper one is the same before and after. */
uint64_t port_cycles(void)
{
    uint32_t high;
    uint32_t low;

    do {
        high = MTIME_HIGH;
        low = MTIME_LOW;
    } while (high != MTIME_HIGH);
    return ((uint64_t)high << 32 | low) << MTIME_SHIFT;
}

/*
 * The first count at which port_cycles() has reached `at`, so it never comes early. No value in
 * between may lie before it: it would be taken for a deadline that has come.
 */
void port_deadline(uint64_t at)
{
    uint64_t part = at & ((UINT64_C(1) << MTIME_SHIFT) - 1u);
    uint64_t count = (at >> MTIME_SHIFT) + (part != 0);

    deadline = at;
    MTIMECMP_LOW = UINT32_MAX;
    MTIMECMP_HIGH = (uint32_t)(count >> 32);
    MTIMECMP_LOW = (uint32_t)count;
}

/* QEMU rounds its own timers down and so interrupts up to a count too early; asked again, it waits
 * for the rest. The kernel would not ask: its deadline is the same.
 */
void port_timer(void)
{
    if (port_cycles() < deadline) {
        port_deadline(deadline);
    } else {
        MTIMECMP_HIGH = UINT32_MAX; /* pending no more: the kernel looks for other interrupts */
        kernel_timer();
    }
}
