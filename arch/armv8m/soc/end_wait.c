/* The end of a machine on a chip: it waits, for a debugger or for power to go. */
#include "arch/armv8m/core.h"
#include "arch/common/machine.h"

/* The idle thread waits; nothing is armed that could wake it for good. */
void machine_halt(void)
{
}

void machine_stop(void)
{
    core_interrupts_off();
    for (;;) {
        core_wait();
    }
}
