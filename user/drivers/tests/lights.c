/* Two lights at different duty cycles, fast, then slowly. */
#include "k5_board.h"
#include "k5_log.h"
#include "k5_task.h"
#include "pwm.h"

static void set(uint32_t pin, uint32_t period_us, uint32_t high_us, enum k5_error want)
{
    enum k5_error error = pwm_start(CAP_PWM, pin, period_us, high_us);

    if (error != want) {
        K5_ERROR("error %d instead of %d", error, want);
        k5_panic(1);
    }
}

int main(void)
{
    set(LED_GREEN_PIN, 1000, 250, K5_OK);
    set(LED_BLUE_PIN, 1000, 1000, K5_OK);
    set(PIN_GPIO0, 1000, 250, K5_E_INVALID);
    K5_INFO("a quarter");
    k5_sleep_us(100000u);
    set(LED_GREEN_PIN, 100000u, 75000u, K5_OK);
    K5_INFO("slowly");
    k5_sleep_us(850000u);
    K5_INFO("served");
    k5_sleep_forever();
}
