/* Its thread is not marked: a fault, wherever the others have left the unit. */
#include "fpu.h"
#include "k5.h"

int main(void)
{
    struct fpu_registers seen;

    for (uint32_t i = 0; i < 500; i++) {
        k5_yield();
    }
    fpu_read(&seen);
    k5_panic(1); /* no fault */
}
