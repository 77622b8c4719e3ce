/* PWM of SiFive's FE310 (FE310-G002 Manual, chapter "Pulse-Width Modulator"), 16 bits: comparator 0
 * ends the period, the others are outputs, which are high from their comparator's value on.
 */
#include "driver_mmio.h"
#include "driver_pins.h"
#include "gpio.h"
#include "k5_task.h"
#include "pwm_hw.h"

#define CFG    MMIO32(REGION_PWM, 0x00)
#define CMP(n) MMIO32(REGION_PWM, 0x20 + 4u * (n))

#define CFG_ZEROCMP  (1u << 9)
#define CFG_ENALWAYS (1u << 12)

#define MOST_SCALE    15u
#define LONGEST_COUNT 0xffffu
#define NEVER         0xffffu /* behind the end of every period: low */

struct channel {
    uint32_t pin;
    uint32_t comparator; /* 1 to 3 */
    uint8_t function;
};

static const struct channel channels[] = {PWM_CHANNELS};

void pwm_hw_start(void)
{
    CFG = 0;
    for (uint32_t i = 1; i <= 3u; i++) {
        CMP(i) = NEVER;
    }
}

static const struct channel *find(uint32_t pin)
{
    for (uint32_t i = 0; i < sizeof channels / sizeof channels[0]; i++) {
        if (channels[i].pin == pin) {
            return &channels[i];
        }
    }
    return NULL;
}

static enum k5_error take_pin(const struct channel *channel)
{
    struct gpio_config config = {.mode = GPIO_ALTERNATE, .function = channel->function};
    enum k5_error error;

    do {
        error = gpio_configure(CAP_GPIO, channel->pin, config);
    } while (error == K5_E_RESTARTED);
    return error;
}

/* The counter counts clocks; comparators see it without its lowest `scale` bits. */
enum k5_error pwm_hw_set(uint32_t pin, uint32_t period_us, uint32_t high_us)
{
    const struct channel *channel = find(pin);
    uint64_t clocks = (uint64_t)period_us * (PWM_CLOCK_HZ / 1000000u);
    uint32_t scale = 0;

    while (clocks >> scale > LONGEST_COUNT) {
        scale++;
    }
    if (channel == NULL || scale > MOST_SCALE) {
        return K5_E_INVALID;
    }
    if (high_us == 0) {
        CMP(channel->comparator) = NEVER;
    } else {
        CMP(0) = (uint32_t)((clocks - 1u) >> scale);
        CMP(channel->comparator) = (uint32_t)((clocks - clocks * high_us / period_us) >> scale);
        CFG = scale | CFG_ZEROCMP | CFG_ENALWAYS;
    }
    return take_pin(channel);
}
