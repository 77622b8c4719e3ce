/* Time: mtime of the CLINT, 64 bits, one count a tick; mtimecmp is the deadline, exact. */
#include "arch/rv32/csr.h"
#include "kernel/port.h"

/* Two halves that belong together: the upper one is the same before and after. */
uint64_t port_cycles(void)
{
    uint32_t high;
    uint32_t low;

    do {
        high = MTIME_HIGH;
        low = MTIME_LOW;
    } while (high != MTIME_HIGH);
    return (uint64_t)high << 32 | low;
}

/* No value in between may lie before `at`: it would be taken for a deadline that has come. */
void port_deadline(uint64_t at)
{
    MTIMECMP_LOW = UINT32_MAX;
    MTIMECMP_HIGH = (uint32_t)(at >> 32);
    MTIMECMP_LOW = (uint32_t)at;
}
