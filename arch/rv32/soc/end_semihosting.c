/* The end of a machine that runs under an emulator without a test device. */
#include "arch/common/machine.h"
#include "arch/rv32/csr.h"
#include "arch/rv32/semihosting.h"

#define ADP_STOPPED_APPLICATION_EXIT 0x20026u

static void exit_emulator(uint32_t code)
{
    const uint32_t block[2] = {ADP_STOPPED_APPLICATION_EXIT, code};

    (void)semihosting_call(SEMIHOSTING_EXIT_EXTENDED, block);
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
