/* Calls the kernel with room on its stack for the short frame only. Without floating-point values
 * that does; with them, the core needs 104 bytes, and the stack has overflowed.
 */
#include "fpu.h"
#include "k5.h"
#include "k5_log.h"

#define ROOM 64u

extern unsigned char task_ram_base[]; /* task.ld: the lowest byte of the stack */

static void yield_at(uint32_t sp)
{
    register uint32_t low __asm__("r0") = sp;

    __asm__ volatile("mov r1, sp\n\t"
                     "mov sp, r0\n\t"
                     "mov r11, %[yield]\n\t"
                     "svc 0\n\t"
                     "mov sp, r1"
                     : "+r"(low)
                     : [yield] "i"(K5_SYS_YIELD)
                     : "r1", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "memory");
}

int main(void)
{
    struct fpu_registers seen;

    yield_at((uint32_t)(uintptr_t)task_ram_base + ROOM);
    K5_INFO("the short frame fits");
    fpu_read(&seen);
    yield_at((uint32_t)(uintptr_t)task_ram_base + ROOM);
    k5_panic(1); /* no fault */
}
