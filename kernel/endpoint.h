/* Endpoints: where threads queue until their receiver takes their message. */
#pragma once

#include "kernel/state.h"

void endpoint_init_all(void);

/* The running thread waits in the queue, as SENDING or CALLING, and lends what it has. */
void endpoint_enqueue(uint32_t endpoint, uint32_t id, enum thread_state state);

/* Takes a SENDING or CALLING thread out of its queue; the caller sets its next state. */
void endpoint_dequeue(uint32_t id);

/* The endpoints that thread `id` serves belong to a new incarnation of its task. */
void endpoint_set_generation(uint32_t id, uint32_t generation);
