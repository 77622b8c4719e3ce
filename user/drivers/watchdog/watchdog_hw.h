/* What server.c needs of a chip. */
#pragma once

#include "watchdog.h"

/* Whether it runs already: an earlier incarnation of this task started it. */
bool watchdog_hw_runs(void);

/* Starts it, and nobody stops it again. K5_E_TIMEOUT: its clock does not run. */
enum k5_error watchdog_hw_start(void);
void watchdog_hw_feed(void);

/* How often it has to be fed to be on the safe side. */
uint32_t watchdog_hw_period_us(void);
