/* What server.c needs of a chip. */
#pragma once

#include "clocks.h"

/* From whatever state. What is enabled stays so. */
void clocks_hw_start(void);

/* RESET_ bits since they were cleared. */
uint32_t clocks_hw_cause(void);
void clocks_hw_clear_cause(void);

/* `mask` of the register at `offset` are the clocks of a device. False: there are none there. */
bool clocks_hw_exists(uint32_t offset, uint32_t mask);
void clocks_hw_enable(uint32_t offset, uint32_t mask);
void clocks_hw_reset(uint32_t offset, uint32_t mask);
