/* Between the files of the port, and from entry.S. */
#pragma once

#include <stdint.h>

/* Called by entry.S, on the kernel's stack, with the interrupted thread saved. */
void port_boot(void);
void port_timer(void);
void port_external(void);
void port_fault(uint32_t mcause, uint32_t mtval);
_Noreturn void port_kernel_fault(uint32_t mcause, uint32_t mepc);

/* plic.c: masks all sources. */
void plic_start(void);

/* The processor has nothing to do: returns when a thread can run. */
void port_idle(void);
