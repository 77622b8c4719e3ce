/* Loops that are the same on every compiler. ARCH/loops.c */
#pragma once

#include <stdint.h>

/* Adds up `words` words and puts each sum back: load, add, store, count, branch. */
uint32_t loops_add_up(uint32_t *at, uint32_t words);

/* Makes system call `number`, which must have no arguments, `rounds` times. */
void loops_call(uint32_t number, uint32_t rounds);

/* Only counts. */
void loops_count(uint32_t rounds);
