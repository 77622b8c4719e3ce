/* For CPUs without devices. */
#pragma once

#include "sim/cpu/cpu.h"

static const struct cpu_bus no_bus = {.count = 0};
