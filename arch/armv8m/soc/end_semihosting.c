/* The end of a machine that runs under an emulator: semihosting SYS_EXIT_EXTENDED
 * (Semihosting for AArch32 and AArch64, section 7.2). Without semihosting the BKPT
 * is a fault of the kernel, and the machine stops as well.
 */
#include "arch/armv8m/core.h"
#include "arch/common/machine.h"

#define SYS_EXIT_EXTENDED            0x20u
#define ADP_STOPPED_APPLICATION_EXIT 0x20026u

static void exit_emulator(uint32_t code)
{
    const uint32_t block[2] = {ADP_STOPPED_APPLICATION_EXIT, code};
    register uint32_t operation __asm__("r0") = SYS_EXIT_EXTENDED;
    register const uint32_t *parameters __asm__("r1") = block;

    __asm__ volatile("bkpt 0xab" : "+r"(operation) : "r"(parameters) : "memory");
}

void machine_halt(void)
{
    exit_emulator(0);
}

void machine_stop(void)
{
    exit_emulator(1);
    for (;;) {
        core_wait();
    }
}
