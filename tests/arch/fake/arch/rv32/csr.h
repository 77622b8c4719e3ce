/* Stands in for arch/rv32/csr.h on the host, by include path: registers are variables of the test.
 */
#pragma once

#include <stdint.h>

/* The variable behind the register at `address`; the test may act on the access. */
volatile uint32_t *fake_register(uint32_t address);

#define REG32(address) (*fake_register(address))

#define MTIMECMP_LOW  REG32(0x02004000u)
#define MTIMECMP_HIGH REG32(0x02004004u)
#define MTIME_LOW     REG32(0x0200bff8u)
#define MTIME_HIGH    REG32(0x0200bffcu)
