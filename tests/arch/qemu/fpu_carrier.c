/* Two tasks share the FPU with others, at each other's cost: each must find its own values. */
#include "fpu.h"
#include "k5.h"
#include "k5_log.h"
#include "k5_task.h"

#define ROUNDS 400u

int main(void)
{
    uint32_t seed = K5_TASK_NAME[0];

    for (uint32_t round = 0; round < ROUNDS; round++) {
        struct fpu_registers in;
        struct fpu_registers out;

        fpu_pattern(&in, seed + round);
        fpu_carry(&in, &out, 1 + round * 7 % 900);
        for (uint32_t i = 0; i < 32; i++) {
            if (in.s[i] != out.s[i]) {
                K5_ERROR("round %u: s%u is %x, not %x", round, i, out.s[i], in.s[i]);
                k5_panic(1);
            }
        }
        if (in.fpscr != out.fpscr) {
            K5_ERROR("round %u: fpscr is %x, not %x", round, out.fpscr, in.fpscr);
            k5_panic(2);
        }
    }
    K5_INFO("carried %u times", ROUNDS);
    k5_sleep_forever();
}
