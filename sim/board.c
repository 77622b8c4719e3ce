/* Is this a board that can be simulated? */
#include <stdio.h>
#include <string.h>

#include "sim/machine.h"

#define MOST_ENTRIES 8u /* of the protection unit: as many as the smallest chip has */
#define DEVICE_GRAIN 32u
#define DEVICES_END  UINT32_C(0xe0000000) /* behind it lies what belongs to the core */

/* ---------------------------------------------------------------- memories */

static bool overlaps(const struct k5sim_board *board, size_t i)
{
    const struct k5sim_memory *m = &board->memory[i];

    for (size_t k = 0; k < i; k++) {
        const struct k5sim_memory *other = &board->memory[k];

        if (m->base - other->base < other->bytes || other->base - m->base < m->bytes) {
            return true;
        }
    }
    return false;
}

/* Whole pages, below the windows that the guest CPU has for itself. */
static bool check_memory(const struct k5sim_board *board, size_t i, enum cpu_model model)
{
    const struct k5sim_memory *m = &board->memory[i];
    uint32_t page = cpu_page(model);
    uint32_t top = cpu_memory_end(model);

    return m->bytes != 0 && m->base % page == 0 && m->bytes % page == 0 && m->base < top &&
           m->bytes <= top - m->base && !overlaps(board, i);
}

/* ---------------------------------------------------------------- devices */

/* Is some of [base, base + bytes) in a page where memory is? */
static bool meets_memory(const struct k5sim_board *board, uint32_t base, uint32_t bytes,
                         uint32_t page)
{
    uint32_t first = base & ~(page - 1u);
    uint32_t last = (base + (bytes - 1u)) | (page - 1u);

    for (size_t i = 0; i < board->memory_count; i++) {
        const struct k5sim_memory *m = &board->memory[i];

        if (first <= m->base + (m->bytes - 1u) && m->base <= last) {
            return true;
        }
    }
    return false;
}

static bool meets_device(const struct k5sim_board *board, size_t i, uint32_t bytes)
{
    const struct k5sim_device *d = &board->device[i];

    for (size_t k = 0; k < i; k++) {
        const struct k5sim_device *other = &board->device[k];
        uint32_t other_bytes = device_model_find(other->model)->bytes;

        if (d->base - other->base < other_bytes || other->base - d->base < bytes) {
            return true;
        }
    }
    return false;
}

static bool check_device(const struct k5sim_board *board, size_t i, enum cpu_model model,
                         char *error, size_t bytes)
{
    const struct k5sim_device *d = &board->device[i];
    const struct device_model *found = device_model_find(d->model);

    if (d->name == NULL || d->name[0] == '\0' || strlen(d->name) >= DEVICE_NAME_BYTES) {
        snprintf(error, bytes, "board: device %zu: its name must have 1 to %u bytes", i,
                 DEVICE_NAME_BYTES - 1u);
        return false;
    }
    if (found == NULL) {
        char names[128];

        device_model_names(names, sizeof names);
        snprintf(error, bytes, "board: device '%s': no model '%s'; there are: %s", d->name,
                 d->model == NULL ? "" : d->model, names);
        return false;
    }
    if (d->line != K5SIM_NO_LINE && d->line >= HOSTPORT_LINES) {
        snprintf(error, bytes, "board: device '%s': interrupt line %u, at most %u", d->name,
                 (unsigned)d->line, HOSTPORT_LINES - 1u);
        return false;
    }
    if (d->base % DEVICE_GRAIN != 0 || d->base > DEVICES_END - found->bytes ||
        meets_memory(board, d->base, found->bytes, cpu_page(model)) ||
        meets_device(board, i, found->bytes)) {
        snprintf(error, bytes,
                 "board: device '%s' at 0x%08x + 0x%x is not on a multiple of %u, reaches 0x%08x, "
                 "or shares a page of %u KiB with memory or its addresses with another device",
                 d->name, (unsigned)d->base, (unsigned)found->bytes, DEVICE_GRAIN, DEVICES_END,
                 (unsigned)cpu_page(model) / 1024u);
        return false;
    }
    return true;
}

static bool check_devices(const struct k5sim_board *board, enum cpu_model model, char *error,
                          size_t bytes)
{
    if (board->device_count > DEVICES) {
        snprintf(error, bytes, "board: %zu devices, at most %u", board->device_count, DEVICES);
        return false;
    }
    for (size_t i = 0; i < board->device_count; i++) {
        if (!check_device(board, i, model, error, bytes)) {
            return false;
        }
    }
    return true;
}

/* ---------------------------------------------------------------- all of it */

bool board_check(const struct k5sim_board *board, char *error, size_t bytes)
{
    const struct guest *guest = guest_find(board->cpu);

    if (guest == NULL) {
        snprintf(error, bytes,
                 "board: CPU '%s' is not simulated; cortex-m33, rv32 and sifive-e31 are",
                 board->cpu == NULL ? "" : board->cpu);
        return false;
    }
    if (board->mpu_regions < 1 || board->mpu_regions > MOST_ENTRIES || board->ticks_per_insn < 1 ||
        board->memory_count < 1 || board->memory_count > HOSTPORT_RANGES) {
        snprintf(error, bytes,
                 "board: %u MPU regions (1 to %u), %u ticks an instruction (1 or "
                 "more), %zu memories (1 to %u)",
                 (unsigned)board->mpu_regions, MOST_ENTRIES, (unsigned)board->ticks_per_insn,
                 board->memory_count, HOSTPORT_RANGES);
        return false;
    }
    for (size_t i = 0; i < board->memory_count; i++) {
        if (!check_memory(board, i, guest->model)) {
            snprintf(error, bytes,
                     "board: memory 0x%08x + 0x%x overlaps another, is not made of "
                     "%u KiB pages or reaches 0x%08x",
                     (unsigned)board->memory[i].base, (unsigned)board->memory[i].bytes,
                     (unsigned)cpu_page(guest->model) / 1024u,
                     (unsigned)cpu_memory_end(guest->model));
            return false;
        }
    }
    return check_devices(board, guest->model, error, bytes);
}
