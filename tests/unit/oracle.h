/* What must hold of any run, kept by an observer that sees events and state but
 * shares no code with the kernel (kernel/invariants.c is the other opinion).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "kernel/event.h"

/* Forgets everything; before a boot. */
void oracle_reset(void);

/* Takes each event of the kernel. */
void oracle_event(const struct k5_event *event);

/* The kernel wrote this range of guest memory. */
void oracle_written(uint32_t address, uint32_t bytes);

/* After an entry: NULL, or the sentence that does not hold. */
const char *oracle_check(void);

/* True if `reply` names a call that thread `server` has received and not yet answered. */
bool oracle_reply_is_live(uint32_t server, uint32_t reply);

/* A reply capability that `server` holds, or 0. */
uint32_t oracle_some_reply(uint32_t server);
