/* Notifications: 32 bits that anyone with the right sets and one thread waits for.
 * And interrupts, which set them. k5_types.h says what the errors mean that are not
 * explained here.
 *
 * A driver's loop:
 *
 *     while (k5_wait(CAP_EVENTS, TIMER_BIT, &bits) == K5_OK) {
 *         ... make the device lower its line ...
 *         if (k5_irq_ack(CAP_TIMER) != K5_OK) {
 *             k5_panic(1);
 *         }
 *     }
 */
#pragma once

#include "k5_types.h"

/*
 * Sets bits; wakes the receiving thread if it waits for one of them. Bits that are
 * set already stay set: signals merge, and never wait.
 *
 * K5_E_RIGHTS: also if a badge of the capability (a mask) leaves one of the bits out.
 */
K5_MUST_USE static inline enum k5_error k5_signal(k5_cptr_t notification, uint32_t bits)
{
    return (enum k5_error)k5_sys_signal(notification, bits);
}

/*
 * Waits until a bit of `mask` is set, then takes all bits of the mask that are; the
 * others stay for later. On an error *bits stays as it was.
 *
 * K5_E_RIGHTS: also if this is not the notification's receiving thread.
 * K5_E_INVALID: the mask is 0.
 */
K5_MUST_USE enum k5_error k5_wait(k5_cptr_t notification, uint32_t mask, uint32_t *bits);

/* The same until a deadline; K5_E_TIMEOUT: none of the bits was set by then. */
K5_MUST_USE enum k5_error k5_wait_until(k5_cptr_t notification, uint32_t mask,
                                        k5_deadline_t deadline, uint32_t *bits);

/* The same without waiting; K5_E_WOULD_BLOCK: none of the bits is set. */
K5_MUST_USE enum k5_error k5_poll(k5_cptr_t notification, uint32_t mask, uint32_t *bits);

/*
 * Unmasks an interrupt. It is masked at boot, when it fires, and when its driver's
 * task dies: so a driver acknowledges once when it begins, and after each one that
 * it has dealt with at the device.
 */
K5_MUST_USE static inline enum k5_error k5_irq_ack(k5_cptr_t interrupt)
{
    return (enum k5_error)k5_sys_irq_ack(interrupt);
}
