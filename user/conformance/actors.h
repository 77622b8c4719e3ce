/* The judge's hand: orders to the actors, and what came of them. */
#pragma once

#include "harness.h"
#include "stage.h"

/* Times that are long compared with what a test does meanwhile, also where an image sends each of
 * the kernel's events over a wire and so takes twenty times as long. Virtual time.
 */
#define SOON_US  30000u
#define LATER_US 90000u

/* What outcome() says where no error code can be given. */
#define WAITS 1 /* the actor is in the middle of it */
#define DEAD  2 /* it took a fault, see fault() */

/* ---------------------------------------------------------------- orders
 *
 * An order that an actor cannot take (it is busy or dead) fails the test.
 */

void order(enum actor who, enum order what, uint32_t a, uint32_t b, uint32_t c);

/* The system call with any registers. */
void order_syscall(enum actor who, enum k5_syscall number, uint32_t a0, uint32_t a1, uint32_t a2,
                   uint32_t a3, uint32_t a4, uint32_t a5, uint32_t a6);

/* Receives from its own endpoint. */
void order_recv(enum actor who);

/* Calls `to` with kind, flags and label of `info`. */
void order_call(enum actor who, enum actor to, uint32_t info, uint32_t w0, uint32_t w1, uint32_t w2,
                uint32_t w3);

/* Answers what it received last. */
void order_reply(enum actor who, uint32_t info, uint32_t w0, uint32_t w1, uint32_t w2, uint32_t w3);

/* ---------------------------------------------------------------- what came of them */

const volatile struct report *report(enum actor who);

/* enum k5_error of its last system call, or WAITS, or DEAD. */
int32_t outcome(enum actor who);

/* A register of its last system call, by the places of message calls. */
enum result { R_ERROR, R_INFO, R_W0, R_W1, R_W2, R_W3, R_BADGE, R_REPLY };
uint32_t result(enum actor who, enum result which);

/* The fault that it died of, kind 0 if it did not. */
struct k5_fault fault(enum actor who);

enum k5_thread_state state(enum actor who);

/* ---------------------------------------------------------------- its memory */

/* A word of memory as the actor sees it; an address that it may not load is its death. */
uint32_t peek(enum actor who, uint32_t address);

/* Stores a word; false: that was its death, by a fault on data at this address. */
bool can_store(enum actor who, uint32_t address, uint32_t value);
bool can_load(enum actor who, uint32_t address);

/* ---------------------------------------------------------------- its life */

/* The judge's capabilities of control; what is done with them ends with the test. */
k5_cptr_t task_of(enum actor who);
k5_cptr_t thread_of(enum actor who);

/* Restarts it, so that it takes orders again. Peers' capabilities to it are not acquainted. */
void revive(enum actor who);

/* Absorbs K5_E_RESTARTED of an actor's capabilities to the others' endpoints. */
void acquaint(enum actor who);

/* One capability of an actor's table; false: the slot is empty. */
bool cap_of(enum actor who, uint32_t slot, struct k5_cap_info *info);
