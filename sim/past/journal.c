/* What came to a machine from outside, in order, each with its position. */
#include "sim/past/journal.h"

#include <stdlib.h>
#include <string.h>

#include "sim/k5sim_explore.h"
#include "sim/machine.h"

#define FIRST_ROOM 64u

int position_compare(const struct k5sim_position *a, const struct k5sim_position *b)
{
    if (a->now != b->now) {
        return a->now < b->now ? -1 : 1;
    }
    if (a->instructions != b->instructions) {
        return a->instructions < b->instructions ? -1 : 1;
    }
    return a->actions == b->actions ? 0 : a->actions < b->actions ? -1 : 1;
}

/* ---------------------------------------------------------------- the list */

void journal_free(struct journal *journal)
{
    free(journal->entry);
    *journal = (struct journal){0};
}

bool journal_reserve(struct journal *journal, size_t more)
{
    size_t room = journal->room == 0 ? FIRST_ROOM : journal->room;

    if (more > SIZE_MAX / sizeof *journal->entry / 2u - journal->count) {
        return false;
    }
    while (room < journal->count + more) {
        room *= 2u;
    }
    if (room == journal->room) {
        return true;
    }
    struct k5sim_entry *entry = realloc(journal->entry, room * sizeof *entry);

    if (entry != NULL) {
        journal->entry = entry;
        journal->room = room;
    }
    return entry != NULL;
}

void journal_add(struct journal *journal, const struct k5sim_entry *entry)
{
    journal->entry[journal->count++] = *entry;
}

void journal_seek(struct journal *journal, const struct k5sim_position *position)
{
    size_t low = 0;

    for (size_t high = journal->count; low < high;) {
        size_t middle = low + (high - low) / 2u;

        if (position_compare(&journal->entry[middle].at, position) < 0) {
            low = middle + 1u;
        } else {
            high = middle;
        }
    }
    journal->next = low;
}

/* ---------------------------------------------------------------- an entry */

uint32_t journal_pieces(uint32_t bytes)
{
    const uint32_t each = sizeof((struct k5sim_entry *)0)->data;

    return bytes <= each ? 1u : (bytes - 1u) / each + 1u;
}

void journal_piece(struct k5sim_entry *entry, const struct k5sim_entry *whole, const uint8_t *data,
                   uint32_t bytes, uint32_t k)
{
    const uint32_t each = sizeof entry->data;
    uint32_t done = k * each;

    *entry = *whole;
    entry->bytes = bytes - done < each ? bytes - done : each;
    entry->reserved = 0;
    memset(entry->data, 0, sizeof entry->data);
    if (entry->bytes != 0) {
        memcpy(entry->data, data + done, entry->bytes);
    }
    if (whole->input == K5SIM_INPUT_WRITE) {
        entry->target += done;
    } else if (whole->input == K5SIM_INPUT_MEMORY) {
        entry->extra += done;
    }
}

uint64_t journal_idle_tick(const struct k5sim_entry *entry)
{
    uint64_t tick;

    memcpy(&tick, entry->data, sizeof tick);
    return tick;
}

static bool has_its_bytes(const struct k5sim_entry *entry)
{
    switch ((enum k5sim_input)entry->input) {
    case K5SIM_INPUT_SERIAL:
    case K5SIM_INPUT_WRITE:
    case K5SIM_INPUT_MEMORY:
        return entry->bytes >= 1 && entry->bytes <= sizeof entry->data;
    case K5SIM_INPUT_IDLE:
        return entry->bytes == sizeof(uint64_t);
    case K5SIM_INPUT_PIN:
    case K5SIM_INPUT_SPEED:
    case K5SIM_INPUT_DAMAGE:
    case K5SIM_INPUT_VALUE:
    case K5SIM_INPUT_LINE:
    case K5SIM_INPUT_KILL:
    case K5SIM_INPUT_RESET:
    case K5SIM_INPUT_FAULTS_END:
    case K5SIM_INPUT_FORCE:
    case K5SIM_INPUT_REGISTER:
    case K5SIM_INPUT_END:
        return entry->bytes == 0;
    case K5SIM_INPUT_FAULT:
        return entry->bytes == sizeof(struct k5sim_fault);
    }
    return false; /* no such kind */
}

int journal_check(struct k5sim *sim, const struct k5sim_entry *entry, size_t number)
{
    if (has_its_bytes(entry)) {
        return K5SIM_OK;
    }
    return machine_error(sim, K5SIM_BAD_ARGUMENT,
                         "entry %zu of the journal is none: input %u with %u bytes", number,
                         (unsigned)entry->input, (unsigned)entry->bytes);
}

static int inject(struct k5sim *sim, const struct k5sim_entry *entry)
{
    struct k5sim_fault fault;

    memcpy(&fault, entry->data, sizeof fault);
    return k5sim_inject(sim, &fault);
}

int journal_apply(struct k5sim *sim, const struct k5sim_entry *entry)
{
    uint32_t target = entry->target;

    switch ((enum k5sim_input)entry->input) {
    case K5SIM_INPUT_PIN:
        return k5sim_pin_drive(sim, target, entry->value);
    case K5SIM_INPUT_SERIAL:
        return k5sim_serial_send(sim, target, entry->data, entry->bytes);
    case K5SIM_INPUT_SPEED:
        return k5sim_serial_speed(sim, target, (uint32_t)entry->value);
    case K5SIM_INPUT_DAMAGE:
        return k5sim_serial_damage(sim, target, (uint32_t)entry->value);
    case K5SIM_INPUT_VALUE:
        return k5sim_value_set(sim, target, entry->extra, entry->value);
    case K5SIM_INPUT_LINE:
        return k5sim_line_force(sim, target, entry->value != 0);
    case K5SIM_INPUT_KILL:
        return k5sim_task_kill(sim, target, (uint32_t)entry->value);
    case K5SIM_INPUT_RESET:
        return k5sim_reset(sim, target);
    case K5SIM_INPUT_WRITE:
        return k5sim_write(sim, target, entry->data, entry->bytes);
    case K5SIM_INPUT_MEMORY:
        return k5sim_device_memory_write(sim, target, entry->extra, entry->data, entry->bytes);
    case K5SIM_INPUT_IDLE:
        return k5sim_idle_until(sim, journal_idle_tick(entry));
    case K5SIM_INPUT_FORCE:
        return k5sim_force(sim,
                           &(struct k5sim_force){(uint32_t)entry->value, target, entry->extra});
    case K5SIM_INPUT_REGISTER:
        return k5sim_register_set(sim, target, entry->extra, (uint32_t)entry->value);
    case K5SIM_INPUT_FAULT:
        return inject(sim, entry);
    case K5SIM_INPUT_FAULTS_END:
        return k5sim_faults_end(sim);
    case K5SIM_INPUT_END:
        return K5SIM_OK; /* history.c stops there */
    }
    return K5SIM_BAD_ARGUMENT; /* journal_check() would have said so */
}
