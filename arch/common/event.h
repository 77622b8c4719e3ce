/* The last words of a machine. */
#pragma once

#include <stdint.h>

/*
 * Emits K5_EVENT_PANIC and stops the machine. Of the event's six words, `text` fills the first
 * ones; where it leaves the last two free, they are `detail` and `status`.
 */
_Noreturn void port_stop(const char *text, uint32_t line, uint32_t detail, uint32_t status);
