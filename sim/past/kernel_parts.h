/* Which parts of struct kernel_state a system uses; what lies between does not change after boot.
 */
#pragma once

#include <stdint.h>

#include "kernel/system.h"

#define KERNEL_PARTS 10u

struct kernel_part {
    uint32_t offset;
    uint32_t bytes;
};

struct kernel_parts {
    struct kernel_part part[KERNEL_PARTS];
};

void kernel_parts_find(struct kernel_parts *parts, const struct sys_header *system);
