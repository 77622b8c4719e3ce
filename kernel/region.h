/* What memory a task may touch, decided from its logical regions. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * True if task `task` may access every byte of [base, base + bytes) in all ways
 * of `access` (enum sys_access bits). An empty range is always allowed; one that
 * wraps around, or touches a device, never is. Bounded by CFG_MPU_REGIONS.
 */
bool region_check(uint32_t task, uint32_t base, uint32_t bytes, uint32_t access);
