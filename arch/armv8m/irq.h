/* How many external interrupts an image has vectors for. For C and assembly.
 *
 * IRQ_LINES is the board's: how many lines its interrupt controller has. A system
 * without interrupts spends nothing on them.
 */
#pragma once

#include <k5_config.h>

#if CFG_INTERRUPTS > 0
#define IRQ_VECTORS IRQ_LINES
#else
#define IRQ_VECTORS 0
#endif

#define FIRST_IRQ     16   /* exception number of line 0 */
#define VECTORS_ALIGN 1024 /* the power of two at or above their size (Armv8-M ARM, VTOR) */
#if 4 * (FIRST_IRQ + IRQ_VECTORS) > VECTORS_ALIGN
#error "IRQ_LINES: VECTORS_ALIGN is too small for the board's vectors"
#endif
