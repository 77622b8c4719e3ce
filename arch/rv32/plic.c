/* External interrupts: sources of the PLIC.
 *
 * A source that has been claimed comes no more until it is completed, so the
 * kernel's mask only keeps what the claim began. It is completed when the
 * kernel unmasks it, which is when its driver is done with it. Completed before
 * that, a level that is still raised would be pending again, and stay so after
 * the driver has lowered it: each interrupt would come twice.
 *
 * PLIC_SOURCES is the board's: the highest source, numbers begin at 1.
 */
#include "arch/rv32/csr.h"
#include "arch/rv32/port_internal.h"
#include "kernel/entry.h"
#include "kernel/port.h"

#define SOURCES_PER_WORD 32u
#define PRIORITY_LEAST   1u /* 0 never interrupts */

void plic_start(void)
{
    for (uint32_t word = 0; word <= PLIC_SOURCES / SOURCES_PER_WORD; word++) {
        PLIC_ENABLE(word) = 0;
    }
    PLIC_THRESHOLD = 0;
}

void port_external(void)
{
    uint32_t source = PLIC_CLAIM;

    if (source != 0) { /* it was withdrawn */
        kernel_interrupt(source);
    }
}

void port_irq_mask(uint32_t line)
{
    PLIC_ENABLE(line / SOURCES_PER_WORD) &= ~(UINT32_C(1) << line % SOURCES_PER_WORD);
}

/* Enabled first: the PLIC ignores a completion of a source that is not. One of a source that was
 * not claimed changes nothing. */
void port_irq_unmask(uint32_t line)
{
    PLIC_PRIORITY(line) = PRIORITY_LEAST;
    PLIC_ENABLE(line / SOURCES_PER_WORD) |= UINT32_C(1) << line % SOURCES_PER_WORD;
    PLIC_CLAIM = line;
}

bool port_pending(void)
{
    return (CSR_READ(mip) & (MIP_MEIP | MIP_MTIP)) != 0;
}
