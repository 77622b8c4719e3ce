/* What the shell can do. */
#pragma once

/* Does what a line says; the line is taken apart. */
void command_run(char *line);
