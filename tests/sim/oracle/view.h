/* A task's regions as loans and maps change them: step by step, at random. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "kernel/system.h"

#define VIEW_REGIONS 8u

/* Region 0 is the text, which stays; the others lie in RAM behind it, sorted, without overlaps. */
struct view {
    uint32_t ram_base;
    uint32_t ram_bytes;
    uint32_t count;
    struct sys_region region[VIEW_REGIONS];
};

void view_reset(struct view *view, uint32_t text_base, uint32_t text_bytes, uint32_t ram_base,
                uint32_t ram_bytes);

/* One step: a region grows, shrinks, moves, splits, comes, goes or changes its rights. */
void view_change(struct view *view, uint64_t *random);

/* Paints a byte for each byte of the RAM: enum sys_access bits. */
void view_paint(const struct view *view, uint8_t *allowed);

/* Where something changes: at most 2 * VIEW_REGIONS + 2 addresses. */
uint32_t view_edges(const struct view *view, uint32_t *edge);
