/* Scheduling: fixed priorities, round robin, budgets and cooldowns, timers.
 *
 * A budget is spent by whoever runs on it; then its owner cools down, and a
 * server that it paid for goes on for its declared overrun. What was overdrawn
 * is debited from the next budget. With a cooldown of 0 the budget is a slice:
 * it is refilled at once, and the running thread goes behind its equals.
 */
#include "kernel/sched.h"

#include "kernel/donation.h"
#include "kernel/notification.h"
#include "kernel/queue.h"
#include "kernel/reaper.h"
#include "kernel/region.h"
#include "kernel/system.h"
#include "kernel/task.h"
#include "kernel/thread.h"
#include "kernel/wait.h"

void sched_init(void)
{
    for (uint32_t i = 0; i < CFG_PRIORITIES; i++) {
        queue_init(&k5.queue[i]);
    }
    k5.current = NO_THREAD;
    k5.booted_at = port_cycles();
    k5.charged_at = k5.booted_at;
    k5.next_timer = PORT_NEVER;
    k5.armed = PORT_NEVER;
}

void sched_note_timer(uint64_t at)
{
    if (at < k5.next_timer) {
        k5.next_timer = at;
    }
}

/* ------------------------------------------------------------ budgets */

/* Debts stay where adding one entry's time cannot overflow. */
#define DEBT_MAX (INT32_MAX / 2)

static void budget_spent(uint32_t id)
{
    struct thread *thread = &k5.thread[id];

    if (thread->cooldown == 0) {
        thread->budget_left = (int32_t)thread->budget;
        k5.slice_over = 1;
        return;
    }
    thread->cooling = 1;
    thread->replenish_at = k5.charged_at + thread->cooldown;
    sched_note_timer(thread->replenish_at);
    port_trace(K5_EVENT_EXHAUSTED, id, 0, (uint32_t)-thread->budget_left, 0);
    if (thread->state == K5_THREAD_READY && thread->payer == id) {
        sched_remove(id);
        thread_set_state(&k5.thread[id], K5_THREAD_EXHAUSTED);
    }
    donation_payer_changed(id);
}

static void replenish(uint32_t id)
{
    struct thread *thread = &k5.thread[id];

    thread->budget_left += (int32_t)thread->budget;
    thread->cooling = 0;
    port_trace(K5_EVENT_REPLENISHED, id, 0, (uint32_t)thread->budget_left, 0);
    if (thread->budget_left <= 0) {
        budget_spent(id); /* overdrawn by more than a budget: cools down once more, */
        if (thread->cooling) {
            return; /* unless it has been given a budget without cooldown meanwhile */
        }
    }
    donation_payer_changed(id);
    if (thread->state == K5_THREAD_EXHAUSTED) {
        sched_ready(id);
    }
}

void sched_charge(void)
{
    uint64_t now = port_cycles();
    uint64_t elapsed = now - k5.charged_at;

    k5.charged_at = now;
    k5.slice_over = 0;
    k5.goes_on = k5.unfinished;
    k5.unfinished = 0;
    if (k5.current == NO_THREAD) {
        k5.idle += elapsed;
        return;
    }

    struct thread *running = &k5.thread[k5.current];
    uint32_t payer_id = running->payer;
    struct thread *payer = &k5.thread[payer_id];
    int32_t spent = elapsed < DEBT_MAX ? (int32_t)elapsed : DEBT_MAX;
    int32_t left = payer->budget_left - spent;

    payer->consumed += elapsed;
    payer->budget_left = left > -DEBT_MAX ? left : -DEBT_MAX;
    if (left > 0) {
        return;
    }
    if (!payer->cooling) {
        spent = -left; /* of it beyond the budget */
        budget_spent(payer_id);
    }
    if (payer->cooling && payer != running && running->payer == payer_id) {
        running->overrun_used += (uint32_t)spent;
    }
}

bool sched_overran(void)
{
    if (k5.current == NO_THREAD) {
        return false;
    }

    const struct thread *thread = &k5.thread[k5.current];

    return thread->state == K5_THREAD_RUNNING && thread->payer != k5.current &&
           thread->payer != NO_THREAD && k5.thread[thread->payer].cooling &&
           thread->overrun_used >= sys_thread(k5.current)->overrun;
}

/* ------------------------------------------------------------ timers */

bool sched_is_due(uint64_t at)
{
    if (at <= k5.charged_at) {
        return true;
    }
    sched_note_timer(at);
    return false;
}

/* True if something was due. */
static bool thread_timers(uint32_t id)
{
    struct thread *thread = &k5.thread[id];
    bool due = wait_timers(id);

    if (thread->state == K5_THREAD_SLEEPING && sched_is_due(thread->wake_at)) {
        port_trace(K5_EVENT_WAKE, id, 0, 0, 0);
        thread_complete(&k5.thread[id], K5_OK);
        sched_ready(id);
        due = true;
    }
    if (thread->cooling && sched_is_due(thread->replenish_at)) {
        replenish(id);
        due = true;
    }
    return due;
}

bool sched_timers(void)
{
    uint32_t threads = sys_thread_count();
    uint32_t count = threads + sys_task_count();
    uint64_t next = k5.next_timer;

    if (k5.charged_at < next) {
        return true;
    }
    k5.next_timer = PORT_NEVER;
    for (uint32_t i = 0; i < count; i++) {
        bool due = i < threads ? thread_timers(i) : task_timers(i - threads);

        if (due && i + 1 < count && port_pending()) {
            k5.next_timer = next; /* the rest is still due */
            return false;
        }
    }
    return true;
}

bool sched_sleep(uint64_t at)
{
    uint32_t id = k5.current;

    if (at <= k5.charged_at) {
        return false;
    }
    k5.thread[id].wake_at = at;
    thread_set_state(&k5.thread[id], K5_THREAD_SLEEPING);
    sched_note_timer(at);
    return true;
}

/* ------------------------------------------------------------ ready queues */

static void ready_push(uint32_t id, bool front)
{
    uint32_t priority = k5.thread[id].effective;

    thread_set_state(&k5.thread[id], K5_THREAD_READY);
    k5.ready |= 1u << priority;
    if (front) {
        queue_push_front(&k5.queue[priority], id);
    } else {
        queue_push_back(&k5.queue[priority], id);
    }
}

void sched_make_ready(uint32_t id, bool front)
{
    const struct thread *thread = &k5.thread[id];

    if (k5.task[thread->task].state != K5_TASK_READY) {
        thread_set_state(&k5.thread[id], k5.task[thread->task].state == K5_TASK_HELD
                                             ? K5_THREAD_HELD
                                             : K5_THREAD_OFF);
    } else if (thread->dying) {
        thread_set_state(&k5.thread[id], K5_THREAD_OFF);
    } else if (thread->payer == NO_THREAD) {
        thread_set_state(&k5.thread[id], K5_THREAD_UNFUNDED);
    } else if (thread->payer == id && thread->cooling) {
        thread_set_state(&k5.thread[id], K5_THREAD_EXHAUSTED);
    } else {
        ready_push(id, front);
    }
}

void sched_ready(uint32_t id)
{
    sched_make_ready(id, false);
}

void sched_resume(uint32_t id)
{
    sched_make_ready(id, true);
}

void sched_remove(uint32_t id)
{
    const struct thread *thread = &k5.thread[id];
    struct thread_queue *queue = &k5.queue[thread->effective];

    if (thread->state != K5_THREAD_READY) {
        return; /* the other runnable states are no queues */
    }
    queue_remove(queue, id);
    if (queue_empty(queue)) {
        k5.ready &= ~(1u << thread->effective);
    }
}

void sched_rotate(void)
{
    k5.slice_over = 1;
}

/* ------------------------------------------------------------ who runs */

/* The running thread stays, unless it lost its time or its place. */
static bool keeps_running(uint32_t id)
{
    if (id == NO_THREAD || k5.thread[id].state != K5_THREAD_RUNNING) {
        return false;
    }

    const struct thread *thread = &k5.thread[id];

    if (thread->payer == NO_THREAD || (thread->payer == id && thread->cooling)) {
        sched_ready(id);
        return false;
    }

    uint32_t ready = k5.ready >> thread->effective; /* bit 0: its equals, the others: more urgent */

    if (ready == 0 || (ready == 1 && !k5.slice_over)) {
        return true;
    }
    ready_push(id, !k5.slice_over);
    return false;
}

static uint32_t pick(void)
{
    if (k5.ready == 0) {
        return NO_THREAD;
    }

    uint32_t id = k5.queue[sched_highest_ready()].head;

    sched_remove(id);
    thread_set_state(&k5.thread[id], K5_THREAD_RUNNING);
    return id;
}

/* The tick at which the running thread must be stopped, or the next timer is due. */
static uint64_t deadline(void)
{
    if (k5.current == NO_THREAD) {
        return k5.next_timer;
    }

    const struct thread *payer = &k5.thread[k5.thread[k5.current].payer];
    int64_t room = payer->budget_left;

    if (payer->cooling) {
        room = (int64_t)sys_thread(k5.current)->overrun - k5.thread[k5.current].overrun_used;
    }

    uint64_t end = k5.charged_at + (room > 0 ? (uint64_t)room : 0);

    return end < k5.next_timer ? end : k5.next_timer;
}

void sched_halt(uint32_t code)
{
    event_emit(K5_EVENT_HALT, NO_THREAD, code, NULL, 0);
    port_halt();
}

/* Nothing runs for now, or any more. */
static void park(void)
{
    uint32_t id = k5.current;

    if (id != NO_THREAD && k5.thread[id].state == K5_THREAD_RUNNING) {
        sched_resume(id);
    }
    k5.current = NO_THREAD;
}

static void choose(enum k5_event_kind event)
{
    uint32_t before = k5.current;

    if (keeps_running(before)) {
        return;
    }
    k5.current = (uint8_t)pick();
    if (k5.current == NO_THREAD) {
        port_trace(K5_EVENT_IDLE, NO_THREAD, before, 0, 0);
    } else if (k5.current != before) {
        port_trace((uint8_t)event, k5.current, before, k5.thread[k5.current].payer, 0);
    }
    (void)event; /* release images have no trace */
}

/* Who runs next does so on a current view. False: an interrupt is pending, and comes first. */
static bool refresh_view(void)
{
    if (k5.current == NO_THREAD) {
        return true;
    }

    uint32_t id = k5.thread[k5.current].task;
    struct task *task = task_at(id);

    if (task->stale) {
        if (!k5.goes_on && port_pending()) {
            return false;
        }
        task->stale = 0;
        port_mpu_compile((uint8_t)id);
    }
    return true;
}

/* The entry has done its work by now, so what is long may wait for an interrupt; unless it is there
 * to go on with what another one left. */
void sched_finish(enum k5_event_kind event)
{
    if (!k5.unfinished) {
        k5.unfinished = !reaper_run();
    }
    if (!k5.unfinished && !k5.halted) {
        choose(event);
        k5.unfinished = !refresh_view();
    }
    if (k5.unfinished || k5.halted) {
        park(); /* long work goes on when the pending interrupt has been taken */
        return;
    }
    if (k5.current == NO_THREAD && k5.next_timer == PORT_NEVER && !interrupt_is_expected()) {
        sched_halt(0);
    }

    uint64_t at = deadline();

    if (at != k5.armed) {
        k5.armed = at;
        port_deadline(at);
    }
}
