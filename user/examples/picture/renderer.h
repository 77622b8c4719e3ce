/* What the renderer does: pictures into a frame that is lent to it. */
#pragma once

#include "driver.h"

enum renderer_operation { RENDER = 1 };

/* What a frame looks like, and which picture it gets. */
struct render {
    uint16_t width;
    uint16_t height;
    uint32_t number;
};

/*
 * Draws picture `number` into the frame, which nobody else can touch meanwhile.
 * K5_E_INVALID: the frame is smaller than its pixels. K5_E_RESTARTED: the renderer died over it;
 * the frame is ours again, with whatever is in it.
 */
K5_MUST_USE static inline enum k5_error render(k5_cptr_t renderer, struct render what,
                                               uint16_t *frame, size_t bytes)
{
    struct k5_message message = k5_lend_mut(
        RENDER, frame, bytes, (uint32_t)what.width | (uint32_t)what.height << 16, what.number);

    return driver_call(renderer, &message);
}
