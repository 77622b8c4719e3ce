/* Types of the RV32 port that the kernel's state contains. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rv32_types.h"

#define port_context   rv32_context
#define port_mpu_image rv32_mpu_image

struct kernel_state;
extern struct kernel_state k5;

#define port_assertion_failed(file, line) ASSERTION_FAILED("call", file, line)

#include "arch/common/assertion.h"
#include "arch/common/tables.h"
#include <port_trace.h> /* arch/common: trace/ or release/, by include path */
