/* Comparing snapshots: would machines that are so go on alike? */
#define XXH_INLINE_ALL
#include <xxhash.h>

#pragma GCC visibility push(default) /* these names, and no others, leave the library */
#include "sim/k5sim_snapshot.h"
#pragma GCC visibility pop

#include <stdio.h>
#include <string.h>

#include "sim/past/snapshot.h"

#define WHERE(where, room, ...)                                                                    \
    do {                                                                                           \
        if ((where) != NULL) {                                                                     \
            snprintf(where, room, __VA_ARGS__);                                                    \
        }                                                                                          \
    } while (0)

/* ---------------------------------------------------------------- differences */

static uint32_t first_difference(const void *a, const void *b, size_t bytes)
{
    const uint8_t *x = a;
    const uint8_t *y = b;
    uint32_t i = 0;

    while (i < bytes && x[i] == y[i]) {
        i++;
    }
    return i;
}

static bool kernel_same(const struct k5sim_snapshot *a, const struct k5sim_snapshot *b, char *where,
                        size_t room)
{
    const struct kernel_part *part = a->sim->kernel_parts.part;

    for (uint32_t i = 0; i < KERNEL_PARTS; i++) {
        const uint8_t *x = (const uint8_t *)&a->core.kernel + part[i].offset;
        const uint8_t *y = (const uint8_t *)&b->core.kernel + part[i].offset;

        if (memcmp(x, y, part[i].bytes) != 0) {
            WHERE(where, room, "kernel %u", part[i].offset + first_difference(x, y, part[i].bytes));
            return false;
        }
    }
    return true;
}

static bool registers_same(const struct snapshot_core *a, const struct snapshot_core *b,
                           char *where, size_t room)
{
    if (a->live != b->live) {
        WHERE(where, room, "running");
        return false;
    }
    for (uint32_t i = 0; a->live != 0 && i < CPU_REGISTERS; i++) {
        if (a->registers.r[i] != b->registers.r[i]) {
            WHERE(where, room, "register %u", (unsigned)i);
            return false;
        }
    }
    return true;
}

static bool core_same(const struct snapshot_core *a, const struct snapshot_core *b, char *where,
                      size_t room)
{
    const struct {
        const char *name;
        size_t offset;
        size_t bytes;
    } fields[] = {
#define FIELD(name, member)                                                                        \
    {name, offsetof(struct snapshot_core, member), sizeof((struct snapshot_core *)0)->member}
        FIELD("time", now),
        FIELD("time since power-on", epoch),
        FIELD("deadline", deadline),
        FIELD("raised interrupt lines", raised),
        FIELD("forced interrupt lines", forced),
        FIELD("unmasked interrupt lines", unmasked),
        FIELD("interrupts in a row", fired),
        FIELD("injected faults", faults),
        FIELD("halted", halted),
        FIELD("wanted reset", reset_wanted),
        FIELD("panicked", panicked),
        FIELD("timers", timers),
#undef FIELD
    };

    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (memcmp((const uint8_t *)a + fields[i].offset, (const uint8_t *)b + fields[i].offset,
                   fields[i].bytes) != 0) {
            WHERE(where, room, "%s", fields[i].name);
            return false;
        }
    }
    return true;
}

static bool fp_same(const struct k5sim_snapshot *a, const struct k5sim_snapshot *b, char *where,
                    size_t room)
{
    for (uint32_t i = 0; a->fp != NULL && i < a->sim->system->thread_count; i++) {
        if (memcmp(&a->fp[i], &b->fp[i], sizeof a->fp[i]) != 0) {
            WHERE(where, room, "floating-point registers of thread %u", (unsigned)i);
            return false;
        }
    }
    return true;
}

/* ---------------------------------------------------------------- pieces */

static const struct content *content_of(const struct k5sim_snapshot *s, uint32_t i)
{
    return i < s->count ? s->content[i] : s->sim->store->piece[i].origin;
}

static void name_piece(const struct k5sim *sim, const struct piece *piece, uint32_t offset,
                       char *where, size_t room)
{
    switch ((enum piece_kind)piece->kind) {
    case PIECE_RAM:
    case PIECE_FLASH:
        snprintf(where, room, "memory 0x%08x", (unsigned)(piece->address + offset));
        return;
    case PIECE_DEVICE_MEMORY:
        snprintf(where, room, "memory of device %s at 0x%x", sim->devices.row[piece->number].name,
                 (unsigned)(piece->address + offset));
        return;
    case PIECE_SERIAL:
        snprintf(where, room, "serial line %s", sim->devices.row[piece->number].name);
        return;
    case PIECE_DEVICE:
        snprintf(where, room, "device %s", sim->devices.row[piece->number].name);
        return;
    case PIECE_GUEST_ERRORS:
    case PIECE_NONE:
        break;
    }
    snprintf(where, room, "guest errors");
}

static bool pieces_same(const struct k5sim_snapshot *a, const struct k5sim_snapshot *b, char *where,
                        size_t room)
{
    const struct store *store = a->sim->store;

    for (uint32_t i = 0; i < store->count; i++) {
        const struct content *x = content_of(a, i);
        const struct content *y = content_of(b, i);
        uint32_t alike = store->piece[i].alike;

        if (x == y || memcmp(x->data + alike, y->data + alike, x->bytes - alike) == 0) {
            continue;
        }
        if (where != NULL) {
            uint32_t at = first_difference(x->data + alike, y->data + alike, x->bytes - alike);

            name_piece(a->sim, &store->piece[i], alike + at, where, room);
        }
        return false;
    }
    return true;
}

bool k5sim_snapshot_same(const struct k5sim_snapshot *a, const struct k5sim_snapshot *b,
                         char *where, size_t where_bytes)
{
    return registers_same(&a->core, &b->core, where, where_bytes) &&
           kernel_same(a, b, where, where_bytes) &&
           core_same(&a->core, &b->core, where, where_bytes) && fp_same(a, b, where, where_bytes) &&
           pieces_same(a, b, where, where_bytes);
}

/* ---------------------------------------------------------------- hash */

static uint64_t mix(uint64_t hash, const void *data, size_t bytes)
{
    return XXH3_64bits_withSeed(data, bytes, hash);
}

static bool is_blank(const struct content *content)
{
    return content->data[0] == 0 &&
           memcmp(content->data, content->data + 1, content->bytes - 1u) == 0;
}

static uint64_t piece_hash(const struct piece *piece, struct content *content)
{
    const uint32_t name[3] = {piece->kind, piece->number, piece->address};

    if (content->bytes == piece->alike) {
        return 0;
    }
    if (content->hash == 0) {
        content->hash =
            mix(0, content->data + piece->alike, content->bytes - piece->alike) | UINT64_C(1);
    }
    return mix(content->hash, name, sizeof name);
}

/* A sum, since machines need not know their pieces in the same order. What is as a machine begins
 * does not count: one may know of it, and another not. */
static uint64_t pieces_hash(const struct k5sim_snapshot *snapshot)
{
    const struct store *store = snapshot->sim->store;
    uint64_t sum = 0;

    for (uint32_t i = 0; i < snapshot->count; i++) {
        const struct piece *piece = &store->piece[i];
        struct content *content = snapshot->content[i];
        bool begins = (piece->kind == PIECE_RAM && is_blank(content)) ||
                      (piece->kind == PIECE_FLASH &&
                       (content == piece->origin ||
                        memcmp(content->data, piece->origin->data, content->bytes) == 0));

        if (piece->kind != PIECE_NONE && !begins) {
            sum += piece_hash(piece, content);
        }
    }
    return sum;
}

uint64_t k5sim_snapshot_hash(const struct k5sim_snapshot *snapshot)
{
    const struct snapshot_core *core = &snapshot->core;
    const struct kernel_part *part = snapshot->sim->kernel_parts.part;
    size_t rest = offsetof(struct snapshot_core, timers);
    uint64_t hash = pieces_hash(snapshot);

    for (uint32_t i = 0; i < KERNEL_PARTS; i++) {
        hash = mix(hash, (const uint8_t *)&core->kernel + part[i].offset, part[i].bytes);
    }
    hash =
        mix(hash, (const uint8_t *)core + rest, offsetof(struct snapshot_core, registers) - rest);
    if (core->live != 0) {
        hash = mix(hash, &core->registers, sizeof core->registers);
    }
    if (snapshot->fp != NULL) {
        hash =
            mix(hash, snapshot->fp, snapshot->sim->system->thread_count * sizeof snapshot->fp[0]);
    }
    return hash;
}
