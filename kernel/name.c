/* Ports: names at which a server is found. */
#include "kernel/name.h"

#include "kernel/cap.h"
#include "kernel/endpoint.h"
#include "kernel/queue.h"
#include "kernel/syscall.h"
#include "kernel/system.h"
#include "kernel/thread.h"
#include "kernel/wait.h"

void name_init_all(void)
{
    for (uint32_t i = 0; i < sys_port_count(); i++) {
        queue_init(&k5.port[i].queue);
        k5.port[i].slot = NO_SLOT;
    }
}

void name_close(uint32_t slot)
{
    for (uint32_t i = 0; i < sys_port_count(); i++) {
        if (k5.port[i].slot == slot) {
            k5.port[i].slot = NO_SLOT;
        }
    }
}

void name_close_all(uint32_t task)
{
    for (uint32_t i = 0; i < sys_port_count(); i++) {
        if (k5.port[i].slot != NO_SLOT && cap_owner(k5.port[i].slot) == task) {
            k5.port[i].slot = NO_SLOT;
        }
    }
}

/* ------------------------------------------------------------ listen */

/* The longest waiting thread tries again: it may find no slot, and then the next one does. */
static void wake_first(struct name_port *port)
{
    if (!queue_empty(&port->queue)) {
        wait_cancel(port->queue.head, K5_E_AGAIN);
    }
}

K5_MUST_USE static enum k5_error find_endpoint(const struct thread *thread, uint32_t *slot)
{
    enum k5_error error =
        cap_find(k5.current, thread->reg[1], K5_KIND_ENDPOINT, K5_RIGHT_RECV | K5_RIGHT_SEND, slot);

    if (error == K5_OK && k5.endpoint[k5.slot[*slot].object].receiver != k5.current) {
        return K5_E_RIGHTS;
    }
    return error;
}

enum k5_error name_call_listen(struct thread *thread, uint32_t slot)
{
    struct name_port *port = &k5.port[k5.slot[slot].object];

    if (port->slot != NO_SLOT && cap_owner(port->slot) != thread->task) {
        return K5_E_BUSY;
    }
    if (thread->reg[1] == 0) {
        port->slot = NO_SLOT;
        return K5_OK;
    }

    enum k5_error error = find_endpoint(thread, &slot);

    if (error == K5_OK) {
        port->slot = (uint16_t)slot;
        wake_first(port);
    }
    return error;
}

/* ------------------------------------------------------------ connect */

K5_MUST_USE static enum k5_error connect_to(struct name_port *port, struct thread *thread,
                                            uint32_t badge)
{
    uint32_t slot = 0;
    uint32_t rights = k5.slot[port->slot].rights & (K5_RIGHT_SEND | K5_RIGHT_GRANT);
    enum k5_error error = cap_derive(port->slot, thread->task, rights, badge, &slot);

    if (error == K5_OK) {
        k5.slot[slot].seen = endpoint_generation(k5.slot[slot].object);
        thread->reg[1] = cap_cptr_of(slot, thread->slot_base);
    }
    wake_first(port);
    return error;
}

enum k5_error name_call_connect(struct thread *thread, uint32_t slot)
{
    uint32_t id = k5.slot[slot].object;
    struct name_port *port = &k5.port[id];
    uint32_t flags = thread->reg[1];

    if (!wait_flags_are_valid(flags)) {
        return K5_E_INVALID;
    }
    if (port->slot != NO_SLOT) {
        return connect_to(port, thread, k5.slot[slot].badge);
    }

    enum k5_error error = wait_allowed(flags, thread->reg[2]);

    if (error != K5_OK) {
        return error == K5_E_WOULD_BLOCK ? K5_E_CLOSED : error;
    }
    thread->endpoint = (uint8_t)id;
    thread->used_slot = (uint16_t)slot;
    thread_set_state(k5.current, K5_THREAD_CONNECTING);
    queue_push_back(&port->queue, k5.current);
    return NO_RESULT;
}
