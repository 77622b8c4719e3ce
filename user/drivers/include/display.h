/* A display of pixels with 16 bits: red 5, green 6, blue 5 (RGB565). */
#pragma once

#include "driver.h"

enum display_operation { DISPLAY_INFO = 1, DISPLAY_DRAW };

struct display_info {
    uint32_t width; /* pixels */
    uint32_t height;
};

/* A part of the display; its upper left corner is 0, 0. */
struct display_area {
    uint16_t x, y, width, height;
};

static inline uint16_t display_rgb(uint32_t red, uint32_t green, uint32_t blue)
{
    return (uint16_t)((red & 0xf8u) << 8 | (green & 0xfcu) << 3 | (blue & 0xf8u) >> 3);
}

K5_MUST_USE static inline enum k5_error display_info(k5_cptr_t display, struct display_info *info)
{
    struct k5_message message = k5_short(DISPLAY_INFO, 0, 0, 0, 0);
    enum k5_error error = driver_call(display, &message);

    if (error == K5_OK) {
        *info = (struct display_info){.width = message.word[0], .height = message.word[1]};
    }
    return error;
}

/*
 * Shows pixels, row by row. They are lent to the driver meanwhile: they begin and end on
 * multiples of 32 bytes.
 * K5_E_INVALID: the area is empty or not within the display, or `bytes` is less than it has pixels.
 */
K5_MUST_USE static inline enum k5_error display_draw(k5_cptr_t display, struct display_area area,
                                                     const uint16_t *pixels, size_t bytes)
{
    struct k5_message message =
        k5_lend(DISPLAY_DRAW, pixels, bytes, (uint32_t)area.x | (uint32_t)area.y << 16,
                (uint32_t)area.width | (uint32_t)area.height << 16);

    return driver_call(display, &message);
}
