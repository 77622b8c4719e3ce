/* Pins: who may what, and edges. The second capability is another client's. */
#include "check.h"
#include "gpio.h"
#include "k5_board.h"
#include "k5_task.h"

#define PIN(name, pin, active) pin,
static const uint32_t leds[] = {K5_LEDS(PIN)};
static const uint32_t buttons[] = {K5_BUTTONS(PIN)};

static void check_ownership(void)
{
    struct gpio_config output = {.mode = GPIO_OUTPUT, .level = 1};
    uint32_t level = 7;

    check_error("write before configure", gpio_write(CAP_GPIO, leds[0], 1), K5_E_STATE);
    check_error("read before configure", gpio_read(CAP_GPIO, leds[0], &level), K5_E_STATE);
    check_error("configure", gpio_configure(CAP_GPIO, leds[0], output), K5_OK);
    check_error("read", gpio_read(CAP_GPIO, leds[0], &level), K5_OK);
    check_that("level from the start", level == 1);
    check_error("another's pin", gpio_configure(CAP_GPIO2, leds[0], output), K5_E_BUSY);
    check_error("write another's pin", gpio_write(CAP_GPIO2, leds[0], 0), K5_E_STATE);
    check_error("write", gpio_write(CAP_GPIO, leds[0], 0), K5_OK);
    check_error("read again", gpio_read(CAP_GPIO, leds[0], &level), K5_OK);
    check_that("level written", level == 0);
    check_error("release", gpio_release(CAP_GPIO, leds[0]), K5_OK);
    check_error("release again", gpio_release(CAP_GPIO, leds[0]), K5_E_STATE);
    check_error("released pin", gpio_configure(CAP_GPIO2, leds[0], output), K5_OK);
    check_error("release another's", gpio_release(CAP_GPIO2, leds[0]), K5_OK);
}

static void check_nonsense(void)
{
    struct gpio_config input = {.mode = GPIO_INPUT};
    struct gpio_config strange = {.mode = (enum gpio_mode)17};

    check_error("no pin", gpio_configure(CAP_GPIO, 0, input), K5_E_INVALID);
    check_error("not a pin", gpio_configure(CAP_GPIO, 0xfffffff0u, input), K5_E_INVALID);
    check_error("no mode", gpio_configure(CAP_GPIO, leds[0], strange), K5_E_INVALID);
    check_error("button", gpio_configure(CAP_GPIO, buttons[0], input), K5_OK);
    check_error("write an input", gpio_write(CAP_GPIO, buttons[0], 1), K5_E_STATE);
    check_error("no edge", gpio_watch(CAP_GPIO, buttons[0], 0, CAP_EVENTS, 1), K5_E_INVALID);
    check_error("no bits", gpio_watch(CAP_GPIO, buttons[0], 1, CAP_EVENTS, 0), K5_E_INVALID);
    check_error("watch another's", gpio_watch(CAP_GPIO2, buttons[0], 1, CAP_EVENTS, 1), K5_E_STATE);
    check_error("watch", gpio_watch(CAP_GPIO, buttons[0], 1, CAP_EVENTS, 1), K5_OK);
    check_error("watch otherwise", gpio_watch(CAP_GPIO, buttons[0], 2, CAP_EVENTS, 2), K5_OK);
}

/* The scenario presses the button for 20 ms every 50. */
static void check_edges(void)
{
    uint32_t bits = 0;
    uint32_t level = 7;

    check_error("wait for a release",
                k5_wait_until(CAP_EVENTS, 3, k5_deadline_in_us(200000u), &bits), K5_OK);
    check_that("the falling edge alone", bits == 2);
    check_error("read a button", gpio_read(CAP_GPIO, buttons[0], &level), K5_OK);
    check_that("it is released", level == 0);
    check_error("release the button", gpio_release(CAP_GPIO, buttons[0]), K5_OK);
    check_error("no edges any more",
                k5_wait_until(CAP_EVENTS, 3, k5_deadline_in_us(120000u), &bits), K5_E_TIMEOUT);
}

void check_gpio(void)
{
    check_ownership();
    check_nonsense();
    check_edges();
}
