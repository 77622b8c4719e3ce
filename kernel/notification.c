/* Notifications, and interrupts. */
#include "kernel/notification.h"

#include "kernel/cap.h"
#include "kernel/entry.h"
#include "kernel/ipc.h"
#include "kernel/sched.h"
#include "kernel/syscall.h"
#include "kernel/system.h"
#include "kernel/thread.h"
#include "kernel/wait.h"

void notification_init_all(void)
{
    for (uint32_t i = 0; i < sys_notification_count(); i++) {
        k5.notification[i] = (struct notification){.receiver = sys_notification(i)->receiver};
    }
}

/* ------------------------------------------------------------ lines */

static void mask(uint32_t interrupt)
{
    port_irq_mask(sys_interrupt(interrupt)->line);
    k5.unmasked[interrupt / 32u] &= ~(1u << interrupt % 32u);
}

static void unmask(uint32_t interrupt)
{
    k5.unmasked[interrupt / 32u] |= 1u << interrupt % 32u;
    port_irq_unmask(sys_interrupt(interrupt)->line);
}

bool interrupt_is_expected(void)
{
    uint32_t any = 0;

    for (uint32_t i = 0; i < (ROOM(CFG_INTERRUPTS) + 31) / 32; i++) {
        any |= k5.unmasked[i];
    }
    return any != 0;
}

/* ------------------------------------------------------------ bits */

/* A receiver that is bound knows whether there are bits for its next recv. */
static void set_bits(uint32_t id, uint32_t bits)
{
    struct notification *notification = &k5.notification[id];
    struct thread *receiver = &k5.thread[notification->receiver];

    if (sys_thread(notification->receiver)->notification == id) {
        receiver->queued = (uint8_t)(receiver->queued + (bits != 0) - (notification->bits != 0));
    }
    notification->bits = bits;
}

static uint32_t take(uint32_t id, uint32_t mask)
{
    uint32_t bits = k5.notification[id].bits;

    set_bits(id, bits & ~mask);
    return bits & mask;
}

void notification_signal(uint32_t id, uint32_t bits)
{
    struct notification *notification = &k5.notification[id];
    uint32_t receiver = notification->receiver;
    struct thread *thread = &k5.thread[receiver];

    set_bits(id, notification->bits | bits);
    if (notification->waiting && (notification->bits & thread->reg[2]) != 0) {
        notification->waiting = 0;
        thread->reg[1] = take(id, thread->reg[2]);
        thread_complete(&k5.thread[receiver], K5_OK);
        sched_ready(receiver);
    } else if (notification->bits != 0 && thread->state == K5_THREAD_RECEIVING &&
               sys_thread(receiver)->notification == id) {
        k5.endpoint[thread->endpoint].waiting = 0;
        message_from_bits(receiver, take(id, UINT32_MAX));
        sched_ready(receiver);
    }
}

uint32_t notification_take_bound(uint32_t id)
{
    uint32_t bound = sys_thread(id)->notification;

    return bound == SYS_NONE ? 0 : take(bound, UINT32_MAX);
}

void notification_reset(uint32_t id)
{
    set_bits(id, 0);
    for (uint32_t i = 0; i < sys_interrupt_count(); i++) {
        if (sys_interrupt(i)->notification == id) {
            mask(i);
        }
    }
}

/* ------------------------------------------------------------ system calls */

enum k5_error notification_call_signal(struct thread *thread, struct cap *cap)
{
    uint32_t bits = thread->reg[1];

    if (cap->badge != 0 && (bits & ~cap->badge) != 0) {
        return K5_E_RIGHTS;
    }
    notification_signal(cap->object, bits);
    return K5_OK;
}

enum k5_error notification_call_wait(struct thread *thread, struct cap *cap)
{
    uint32_t id = cap->object;
    uint32_t mask = thread->reg[2];
    struct notification *notification = &k5.notification[id];

    if (notification->receiver != k5.current) {
        return K5_E_RIGHTS;
    }
    if (!wait_flags_are_valid(thread->reg[1]) || mask == 0) {
        return K5_E_INVALID;
    }
    if ((notification->bits & mask) != 0) {
        thread->reg[1] = take(id, mask);
        return K5_OK;
    }

    enum k5_error error = wait_allowed(thread, thread->reg[1], thread->reg[3]);

    if (error != K5_OK) {
        return error;
    }
    notification->waiting = 1;
    thread->endpoint = (uint8_t)id;
    thread_set_state(thread, K5_THREAD_WAITING);
    return NO_RESULT;
}

/* ------------------------------------------------------------ interrupts */

enum k5_error interrupt_call_ack(struct thread *thread, struct cap *cap)
{
    (void)thread;
    unmask(cap->object);
    return K5_OK;
}

/* A line that is bound to nothing was never unmasked; if it fires all the same, that ends here. */
void kernel_interrupt(uint32_t line)
{
    sched_charge();
    port_irq_mask(line);
    for (uint32_t i = 0; i < sys_interrupt_count(); i++) {
        const struct sys_interrupt *interrupt = sys_interrupt(i);

        if (interrupt->line == line) {
            uint32_t bits = UINT32_C(1) << interrupt->bit;

            mask(i);
            port_trace(K5_EVENT_INTERRUPT, NO_THREAD, line, interrupt->notification, bits);
            notification_signal(interrupt->notification, bits);
        }
    }
    sched_finish(K5_EVENT_PREEMPT);
}
