/* The hardware of echo.c. */
#pragma once

#include <stdbool.h>

void line_start(void);          /* interrupts for what comes in */
bool line_put(char character);  /* false: no room now */
bool line_get(char *character); /* false: there is none */
void line_clear(void);          /* the interrupt's cause, where reading does not do that */
void line_drain(void);          /* until all has left */
void line_show(void);           /* by a lamp, where the board has one */
