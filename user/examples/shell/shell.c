/* A shell on the serial line. */
#include "commands.h"
#include "console.h"
#include "k5_log.h"
#include "line.h"
#include "memory.h"
#include "print.h"

#define PROMPT "k5> "

int main(void)
{
    static struct line line;

    memory_mark_stack();
    print("\r\nK5 shell: try help\r\n" PROMPT);
    print_flush();
    for (;;) {
        bool again;
        char c = console_read(&again);

        if (again) { /* the line so far is still here, but perhaps not on the screen */
            print("\r\n" PROMPT);
            print(line.text);
        } else {
            enum line_state state = line_take(&line, c);

            if (state == LINE_DONE) {
                K5_DEBUG("a command of %u characters", line.length);
                command_run(line.text);
            }
            if (state != LINE_MORE) {
                line_clear(&line);
                print(PROMPT);
            }
        }
        print_flush();
    }
}
