/* Machines that need no start code: the emulator, or the shim before us, has done it. */
#include "arch/common/machine.h"

void machine_start(void)
{
}
