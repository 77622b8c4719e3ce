/* Works, and says so. Its mistake is easy to find: who presses the button makes it hang. */
#include "gpio.h"
#include "k5_board.h"
#include "k5_log.h"
#include "k5_task.h"
#include "supervision.h"

#define PRESS 1u

#define PIN(name, pin, active) pin,
static const uint32_t buttons[] = {K5_BUTTONS(PIN)};

static enum k5_error listen(void)
{
    struct gpio_config input = {.mode = GPIO_INPUT};
    enum k5_error error = gpio_configure(CAP_GPIO, buttons[0], input);

    return error != K5_OK ? error
                          : gpio_watch(CAP_GPIO, buttons[0], GPIO_BOTH_EDGES, CAP_EVENTS, PRESS);
}

static void hang(void)
{
    K5_WARN("worker hangs");
    for (volatile uint32_t i = 0;; i++) {
    }
}

/* Said once: it goes on working. */
static void tell_supervisor(void)
{
    static enum k5_error last = K5_OK;
    struct k5_message alive = k5_short(ALIVE, 0, 0, 0, 0);
    enum k5_error error = k5_send(CAP_SUPERVISOR, &alive);

    if (error != last && error == K5_E_STOPPED) {
        K5_WARN("nobody supervises");
    }
    last = error;
}

int main(void)
{
    uint32_t bits;

    K5_INFO("worker begins");
    while (listen() == K5_E_RESTARTED) {
    }
    for (;;) {
        tell_supervisor();
        if (k5_wait_until(CAP_EVENTS, PRESS, k5_deadline_in_us(BEAT_US), &bits) == K5_OK) {
            hang();
        }
    }
}
