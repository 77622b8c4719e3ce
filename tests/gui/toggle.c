/* The board's first button toggles its first LED, at once. */
#include "gpio.h"
#include "k5_board.h"
#include "k5_log.h"
#include "k5_task.h"

#define PRESS 1u

struct line {
    uint32_t pin;
    uint32_t active; /* level */
};

#define LINE(name, pin, active) {pin, active},
static const struct line leds[] = {K5_LEDS(LINE)};
static const struct line buttons[] = {K5_BUTTONS(LINE)};

static void must(enum k5_error error)
{
    if (error != K5_OK) {
        K5_ERROR("gpio: error %d", error);
        k5_panic(1);
    }
}

int main(void)
{
    struct gpio_config output = {.mode = GPIO_OUTPUT, .level = !leds[0].active};
    struct gpio_config input = {.mode = GPIO_INPUT};
    enum gpio_edge press = buttons[0].active ? GPIO_RISING : GPIO_FALLING;
    uint32_t bits;
    uint32_t lit = 0;

    must(gpio_configure(CAP_GPIO, leds[0].pin, output));
    must(gpio_configure(CAP_GPIO, buttons[0].pin, input));
    must(gpio_watch(CAP_GPIO, buttons[0].pin, press, CAP_EVENTS, PRESS));
    K5_INFO("press the button");
    for (;;) {
        must(k5_wait(CAP_EVENTS, PRESS, &bits));
        lit = !lit;
        must(gpio_write(CAP_GPIO, leds[0].pin, lit ? leds[0].active : !leds[0].active));
        K5_INFO("LED is %s", lit ? "on" : "off");
    }
}
