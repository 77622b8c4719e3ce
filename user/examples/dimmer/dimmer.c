/* The board's first LED at a brightness that the random-number generator chooses. */
#include "gpio.h"
#include "k5_board.h"
#include "k5_log.h"
#include "k5_task.h"
#include "pwm.h"
#include "rng.h"

#define PRESS     1u
#define PERIOD_US 1000u
#define PERCENTS  100u
#define CHECK_US  1000000u /* how often to see whether the drivers still know us */

#define PIN(name, pin, active) pin,
static const uint32_t leds[] = {K5_LEDS(PIN)};
static const uint32_t buttons[] = {K5_BUTTONS(PIN)};

/* Evenly from 0 to 100 %: what does not divide evenly is thrown again. */
static enum k5_error throw(uint32_t * percent) {
    uint8_t byte; enum k5_error error;

    do {error = rng_read(CAP_RNG, &byte, 1);}
while (error == K5_E_RESTARTED || (error == K5_OK && byte >= 2u * (PERCENTS + 1u)));
*percent = byte % (PERCENTS + 1u);
return error;
}

static enum k5_error listen(void)
{
    struct gpio_config input = {.mode = GPIO_INPUT};
    enum k5_error error;

    do {
        error = gpio_configure(CAP_GPIO, buttons[0], input);
        error = error != K5_OK ? error
                               : gpio_watch(CAP_GPIO, buttons[0], GPIO_RISING, CAP_EVENTS, PRESS);
    } while (error == K5_E_RESTARTED);
    return error;
}

static enum k5_error shine(uint32_t percent)
{
    enum k5_error error;

    do {
        error = pwm_start(CAP_PWM, leds[0], PERIOD_US, PERIOD_US * percent / PERCENTS);
    } while (error == K5_E_RESTARTED);
    return error;
}

/* Waits for a press; meanwhile a restart of a driver is made good. */
static enum k5_error wait_for_press(uint32_t percent)
{
    uint32_t bits, level;
    enum k5_error error = K5_OK;

    while (error == K5_OK &&
           k5_wait_until(CAP_EVENTS, PRESS, k5_deadline_in_us(CHECK_US), &bits) != K5_OK) {
        error = gpio_read(CAP_GPIO, buttons[0], &level);
        error = error == K5_E_RESTARTED || error == K5_E_STATE ? listen() : error;
        error = error == K5_OK ? shine(percent) : error;
    }
    return error;
}

int main(void)
{
    uint32_t percent = 0;
    enum k5_error error = listen();

    while (error == K5_OK) {
        error = throw(&percent);
        if (error != K5_OK) {
            K5_WARN("no random numbers: error %d", error);
            percent = PERCENTS / 2u;
        }
        error = shine(percent);
        K5_INFO("brightness %u %%", percent);
        error = error == K5_OK ? wait_for_press(percent) : error;
    }
    K5_ERROR("no light: error %d", error);
    k5_panic(1);
}
