/* What snapshots of one machine share: its state in pieces, and the contents that these had.
 *
 * A piece is a block of memory, a device, a serial line. Its contents are kept once for as
 * many snapshots as find it so, and are copied when it may have changed since: memory when a
 * task ran that may write it, or when somebody else wrote it; devices when they worked. So a
 * snapshot costs what changed, and no access of a task is watched.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/config.h"
#include "sim/devices/devices.h"
#include "sim/memory.h"

#define STORE_PIECES 8192u
#define STORE_WORDS  (STORE_PIECES / 64u)

/* Which pieces are what: the devices first, so that their bits are those of devices.worked. */
#define STORE_SERIAL       DEVICES
#define STORE_GUEST_ERRORS (STORE_SERIAL + SERIAL_LINES)
#define STORE_MEMORIES     (STORE_GUEST_ERRORS + 1u)

struct k5sim;
struct k5sim_snapshot;

enum piece_kind {
    PIECE_NONE, /* its place is not used */
    PIECE_DEVICE,
    PIECE_SERIAL,
    PIECE_GUEST_ERRORS,
    PIECE_DEVICE_MEMORY,
    PIECE_RAM,
    PIECE_FLASH,
};

struct content {
    uint32_t users; /* snapshots, and the store */
    uint32_t bytes;
    uint64_t hash; /* 0: not asked for yet */
    uint8_t data[];
};

struct piece {
    uint8_t *host;
    uint32_t bytes;
    uint32_t alike;         /* bytes at its beginning that need not be alike in machines that are */
    uint32_t kind;          /* enum piece_kind */
    uint32_t number;        /* of the device or line */
    uint32_t address;       /* memory's; of a device's own memory: where in it */
    struct content *origin; /* what it held before the first snapshot that knows it */
};

struct store {
    uint32_t count;
    uint32_t block; /* bytes of a piece of memory */
    bool overflow;  /* more memory than STORE_PIECES can tell apart, or than the host has */
    const struct k5sim_snapshot *same; /* what is not marked is as it is there; NULL: unknown */
    uint64_t changed[STORE_WORDS];     /* bit i: piece i may differ from now[i] */
    struct piece piece[STORE_PIECES];
    struct content *now[STORE_PIECES]; /* as of the last snapshot that was taken or restored */
    uint16_t *index[MEMORY_RANGES];    /* of the piece of each block; 0: none */
    bool knows[CFG_TASKS];             /* writes[] is right: */
    uint64_t writes[CFG_TASKS][STORE_WORDS]; /* bit i: the task may write piece i */
};

/* The machine's store, made now if there is none. NULL: out of memory. */
struct store *store_open(struct k5sim *sim);
void store_close(struct k5sim *sim);

/* The task is about to run: what it may write changes. */
void store_runs(struct k5sim *sim, uint32_t task);
/* Its regions are others now. */
void store_forget_task(struct k5sim *sim, uint32_t task);
/* Somebody else writes memory: told before, or of memory that tasks may write also after. */
void store_write(struct k5sim *sim, uint32_t address, uint32_t bytes);
void store_written(struct k5sim *sim, uint32_t address, uint32_t bytes);
/* Nothing is known any more. */
void store_all_changed(struct k5sim *sim);

/* Marks what the devices have done. Before what follows. */
void store_settle(struct k5sim *sim);

/* now[] is what the pieces hold; nothing is marked. False: out of memory. */
bool store_catch_up(struct k5sim *sim);

/* Piece `i` gets these contents. */
void store_put(struct k5sim *sim, uint32_t i, struct content *content);

static inline struct content *content_use(struct content *content)
{
    content->users++;
    return content;
}
void content_drop(struct content *content);
struct content *content_new(const void *data, uint32_t bytes); /* one user; NULL: out of memory */
