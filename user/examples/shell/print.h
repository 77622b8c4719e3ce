/* Text to the serial line, in parts that are sent when they are full or complete. */
#pragma once

#include "k5.h"

void print(const char *text);
void print_char(char c);

/* A number; with spaces before it, it takes `width` places. */
void print_number(uint64_t number, uint32_t width);

/* Eight hexadecimal digits. */
void print_hex(uint32_t number);

/* Text with spaces behind it, `width` places. */
void print_padded(const char *text, uint32_t width);

/* Sends what is still here. Whatever befalls the line, it ends: text may be lost, never the shell.
 */
void print_flush(void);
