/* Endpoints. */
#include "kernel/endpoint.h"

#include "kernel/cap.h"
#include "kernel/donation.h"
#include "kernel/queue.h"
#include "kernel/system.h"
#include "kernel/thread.h"

void endpoint_init_all(void)
{
    uint32_t count = sys_endpoint_count();

    for (uint32_t i = 0; i < count; i++) {
        queue_init(&k5.endpoint[i].queue);
        k5.endpoint[i].receiver = sys_endpoint(i)->receiver;
        k5.endpoint[i].waiting = 0;
    }
}

enum k5_error endpoint_find_own(const struct thread *thread, uint32_t cptr, uint32_t rights,
                                struct cap **cap)
{
    enum k5_error error = cap_find(thread, cptr, CAP_NEED(K5_KIND_ENDPOINT, rights), cap);

    if (error == K5_OK && k5.endpoint[(*cap)->object].receiver != k5.current) {
        return K5_E_RIGHTS;
    }
    return error;
}

void endpoint_enqueue(uint32_t endpoint, uint32_t id, enum k5_thread_state state)
{
    uint32_t receiver = k5.endpoint[endpoint].receiver;

    k5.thread[id].endpoint = (uint8_t)endpoint;
    thread_set_state(&k5.thread[id], state);
    queue_insert(&k5.endpoint[endpoint].queue, id);
    k5.thread[receiver].queued++;
    donation_update(receiver);
}

void endpoint_dequeue(uint32_t id)
{
    struct endpoint *endpoint = &k5.endpoint[k5.thread[id].endpoint];

    queue_remove(&endpoint->queue, id);
    k5.thread[endpoint->receiver].queued--;
}

/* The ring's place number `index` from the oldest message on. */
static struct message *place(uint32_t endpoint, uint32_t index)
{
    const struct sys_endpoint *fixed = sys_endpoint(endpoint);
    uint32_t at = k5.endpoint[endpoint].oldest + index;

    return &k5.message[fixed->first_message + (at < fixed->queue ? at : at - fixed->queue)];
}

bool endpoint_push(uint32_t endpoint)
{
    const struct thread *thread = &k5.thread[k5.current];
    struct endpoint *to = &k5.endpoint[endpoint];

    if (to->held == sys_endpoint(endpoint)->queue) {
        return false;
    }
    *place(endpoint, to->held) = (struct message){
        .info = thread->reg[1],
        .word = {thread->reg[2], thread->reg[3], thread->reg[4], thread->reg[5]},
        .badge = k5.slot[thread->used_slot].badge,
    };
    to->held++;
    k5.thread[to->receiver].queued++;
    return true;
}

const struct message *endpoint_take(uint32_t endpoint)
{
    struct endpoint *from = &k5.endpoint[endpoint];

    if (from->held == 0) {
        return NULL;
    }

    const struct message *message = place(endpoint, 0);

    from->held--;
    k5.thread[from->receiver].queued--;
    from->oldest = (uint8_t)(from->oldest + 1u);
    if (from->oldest == sys_endpoint(endpoint)->queue) {
        from->oldest = 0;
    }
    return message;
}

void endpoint_drop_messages(uint32_t endpoint)
{
    struct thread *receiver = &k5.thread[k5.endpoint[endpoint].receiver];

    receiver->queued = (uint8_t)(receiver->queued - k5.endpoint[endpoint].held);
    k5.endpoint[endpoint].held = 0;
}
