/* What the shell knows of its own memory: nobody can look at another task's. */
#pragma once

/* Marks the unused part of the stack, so that memory_print() can tell how deep it has been. */
void memory_mark_stack(void);
void memory_print(void);
