/* What RV32 adds to a thread and a task. Pure data.
 *
 * Named after the architecture, since the hosted port has it beside others; port_types.h makes it
 * the kernel's struct port_context and struct port_mpu_image.
 */
#pragma once

#include <stdint.h>

/* All registers of a thread but a0 to a7, which are its system-call registers. */
struct rv32_context {
    uint32_t pc; /* of the next instruction: behind the ecall, at the one that faulted */
    uint32_t ra;
    uint32_t sp;
    uint32_t gp;
    uint32_t tp;
    uint32_t t[7];  /* t0 to t6 */
    uint32_t s[12]; /* s0 to s11 */
    uint32_t mpu;   /* image only: address of its task's struct rv32_mpu_image */
};

#define PMP_ENTRIES 8u /* of the smallest chip, FE310; where there are more, the rest stays off */

/* PMP registers, ready to be written (RISC-V Privileged Architecture 1.12, section 3.7.1). */
struct rv32_mpu_image {
    uint32_t cfg[PMP_ENTRIES / 4u]; /* pmpcfg0, pmpcfg1: a byte an entry, the lowest first */
    uint32_t addr[PMP_ENTRIES];     /* pmpaddr0 to pmpaddr7: bits 33:2 of an address */
};
