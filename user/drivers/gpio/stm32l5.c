/* GPIO ports A to H and EXTI of STM32L5 (RM0438, chapters "General-purpose I/Os" and "Extended
 * interrupts and event controller"). Line n of EXTI listens to pin n of one port, and raises
 * interrupt n of this driver, bit n of its notification.
 */
#include "clocks.h"
#include "driver_mmio.h"
#include "gpio_hw.h"
#include "k5_task.h"

#define PORTS      8u
#define PORT_BYTES 0x400u
#define PORT_PINS  16u

#define MODER(port)  MMIO32(REGION_GPIO, (port)*PORT_BYTES + 0x00)
#define OTYPER(port) MMIO32(REGION_GPIO, (port)*PORT_BYTES + 0x04)
#define PUPDR(port)  MMIO32(REGION_GPIO, (port)*PORT_BYTES + 0x0c)
#define IDR(port)    MMIO32(REGION_GPIO, (port)*PORT_BYTES + 0x10)
#define BSRR(port)   MMIO32(REGION_GPIO, (port)*PORT_BYTES + 0x18)
#define AFR(port, n) MMIO32(REGION_GPIO, (port)*PORT_BYTES + 0x20 + (n) / 8u * 4u)

#define EXTI_RTSR1     MMIO32(REGION_EXTI, 0x00)
#define EXTI_FTSR1     MMIO32(REGION_EXTI, 0x04)
#define EXTI_RPR1      MMIO32(REGION_EXTI, 0x0c)
#define EXTI_FPR1      MMIO32(REGION_EXTI, 0x10)
#define EXTI_EXTICR(n) MMIO32(REGION_EXTI, 0x60 + (n) / 4u * 4u)
#define EXTI_IMR1      MMIO32(REGION_EXTI, 0x80)
#define EXTI_LINES     0xffffu

enum moder { MODER_INPUT, MODER_OUTPUT, MODER_ALTERNATE, MODER_ANALOG };

static const k5_cptr_t interrupts[PORT_PINS] = {
    CAP_EXTI0, CAP_EXTI1, CAP_EXTI2,  CAP_EXTI3,  CAP_EXTI4,  CAP_EXTI5,  CAP_EXTI6,  CAP_EXTI7,
    CAP_EXTI8, CAP_EXTI9, CAP_EXTI10, CAP_EXTI11, CAP_EXTI12, CAP_EXTI13, CAP_EXTI14, CAP_EXTI15,
};

static uint32_t port_of(uint32_t pin)
{
    return (pin - (uint32_t)(uintptr_t)REGION_GPIO) / PORT_BYTES;
}

static uint32_t number_of(uint32_t pin)
{
    return pin % PORT_BYTES;
}

static void set_field(volatile uint32_t *reg, uint32_t place, uint32_t width, uint32_t value)
{
    uint32_t mask = ((1u << width) - 1u) << place * width;

    *reg = (*reg & ~mask) | value << place * width;
}

void gpio_hw_start(void)
{
    while (clocks_enable(CAP_CLOCKS) == K5_E_RESTARTED) {
    }
    EXTI_IMR1 &= ~EXTI_LINES;
    EXTI_RTSR1 &= ~EXTI_LINES;
    EXTI_FTSR1 &= ~EXTI_LINES;
    EXTI_RPR1 = EXTI_LINES;
    EXTI_FPR1 = EXTI_LINES;
    gpio_hw_acknowledge(EXTI_LINES);
}

bool gpio_hw_has(uint32_t pin)
{
    return pin >= (uint32_t)(uintptr_t)REGION_GPIO && port_of(pin) < PORTS &&
           number_of(pin) < PORT_PINS;
}

/* The mode comes last: until then the pin is as it was. */
enum k5_error gpio_hw_configure(uint32_t pin, const struct gpio_config *config)
{
    static const enum moder moders[] = {
        [GPIO_INPUT] = MODER_INPUT,
        [GPIO_OUTPUT] = MODER_OUTPUT,
        [GPIO_OPEN_DRAIN] = MODER_OUTPUT,
        [GPIO_ALTERNATE] = MODER_ALTERNATE,
        [GPIO_ALTERNATE_OPEN_DRAIN] = MODER_ALTERNATE,
        [GPIO_ANALOG] = MODER_ANALOG,
    };
    bool open_drain = config->mode == GPIO_OPEN_DRAIN || config->mode == GPIO_ALTERNATE_OPEN_DRAIN;
    uint32_t port = port_of(pin);
    uint32_t number = number_of(pin);

    if (config->function > 15u) {
        return K5_E_INVALID;
    }
    set_field(&PUPDR(port), number, 2, (uint32_t)config->pull);
    if (config->mode == GPIO_OUTPUT || config->mode == GPIO_OPEN_DRAIN) {
        gpio_hw_write(pin, config->level != 0);
    }
    set_field(&OTYPER(port), number, 1, open_drain);
    set_field(&AFR(port, number), number % 8u, 4, config->function);
    set_field(&MODER(port), number, 2, (uint32_t)moders[config->mode]);
    return K5_OK;
}

void gpio_hw_write(uint32_t pin, bool level)
{
    BSRR(port_of(pin)) = 1u << (number_of(pin) + (level ? 0u : 16u));
}

bool gpio_hw_read(uint32_t pin)
{
    return (IDR(port_of(pin)) >> number_of(pin) & 1u) != 0;
}

enum k5_error gpio_hw_watch(uint32_t pin, uint32_t edges)
{
    uint32_t number = number_of(pin);
    uint32_t line = 1u << number;
    uint32_t selected = EXTI_EXTICR(number) >> number % 4u * 8u & 0xffu;

    if (edges == 0) {
        EXTI_IMR1 &= ~line;
        return K5_OK;
    }
    if ((EXTI_IMR1 & line) != 0 && selected != port_of(pin)) {
        return K5_E_BUSY;
    }
    set_field(&EXTI_EXTICR(number), number % 4u, 8, port_of(pin));
    set_field(&EXTI_RTSR1, number, 1, (edges & GPIO_RISING) != 0);
    set_field(&EXTI_FTSR1, number, 1, (edges & GPIO_FALLING) != 0);
    EXTI_RPR1 = line;
    EXTI_FPR1 = line;
    EXTI_IMR1 |= line;
    return K5_OK;
}

bool gpio_hw_take_edge(uint32_t pin)
{
    uint32_t line = 1u << number_of(pin);
    bool came = ((EXTI_RPR1 | EXTI_FPR1) & line) != 0;

    EXTI_RPR1 = line;
    EXTI_FPR1 = line;
    return came;
}

/* Only after the pending bits are cleared: the line is down then, unless there was another edge. */
void gpio_hw_acknowledge(uint32_t bits)
{
    for (uint32_t number = 0; number < PORT_PINS; number++) {
        if ((bits >> number & 1u) != 0) {
            driver_acknowledge(interrupts[number]);
        }
    }
}

uint32_t gpio_hw_poll_us(void)
{
    return 0;
}
