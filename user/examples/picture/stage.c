/* Owns the frame: lends it to the renderer to be drawn, then to the display to be shown. */
#include "display.h"
#include "k5_log.h"
#include "k5_task.h"
#include "renderer.h"

#define MOST_PIXELS (128u * 160u)
#define PERIOD_US   100000u

static uint16_t frame[MOST_PIXELS] __attribute__((aligned(32)));

static enum k5_error ask(struct display_info *info)
{
    enum k5_error error;

    do {
        error = display_info(CAP_DISPLAY, info);
    } while (error == K5_E_RESTARTED);
    return error;
}

static void show(const struct display_info *info, uint32_t number)
{
    struct render what = {
        .width = (uint16_t)info->width,
        .height = (uint16_t)info->height,
        .number = number,
    };
    struct display_area all = {.width = what.width, .height = what.height};
    enum k5_error error = render(CAP_RENDERER, what, frame, sizeof frame);

    if (error != K5_OK) {
        K5_WARN("picture %u is not drawn: error %d", number, error);
        return;
    }
    error = display_draw(CAP_DISPLAY, all, frame, sizeof frame);
    if (error != K5_OK) {
        K5_WARN("picture %u is not shown: error %d", number, error);
        return;
    }
    K5_INFO("picture %u", number);
}

int main(void)
{
    struct display_info info;
    enum k5_error error = ask(&info);
    uint64_t next_us = k5_time_us();

    if (error != K5_OK || info.width * info.height > MOST_PIXELS) {
        K5_ERROR("no display to show it on: error %d", error);
        k5_panic(1);
    }
    for (uint32_t number = 0;; number++) {
        show(&info, number);
        next_us += PERIOD_US;
        k5_sleep_until_us(next_us);
    }
}
