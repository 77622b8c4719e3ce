/* What must hold of any run, kept by an observer that sees events and state but
 * shares no code with the kernel (kernel/invariants.c is the other opinion).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "kernel/event.h"
#include "tests/unit/oracle_caps.h"

/* Forgets everything; before a boot. */
void oracle_reset(void);

/* The system that the oracle watches has booted. */
void oracle_booted(void);

/* Takes each event of the kernel. */
void oracle_event(const struct k5_event *event);

/* The kernel wrote this range of guest memory. */
void oracle_written(uint32_t address, uint32_t bytes);

/* Thread `id` has been given another budget: its account is closed. */
void oracle_budget_changed(uint32_t id);

/* After an entry: NULL, or the sentence that does not hold. */
const char *oracle_check(const struct oracle_act *act);

/* True if `reply` names a call that thread `server` has received and not yet answered. */
bool oracle_reply_is_live(uint32_t server, uint32_t reply);

/* A reply capability that `server` holds, or 0. */
uint32_t oracle_some_reply(uint32_t server);
