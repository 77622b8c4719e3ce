/* Stands in for a port's types: the tests of arch/rv32's pure code need no port. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/rv32/rv32_types.h"

#define port_context   rv32_context
#define port_mpu_image rv32_mpu_image

struct sys_header;
const struct sys_header *port_system(void);

#define PORT_TABLE(name)             ((const uint8_t *)port_system() + port_system()->name##_offset)
#define PORT_COUNT(name, configured) (port_system()->name##_count)

struct kernel_state;
extern struct kernel_state k5;

static inline void *port_row(void *row)
{
    return row;
}

#define port_trace(kind, thread, code, arg0, arg1) ((void)0)
