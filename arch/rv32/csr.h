/* The core: control and status registers of machine mode (RISC-V Privileged Architecture 1.12,
 * chapter 3), registers in memory, and waiting.
 */
#pragma once

#include <stdint.h>

#define REG32(address) (*(volatile uint32_t *)(uintptr_t)(address))

#include "arch/rv32/core_registers.h"

#define CSR_READ(name)                                                                             \
    ({                                                                                             \
        uint32_t csr_value_;                                                                       \
        __asm__ volatile("csrr %0, " #name : "=r"(csr_value_));                                    \
        csr_value_;                                                                                \
    })
#define CSR_WRITE(name, value) __asm__ volatile("csrw " #name ", %0" ::"rK"(value) : "memory")

/* A pending interrupt ends it, although it is not taken. */
static inline void core_wait(void)
{
    __asm__ volatile("wfi" ::: "memory");
}
