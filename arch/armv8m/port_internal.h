/* Between the files of the port, and from entry.S. */
#pragma once

#include <stdint.h>

/* Called by entry.S, on the kernel's stack, with the interrupted thread saved. */
void port_boot(void);
void port_timer(void);
void port_fault(void);
_Noreturn void port_kernel_fault(uint32_t exc_return, uint32_t msp);
_Noreturn void port_reset(void);

/*
 * event.c: emits K5_EVENT_PANIC and stops the machine. Of the event's six words, `text` fills the
 * first ones; where it leaves the last two free, they are `detail` and `status`.
 */
_Noreturn void port_stop(const char *text, uint32_t line, uint32_t detail, uint32_t status);
