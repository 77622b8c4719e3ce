/* The last words of a machine. */
#pragma once

#include <stdint.h>

/*
 * Emits K5_EVENT_PANIC and stops the machine. Of the event's six words, `text` fills the first
 * ones, at most 16 bytes; the last two are `detail` and `status`.
 *
 * entry.S has port_stop(): nobody goes back, so the words are said on an empty stack, and the
 * deepest chain of calls need not have room for them. It also has what port_assertion_failed()
 * calls: port_stop("assertion", 0, address behind the call, 0).
 */
_Noreturn void port_stop(const char *text, uint32_t code, uint32_t detail, uint32_t status);
_Noreturn void port_last_words(const char *text, uint32_t code, uint32_t detail, uint32_t status);
