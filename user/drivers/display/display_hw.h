/* What server.c needs of a display. The area was checked. */
#pragma once

#include "display.h"

/* From whatever state to a dark, then black screen. */
K5_MUST_USE enum k5_error display_hw_start(struct display_info *info);

/* Shows area.width x area.height pixels. */
K5_MUST_USE enum k5_error display_hw_draw(struct display_area area, const uint16_t *pixels);
