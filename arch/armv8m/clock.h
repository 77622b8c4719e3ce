/* The tick of a system on chip. soc/clock_*.c, chosen by the board.
 *
 * A free-running 32-bit counter, one count a tick. It must go on in WFI.
 */
#pragma once

#include <stdint.h>

void clock_start(void);
uint32_t clock_count(void);
