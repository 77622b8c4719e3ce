/* Stands in for arch/armv8m/core.h on the host, by include path: registers are variables of the
 * test, and no instruction is special.
 */
#pragma once

#include <stdint.h>

/* The variable behind the register at `address`; the test may act on the access. */
volatile uint32_t *fake_register(uint32_t address);

#define REG32(address) (*fake_register(address))

#define SYST_CSR REG32(0xe000e010u)
#define SYST_RVR REG32(0xe000e014u)
#define SYST_CVR REG32(0xe000e018u)
#define ICSR     REG32(0xe000ed04u)

#define SYST_CSR_ENABLE    (1u << 0)
#define SYST_CSR_TICKINT   (1u << 1)
#define SYST_CSR_CLKSOURCE (1u << 2)
#define SYST_MAX           UINT32_C(0x00ffffff)

#define ICSR_PENDSTCLR (UINT32_C(1) << 25)
#define ICSR_PENDSTSET (UINT32_C(1) << 26)
