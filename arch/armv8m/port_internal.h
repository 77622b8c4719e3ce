/* Between the files of the port, and from entry.S. */
#pragma once

#include <stdint.h>

/* Called by entry.S, on the kernel's stack, with the interrupted thread saved. */
void port_boot(void);
void port_timer(void);
void port_fault(void);
_Noreturn void port_kernel_fault(uint32_t pc);
_Noreturn void port_reset(void);

/* nvic.c: masks all lines; `priorities` is the priority of the kernel's entries, in each byte. */
void nvic_start(uint32_t priorities);
