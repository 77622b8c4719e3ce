/* Control and status registers of machine mode that the port uses (RISC-V Privileged
 * Architecture 1.12, chapter 3), and the timer of the CLINT.
 */
#pragma once

#include <stdint.h>

#define REG32(address) (*(volatile uint32_t *)(uintptr_t)(address))

#define CSR_READ(name)                                                                             \
    ({                                                                                             \
        uint32_t csr_value_;                                                                       \
        __asm__ volatile("csrr %0, " #name : "=r"(csr_value_));                                    \
        csr_value_;                                                                                \
    })
#define CSR_WRITE(name, value) __asm__ volatile("csrw " #name ", %0" ::"rK"(value) : "memory")

#define MIE_MTIE (1u << 7)
#define MIP_MTIP (1u << 7)

/* All boards so far have it at the same place (SiFive Core Local Interruptor). */
#define MTIMECMP_LOW  REG32(0x02004000u)
#define MTIMECMP_HIGH REG32(0x02004004u)
#define MTIME_LOW     REG32(0x0200bff8u)
#define MTIME_HIGH    REG32(0x0200bffcu)

/* A pending interrupt ends it, although it is not taken. */
static inline void core_wait(void)
{
    __asm__ volatile("wfi" ::: "memory");
}
