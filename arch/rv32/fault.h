/* From the trap registers to the kernel's fault record.
 *
 * Pure: the image reads the registers, the hosted port makes them up as the core
 * would, and both ask here what they mean (RISC-V Privileged Architecture 1.12, 3.1.15).
 */
#pragma once

#include "kernel/entry.h"

enum mcause {
    CAUSE_FETCH_MISALIGNED = 0,
    CAUSE_FETCH_ACCESS = 1,
    CAUSE_ILLEGAL = 2,
    CAUSE_BREAKPOINT = 3,
    CAUSE_LOAD_MISALIGNED = 4,
    CAUSE_LOAD_ACCESS = 5,
    CAUSE_STORE_MISALIGNED = 6, /* or AMO */
    CAUSE_STORE_ACCESS = 7,     /* or AMO */
    CAUSE_ECALL_U = 8,
};

/* What the core left behind when a thread faulted. */
struct rv32_fault_input {
    uint32_t mcause;
    uint32_t mepc;
    uint32_t mtval; /* address of the access, or the illegal instruction */
    uint32_t sp;
    uint32_t ra;
    uint32_t stack_base; /* of the thread: lowest address that its sp may have */
};

void rv32_fault_decode(const struct rv32_fault_input *input, struct fault_record *record);
