/* What the port asks of a system on chip. One file of soc/ each, chosen by the board.
 *
 * Privileged code only, interrupts off, unless stated otherwise.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* ---- soc/start_*.c: clocks and power, before anything else; .data and .bss are ready. */
void machine_start(void);

/* ---- soc/clock_*.c: a free-running 32-bit counter, one count a tick. It must go on in WFI. */
void clock_start(void);
uint32_t clock_count(void);

/* ---- soc/sink_*.c: where event frames go. */
void sink_start(void);

/* Takes the whole frame, or nothing of it if there is no room. Never waits for the host. */
bool sink_write(const uint8_t *frame, uint32_t bytes);

/* Moves on what is waiting, without waiting itself; true: something is left. Thread or handler. */
bool sink_pump(void);

/* ---- soc/end_*.c */

/* Nothing will ever happen again, the last event is out. Returns where a machine cannot end. */
void machine_halt(void);

/* A kernel bug; the last event is out. */
_Noreturn void machine_stop(void);
