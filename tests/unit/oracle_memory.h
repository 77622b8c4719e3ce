/* The part of the oracle that knows what memory each task may touch, byte by byte. */
#pragma once

#include "kernel/event.h"

void oracle_memory_reset(void);

/* Takes each event of the kernel; NULL, or the sentence that does not hold. */
const char *oracle_memory_event(const struct k5_event *event);

/* The kernel wrote this range of guest memory; NULL, or the sentence that does not hold. */
const char *oracle_memory_written(uint32_t address, uint32_t bytes);

/* After an entry. */
const char *oracle_memory_check(void);
