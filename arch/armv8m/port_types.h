/* Types of the Armv8-M port that the kernel's state contains. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "armv8m_types.h"

#define port_context   armv8m_context
#define port_mpu_image armv8m_mpu_image

struct kernel_state;
extern struct kernel_state k5;

#include "arch/common/tables.h"
#include <port_trace.h> /* trace/ or release/, by include path */
