/* Finds an empty FPU in each of its lives, fills it, and dies. */
#include "fpu.h"
#include "k5.h"
#include "k5_log.h"

int main(void)
{
    struct fpu_registers seen;
    uint32_t dirty = 0;

    fpu_read(&seen);
    for (uint32_t i = 0; i < 32; i++) {
        dirty |= seen.s[i];
    }
    K5_INFO("finds %x, fpscr %x", dirty, seen.fpscr);
    fpu_pattern(&seen, (uint32_t)k5_time());
    fpu_carry(&seen, &seen, 1);
    k5_panic(7);
}
