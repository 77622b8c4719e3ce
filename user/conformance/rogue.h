/* The actors' program, in parts. */
#pragma once

#include "k5.h"
#include "stage.h"

/* Acts on orders from `orders`, for ever; `report` is its place on the stage. */
_Noreturn void rogue_main(volatile struct report *report, k5_cptr_t orders);
