/* Endpoints: where threads queue until their receiver takes their message. */
#pragma once

#include "kernel/kassert.h"
#include "kernel/state.h"

void endpoint_init_all(void);

/*
 * Finds the capability of an endpoint that the running thread `thread` receives from,
 * as cap_find() does. E_RIGHTS, too, if it is another one's.
 */
K5_MUST_USE enum k5_error endpoint_find_own(const struct thread *thread, uint32_t cptr,
                                            uint32_t rights, struct cap **cap);

/* Thread `id` waits in the queue, as SENDING, CALLING or FAULTED, and lends what it has. */
void endpoint_enqueue(uint32_t endpoint, uint32_t id, enum k5_thread_state state);

/* Takes a SENDING, CALLING or FAULTED thread out of its queue; the caller sets its next state. */
void endpoint_dequeue(uint32_t id);

/*
 * Puts the short message of the running thread into the endpoint's ring, with its
 * badge. False: it is full.
 */
K5_MUST_USE bool endpoint_push(uint32_t endpoint);

/* Takes the oldest message out of the ring; NULL: there is none. Valid until the next push. */
const struct message *endpoint_take(uint32_t endpoint);

/* Empties the ring: its messages were for a task that died. */
void endpoint_drop_messages(uint32_t endpoint);

/* Of its server's task: whoever used it before learns of a restart by the difference. */
static inline uint16_t endpoint_generation(uint32_t endpoint)
{
    return k5.task[k5.thread[k5.endpoint[endpoint].receiver].task].generation;
}
