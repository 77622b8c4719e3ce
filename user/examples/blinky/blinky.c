/* Blinks the board's first LED; its first button, if it has one, goes to the next pace.
 *
 * Drivers may restart: then an edge or a tick may never come, so waiting has an end,
 * and setting everything up again is all that there is to do.
 */
#include "gpio.h"
#include "k5_board.h"
#include "k5_log.h"
#include "k5_task.h"
#include "timer.h"

#define TICK  1u
#define PRESS 2u

struct line {
    uint32_t pin;
    uint32_t active; /* level */
};

#define LINE(name, pin, active) {pin, active},
static const struct line leds[] = {K5_LEDS(LINE)};
static const struct line buttons[] = {K5_BUTTONS(LINE)
                                          LINE(none, 0, 0)}; /* some boards have none */

static const uint32_t paces_us[] = {250000u, 100000u, 50000u};
#define PACES (sizeof paces_us / sizeof paces_us[0])

static uint32_t pace;
static uint32_t lit;

static enum k5_error set_pace(void)
{
    return timer_every(CAP_TIMER, paces_us[pace], CAP_EVENTS, TICK);
}

static enum k5_error show(void)
{
    return gpio_write(CAP_GPIO, leds[0].pin, lit ? leds[0].active : !leds[0].active);
}

static enum k5_error set_up_button(void)
{
    struct gpio_config input = {.mode = GPIO_INPUT};
    enum gpio_edge press = buttons[0].active ? GPIO_RISING : GPIO_FALLING;
    enum k5_error error;

    if (buttons[0].pin == 0) {
        return K5_OK;
    }
    error = gpio_configure(CAP_GPIO, buttons[0].pin, input);
    return error != K5_OK ? error : gpio_watch(CAP_GPIO, buttons[0].pin, press, CAP_EVENTS, PRESS);
}

static enum k5_error set_up(void)
{
    struct gpio_config output = {.mode = GPIO_OUTPUT, .level = !leds[0].active};
    enum k5_error error = gpio_configure(CAP_GPIO, leds[0].pin, output);

    error = error == K5_OK ? set_up_button() : error;
    error = error == K5_OK ? set_pace() : error;
    return error;
}

static enum k5_error step(void)
{
    uint32_t bits;
    enum k5_error error =
        k5_wait_until(CAP_EVENTS, TICK | PRESS, k5_deadline_in_us(2u * paces_us[pace]), &bits);

    if (error == K5_OK && (bits & PRESS) != 0) {
        pace = (pace + 1u) % PACES;
        K5_INFO("every %u ms", paces_us[pace] / 1000u);
        error = set_pace();
    }
    if (error == K5_OK && (bits & TICK) != 0) {
        lit = !lit;
        error = show();
        K5_DEBUG("light %s", lit ? "on" : "off");
    }
    return error;
}

int main(void)
{
    enum k5_error error = K5_E_STATE;

    for (;;) {
        if (error == K5_OK) {
            error = step();
        } else {
            error = set_up();
            if (error == K5_OK) {
                K5_INFO("blinking");
            } else if (error != K5_E_RESTARTED) {
                K5_ERROR("no light: error %d", error);
                k5_panic(1);
            }
        }
    }
}
