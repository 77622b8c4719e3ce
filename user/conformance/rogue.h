/* The actors' program, in parts. */
#pragma once

#include "k5.h"
#include "stage.h"

/* Acts on orders from `orders`, until one says DO_RETURN; `report` is its place on the stage. */
void rogue_main(volatile struct report *report, k5_cptr_t orders);
