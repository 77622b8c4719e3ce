/* The end of a machine that runs under an emulator without a test device: semihosting
 * SYS_EXIT_EXTENDED (RISC-V Semihosting, section 2: three uncompressed instructions
 * in one page). Without semihosting the ebreak is a fault of the kernel.
 */
#include "arch/common/machine.h"
#include "arch/rv32/csr.h"

#define SYS_EXIT_EXTENDED            0x20u
#define ADP_STOPPED_APPLICATION_EXIT 0x20026u

static void exit_emulator(uint32_t code)
{
    const uint32_t block[2] = {ADP_STOPPED_APPLICATION_EXIT, code};
    register uint32_t operation __asm__("a0") = SYS_EXIT_EXTENDED;
    register const uint32_t *parameters __asm__("a1") = block;

    __asm__ volatile(".option push\n\t"
                     ".balign 16\n\t" /* before norvc: the linker counts on padding of 2 bytes */
                     ".option norvc\n\t"
                     "slli zero, zero, 0x1f\n\t"
                     "ebreak\n\t"
                     "srai zero, zero, 7\n\t"
                     ".option pop"
                     : "+r"(operation)
                     : "r"(parameters)
                     : "memory");
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
