/* Snapshots as plain bytes, for a file.
 *
 * A header, the core, the floating-point registers, then each piece with its name. The
 * format is this library's own and holds for one build of it: who writes the file adds
 * what tells builds apart.
 */
#pragma GCC visibility push(default) /* these names, and no others, leave the library */
#include "sim/k5sim_snapshot.h"
#pragma GCC visibility pop

#include <stdlib.h>
#include <string.h>

#include "sim/past/snapshot.h"

static const char magic[8] = "k5snap1";

struct pack_header {
    char magic[8];
    uint32_t core_bytes;
    uint32_t fp_count;
    uint32_t pieces;
    uint32_t reserved;
};

struct pack_piece {
    uint32_t kind;
    uint32_t number;
    uint32_t address;
    uint32_t bytes;
};

/* ---------------------------------------------------------------- writing */

struct writer {
    uint8_t *out;
    size_t room;
    size_t used;
};

static void put(struct writer *w, const void *data, size_t bytes)
{
    if (w->out != NULL && bytes != 0 && w->used <= w->room && bytes <= w->room - w->used) {
        memcpy(w->out + w->used, data, bytes);
    }
    w->used += bytes;
}

int64_t k5sim_snapshot_pack(struct k5sim *sim, const struct k5sim_snapshot *snapshot, void *out,
                            size_t room)
{
    struct writer w = {.out = out, .room = out == NULL ? 0 : room};
    struct pack_header header = {.core_bytes = sizeof snapshot->core};

    if (snapshot->sim != sim || snapshot->monitor != NULL) {
        return machine_error(sim, K5SIM_BAD_ARGUMENT,
                             snapshot->sim != sim
                                 ? "this snapshot is another machine's"
                                 : "the running thread holds an exclusive monitor, which no "
                                   "register tells: take the snapshot at the next entry into the "
                                   "kernel");
    }
    memcpy(header.magic, magic, sizeof magic);
    header.fp_count = snapshot->fp == NULL ? 0 : sim->system->thread_count;
    for (uint32_t i = 0; i < snapshot->count; i++) {
        header.pieces += sim->store->piece[i].kind != PIECE_NONE;
    }
    put(&w, &header, sizeof header);
    put(&w, &snapshot->core, sizeof snapshot->core);
    put(&w, snapshot->fp, header.fp_count * sizeof *snapshot->fp);
    for (uint32_t i = 0; i < snapshot->count; i++) {
        const struct piece *piece = &sim->store->piece[i];
        const struct pack_piece name = {piece->kind, piece->number, piece->address, piece->bytes};

        if (piece->kind != PIECE_NONE) {
            put(&w, &name, sizeof name);
            put(&w, snapshot->content[i]->data, piece->bytes);
        }
    }
    return (int64_t)w.used;
}

/* ---------------------------------------------------------------- reading */

struct reader {
    const uint8_t *data;
    size_t left;
};

static const void *take(struct reader *r, size_t bytes)
{
    const uint8_t *data = r->data;

    if (bytes > r->left) {
        return NULL;
    }
    r->data += bytes;
    r->left -= bytes;
    return data;
}

/* The machine's piece of this name and size; its count if there is none. */
static uint32_t find_piece(struct k5sim *sim, const struct pack_piece *name)
{
    struct store *store = sim->store;
    uint32_t i = 0;

    if (name->kind == PIECE_RAM || name->kind == PIECE_FLASH) {
        store_write(sim, name->address, 1);
    }
    while (i < store->count &&
           (store->piece[i].kind != name->kind || store->piece[i].number != name->number ||
            store->piece[i].address != name->address)) {
        i++;
    }
    return i < store->count && store->piece[i].bytes == name->bytes ? i : store->count;
}

static bool read_piece(struct k5sim *sim, struct k5sim_snapshot *snapshot, struct reader *r)
{
    const void *raw = take(r, sizeof(struct pack_piece));
    struct pack_piece name;

    if (raw == NULL) {
        return false;
    }
    memcpy(&name, raw, sizeof name);
    const void *data = take(r, name.bytes);
    uint32_t i = data == NULL ? sim->store->count : find_piece(sim, &name);

    /* A piece that came up just now is not in the snapshot yet. */
    if (i == sim->store->count ||
        (i >= snapshot->count && k5sim_snapshot_take(sim, snapshot) == NULL)) {
        return false;
    }
    struct content *content = content_new(data, name.bytes);

    if (content == NULL) {
        return false;
    }
    content_drop(snapshot->content[i]);
    snapshot->content[i] = content;
    return true;
}

static bool read_all(struct k5sim *sim, struct k5sim_snapshot *snapshot, struct reader *r)
{
    const void *raw = take(r, sizeof(struct pack_header));
    struct pack_header header;

    if (raw == NULL) {
        return false;
    }
    memcpy(&header, raw, sizeof header);
    const void *core = take(r, sizeof snapshot->core);
    bool good = memcmp(header.magic, magic, sizeof magic) == 0 && header.reserved == 0 &&
                core != NULL && header.core_bytes == sizeof snapshot->core &&
                header.fp_count == (snapshot->fp == NULL ? 0u : sim->system->thread_count);
    const void *fp = good ? take(r, header.fp_count * sizeof *snapshot->fp) : NULL;

    good = good && fp != NULL;
    for (uint32_t i = 0; good && i < header.pieces; i++) {
        good = read_piece(sim, snapshot, r);
    }
    if (!good || r->left != 0) {
        return false;
    }
    memcpy(&snapshot->core, core, sizeof snapshot->core);
    if (header.fp_count != 0) {
        memcpy(snapshot->fp, fp, header.fp_count * sizeof *snapshot->fp);
    }
    return true;
}

/* What the machine believes without a look, once it goes on from there. One that has panicked does
 * not. */
static bool is_possible(const struct k5sim *sim, const struct snapshot_core *core)
{
    bool kernel = core->panicked != 0 || fault_kernel_check(&core->kernel, sim->system) == 0;

    return kernel && faults_are_possible(&core->faults) && core->timers.count <= TIMERS_SOURCES;
}

struct k5sim_snapshot *k5sim_snapshot_unpack(struct k5sim *sim, const void *data, size_t bytes)
{
    struct reader r = {data, bytes};
    struct k5sim_snapshot *snapshot = k5sim_snapshot_take(sim, NULL);

    if (snapshot == NULL) {
        return NULL;
    }
    bool good = read_all(sim, snapshot, &r) && is_possible(sim, &snapshot->core);

    sim->store->same = NULL;
    if (!good) {
        machine_error(sim, K5SIM_BAD_ARGUMENT, "these bytes are no snapshot of such a machine");
        k5sim_snapshot_free(snapshot);
        return NULL;
    }
    return snapshot;
}
