/* Endpoints. */
#include "kernel/endpoint.h"

#include "kernel/donation.h"
#include "kernel/kassert.h"
#include "kernel/queue.h"
#include "kernel/system.h"
#include "kernel/thread.h"

void endpoint_init_all(void)
{
    uint32_t count = port_system()->endpoint_count;

    for (uint32_t i = 0; i < count; i++) {
        queue_init(&k5.endpoint[i].queue);
        k5.endpoint[i].receiver = sys_endpoint(i)->receiver;
        k5.endpoint[i].waiting = 0;
        k5.endpoint[i].generation = 0;
    }
}

void endpoint_enqueue(uint32_t endpoint, uint32_t id, enum thread_state state)
{
    uint32_t receiver = k5.endpoint[endpoint].receiver;

    k5.thread[id].endpoint = (uint8_t)endpoint;
    thread_set_state(id, state);
    queue_insert(&k5.endpoint[endpoint].queue, id);
    k5.thread[receiver].queued++;
    donation_update(receiver);
}

void endpoint_dequeue(uint32_t id)
{
    struct endpoint *endpoint = &k5.endpoint[k5.thread[id].endpoint];

    KASSERT(k5.thread[endpoint->receiver].queued > 0);
    queue_remove(&endpoint->queue, id);
    k5.thread[endpoint->receiver].queued--;
}

void endpoint_set_generation(uint32_t id, uint32_t generation)
{
    for (uint32_t i = 0; i < port_system()->endpoint_count; i++) {
        if (k5.endpoint[i].receiver == id) {
            k5.endpoint[i].generation = (uint16_t)generation;
        }
    }
}
