/* LEDs and buttons of MPS2 AN505's FPGAIO block (AN505, section "FPGA system control and I/O").
 * Signals 0 and 1 are the LEDs, 2 and 3 the buttons. Buttons raise no interrupt.
 */
#include "driver_mmio.h"
#include "gpio_hw.h"
#include "k5_task.h"

#define LED    MMIO32(REGION_FPGAIO, 0x00)
#define BUTTON MMIO32(REGION_FPGAIO, 0x08)

#define LEDS    2u
#define BUTTONS 2u
#define POLL_US 5000u

static uint32_t rising; /* bit a button: edges that are watched */
static uint32_t falling;
static uint32_t seen; /* the buttons as they were looked at last */

static uint32_t signal_of(uint32_t pin)
{
    return pin - (uint32_t)(uintptr_t)REGION_FPGAIO;
}

static uint32_t button_of(uint32_t pin)
{
    return 1u << (signal_of(pin) - LEDS);
}

void gpio_hw_start(void)
{
}

bool gpio_hw_has(uint32_t pin)
{
    return pin >= (uint32_t)(uintptr_t)REGION_FPGAIO && signal_of(pin) < LEDS + BUTTONS;
}

enum k5_error gpio_hw_configure(uint32_t pin, const struct gpio_config *config)
{
    bool led = signal_of(pin) < LEDS;

    if (config->mode != (led ? GPIO_OUTPUT : GPIO_INPUT) || config->pull != GPIO_PULL_NONE) {
        return K5_E_INVALID; /* they are wired as they are */
    }
    if (led) {
        gpio_hw_write(pin, config->level != 0);
    }
    return K5_OK;
}

void gpio_hw_write(uint32_t pin, bool level)
{
    uint32_t led = 1u << signal_of(pin);

    LED = level ? LED | led : LED & ~led;
}

bool gpio_hw_read(uint32_t pin)
{
    return signal_of(pin) < LEDS ? (LED >> signal_of(pin) & 1u) != 0
                                 : (BUTTON & button_of(pin)) != 0;
}

enum k5_error gpio_hw_watch(uint32_t pin, uint32_t edges)
{
    uint32_t button;

    if (signal_of(pin) < LEDS) {
        return edges == 0 ? K5_OK : K5_E_INVALID;
    }
    button = button_of(pin);
    rising = (edges & GPIO_RISING) != 0 ? rising | button : rising & ~button;
    falling = (edges & GPIO_FALLING) != 0 ? falling | button : falling & ~button;
    seen = (seen & ~button) | (BUTTON & button);
    return K5_OK;
}

bool gpio_hw_take_edge(uint32_t pin)
{
    uint32_t button = button_of(pin);
    uint32_t now = BUTTON & button;
    uint32_t before = seen & button;

    seen = (seen & ~button) | now;
    return now != before && ((now != 0 ? rising : falling) & button) != 0;
}

void gpio_hw_acknowledge(uint32_t bits)
{
    (void)bits;
}

uint32_t gpio_hw_poll_us(void)
{
    return POLL_US;
}
