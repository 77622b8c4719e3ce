/* Uses drivers as one should, and insists on being served in time. */
#include "gpio.h"
#include "k5_board.h"
#include "k5_log.h"
#include "k5_task.h"
#include "rng.h"
#include "sensor.h"
#include "timer.h"
#include "uart.h"

#define ROUNDS   50u
#define SLEEP_US 2000u
#define LATE_US  3000u /* behind what others are served before */

#define PIN(name, pin, active) pin,
static const uint32_t leds[] = {K5_LEDS(PIN)};

static void must(const char *what, enum k5_error error)
{
    if (error != K5_OK) {
        K5_ERROR("%s: error %d", what, error);
        k5_panic(1);
    }
}

static void round(uint32_t number)
{
    static const char text[] = "honest\r\n";
    uint8_t random[16];
    int32_t milli_degrees;
    uint64_t before = k5_time_us();
    uint64_t slept;

    must("sleep", timer_sleep(CAP_TIMER, SLEEP_US));
    slept = k5_time_us() - before;
    if (slept < SLEEP_US || slept > SLEEP_US + LATE_US) {
        K5_ERROR("slept %u us", (uint32_t)slept);
        k5_panic(2);
    }
    must("pin", gpio_write(CAP_GPIO, leds[0], number & 1u));
    must("line", uart_write(CAP_UART, text, sizeof text - 1u));
    must("random", rng_read(CAP_RNG, random, sizeof random));
    must("sensor", sensor_read(CAP_SENSOR, &milli_degrees));
}

int main(void)
{
    struct gpio_config output = {.mode = GPIO_OUTPUT};

    must("pin", gpio_configure(CAP_GPIO, leds[0], output));
    for (uint32_t i = 1; i <= ROUNDS; i++) {
        round(i);
    }
    K5_INFO("served %u times", ROUNDS);
    k5_sleep_forever();
}
