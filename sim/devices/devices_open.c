/* The board's devices, and what connects them, as the machine keeps them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/machine.h"

static uint32_t find_device(const struct k5sim_board *board, const char *name)
{
    uint32_t i = 0;

    while (name != NULL && i < board->device_count && strcmp(board->device[i].name, name) != 0) {
        i++;
    }
    return name == NULL ? DEVICE_NONE : i;
}

static struct gate open_gate(const struct k5sim_board *board, const struct k5sim_gate *gate)
{
    uint32_t index = find_device(board, gate->device);

    if (index == DEVICE_NONE) {
        return (struct gate){.device = DEVICE_NONE};
    }
    const struct device_model *model = device_model_find(board->device[index].model);

    return (struct gate){index, device_model_register(model, gate->offset), gate->bit};
}

static bool open_device(struct k5sim *sim, const struct k5sim_board *board, uint32_t index)
{
    const struct k5sim_device *d = &board->device[index];
    struct sim_device *row = &sim->devices.row[index];
    const struct device_model *model = device_model_find(d->model);

    row->sim = sim;
    row->device.model = model;
    row->device.parameter = d->parameter;
    row->base = d->base;
    row->bus = find_device(board, d->bus);
    row->target = DEVICE_NONE;
    row->clock = open_gate(board, &d->clock);
    row->reset = open_gate(board, &d->reset);
    if (row->reset.device != DEVICE_NONE) {
        sim->devices.gates |= UINT64_C(1) << row->reset.device;
    }
    for (uint32_t k = 0; k < DEVICE_LINES; k++) {
        row->line[k] = k < d->line_count ? d->line[k] : K5SIM_NO_LINE;
    }
    for (uint32_t k = 0; k < DEVICE_PLACES; k++) {
        row->place[k] = (uint8_t)device_model_register(model, 4u * k);
    }
    row->signalling = model->drives != NULL || model->pads != 0;
    snprintf(row->name, sizeof row->name, "%s", d->name);
    if (model->received != NULL) {
        sim->devices.serial.line[sim->devices.serial.count++].device = index;
    }
    if (model->memory_bytes != 0) {
        row->device.memory = malloc(model->memory_bytes);
    }
    return model->memory_bytes == 0 || row->device.memory != NULL;
}

/* Wires that end where others do. */
static void mark_shared(struct wires *wires)
{
    for (uint32_t i = 0; i < wires->count; i++) {
        struct wire *wire = &wires->row[i];

        for (uint32_t k = 0; k < wires->count; k++) {
            const struct wire *other = &wires->row[k];

            wire->shared |= k != i && other->to == wire->to && other->to_signal == wire->to_signal;
        }
    }
}

static void open_wires(struct k5sim *sim, const struct k5sim_board *board)
{
    struct wires *wires = &sim->devices.wires;

    for (size_t i = 0; i < board->wire_count; i++) {
        const struct k5sim_wire *w = &board->wire[i];

        wires->row[wires->count++] = (struct wire){
            .from = (uint8_t)find_device(board, w->from),
            .from_signal = (uint8_t)w->from_signal,
            .to = (uint8_t)find_device(board, w->to),
            .to_signal = (uint8_t)w->to_signal,
        };
    }
    mark_shared(wires);
    for (size_t i = 0; i < board->pin_count; i++) {
        const struct k5sim_pin *p = &board->pin[i];
        struct pin *pin = &wires->pin[wires->pin_count++];
        uint32_t bit = UINT32_C(1) << p->signal;

        pin->device = find_device(board, p->device);
        pin->signal = p->signal;
        snprintf(pin->name, sizeof pin->name, "%s", p->name);
        sim->devices.row[pin->device].signals.named |= bit;
        sim->devices.row[pin->device].signals.board_high |= p->pull == 1 ? bit : 0;
    }
}

bool devices_open(struct k5sim *sim, const struct k5sim_board *board)
{
    bool opened = true;

    sim->devices.count = (uint32_t)board->device_count;
    for (uint32_t i = 0; opened && i < sim->devices.count; i++) {
        opened = open_device(sim, board, i);
    }
    open_wires(sim, board);
    return opened;
}

void devices_close(struct k5sim *sim)
{
    for (uint32_t i = 0; i < sim->devices.count; i++) {
        free(sim->devices.row[i].device.memory);
    }
}
