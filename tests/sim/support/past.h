/* Machines of both instruction sets that much can happen to, for tests of their past. */
#pragma once

#include "sim/k5sim_history.h"

#define PAST_LINE 9u /* an interrupt line; its driver only acknowledges */

enum { PAST_UART, PAST_FLASH, PAST_I2C, PAST_SENSOR, PAST_PORT, PAST_DEVICES };
enum { PAST_DRIVER, PAST_COUNTER, PAST_TASKS }; /* its tasks, and their one thread each */

/*
 * Booted: the driver, and a task that counts in its memory at past_counter() (on Armv8-M with an IT
 * block of four instructions) whenever it may. All kinds of events are recorded.
 */
struct k5sim *past_open(const char *cpu, uint32_t ticks_per_insn);
uint32_t past_counter(void);

/* Something from outside, whatever `random` makes of it. */
void past_give(struct k5sim *sim, uint64_t *random);

/* A fault, a register set by a debugger, another timing; some of what comes to mind is refused. */
void past_harm(struct k5sim *sim, uint64_t *random);

/* A step of a generator of random numbers: the same from the same seed. */
uint32_t past_random(uint64_t *random);
