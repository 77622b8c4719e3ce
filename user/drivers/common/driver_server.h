/* The server's side of a driver: one loop, in which nothing waits for a client.
 *
 *     struct driver_server server = {.endpoint = CAP_SELF};
 *     struct k5_message message = {0};
 *     while (driver_next(&server, &message) == K5_OK) {
 *         switch (k5_kind(&message) == K5_MSG_NOTIFICATION ? DRIVER_EVENT : k5_label(&message)) {
 *         case DRIVER_EVENT: ... look at the device, then acknowledge its interrupt ... break;
 *         case UART_WRITE: driver_answer(&message, K5_OK, 0, 0, 0); break;
 *         default: driver_answer(&message, K5_E_INVALID, 0, 0, 0);
 *         }
 *     }
 *
 * A call that cannot be answered yet is kept with driver_defer() and answered later
 * with driver_finish(); the loop goes on meanwhile.
 */
#pragma once

#include "driver.h"

/* Not labels of clients, which have 16 bits: what driver_next() came back with. */
enum driver_event {
    DRIVER_EVENT = 0x10000, /* the bound notification: its bits are in word[0] */
    DRIVER_TIME,            /* `wake_at` has come */
};

struct driver_server {
    k5_cptr_t endpoint;
    uint32_t takes_cap; /* bit n: operation n comes with a capability, */
    uint32_t lends;     /* or with a loan, and is answered before the loop goes on */
    uint64_t wake_at;   /* k5_time_us() at which the loop wants to run; 0: never */
    void *buffer;       /* for copy messages; NULL: there are none */
    size_t buffer_bytes;
};

/*
 * Gives the answer in *message, if it is one, and waits for the next request, for the
 * bound notification, or for `wake_at`. What a client must not send is refused here, so
 * that nobody can fill the driver's table or its MPU regions; and so are mere sends: a client that
 * waits for its answer cannot ask faster than it is served.
 *
 * Errors are mistakes of this task alone.
 */
K5_MUST_USE enum k5_error driver_next(const struct driver_server *server,
                                      struct k5_message *message);

/* What came: an operation of the interface, or enum driver_event. */
uint32_t driver_what(const struct k5_message *message);

/* Turns a request into its answer. */
void driver_answer(struct k5_message *message, enum k5_error error, uint32_t w0, uint32_t w1,
                   uint32_t w2);

/* Keeps a call open: returns what driver_finish() needs. */
k5_cptr_t driver_defer(struct k5_message *message);

/* Answers a call that was kept; its caller may be gone by now, then nobody hears it. */
void driver_finish(k5_cptr_t reply, enum k5_error error, uint32_t w0);

/* The same with bytes. False: the caller is gone, nobody has them. */
bool driver_finish_copy(k5_cptr_t reply, const void *data, size_t bytes);

/*
 * Signals a client's notification, which it passed on earlier. False: the client is gone, or took
 * it back; the capability is given up then, and *cptr 0.
 */
bool driver_signal(k5_cptr_t *cptr, uint32_t bits);

/* Gives up a capability that a client passed on; *cptr is 0 then. */
void driver_forget(k5_cptr_t *cptr);

/* Whether a capability that a client passed on has gone: with its client, or taken back. */
bool driver_is_gone(k5_cptr_t cptr);
