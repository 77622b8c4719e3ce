/* PWM and display. */
#include "check.h"
#include "display.h"
#include "k5_board.h"
#include "k5_task.h"
#include "pwm.h"

static uint16_t pixels[64 * 4] __attribute__((aligned(32)));

void check_pwm(void)
{
    check_error("no period", pwm_start(CAP_PWM, LED_GREEN_PIN, 0, 0), K5_E_INVALID);
    check_error("more than all", pwm_start(CAP_PWM, LED_GREEN_PIN, 100, 101), K5_E_INVALID);
    check_error("no timer there", pwm_start(CAP_PWM, LED_RED_PIN, 100, 50), K5_E_INVALID);
    check_error("an hour", pwm_start(CAP_PWM, LED_GREEN_PIN, 3600000000u, 1), K5_E_INVALID);
    check_error("half", pwm_start(CAP_PWM, LED_GREEN_PIN, 1000, 500), K5_OK);
    check_error("another one", pwm_start(CAP_PWM, LED_BLUE_PIN, 2000, 2000), K5_OK);
    k5_sleep_us(20000u);
    check_error("stop", pwm_stop(CAP_PWM, LED_GREEN_PIN), K5_OK);
}

void check_display(void)
{
    struct display_info info = {0};
    struct display_area area = {.width = 64, .height = 4};
    struct display_area right = {.x = 65, .width = 64, .height = 4};
    struct display_area below = {.y = 157, .width = 64, .height = 4};
    struct display_area empty = {.width = 64};
    struct display_area last = {.x = 64, .y = 156, .width = 64, .height = 4};

    check_error("info", display_info(CAP_DISPLAY, &info), K5_OK);
    check_that("its size", info.width == 128 && info.height == 160);
    check_error("draw", display_draw(CAP_DISPLAY, area, pixels, sizeof pixels), K5_OK);
    check_error("too far right", display_draw(CAP_DISPLAY, right, pixels, sizeof pixels),
                K5_E_INVALID);
    check_error("too low", display_draw(CAP_DISPLAY, below, pixels, sizeof pixels), K5_E_INVALID);
    check_error("empty", display_draw(CAP_DISPLAY, empty, pixels, sizeof pixels), K5_E_INVALID);
    check_error("too few pixels", display_draw(CAP_DISPLAY, area, pixels, 32), K5_E_INVALID);
    check_error("not aligned", display_draw(CAP_DISPLAY, area, pixels + 1, 512), K5_E_ALIGNMENT);
    for (uint32_t i = 0; i < 64u * 4u; i++) {
        pixels[i] = display_rgb(255, 128, 0);
    }
    check_error("the last corner", display_draw(CAP_DISPLAY, last, pixels, sizeof pixels), K5_OK);
}
