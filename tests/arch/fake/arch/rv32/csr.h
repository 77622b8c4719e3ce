/* Stands in for arch/rv32/csr.h on the host, by include path: registers are variables of the test.
 */
#pragma once

#include <stdint.h>

/* The variable behind the register at `address`; the test may act on the access. */
volatile uint32_t *fake_register(uint32_t address);

#define REG32(address) (*fake_register(address))

#include "arch/rv32/core_registers.h"

extern uint32_t fake_mip;

#define CSR_READ(name) fake_##name
