/* General-purpose timers of STM32 (RM0438, chapter "General-purpose timers (TIM2 to TIM5)"), one
 * channel for each pin of PWM_CHANNELS. Both are in one region, a timer every 0x400 bytes.
 */
#include "clocks.h"
#include "driver_mmio.h"
#include "driver_pins.h"
#include "gpio.h"
#include "k5_task.h"
#include "pwm_hw.h"

#define TIMER_BYTES 0x400u

#define CR1(t)     MMIO32(REGION_PWM, (t)*TIMER_BYTES + 0x00)
#define EGR(t)     MMIO32(REGION_PWM, (t)*TIMER_BYTES + 0x14)
#define CCMR(t, c) MMIO32(REGION_PWM, (t)*TIMER_BYTES + 0x18 + (c) / 2u * 4u)
#define CCER(t)    MMIO32(REGION_PWM, (t)*TIMER_BYTES + 0x20)
#define PSC(t)     MMIO32(REGION_PWM, (t)*TIMER_BYTES + 0x28)
#define ARR(t)     MMIO32(REGION_PWM, (t)*TIMER_BYTES + 0x2c)
#define CCR(t, c)  MMIO32(REGION_PWM, (t)*TIMER_BYTES + 0x34 + (c)*4u)

#define CR1_CEN       (1u << 0)
#define CR1_ARPE      (1u << 7)
#define EGR_UG        (1u << 0)
#define CCMR_PWM_MODE 0x68u /* mode 1; CCR takes effect with the next period */
#define CCER_CCE(c)   (1u << (c)*4u)

#define LONGEST_TICKS 0x10000u
#define MOST_DIVIDER  0x10000u

struct channel {
    uint32_t pin;
    uint32_t timer;
    uint32_t channel;
    uint8_t function;
};

static const struct channel channels[] = {PWM_CHANNELS};

#define CHANNELS (sizeof channels / sizeof channels[0])

void pwm_hw_start(void)
{
    while (clocks_enable(CAP_CLOCKS) == K5_E_RESTARTED ||
           clocks_reset(CAP_CLOCKS) == K5_E_RESTARTED) {
    }
}

static const struct channel *find(uint32_t pin)
{
    for (uint32_t i = 0; i < CHANNELS; i++) {
        if (channels[i].pin == pin) {
            return &channels[i];
        }
    }
    return NULL;
}

/* The pin becomes the timer's when that drives it low: no glitch. */
static enum k5_error take_pin(const struct channel *channel)
{
    struct gpio_config config = {.mode = GPIO_ALTERNATE, .function = channel->function};
    enum k5_error error;

    do {
        error = gpio_configure(CAP_GPIO, channel->pin, config);
    } while (error == K5_E_RESTARTED);
    return error;
}

enum k5_error pwm_hw_set(uint32_t pin, uint32_t period_us, uint32_t high_us)
{
    const struct channel *channel = find(pin);
    uint64_t ticks = (uint64_t)period_us * (K5_TICK_HZ / 1000000u);
    uint32_t divider = (uint32_t)((ticks + LONGEST_TICKS - 1u) / LONGEST_TICKS);
    uint32_t t, c, count;
    bool runs;

    if (channel == NULL || ticks / LONGEST_TICKS >= MOST_DIVIDER) {
        return K5_E_INVALID;
    }
    t = channel->timer;
    c = channel->channel;
    count = (uint32_t)(ticks / divider);
    runs = (CR1(t) & CR1_CEN) != 0;
    if (high_us == 0) {
        CCR(t, c) = 0;
    } else {
        PSC(t) = divider - 1u;
        ARR(t) = count - 1u;
        CCR(t, c) = (uint32_t)((uint64_t)count * high_us / period_us);
    }
    CCMR(t, c) = (CCMR(t, c) & ~(0xffu << c % 2u * 8u)) | CCMR_PWM_MODE << c % 2u * 8u;
    CCER(t) |= CCER_CCE(c);
    if (!runs) {
        EGR(t) = EGR_UG; /* loads PSC, ARR and CCR; later they change between two periods */
        CR1(t) = CR1_ARPE | CR1_CEN;
    }
    return take_pin(channel);
}
