/* What the system-call stubs need to know of Armv8-M: r4 to r11, and svc.
 *
 * Frame pointers must be off, r7 is one of ours.
 */
#pragma once

#include <stdint.h>

#define K5_TRAP "svc #0"

#define K5_REGISTER_0 "r4"
#define K5_REGISTER_1 "r5"
#define K5_REGISTER_2 "r6"
#define K5_REGISTER_3 "r7"
#define K5_REGISTER_4 "r8"
#define K5_REGISTER_5 "r9"
#define K5_REGISTER_6 "r10"
#define K5_REGISTER_7 "r11"

/* One operand: local variable `name` in the ABI's register `number`. */
#define K5_IN_REG(number, name) register uint32_t name __asm__(K5_REGISTER_##number)

/* gcc 12 takes r7, Thumb's frame pointer, for never 0 even where frame pointers are off, and
 * drops comparisons with 0: so what comes out of r7 goes through here. Costs a move at most. */
static inline uint32_t k5_from_v3(uint32_t value)
{
    __asm__("" : "+r"(value));
    return value;
}
