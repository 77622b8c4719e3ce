/* Loops that are the same on every compiler: RV32. */
#include "loops.h"

uint32_t loops_add_up(uint32_t *at, uint32_t words)
{
    uint32_t sum = 0;
    uint32_t word;

    __asm__ volatile("1: lw %[word], 0(%[at])\n"
                     "   add %[sum], %[sum], %[word]\n"
                     "   sw %[sum], 0(%[at])\n"
                     "   addi %[at], %[at], 4\n"
                     "   addi %[left], %[left], -1\n"
                     "   bnez %[left], 1b\n"
                     : [at] "+r"(at), [left] "+r"(words), [sum] "+r"(sum), [word] "=&r"(word)
                     :
                     : "memory");
    return sum;
}

/* a7 keeps its value, because the kernel changes results only; a0, argument and result, is 0 from
 * the start.
 */
void loops_call(uint32_t number, uint32_t rounds)
{
    __asm__ volatile("mv a7, %[number]\n"
                     "li a0, 0\n"
                     "1: ecall\n"
                     "addi %[left], %[left], -1\n"
                     "bnez %[left], 1b\n"
                     : [left] "+r"(rounds)
                     : [number] "r"(number)
                     : "a0", "a1", "a2", "a3", "a7", "memory");
}

void loops_count(uint32_t rounds)
{
    __asm__ volatile("1: addi %[left], %[left], -1\n"
                     "bnez %[left], 1b\n"
                     : [left] "+r"(rounds));
}
