/* Editing of a line. */
#include "line.h"

#include "print.h"

#define CTRL_C    '\003'
#define BELL      "\007"
#define BACKSPACE '\010'
#define CTRL_U    '\025'
#define DELETE    '\177'

void line_clear(struct line *line)
{
    line->length = 0;
    line->text[0] = '\0';
}

static void rub_out(struct line *line)
{
    line->text[--line->length] = '\0';
    print("\b \b");
}

static void insert(struct line *line, char c)
{
    if (line->length == LINE_MOST) {
        print(BELL);
        return;
    }
    line->text[line->length++] = c;
    line->text[line->length] = '\0';
    print_char(c);
}

enum line_state line_take(struct line *line, char c)
{
    bool after_return = line->after_return;

    line->after_return = c == '\r';
    if (c == '\r' || c == '\n') {
        if (c == '\n' && after_return) {
            return LINE_MORE;
        }
        print("\r\n");
        return LINE_DONE;
    }
    if (c == CTRL_C) {
        print("^C\r\n");
        return LINE_CANCELLED;
    }
    if (c == BACKSPACE || c == DELETE) {
        if (line->length != 0) {
            rub_out(line);
        } else {
            print(BELL);
        }
    } else if (c == CTRL_U) {
        while (line->length != 0) {
            rub_out(line);
        }
    } else if (c >= ' ' && c < DELETE) {
        insert(line, c);
    }
    return LINE_MORE;
}
