/* From reset to the first thread, and what the processor does when there is none to run. */
#include "arch/common/machine.h"
#include "arch/rv32/csr.h"
#include "arch/rv32/port_internal.h"
#include "arch/rv32/port_state.h"
#include "kernel/entry.h"
#include "kernel/port.h"

/* Whatever ran before us may have left entries; a task may have no more than its own. */
static void pmp_start(void)
{
    CSR_WRITE(pmpcfg0, 0);
    CSR_WRITE(pmpcfg1, 0);
}

/* Machine mode, interrupts off; entry.S has cleared the kernel's memory and set mtvec. */
void port_boot(void)
{
    port_deadline(PORT_NEVER); /* mtimecmp holds anything after reset */
    CSR_WRITE(mcounteren, 0);  /* time is a system call */
    machine_start();
    port.id = NO_THREAD;
    pmp_start();
    sink_start();
    plic_start();
    CSR_WRITE(mie, MIE_MTIE | MIE_MEIE);
    kernel_boot();
}

/*
 * Interrupts stay off: WFI ends when one is pending, and then we look. So no trap
 * ever comes out of machine mode but for a bug of the kernel.
 */
void port_idle(void)
{
    while (k5.current == NO_THREAD) {
        uint32_t pending = CSR_READ(mip);

        if ((pending & MIP_MEIP) != 0) {
            port_external();
        } else if ((pending & MIP_MTIP) != 0) {
            port_timer();
        } else if (k5.unfinished != 0) {
            kernel_timer(); /* goes on with it */
        } else if (!sink_pump()) {
            core_wait();
        }
    }
}
