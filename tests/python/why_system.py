"""A system whose past is worth questions: a client copies, lends, and at last waits for ever."""

DESCRIPTION = """\
[system]
name = "small"
board = "mps2-an505"

[task.client]
sources = ["client.c"]
priority = 5
stack = 512
capabilities = [
    { name = "server", endpoint = "server", rights = ["send"], badge = 7, lend = "write" },
    { name = "go", notification = "go", rights = ["signal"] },
]

[task.server]
sources = ["server.c"]
priority = 6
stack = 512
capabilities = [
    { name = "self", endpoint = "server", rights = ["recv"] },
    { name = "go", notification = "go", rights = ["wait"] },
]

[task.idler]
sources = ["idler.c"]
priority = 3
stack = 512

[endpoint.server]
receiver = "server"

[notification.go]
receiver = "server"
"""

CLIENT = """\
#include "k5.h"
#include "k5_log.h"
#include "k5_task.h"

uint32_t stage;
_Alignas(32) uint8_t page[64];

static void advance(uint32_t to)
{
    stage = to;
}

static void send_text(void)
{
    static const char text[] = "a text";
    struct k5_message message = k5_copy(1, text, sizeof(text));

    if (k5_call(CAP_SERVER, &message) != K5_OK) {
        k5_panic(1);
    }
}

static void lend_page(void)
{
    struct k5_message message = k5_lend_mut(2, page, sizeof(page), 0, 0);

    if (k5_call(CAP_SERVER, &message) != K5_OK) {
        k5_panic(2);
    }
}

int main(void)
{
    struct k5_message message = k5_short(3, 0, 0, 0, 0);

    advance(1);
    send_text();
    advance(2);
    K5_INFO("lending");
    lend_page();
    advance(3);
    K5_INFO("asking for ever");
    k5_panic(k5_call(CAP_SERVER, &message)); /* nobody will signal */
}
"""

SERVER = """\
#include "k5.h"
#include "k5_log.h"
#include "k5_task.h"

char text[32];

static void fill(uint8_t *page, uint32_t bytes)
{
    for (uint32_t i = 0; i < bytes; i++) {
        page[i] = (uint8_t)(i + 1);
    }
    K5_INFO("filled");
}

static void wait_for_ever(void)
{
    uint32_t bits = 0;

    if (k5_wait(CAP_GO, 1, &bits) != K5_OK) {
        k5_panic(1);
    }
}

int main(void)
{
    struct k5_message message = {0};

    k5_set_buffer(&message, text, sizeof(text));
    while (k5_serve(CAP_SELF, &message) == K5_OK) {
        if (k5_label(&message) == 2) {
            fill((uint8_t *)message.word[0], message.word[1]);
        } else if (k5_label(&message) == 3) {
            wait_for_ever();
        }
        k5_answer(&message, 0, 0, 0, 0, 0);
        k5_set_buffer(&message, text, sizeof(text));
    }
    k5_panic(2);
}
"""

IDLER = """\
#include "k5.h"
#include "k5_task.h"

volatile uint32_t rounds;

int main(void)
{
    for (;;) {
        rounds = rounds + 1;
        k5_sleep_us(1000);
    }
}
"""
