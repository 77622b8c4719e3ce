/* Types of the Armv8-M port that the kernel's state contains. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "armv8m_types.h"

#define port_context   armv8m_context
#define port_mpu_image armv8m_mpu_image

/*
 * The kernel's state has its address in r9, the platform's register of the
 * procedure call standard, as long as the kernel runs: entry.S puts it there, and
 * -ffixed-r9 keeps it. Loading it anew in each function takes 500 bytes more.
 */
struct kernel_state;
register struct kernel_state *port_k5 __asm__("r9");
#define k5 (*port_k5)

#define port_assertion_failed(file, line) ASSERTION_FAILED("bl", file, line)

#include "arch/common/assertion.h"
#include "arch/common/tables.h"
#include <port_trace.h> /* trace/ or release/, by include path */
