/* The serial line as the shell sees it: it always comes back. */
#pragma once

#include "k5.h"

void console_write(const char *text, size_t bytes);

/* The next character. *again: the line began anew meanwhile, so what is on the screen is not sure.
 */
char console_read(bool *again);
