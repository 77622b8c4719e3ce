/* The serial line, across restarts of its driver. Where somebody stopped that (the shell's own
 * `kill` can), the shell starts it again: it has the capability for it.
 */
#include "console.h"

#include "k5_log.h"
#include "k5_task.h"
#include "uart.h"

#define TRIES 3u /* then text is lost */

static bool anew; /* the driver began anew since this was last asked for */

static void mend(enum k5_error error)
{
    if (error == K5_E_STOPPED && k5_task_start(CAP_TASK_UART) == K5_OK) {
        K5_WARN("the line's driver was stopped, and is started again");
    }
    anew |= error == K5_E_STOPPED || error == K5_E_RESTARTED;
}

void console_write(const char *text, size_t bytes)
{
    enum k5_error error = K5_E_RESTARTED;

    for (uint32_t i = 0; i < TRIES && error != K5_OK && bytes != 0; i++) {
        error = uart_write(CAP_UART, text, bytes);
        mend(error);
    }
}

char console_read(bool *again)
{
    static char buffer[UART_CHUNK];
    static size_t have;
    static size_t next;

    while (next == have) {
        enum k5_error error;

        next = have = 0;
        error = uart_read(CAP_UART, buffer, sizeof buffer, UART_FOREVER, &have);
        mend(error);
        if (error == K5_E_IO) {
            K5_WARN("characters were damaged on the line");
        }
        if (error != K5_OK) {
            have = 0;
        }
        if (anew) {
            break;
        }
    }
    *again = anew;
    if (anew) {
        anew = false;
        return '\0';
    }
    return buffer[next++];
}
