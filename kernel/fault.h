/* Faults: what a task did wrong, on record, and then its policy. */
#pragma once

#include "kernel/state.h"

/* The running thread committed a fault that the kernel found; `detail` goes into `address`. */
void fault_raise(enum k5_fault_kind kind, uint32_t detail);
