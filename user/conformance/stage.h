/* The stage: memory that judge and actors share, and what an actor can be told to do.
 *
 * An actor (rogue.c) is a task that acts on orders: makes any system call, touches
 * any memory, misbehaves in named ways. It is more urgent than the judge, so when
 * the judge goes on after an order, the actor is done, waits for somebody, or is
 * dead; the report says which. So a test is a script, and needs no clock.
 */
#pragma once

#include <stdint.h>

#include "k5_types.h"

/* In this order they call each other: left is a client, right a server. In some suites: HAND is
 * left's second thread; STRANGER has no supervisor, its faults are its own policy's affair. */
enum actor { LEFT, MIDDLE, RIGHT, HAND, STRANGER, ACTORS };

/* The first slots of each actor's table, in the order of the description. */
enum actor_slot {
    SLOT_ORDERS, /* to receive orders from */
    SLOT_OWN,    /* to receive from */
    SLOT_LEFT,   /* to send to them; the badge is the holder's number + 1 */
    SLOT_MIDDLE,
    SLOT_RIGHT,
    SLOT_FIRST_OF_SUITE, /* what is behind differs */
};

/* The cptr of a slot that the description filled. */
#define CPTR(slot) (UINT32_C(1) << 16 | (slot))

/* Orders: the label of a message to SLOT_ORDERS. Words 0 to 2 are arguments a, b, c. */
enum order {
    ORDER_NONE,
    /* instruments */
    DO_SYSCALL,  /* system call stage->r[7] with stage->r[0..6]; all eight come back in report.r */
    DO_PEEK,     /* report.value = word at a */
    DO_POKE,     /* word at a = b */
    DO_ACQUAINT, /* absorbs K5_E_RESTARTED of its capabilities to the others */
    DO_SERVE,    /* answers calls until it is told to end: word 0 + 1 comes back */
    DO_SPIN,     /* computes for ever, without a system call */
    DO_RUN,      /* rogue_ways[a](b, c) */
    DO_CRIME,    /* crimes[a]: must end its life */
    DO_RETURN,   /* comes to the end of its function */
};

#define SERVE_END 0xE2D /* label that ends DO_SERVE */

/* How far an actor got with its last order, and what came of it. */
struct report {
    uint32_t busy;  /* it still acts on it: it waits for somebody, or is dead */
    uint32_t order; /* enum order */
    uint32_t r[8];  /* registers after its last system call: error, info, w0 .. w3, badge, reply */
    uint32_t value;
    uint32_t lives; /* how often it began */
    /* where its memory lies */
    uint32_t text;
    uint32_t ram;
    uint32_t ram_end;
    uint32_t arena; /* ARENA_BYTES in its RAM that nothing else is in; word n is n at first */
    uint32_t stack; /* an address in its stack, on a multiple of 32 */
};

#define ARENA_BYTES 1024u /* and a multiple of 256 is where it begins */

struct stage {
    uint32_t r[8]; /* argument of DO_SYSCALL */
    struct report report[ACTORS];
};
