/* Is this a board that can be simulated? */
#pragma once

#include "sim/k5sim.h"

/* True, or false with the reason in `error`. */
bool board_check(const struct k5sim_board *board, char *error, size_t bytes);

/* board_devices.c: the part about devices, wires and pins, for a CPU whose pages have that size. */
bool board_check_devices(const struct k5sim_board *board, uint32_t page, char *error, size_t bytes);
