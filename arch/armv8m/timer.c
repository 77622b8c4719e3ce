/* Time: the board's 32-bit counter, extended to 64 bits, and SysTick as a one-shot deadline. */
#include "arch/armv8m/clock.h"
#include "arch/armv8m/core.h"
#include "arch/armv8m/port_internal.h"
#include "kernel/entry.h"
#include "kernel/port.h"
#include "kernel/state.h"

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

/* Reads of SYST_CVR until the count is there: one on a chip, some on QEMU, whose SysTick clock is
 * slower than its instructions. */
#define LOAD_READS 32u

/*
 * Starts one count, of 1 to SYST_MAX ticks. Once it is loaded, a reload value
 * of 0 stops the counter at its end. It matters beyond tidiness: QEMU lets a
 * counter that goes on carry the sleeping machine to its next end as well, and
 * every sleep takes twice its time.
 */
static void count_once(uint32_t ticks)
{
    SYST_RVR = ticks;
    SYST_CVR = 0;          /* any value: load RVR at the next clock */
    ICSR = ICSR_PENDSTCLR; /* of the deadline that this one replaces */
    SYST_CSR = SYST_CSR_ENABLE | SYST_CSR_TICKINT | SYST_CSR_CLKSOURCE;
    for (uint32_t i = 0; i < LOAD_READS; i++) {
        if (SYST_CVR != 0) {
            SYST_RVR = 0;
            break;
        }
    }
}

void port_deadline(uint64_t at)
{
    uint64_t now = port_cycles();
    uint64_t wait = at > now ? at - now : 0;

    timer.deadline = at;
    SYST_CSR = 0;
    if (wait == 0) {
        ICSR = ICSR_PENDSTSET; /* a count of 0 would never end */
    } else {
        count_once(wait > SYST_MAX ? SYST_MAX : (uint32_t)wait);
    }
}

/* SysTick ends a step of a far deadline, too; and the idle thread pends it where the kernel has
 * left work. */
void port_timer(void)
{
    bool early = port_cycles() < timer.deadline;

    if (early) {
        port_deadline(timer.deadline);
    }
    if (!early || k5.unfinished != 0) {
        kernel_timer();
    }
}
