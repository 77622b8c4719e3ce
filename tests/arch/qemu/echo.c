/* A serial line at work by interrupts: greets, then sends back each character as a capital, until
 * a full stop. The hardware is in {arch}/line.c.
 */
#include "k5.h"
#include "k5_log.h"
#include "k5_task.h"
#include "line.h"

static const char greeting[] = "hello\n";

static void put(char character)
{
    while (!line_put(character)) {
    }
}

static char capital(char character)
{
    return character >= 'a' && character <= 'z' ? (char)(character - 'a' + 'A') : character;
}

int main(void)
{
    uint32_t count = 0;
    char character = 0;

    line_start();
    for (uint32_t i = 0; i + 1 < sizeof greeting; i++) {
        put(greeting[i]);
    }
    while (character != '.') {
        uint32_t bits = 0;

        if (k5_irq_ack(CAP_IRQ) != K5_OK || k5_wait(CAP_EVENTS, 1u, &bits) != K5_OK) {
            k5_panic(__LINE__);
        }
        line_clear(); /* first: what comes from now on fires again */
        while (character != '.' && line_get(&character)) {
            count++;
            put(capital(character));
        }
    }
    K5_INFO("%u characters, the last one was %c", count, character);
    line_drain();
    line_show();
    k5_sleep_forever();
}
