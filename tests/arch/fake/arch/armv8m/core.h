/* Stands in for arch/armv8m/core.h on the host, by include path: registers are variables of the
 * test, and no instruction is special.
 */
#pragma once

#include <stdint.h>

/* The variable behind the register at `address`; the test may act on the access. */
volatile uint32_t *fake_register(uint32_t address);

#define REG32(address) (*fake_register(address))

#include "arch/armv8m/core_registers.h"

static inline void core_drain(void)
{
}
