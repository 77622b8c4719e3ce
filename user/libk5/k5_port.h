/* Ports: names at which servers are found. k5_types.h says what the errors mean that
 * are not explained here.
 *
 * A name is a capability of its own, so nobody can take or reach one that the
 * description did not give him.
 */
#pragma once

#include "k5_types.h"

/*
 * Opens the port: who connects from now on gets a capability derived from
 * `endpoint`, which this thread must be the receiver of. It closes when this task
 * ends, and opens again when its next incarnation listens.
 *
 * K5_E_BUSY: another task listens.
 * K5_E_RIGHTS: also if the endpoint is not this thread's to receive from.
 */
K5_MUST_USE static inline enum k5_error k5_listen(k5_cptr_t port, k5_cptr_t endpoint)
{
    return (enum k5_error)k5_sys_listen(port, endpoint);
}

/* Closes the port for new connections; those that there are stay. */
K5_MUST_USE static inline enum k5_error k5_close(k5_cptr_t port)
{
    return (enum k5_error)k5_sys_listen(port, 0);
}

/*
 * Waits until somebody listens, then gives a capability with the rights SEND and
 * GRANT to his endpoint. Its badge is that of the port's capability. On an error
 * *endpoint stays as it was.
 *
 * K5_E_SLOTS: no slot of this task's table is free.
 */
K5_MUST_USE enum k5_error k5_connect(k5_cptr_t port, k5_cptr_t *endpoint);

/* The same until a deadline; K5_E_TIMEOUT: nobody listened by then. */
K5_MUST_USE enum k5_error k5_connect_until(k5_cptr_t port, k5_deadline_t deadline,
                                           k5_cptr_t *endpoint);

/* The same without waiting; K5_E_CLOSED: nobody listens. */
K5_MUST_USE enum k5_error k5_try_connect(k5_cptr_t port, k5_cptr_t *endpoint);
