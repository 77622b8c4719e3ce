/* What a port asks of a system on chip. One file of a soc/ folder each, chosen by the board.
 *
 * Privileged code only, interrupts off, unless stated otherwise.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "kernel/event.h"

/* ---- soc/start_*.c: clocks and power, before anything else; .data and .bss are ready. */
void machine_start(void);

/* ---- soc/sink_*.c: where events go, as frames of stream.h. */
void sink_start(void);

/* Takes the record, or refuses it if there is no room. Never waits for the host. */
bool sink_put(const struct k5_event *event);

/* Sends on what is waiting, as far as the device takes it now; true: something is left. Called
 * over and over by the idle thread, and by a handler before the machine ends. */
bool sink_pump(void);

/* ---- soc/end_*.c */

/* Nothing will ever happen again, the last event is out. Returns where a machine cannot end. */
void machine_halt(void);

/* A kernel bug; the last event is out. */
_Noreturn void machine_stop(void);
