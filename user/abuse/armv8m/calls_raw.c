/* A system call with any eight registers. */
#include "abuse.h"

void raw_call(uint32_t r[8])
{
    register uint32_t *at __asm__("r0") = r;

    __asm__ volatile("ldmia %0, {r4-r11}\n"
                     "svc #0\n"
                     "stmia %0, {r4-r11}\n"
                     :
                     : "r"(at)
                     : "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "memory");
}
