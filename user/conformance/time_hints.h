/* ARCH/time_hints.c: instructions that wait a while, if at all. */
#pragma once

#include <stdbool.h>

bool time_hints_come_back(void);
