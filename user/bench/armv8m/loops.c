/* Loops that are the same on every compiler: Armv8-M. */
#include "loops.h"

uint32_t loops_add_up(uint32_t *at, uint32_t words)
{
    uint32_t sum = 0;
    uint32_t word;

    __asm__ volatile("1: ldr %[word], [%[at]]\n"
                     "   add %[sum], %[sum], %[word]\n"
                     "   str %[sum], [%[at]], #4\n"
                     "   subs %[left], %[left], #1\n"
                     "   bne 1b\n"
                     : [at] "+r"(at), [left] "+r"(words), [sum] "+r"(sum), [word] "=&r"(word)
                     :
                     : "cc", "memory");
    return sum;
}

/* r11 keeps its value, because the kernel changes results only; r4, argument and result, is 0 from
 * the start.
 */
void loops_call(uint32_t number, uint32_t rounds)
{
    __asm__ volatile("mov r11, %[number]\n"
                     "movs r4, #0\n"
                     "1: svc #0\n"
                     "subs %[left], %[left], #1\n"
                     "bne 1b\n"
                     : [left] "+r"(rounds)
                     : [number] "r"(number)
                     : "r4", "r5", "r6", "r7", "r11", "cc", "memory");
}

void loops_count(uint32_t rounds)
{
    __asm__ volatile("1: subs %[left], %[left], #1\n"
                     "bne 1b\n"
                     : [left] "+r"(rounds)
                     :
                     : "cc");
}
