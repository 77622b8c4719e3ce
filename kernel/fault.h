/* Faults: what a task did wrong, on record, and then its supervisor or its policy. */
#pragma once

#include "kernel/state.h"

/* Thread `id` gets a fault that the kernel itself found; `detail` is the record's address. */
void fault_raise(uint32_t id, enum k5_fault_kind kind, uint32_t detail);
