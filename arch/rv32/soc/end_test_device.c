/* The end of QEMU's virt machine: its test device ends the emulator with a code. */
#include "arch/common/machine.h"
#include "arch/rv32/csr.h"

#define TEST_DEVICE REG32(0x00100000u)
#define TEST_PASS   0x5555u
#define TEST_FAIL   0x3333u /* in the lower half; the code in the upper */

void machine_halt(void)
{
    TEST_DEVICE = TEST_PASS;
}

void machine_stop(void)
{
    TEST_DEVICE = UINT32_C(1) << 16 | TEST_FAIL;
    for (;;) {
        core_wait();
    }
}
