/* The kernel's five entries, called by the port with interrupts off.
 *
 * Each runs to its end on the one kernel stack and leaves the thread that runs
 * next in k5.current.
 */
#pragma once

#include "kernel/state.h"

/* What the hardware said about a fault, in the ABI's terms. */
struct fault_record {
    uint8_t kind;  /* K5_FAULT_ */
    uint8_t flags; /* K5_FAULT_FLAG_ bits */
    uint32_t pc;
    uint32_t address;
    uint32_t status; /* CFSR on Armv8-M, mcause on RV32 */
    uint32_t sp;     /* after the exception frame, if one was pushed */
    uint32_t lr;
};

/* Builds the state from the boot tables and picks the first thread. */
void kernel_boot(void);

/* The running thread made a system call; its registers hold the arguments. */
void kernel_syscall(void);

/* The deadline that the kernel asked for has come (or an earlier tick: harmless). Also how the
 * kernel goes on with what it left for an interrupt: see port_pending(). */
void kernel_timer(void);

/* A hardware interrupt line that the kernel unmasked has fired; the kernel masks it in here. */
void kernel_interrupt(uint32_t line);

/* The running thread committed a fault. */
void kernel_fault(const struct fault_record *record);
