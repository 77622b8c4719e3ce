/* Time: the board's 32-bit counter, extended to 64 bits, and SysTick as a one-shot deadline. */
#include "arch/armv8m/core.h"
#include "arch/armv8m/machine.h"
#include "arch/armv8m/port_internal.h"
#include "kernel/entry.h"
#include "kernel/port.h"

/*
 * SysTick has 24 bits, so a far deadline is reached in steps, and it is never
 * off: each step reads the counter, which cannot wrap unseen between two of
 * them (2^24 ticks against 2^32).
 */
static struct {
    uint64_t deadline;
    uint32_t high; /* how often the counter has wrapped */
    uint32_t last; /* its value when it was last read */
} timer;

uint64_t port_cycles(void)
{
    uint32_t count = clock_count();

    if (count < timer.last) {
        timer.high++;
    }
    timer.last = count;
    return ((uint64_t)timer.high << 32) | count;
}

void port_deadline(uint64_t at)
{
    uint64_t now = port_cycles();
    uint64_t wait = at > now ? at - now : 0;

    timer.deadline = at;
    SYST_CSR = 0;
    SYST_RVR = wait > SYST_MAX ? SYST_MAX : (uint32_t)wait;
    SYST_CVR = 0; /* any value: starts over from RVR */
    if (wait == 0) {
        ICSR = ICSR_PENDSTSET; /* RVR 0 would never fire */
    } else {
        ICSR = ICSR_PENDSTCLR; /* of the deadline that this one replaces */
        SYST_CSR = SYST_CSR_ENABLE | SYST_CSR_TICKINT | SYST_CSR_CLKSOURCE;
    }
}

void port_timer(void)
{
    if (port_cycles() < timer.deadline) {
        port_deadline(timer.deadline); /* one step of a far deadline */
    } else {
        kernel_timer();
    }
}
