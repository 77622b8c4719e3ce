/* External interrupts: lines of the NVIC (Armv8-M ARM D1.2). */
#include "arch/armv8m/core.h"
#include "arch/armv8m/port_internal.h"
#include "kernel/port.h"

#define LINES_PER_WORD 32u
#define LINES_PER_IPR  4u

void nvic_start(uint32_t priorities)
{
    for (uint32_t word = 0; word * LINES_PER_WORD < IRQ_LINES; word++) {
        NVIC_ICER(word) = UINT32_MAX;
    }
    for (uint32_t word = 0; word * LINES_PER_IPR < IRQ_LINES; word++) {
        NVIC_IPR(word) = priorities;
    }
}

/* The drain: no line that was masked in here is taken behind the exit. */
void port_irq_mask(uint32_t line)
{
    NVIC_ICER(line / LINES_PER_WORD) = UINT32_C(1) << line % LINES_PER_WORD;
    core_drain();
}

/*
 * A level that was raised when the kernel was left has set the pending bit again, and the driver
 * has lowered it since: unmasked as it is, each interrupt would come twice. Clearing the bit
 * loses none, a level that is still raised keeps it set (Armv8-M ARM, rule R_CVJS). First the
 * driver's own store must have reached the device.
 */
void port_irq_unmask(uint32_t line)
{
    uint32_t bit = UINT32_C(1) << line % LINES_PER_WORD;

    core_drain();
    NVIC_ICPR(line / LINES_PER_WORD) = bit;
    NVIC_ISER(line / LINES_PER_WORD) = bit;
}

/* Not ISRPENDING: it counts lines that are masked. */
bool port_pending(void)
{
    return (ICSR & ICSR_VECTPENDING) != 0;
}
