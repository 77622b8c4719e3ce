/* A system call with any eight registers. */
#include "abuse.h"

void raw_call(uint32_t r[8])
{
    register uint32_t a0 __asm__("a0") = r[0];
    register uint32_t a1 __asm__("a1") = r[1];
    register uint32_t a2 __asm__("a2") = r[2];
    register uint32_t a3 __asm__("a3") = r[3];
    register uint32_t a4 __asm__("a4") = r[4];
    register uint32_t a5 __asm__("a5") = r[5];
    register uint32_t a6 __asm__("a6") = r[6];
    register uint32_t a7 __asm__("a7") = r[7];

    __asm__ volatile("ecall"
                     : "+r"(a0), "+r"(a1), "+r"(a2), "+r"(a3), "+r"(a4), "+r"(a5), "+r"(a6),
                       "+r"(a7)
                     :
                     : "memory");
    r[0] = a0;
    r[1] = a1;
    r[2] = a2;
    r[3] = a3;
    r[4] = a4;
    r[5] = a5;
    r[6] = a6;
    r[7] = a7;
}
