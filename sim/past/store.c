/* What snapshots of one machine share: its state in pieces, and the contents that these had. */
#include "sim/past/store.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/system.h"
#include "sim/machine.h"

#define BLOCK_LEAST 1024u

/* ---------------------------------------------------------------- contents */

struct content *content_new(const void *data, uint32_t bytes)
{
    struct content *content = malloc(sizeof *content + bytes);

    if (content != NULL) {
        content->users = 1;
        content->bytes = bytes;
        content->hash = 0;
        memcpy(content->data, data, bytes);
    }
    return content;
}

void content_drop(struct content *content)
{
    if (content != NULL && --content->users == 0) {
        free(content);
    }
}

/* ---------------------------------------------------------------- marks */

static void mark(struct store *store, uint32_t i)
{
    store->changed[i / 64u] |= UINT64_C(1) << (i % 64u);
}

static uint32_t words_of(const struct store *store)
{
    return (store->count + 63u) / 64u;
}

void store_all_changed(struct k5sim *sim)
{
    memset(sim->store->changed, 0xff, words_of(sim->store) * sizeof sim->store->changed[0]);
}

/* ---------------------------------------------------------------- pieces */

static bool fill_piece(struct store *store, uint32_t i, struct piece piece)
{
    if (piece.bytes == 0) {
        return true;
    }
    piece.origin = content_new(piece.host, piece.bytes);
    if (piece.origin == NULL) {
        return false;
    }
    store->piece[i] = piece;
    store->now[i] = content_use(piece.origin);
    return true;
}

static bool add_piece(struct store *store, struct piece piece)
{
    if (store->count == STORE_PIECES || !fill_piece(store, store->count, piece)) {
        store->overflow = true;
        return false;
    }
    store->count++;
    return true;
}

/* The piece of a block of memory; 0: it has none yet. */
static uint32_t piece_of(const struct k5sim *sim, uint32_t range, uint32_t block)
{
    return sim->store->index[range][block];
}

/* Each block of [low, high) of the memory becomes a piece, if it is none yet. */
static void cover(struct k5sim *sim, uint32_t range_index, uint32_t low, uint32_t high)
{
    struct store *store = sim->store;
    const struct memory_range *range = &sim->memory->range[range_index];

    for (uint32_t block = low / store->block; block * store->block < high; block++) {
        uint32_t at = block * store->block;
        const struct piece piece = {
            .host = range->host + at,
            .bytes = range->bytes - at < store->block ? range->bytes - at : store->block,
            .kind = range->writable ? PIECE_RAM : PIECE_FLASH,
            .address = range->base + at,
        };

        if (piece_of(sim, range_index, block) == 0 && add_piece(store, piece)) {
            store->index[range_index][block] = (uint16_t)(store->count - 1u);
            memset(store->knows, 0, sizeof store->knows);
        }
    }
}

/* Calls for the blocks of [address, address + bytes), which is at most one memory's. */
static void each_block(struct k5sim *sim, uint32_t address, uint32_t bytes, bool add,
                       uint64_t *marks)
{
    const struct memory_range *range = memory_range_of(sim->memory, address);

    if (range == NULL || bytes == 0) {
        return;
    }
    uint32_t i = (uint32_t)(range - sim->memory->range);
    uint32_t low = address - range->base;
    uint32_t high = bytes < range->bytes - low ? low + bytes : range->bytes;

    if (add) {
        cover(sim, i, low, high);
    }
    for (uint32_t block = low / sim->store->block; block * sim->store->block < high; block++) {
        uint32_t piece = piece_of(sim, i, block);

        if (piece != 0) {
            marks[piece / 64u] |= UINT64_C(1) << (piece % 64u);
        }
    }
}

void store_write(struct k5sim *sim, uint32_t address, uint32_t bytes)
{
    each_block(sim, address, bytes, true, sim->store->changed);
}

void store_written(struct k5sim *sim, uint32_t address, uint32_t bytes)
{
    each_block(sim, address, bytes, false, sim->store->changed);
}

/* ---------------------------------------------------------------- tasks */

void store_forget_task(struct k5sim *sim, uint32_t task)
{
    sim->store->knows[task] = false;
}

/* A region may begin before a memory and end behind it, if a fault has moved its borders. */
static void learn_region(struct k5sim *sim, const struct mpu_region *r, uint64_t *writes)
{
    for (uint32_t i = 0; i < sim->memory->count; i++) {
        const struct memory_range *range = &sim->memory->range[i];
        uint32_t range_last = range->base + (range->bytes - 1u);
        uint32_t first = r->first > range->base ? r->first : range->base;
        uint32_t last = r->last < range_last ? r->last : range_last;

        if (first <= last) {
            each_block(sim, first, last - first + 1u, true, writes);
        }
    }
}

static void learn_task(struct k5sim *sim, uint32_t task)
{
    struct store *store = sim->store;
    const struct mpu *mpu = &sim->task[task].mpu;
    uint64_t *writes = store->writes[task];

    for (unsigned pass = 0; pass < 2; pass++) { /* a piece that is new forgets all tasks */
        memset(writes, 0, sizeof store->writes[task]);
        for (uint32_t i = 0; i < mpu->count; i++) {
            const struct mpu_region *r = &mpu->region[i];

            if ((r->access & SYS_WRITE) != 0) {
                learn_region(sim, r, writes);
            }
        }
    }
    store->knows[task] = true;
}

void store_runs(struct k5sim *sim, uint32_t task)
{
    struct store *store = sim->store;

    if (!store->knows[task]) {
        learn_task(sim, task);
    }
    for (uint32_t i = 0; i < words_of(store); i++) {
        store->changed[i] |= store->writes[task][i];
    }
}

/* ---------------------------------------------------------------- opening and closing */

static bool add_devices(struct k5sim *sim)
{
    struct store *store = sim->store;
    bool added = true;

    for (uint32_t i = 0; added && i < sim->devices.count; i++) {
        struct sim_device *row = &sim->devices.row[i];
        size_t from = offsetof(struct sim_device, device.access_bytes);

        added =
            fill_piece(store, i,
                       (struct piece){
                           .host = (uint8_t *)row + from,
                           .bytes = (uint32_t)(offsetof(struct sim_device, sim) - from),
                           .alike = (uint32_t)(offsetof(struct sim_device, device.event_at) - from),
                           .kind = PIECE_DEVICE,
                           .number = i,
                       });
    }
    for (uint32_t i = 0; added && i < sim->devices.serial.count; i++) {
        struct serial_line *line = &sim->devices.serial.line[i];

        added = fill_piece(store, STORE_SERIAL + i,
                           (struct piece){
                               .host = (uint8_t *)line,
                               .bytes = sizeof *line,
                               .kind = PIECE_SERIAL,
                               .number = line->device,
                           });
    }
    return added && fill_piece(store, STORE_GUEST_ERRORS,
                               (struct piece){
                                   .host = (uint8_t *)sim->devices.guest_error,
                                   .bytes = sizeof sim->devices.guest_error,
                                   .alike = sizeof sim->devices.guest_error,
                                   .kind = PIECE_GUEST_ERRORS,
                               });
}

static bool add_device_memories(struct k5sim *sim)
{
    for (uint32_t i = 0; i < sim->devices.count; i++) {
        const struct device *d = &sim->devices.row[i].device;
        uint32_t bytes = d->model->memory_bytes;

        for (uint32_t at = 0; at < bytes; at += BLOCK_LEAST) {
            const struct piece piece = {
                .host = d->memory + at,
                .bytes = bytes - at < BLOCK_LEAST ? bytes - at : BLOCK_LEAST,
                .kind = PIECE_DEVICE_MEMORY,
                .number = i,
                .address = at,
            };

            if (!add_piece(sim->store, piece)) {
                return false;
            }
        }
    }
    return true;
}

/* Flash that somebody has changed since it was loaded, with what it held then. */
static void cover_changed_flash(struct k5sim *sim)
{
    struct store *store = sim->store;

    for (uint32_t i = 0; i < sim->pristine.count; i++) {
        const struct memory_range *range = &sim->memory->range[i];

        for (uint32_t at = 0; !range->writable && at < range->bytes; at += store->block) {
            const uint8_t *loaded = sim->pristine.range[i].host + at;
            uint32_t count = store->count;

            if (memcmp(range->host + at, loaded, store->block) == 0) {
                continue;
            }
            cover(sim, i, at, at + store->block);
            if (store->count != count) {
                memcpy(store->piece[count].origin->data, loaded, store->block);
                mark(store, count);
            }
        }
    }
}

static bool add_memories(struct k5sim *sim)
{
    struct store *store = sim->store;

    for (uint32_t i = 0; i < sim->memory->count; i++) {
        const struct memory_range *range = &sim->memory->range[i];

        store->index[i] = calloc(range->bytes / store->block + 1u, sizeof *store->index[i]);
        if (store->index[i] == NULL) {
            return false;
        }
        if (range->writable && range->dirty_low < range->dirty_high) {
            cover(sim, i, range->dirty_low, range->dirty_high);
        }
    }
    cover_changed_flash(sim);
    return !store->overflow;
}

/* Blocks so large that half of the pieces are enough for all RAM that is in use. */
static uint32_t block_for(const struct memory *memory)
{
    uint64_t used = 0;
    uint32_t block = BLOCK_LEAST;

    for (uint32_t i = 0; i < memory->count; i++) {
        used += memory->range[i].writable ? memory->range[i].bytes : 0;
    }
    while (used / block > STORE_PIECES / 2u) {
        block *= 2u;
    }
    return block;
}

void store_close(struct k5sim *sim)
{
    struct store *store = sim->store;

    for (uint32_t i = 0; store != NULL && i < store->count; i++) {
        content_drop(store->now[i]);
        content_drop(store->piece[i].origin);
    }
    for (uint32_t i = 0; store != NULL && i < MEMORY_RANGES; i++) {
        free(store->index[i]);
    }
    free(store);
    sim->store = NULL;
}

struct store *store_open(struct k5sim *sim)
{
    if (sim->store != NULL) {
        return sim->store;
    }
    sim->store = calloc(1, sizeof *sim->store);
    if (sim->store == NULL) {
        return NULL;
    }
    sim->store->count = STORE_MEMORIES;
    sim->store->block = block_for(sim->memory);
    if (!add_devices(sim) || !add_device_memories(sim) || !add_memories(sim)) {
        store_close(sim);
    }
    return sim->store;
}

/* ---------------------------------------------------------------- contents and the machine */

static void mark_device_memory(struct k5sim *sim, uint32_t device)
{
    struct store *store = sim->store;

    for (uint32_t i = STORE_MEMORIES;
         i < store->count && store->piece[i].kind == PIECE_DEVICE_MEMORY; i++) {
        if (store->piece[i].number == device) {
            mark(store, i);
        }
    }
}

void store_settle(struct k5sim *sim)
{
    struct devices *devices = &sim->devices;
    struct store *store = sim->store;

    for (uint64_t rest = devices->worked; rest != 0; rest &= rest - 1u) {
        uint32_t i = (uint32_t)__builtin_ctzll(rest);

        if (i < devices->count && devices->row[i].device.memory != NULL) {
            mark_device_memory(sim, i);
        }
    }
    store->changed[0] |= devices->worked;
    for (uint32_t i = 0; i < devices->serial.count; i++) {
        if (((devices->received >> i) & 1u) != 0) {
            mark(store, STORE_SERIAL + i);
        }
    }
    if (devices->erred) {
        mark(store, STORE_GUEST_ERRORS);
    }
    devices->worked = 0;
    devices->received = 0;
    devices->erred = false;
}

static bool catch_up(struct store *store, uint32_t i)
{
    const struct piece *piece = &store->piece[i];

    if (piece->kind == PIECE_NONE || memcmp(piece->host, store->now[i]->data, piece->bytes) == 0) {
        return true;
    }
    struct content *content = content_new(piece->host, piece->bytes);

    if (content == NULL) {
        return false;
    }
    content_drop(store->now[i]);
    store->now[i] = content;
    return true;
}

bool store_catch_up(struct k5sim *sim)
{
    struct store *store = sim->store;

    for (uint32_t word = 0; word < words_of(store); word++) {
        while (store->changed[word] != 0) {
            uint32_t i = 64u * word + (uint32_t)__builtin_ctzll(store->changed[word]);

            if (i < store->count && !catch_up(store, i)) {
                return false;
            }
            store->changed[word] &= store->changed[word] - 1u;
        }
    }
    return !store->overflow;
}

void store_put(struct k5sim *sim, uint32_t i, struct content *content)
{
    struct store *store = sim->store;
    const struct piece *piece = &store->piece[i];

    memcpy(piece->host, content->data, piece->bytes);
    if (store->now[i] != content) {
        content_drop(store->now[i]);
        store->now[i] = content_use(content);
    }
    if (piece->kind == PIECE_FLASH || (piece->kind == PIECE_RAM && sim->code_in_ram)) {
        machine_written(sim, piece->address, piece->bytes);
    }
}
