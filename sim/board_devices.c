/* Can these devices, wires and pins be a board's? */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sim/board.h"
#include "sim/machine.h"

#define DEVICE_GRAIN 32u
#define DEVICES_END  UINT32_C(0xe0000000) /* behind it lies what belongs to the core */
#define NAMES_BYTES  160u

struct check {
    const struct k5sim_board *board;
    uint32_t page;
    char *error;
    size_t bytes;
};

__attribute__((format(printf, 2, 3))) static bool refuse(const struct check *c, const char *format,
                                                         ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(c->error, c->bytes, format, arguments);
    va_end(arguments);
    return false;
}

/* The place of the device of that name; the count if there is none. */
static size_t place_of(const struct k5sim_board *board, const char *name)
{
    size_t i = 0;

    while (i < board->device_count && strcmp(board->device[i].name, name) != 0) {
        i++;
    }
    return i;
}

static const struct device_model *model_of(const struct k5sim_board *board, const char *name)
{
    size_t i = name == NULL ? board->device_count : place_of(board, name);

    return i == board->device_count ? NULL : device_model_find(board->device[i].model);
}

/* ---------------------------------------------------------------- addresses */

/* Is some of [base, base + bytes) in a page where memory is? */
static bool meets_memory(const struct check *c, uint32_t base, uint32_t bytes)
{
    uint32_t first = base & ~(c->page - 1u);
    uint32_t last = (base + (bytes - 1u)) | (c->page - 1u);

    for (size_t i = 0; i < c->board->memory_count; i++) {
        const struct k5sim_memory *m = &c->board->memory[i];

        if (first <= m->base + (m->bytes - 1u) && m->base <= last) {
            return true;
        }
    }
    return false;
}

static bool meets_device(const struct check *c, size_t i, uint32_t bytes)
{
    const struct k5sim_device *d = &c->board->device[i];

    for (size_t k = 0; k < i; k++) {
        const struct k5sim_device *other = &c->board->device[k];
        uint32_t other_bytes = device_model_find(other->model)->bytes;

        if (d->base - other->base < other_bytes || other->base - d->base < bytes) {
            return true;
        }
    }
    return false;
}

static bool check_address(const struct check *c, size_t i, uint32_t bytes)
{
    const struct k5sim_device *d = &c->board->device[i];

    if (bytes == 0) {
        return d->base == 0 || refuse(c, "board: device '%s': a base, 0x%08x, but no registers",
                                      d->name, (unsigned)d->base);
    }
    if (d->base % DEVICE_GRAIN != 0 || d->base > DEVICES_END - bytes ||
        meets_memory(c, d->base, bytes) || meets_device(c, i, bytes)) {
        return refuse(c,
                      "board: device '%s' at 0x%08x + 0x%x is not on a multiple of %u, reaches "
                      "0x%08x, or shares a page of %u KiB with memory or its addresses with "
                      "another device",
                      d->name, (unsigned)d->base, (unsigned)bytes, DEVICE_GRAIN, DEVICES_END,
                      (unsigned)c->page / 1024u);
    }
    return true;
}

/* ---------------------------------------------------------------- one device */

static bool check_name(const struct check *c, size_t i)
{
    const struct k5sim_device *d = &c->board->device[i];

    if (d->name == NULL || d->name[0] == '\0' || strlen(d->name) >= DEVICE_NAME_BYTES) {
        return refuse(c, "board: device %zu: its name must have 1 to %u bytes", i,
                      DEVICE_NAME_BYTES - 1u);
    }
    if (place_of(c->board, d->name) != i) {
        return refuse(c, "board: two devices are named '%s'", d->name);
    }
    if (device_model_find(d->model) == NULL) {
        char names[NAMES_BYTES];

        device_model_names(names, sizeof names);
        return refuse(c, "board: device '%s': no model '%s'; there are: %s", d->name,
                      d->model == NULL ? "" : d->model, names);
    }
    return true;
}

static bool check_lines(const struct check *c, const struct k5sim_device *d)
{
    if (d->line_count > DEVICE_LINES) {
        return refuse(c, "board: device '%s': %u interrupts, at most %u", d->name,
                      (unsigned)d->line_count, DEVICE_LINES);
    }
    for (uint32_t k = 0; k < d->line_count; k++) {
        if (d->line[k] != K5SIM_NO_LINE && d->line[k] >= HOSTPORT_LINES) {
            return refuse(c, "board: device '%s': interrupt line %u, at most %u", d->name,
                          (unsigned)d->line[k], HOSTPORT_LINES - 1u);
        }
    }
    return true;
}

static bool check_gate(const struct check *c, const struct k5sim_device *d, const char *what,
                       const struct k5sim_gate *gate)
{
    const struct device_model *model = model_of(c->board, gate->device);

    if (gate->device == NULL) {
        return true;
    }
    if (strcmp(gate->device, d->name) == 0) {
        return refuse(c, "board: device '%s': its %s is a bit of its own", d->name, what);
    }
    if (model == NULL || gate->bit > 31u ||
        device_model_register(model, gate->offset) == model->register_count) {
        return refuse(c,
                      "board: device '%s': its %s is bit %u of register 0x%x of '%s', and there "
                      "is no such",
                      d->name, what, (unsigned)gate->bit, (unsigned)gate->offset, gate->device);
    }
    return true;
}

static bool check_relations(const struct check *c, const struct k5sim_device *d)
{
    if (d->bus != NULL && (model_of(c->board, d->bus) == NULL || strcmp(d->bus, d->name) == 0)) {
        return refuse(c, "board: device '%s': there is no other device '%s' for its bus", d->name,
                      d->bus);
    }
    return check_gate(c, d, "clock", &d->clock) && check_gate(c, d, "reset", &d->reset);
}

/* ---------------------------------------------------------------- wires, pins */

static bool check_wire(const struct check *c, size_t i)
{
    const struct k5sim_wire *w = &c->board->wire[i];

    if (model_of(c->board, w->from) == NULL || model_of(c->board, w->to) == NULL ||
        w->from_signal > 31u || w->to_signal >= DEVICE_INPUTS) {
        return refuse(c, "board: wire %zu from '%s' %u to '%s' %u: no such device or signal", i,
                      w->from == NULL ? "" : w->from, (unsigned)w->from_signal,
                      w->to == NULL ? "" : w->to, (unsigned)w->to_signal);
    }
    return true;
}

static bool check_pin(const struct check *c, size_t i)
{
    const struct k5sim_pin *p = &c->board->pin[i];
    const struct device_model *model = model_of(c->board, p->device);

    if (p->name == NULL || p->name[0] == '\0' || strlen(p->name) >= PIN_BYTES) {
        return refuse(c, "board: pin %zu: its name must have 1 to %u bytes", i, PIN_BYTES - 1u);
    }
    if (model == NULL || p->signal >= model->pads) {
        return refuse(c, "board: pin '%s': device '%s' has no pad %u", p->name,
                      p->device == NULL ? "" : p->device, (unsigned)p->signal);
    }
    if (p->pull < -1 || p->pull > 1) {
        return refuse(c, "board: pin '%s': pull %d is none of 1 (up), 0 (down), -1 (none)", p->name,
                      (int)p->pull);
    }
    for (size_t k = 0; k < i; k++) {
        if (strcmp(c->board->pin[k].name, p->name) == 0) {
            return refuse(c, "board: two pins are named '%s'", p->name);
        }
    }
    return true;
}

static bool check_counts(const struct check *c)
{
    const struct k5sim_board *b = c->board;

    if (b->device_count > DEVICES) {
        return refuse(c, "board: %zu devices, at most %u", b->device_count, DEVICES);
    }
    if ((b->device == NULL && b->device_count != 0) || (b->wire == NULL && b->wire_count != 0) ||
        (b->pin == NULL && b->pin_count != 0)) {
        return refuse(c, "board: %zu devices, %zu wires and %zu pins, but no table of them",
                      b->device_count, b->wire_count, b->pin_count);
    }
    if (b->wire_count > WIRES || b->pin_count > PINS) {
        return refuse(c, "board: %zu wires, at most %u, and %zu pins, at most %u", b->wire_count,
                      WIRES, b->pin_count, PINS);
    }
    return true;
}

static bool check_serial_lines(const struct check *c)
{
    uint32_t lines = 0;

    for (size_t i = 0; i < c->board->device_count; i++) {
        lines += device_model_find(c->board->device[i].model)->received != NULL;
    }
    return lines <= SERIAL_LINES ||
           refuse(c, "board: %u serial lines, at most %u", (unsigned)lines, SERIAL_LINES);
}

bool board_check_devices(const struct k5sim_board *board, uint32_t page, char *error, size_t bytes)
{
    const struct check c = {board, page, error, bytes};
    bool good = check_counts(&c);

    for (size_t i = 0; good && i < board->device_count; i++) {
        good = check_name(&c, i);
    }
    for (size_t i = 0; good && i < board->device_count; i++) {
        const struct k5sim_device *d = &board->device[i];

        good = check_lines(&c, d) && check_address(&c, i, device_model_find(d->model)->bytes) &&
               check_relations(&c, d);
    }
    for (size_t i = 0; good && i < board->wire_count; i++) {
        good = check_wire(&c, i);
    }
    for (size_t i = 0; good && i < board->pin_count; i++) {
        good = check_pin(&c, i);
    }
    return good && check_serial_lines(&c);
}
