/* The registers in memory that belong to the core: timer and interrupt controller; and bits of its
 * CSRs. csr.h includes this, having defined REG32; so does the one that stands in for it on the
 * host.
 */
#pragma once

#define MIE_MTIE (1u << 7)
#define MIE_MEIE (1u << 11)
#define MIP_MTIP (1u << 7)
#define MIP_MEIP (1u << 11)

/* All boards so far have it at the same place (SiFive Core Local Interruptor). */
#define MTIMECMP_LOW  REG32(0x02004000u)
#define MTIMECMP_HIGH REG32(0x02004004u)
#define MTIME_LOW     REG32(0x0200bff8u)
#define MTIME_HIGH    REG32(0x0200bffcu)

/* As is the interrupt controller. Context 0 is machine mode of the first core (RISC-V
 * Platform-Level Interrupt Controller 1.0). Words of ENABLE are 32 sources. */
#define PLIC_PRIORITY(source) REG32(0x0c000000u + 4u * (source))
#define PLIC_ENABLE(word)     REG32(0x0c002000u + 4u * (word))
#define PLIC_THRESHOLD        REG32(0x0c200000u)
#define PLIC_CLAIM            REG32(0x0c200004u) /* a read claims, a write completes */
