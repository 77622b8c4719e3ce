/* Donation: what a thread runs on, and how urgently, while others wait for it.
 *
 * A call lends the caller's payer and effective priority to the receiver until
 * the reply, through chains. Threads queued at an endpoint lend their priority
 * to its receiver, and their time if it is passive and serves nobody.
 */
#pragma once

#include "kernel/state.h"

/* For whom thread `id` waits, or NO_THREAD. */
uint32_t donation_waits_for(uint32_t id);

/* True if thread `id`, waiting for `receiver`, would close a cycle. */
bool donation_would_deadlock(uint32_t id, uint32_t receiver);

/* Recomputes payer and priority of thread `id`, and of those it waits for in turn. */
void donation_update(uint32_t id);

/* The donation that the thread works on ends; donation_update() must follow. */
void donation_forget(struct thread *thread);

/* The same with it: thread `id` replied. */
void donation_end(uint32_t id);

/*
 * Payer `id` ran dry, or has time again: then whoever runs on it has overrun
 * nothing. Passive servers that live on their queues must know of either.
 */
void donation_payer_changed(uint32_t id);

/* Thread `id` dies or is forgotten as a client: what it lent to its server stays as it is. */
void donation_orphan(uint32_t id);

/* For the invariant check: payer and priority of thread `id` are what is lent to it now. */
bool donation_is_current(uint32_t id);
