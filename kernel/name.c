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

enum k5_error name_call_listen(struct thread *thread, struct cap *cap)
{
    struct name_port *port = &k5.port[cap->object];

    if (port->slot != NO_SLOT && cap_owner(port->slot) != thread->task) {
        return K5_E_BUSY;
    }
    if (thread->reg[1] == 0) {
        port->slot = NO_SLOT;
        return K5_OK;
    }

    enum k5_error error =
        endpoint_find_own(thread, thread->reg[1], K5_RIGHT_RECV | K5_RIGHT_SEND, &cap);

    if (error == K5_OK) {
        port->slot = (uint16_t)cap_slot(cap);
        wake_first(port);
    }
    return error;
}

/* ------------------------------------------------------------ connect */

K5_MUST_USE static enum k5_error connect_to(struct name_port *port, struct thread *thread,
                                            uint32_t badge)
{
    struct cap *parent = cap_at(port->slot);
    uint32_t rights = parent->rights & (K5_RIGHT_SEND | K5_RIGHT_GRANT);
    struct cap *cap = cap_derive(parent, thread->task, rights, badge);

    if (cap != NULL) {
        cap->seen = endpoint_generation(cap->object);
        thread->reg[1] = cap_cptr_of(cap, thread);
    }
    wake_first(port);
    return cap != NULL ? K5_OK : K5_E_SLOTS;
}

enum k5_error name_call_connect(struct thread *thread, struct cap *cap)
{
    uint32_t id = cap->object;
    struct name_port *port = &k5.port[id];
    uint32_t flags = thread->reg[1];

    if (!wait_flags_are_valid(flags)) {
        return K5_E_INVALID;
    }
    if (port->slot != NO_SLOT) {
        return connect_to(port, thread, cap->badge);
    }

    enum k5_error error = wait_allowed(thread, flags, thread->reg[2]);

    if (error != K5_OK) {
        return error == K5_E_WOULD_BLOCK ? K5_E_CLOSED : error;
    }
    thread->endpoint = (uint8_t)id;
    thread->used_slot = (uint16_t)cap_slot(cap);
    thread_set_state(thread, K5_THREAD_CONNECTING);
    queue_push_back(&port->queue, k5.current);
    return NO_RESULT;
}
