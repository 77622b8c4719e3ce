/* GPIO of SiFive's FE310 (FE310-G002 Manual, chapter "General Purpose Input/Output Controller"): 32
 * pins, an interrupt for each. That of pin n is bit n of the notification. A pin's alternate
 * function is 0 or 1.
 */
#include "driver_mmio.h"
#include "driver_pins.h"
#include "gpio_hw.h"
#include "k5_task.h"

#define INPUT_VAL  MMIO32(REGION_GPIO, 0x00)
#define INPUT_EN   MMIO32(REGION_GPIO, 0x04)
#define OUTPUT_EN  MMIO32(REGION_GPIO, 0x08)
#define OUTPUT_VAL MMIO32(REGION_GPIO, 0x0c)
#define PUE        MMIO32(REGION_GPIO, 0x10)
#define RISE_IE    MMIO32(REGION_GPIO, 0x18)
#define RISE_IP    MMIO32(REGION_GPIO, 0x1c)
#define FALL_IE    MMIO32(REGION_GPIO, 0x20)
#define FALL_IP    MMIO32(REGION_GPIO, 0x24)
#define HIGH_IE    MMIO32(REGION_GPIO, 0x28)
#define LOW_IE     MMIO32(REGION_GPIO, 0x30)
#define IOF_EN     MMIO32(REGION_GPIO, 0x38)
#define IOF_SEL    MMIO32(REGION_GPIO, 0x3c)

#define PINS 32u

struct interrupt {
    uint32_t pin;
    k5_cptr_t cptr;
};

static const struct interrupt interrupts[] = {GPIO_INTERRUPTS};

static uint32_t bit_of(uint32_t pin)
{
    return 1u << (pin - (uint32_t)(uintptr_t)REGION_GPIO);
}

static void set_bit(volatile uint32_t *reg, uint32_t bit, bool on)
{
    *reg = on ? *reg | bit : *reg & ~bit;
}

void gpio_hw_start(void)
{
    RISE_IE = 0;
    FALL_IE = 0;
    HIGH_IE = 0;
    LOW_IE = 0;
    RISE_IP = UINT32_MAX;
    FALL_IP = UINT32_MAX;
    gpio_hw_acknowledge(UINT32_MAX);
}

bool gpio_hw_has(uint32_t pin)
{
    uint32_t base = (uint32_t)(uintptr_t)REGION_GPIO;

    return pin >= base && pin - base < PINS && (bit_of(pin) & GPIO_PACKAGE_PINS) != 0;
}

/* There is neither an open drain nor a pull-down. */
enum k5_error gpio_hw_configure(uint32_t pin, const struct gpio_config *config)
{
    uint32_t bit = bit_of(pin);
    bool alternate = config->mode == GPIO_ALTERNATE;

    if ((config->mode != GPIO_INPUT && config->mode != GPIO_OUTPUT && !alternate) ||
        config->pull == GPIO_PULL_DOWN || config->function > 1u) {
        return K5_E_INVALID;
    }
    set_bit(&PUE, bit, config->pull == GPIO_PULL_UP);
    if (config->mode == GPIO_OUTPUT) {
        gpio_hw_write(pin, config->level != 0);
    }
    set_bit(&IOF_SEL, bit, config->function != 0);
    set_bit(&IOF_EN, bit, alternate);
    set_bit(&INPUT_EN, bit, !alternate);
    set_bit(&OUTPUT_EN, bit, config->mode == GPIO_OUTPUT);
    return K5_OK;
}

void gpio_hw_write(uint32_t pin, bool level)
{
    set_bit(&OUTPUT_VAL, bit_of(pin), level);
}

bool gpio_hw_read(uint32_t pin)
{
    return (INPUT_VAL & bit_of(pin)) != 0;
}

enum k5_error gpio_hw_watch(uint32_t pin, uint32_t edges)
{
    uint32_t bit = bit_of(pin);

    set_bit(&RISE_IE, bit, (edges & GPIO_RISING) != 0);
    set_bit(&FALL_IE, bit, (edges & GPIO_FALLING) != 0);
    RISE_IP = bit;
    FALL_IP = bit;
    return K5_OK;
}

/* Both kinds of edges are always noticed; only those that are watched count. */
bool gpio_hw_take_edge(uint32_t pin)
{
    uint32_t bit = bit_of(pin);
    bool came = (((RISE_IP & RISE_IE) | (FALL_IP & FALL_IE)) & bit) != 0;

    RISE_IP = bit;
    FALL_IP = bit;
    return came;
}

void gpio_hw_acknowledge(uint32_t bits)
{
    for (uint32_t i = 0; i < sizeof interrupts / sizeof interrupts[0]; i++) {
        if ((bits >> interrupts[i].pin & 1u) != 0) {
            driver_acknowledge(interrupts[i].cptr);
        }
    }
}

uint32_t gpio_hw_poll_us(void)
{
    return 0;
}
