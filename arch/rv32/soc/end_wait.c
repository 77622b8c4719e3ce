/* The end of a machine on a chip: it waits, for a debugger or for power to go. */
#include "arch/common/machine.h"
#include "arch/rv32/csr.h"

/* The idle loop waits; nothing is armed that could wake it for good. */
void machine_halt(void)
{
}

void machine_stop(void)
{
    CSR_WRITE(mie, 0);
    for (;;) {
        core_wait();
    }
}
