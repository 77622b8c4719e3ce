/* What server.c needs of a chip. */
#pragma once

#include "clocks.h"

/* Puts the clocks that drivers rely on to what the board says, and finds the reset's cause. */
void clocks_hw_start(void);

/* RESET_ bits. */
uint32_t clocks_hw_cause(void);

/* `mask` of the register at `offset` are the clocks of a device. False: there are none there. */
bool clocks_hw_exists(uint32_t offset, uint32_t mask);
void clocks_hw_enable(uint32_t offset, uint32_t mask);
void clocks_hw_reset(uint32_t offset, uint32_t mask);
