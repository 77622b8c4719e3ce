/* What the system-call stubs need to know of RV32: a0 to a7, and ecall. */
#pragma once

#include <stdint.h>

#define K5_TRAP "ecall"

#define K5_REGISTER_0 "a0"
#define K5_REGISTER_1 "a1"
#define K5_REGISTER_2 "a2"
#define K5_REGISTER_3 "a3"
#define K5_REGISTER_4 "a4"
#define K5_REGISTER_5 "a5"
#define K5_REGISTER_6 "a6"
#define K5_REGISTER_7 "a7"

/* One operand: local variable `name` in the ABI's register `number`. */
#define K5_IN_REG(number, name) register uint32_t name __asm__(K5_REGISTER_##number)

/* Armv8-M has a reason for this one. */
static inline uint32_t k5_from_v3(uint32_t value)
{
    return value;
}
