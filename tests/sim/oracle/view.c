/* A task's regions as loans and maps change them. */
#include "tests/sim/oracle/view.h"

#include <string.h>

#include "tests/sim/oracle/program.h"

#define GRAIN 32u

void view_reset(struct view *view, uint32_t text_base, uint32_t text_bytes, uint32_t ram_base,
                uint32_t ram_bytes)
{
    *view = (struct view){.ram_base = ram_base, .ram_bytes = ram_bytes, .count = 1};
    view->region[0] = (struct sys_region){
        .base = text_base,
        .bytes = text_bytes,
        .access = SYS_READ | SYS_EXECUTE,
    };
}

/* Addresses between which region `i` may lie without meeting its neighbours. */
static uint32_t lower_limit(const struct view *view, uint32_t i)
{
    const struct sys_region *before = &view->region[i - 1];

    return i == 1 ? view->ram_base : before->base + before->bytes;
}

static uint32_t upper_limit(const struct view *view, uint32_t i)
{
    return i + 1 < view->count ? view->region[i + 1].base : view->ram_base + view->ram_bytes;
}

/* A multiple of the grain in [from, to], often near one end, or near the end of a page. */
static uint32_t pick(uint32_t from, uint32_t to, uint64_t *random)
{
    uint32_t grains = (to - from) / GRAIN;
    uint32_t near = random_below(random, 4);

    near = near < grains ? near : grains;

    switch (random_below(random, 4)) {
    case 0:
        return from + near * GRAIN;
    case 1:
        return to - near * GRAIN;
    case 2: {
        uint32_t page = (from + random_below(random, grains + 1) * GRAIN) & ~UINT32_C(1023);

        return page >= from ? page : from;
    }
    default:
        return from + random_below(random, grains + 1) * GRAIN;
    }
}

static void take_out(struct view *view, uint32_t i)
{
    view->count--;
    memmove(&view->region[i], &view->region[i + 1], (view->count - i) * sizeof view->region[0]);
}

static void put_in(struct view *view, uint32_t i, uint32_t base, uint32_t end, uint8_t access)
{
    if (view->count == VIEW_REGIONS || base >= end) {
        return;
    }
    memmove(&view->region[i + 1], &view->region[i], (view->count - i) * sizeof view->region[0]);
    view->region[i] = (struct sys_region){.base = base, .bytes = end - base, .access = access};
    view->count++;
}

static void resize(struct view *view, uint32_t i, uint32_t base, uint32_t end)
{
    if (base >= end) {
        take_out(view, i);
    } else {
        view->region[i].base = base;
        view->region[i].bytes = end - base;
    }
}

/* As a loan does it: the middle of a region is gone, or keeps `left` of its rights. */
static void lend(struct view *view, uint32_t i, uint8_t left, uint64_t *random)
{
    struct sys_region whole = view->region[i];
    uint32_t end = whole.base + whole.bytes;
    uint32_t from = pick(whole.base, end, random);
    uint32_t to = pick(from, end, random);

    if (view->count + 2 > VIEW_REGIONS) {
        return;
    }
    take_out(view, i);
    put_in(view, i, to, end, whole.access);
    if (left != 0) {
        put_in(view, i, from, to, left);
    }
    put_in(view, i, whole.base, from, whole.access);
}

static void add(struct view *view, uint64_t *random)
{
    uint32_t i = 1 + random_below(random, view->count);
    uint32_t low = lower_limit(view, i);
    uint32_t high = i < view->count ? view->region[i].base : view->ram_base + view->ram_bytes;
    uint32_t from = pick(low, high, random);
    uint8_t access = random_below(random, 3) == 0 ? SYS_READ : SYS_READ | SYS_WRITE;

    put_in(view, i, from, pick(from, high, random), access);
}

static void change_region(struct view *view, uint32_t i, uint64_t *random)
{
    const struct sys_region *region = &view->region[i];
    uint32_t base = region->base;
    uint32_t end = base + region->bytes;

    switch (random_below(random, 7)) {
    case 0:
        resize(view, i, base, pick(end, upper_limit(view, i), random));
        break;
    case 1:
        resize(view, i, pick(lower_limit(view, i), base, random), end);
        break;
    case 2:
        resize(view, i, base, pick(base, end, random));
        break;
    case 3:
        resize(view, i, pick(base, end, random), end);
        break;
    case 4:
        lend(view, i, 0, random);
        break;
    case 5:
        lend(view, i, SYS_READ, random);
        break;
    default:
        view->region[i].access ^= SYS_WRITE;
        break;
    }
}

void view_change(struct view *view, uint64_t *random)
{
    uint32_t choice = random_below(random, 8);

    if (view->count == 1 || choice == 0) {
        add(view, random);
    } else if (choice == 1 && view->count > 4) {
        take_out(view, 1 + random_below(random, view->count - 1));
    } else {
        change_region(view, 1 + random_below(random, view->count - 1), random);
    }
}

void view_paint(const struct view *view, uint8_t *allowed)
{
    memset(allowed, 0, view->ram_bytes);
    for (uint32_t i = 1; i < view->count; i++) {
        memset(allowed + (view->region[i].base - view->ram_base), view->region[i].access,
               view->region[i].bytes);
    }
}

uint32_t view_edges(const struct view *view, uint32_t *edge)
{
    uint32_t edges = 0;

    for (uint32_t i = 1; i < view->count; i++) {
        edge[edges++] = view->region[i].base;
        edge[edges++] = view->region[i].base + view->region[i].bytes;
    }
    edge[edges++] = view->ram_base;
    edge[edges++] = view->ram_base + view->ram_bytes;
    return edges;
}
