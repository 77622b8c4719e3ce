/* A line as it is typed: printable characters, backspace, ^U (all of it), ^C (not this one). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define LINE_MOST 64u

struct line {
    uint32_t length;
    bool after_return;         /* a line feed that follows belongs to it */
    char text[LINE_MOST + 1u]; /* ends with 0 */
};

enum line_state { LINE_MORE, LINE_DONE, LINE_CANCELLED };

/* Takes a character, and prints what is to be seen of it. */
enum line_state line_take(struct line *line, char c);

/* For the next line. */
void line_clear(struct line *line);
