/* The reaper: how threads and tasks come down, a bounded step at a time. */
#include "kernel/reaper.h"

#include "kernel/cap.h"
#include "kernel/donation.h"
#include "kernel/endpoint.h"
#include "kernel/fault.h"
#include "kernel/ipc.h"
#include "kernel/loan.h"
#include "kernel/name.h"
#include "kernel/notification.h"
#include "kernel/sched.h"
#include "kernel/system.h"
#include "kernel/task.h"
#include "kernel/thread.h"
#include "kernel/wait.h"

/* In the detail of a timeout fault, beside the lender: it kept the memory of a dead task. */
#define GRACE_IS_OVER 0x100u

enum progress { MORE, BLOCKED, NOTHING_LEFT };

/* ------------------------------------------------------------ beginning */

/* A task that can go on is counted, so that entries look for one only if there is one. */
static void count(uint32_t id, bool can_go_on)
{
    struct task *task = task_at(id);

    if (task->blocked == can_go_on) {
        task->blocked = !can_go_on;
        k5.reaping = (uint8_t)(can_go_on ? k5.reaping + 1 : k5.reaping - 1);
    }
}

/*
 * A whole task begins with its threads, whatever stage it had reached: it may have been on its way
 * to a restart that will not be, and some may wait for that.
 */
static void begin(uint32_t id, enum stage stage)
{
    struct task *task = task_at(id);

    if (task->dying == STAGE_NONE) {
        k5.reaping++;
    } else {
        count(id, true);
    }
    if (stage == STAGE_THREADS || task->dying == STAGE_NONE) {
        task->dying = (uint8_t)stage;
    }
}

/*
 * It neither runs nor takes part in anything from now on; others may still wait for
 * it. A caller whose loan is out stays in the list of loans, dead.
 */
static void leave(uint32_t id)
{
    struct thread *thread = &k5.thread[id];

    thread->dying = 1;
    if (thread_is_runnable(id)) {
        sched_remove(id);
        thread_set_state(&k5.thread[id], K5_THREAD_OFF);
    } else if (thread->state == K5_THREAD_AWAITING) {
        donation_orphan(id);
        thread_set_state(&k5.thread[id], thread->lends ? K5_THREAD_LENDING : K5_THREAD_OFF);
    } else if (thread->state != K5_THREAD_LENDING) {
        wait_leave(id);
    }
}

/* Whoever asked for it goes on when it is done: so it is as urgent. */
static void raise_urgency(uint32_t id)
{
    uint32_t asking = k5.current == NO_THREAD ? 0 : k5.thread[k5.current].effective;

    if (k5.task[id].urgency < asking) {
        k5.task[id].urgency = (uint8_t)asking;
    }
}

void reaper_take_thread(uint32_t id)
{
    leave(id);
    begin(k5.thread[id].task, STAGE_THREAD);
    raise_urgency(k5.thread[id].task);
}

void reaper_take_task(uint32_t id)
{
    const struct sys_task *table = sys_task(id);

    raise_urgency(id);
    if (k5.task[id].dying < STAGE_THREADS) {
        k5.task[id].grace_end = k5.charged_at + table->grace_ticks;
    }
    for (uint32_t i = 0; i < table->thread_count; i++) {
        leave(table->first_thread + i);
    }
    name_close_all(id);
    begin(id, STAGE_THREADS);
}

/* ------------------------------------------------------------ threads */

static enum k5_error error_for_peers(uint32_t id)
{
    return k5.task[id].state == K5_TASK_BACKOFF ? K5_E_RESTARTED : K5_E_STOPPED;
}

/* Who called after the death knows of it, and waits for the next incarnation. */
static bool knows(const struct thread *thread, uint32_t task)
{
    return thread_is_sending(thread) && k5.task[task].dying > STAGE_THREAD &&
           k5.task[task].state == K5_TASK_BACKOFF && thread->used_slot != NO_SLOT &&
           k5.slot[thread->used_slot].seen == k5.task[task].generation;
}

/* Fails one of those who wait for a dying thread of the task. */
static enum progress fail_peer(uint32_t task)
{
    enum progress progress = NOTHING_LEFT;

    for (uint32_t i = 0; i < sys_thread_count(); i++) {
        const struct thread *thread = &k5.thread[i];
        uint32_t server = donation_waits_for(i);

        if (server == NO_THREAD || k5.thread[server].task != task || k5.thread[server].dying == 0 ||
            thread->state == K5_THREAD_FAULTED || knows(thread, task)) {
            continue;
        }
        if (thread->lends && loan_is_passed_on(i)) {
            progress = BLOCKED;
            continue;
        }
        ipc_fail_waiting(i, server, error_for_peers(task));
        return MORE;
    }
    return progress;
}

/* The loans of dying borrowers go back to dead lenders as well. */
static enum progress end_dead_loan(uint32_t task)
{
    enum progress progress = NOTHING_LEFT;

    for (uint32_t id = k5.loans; id != NO_THREAD; id = k5.thread[id].next_loan) {
        uint32_t holder = k5.thread[id].holder;

        if (k5.thread[id].state != K5_THREAD_LENDING || k5.thread[holder].task != task ||
            k5.thread[holder].dying == 0) {
            continue;
        }
        if (loan_is_passed_on(id)) {
            progress = BLOCKED;
            continue;
        }
        loan_end(id);
        return MORE;
    }
    return progress;
}

/* True if all threads of the task that were dying are off. */
static bool bury(uint32_t task)
{
    const struct sys_task *table = sys_task(task);
    bool all = true;

    for (uint32_t i = 0; i < table->thread_count; i++) {
        struct thread *thread = &k5.thread[table->first_thread + i];

        if (thread->dying == 0) {
            continue;
        }
        if (thread->state == K5_THREAD_LENDING) {
            all = false;
        } else {
            donation_end(table->first_thread + i);
            thread->dying = 0;
        }
    }
    return all;
}

static enum progress step_threads(uint32_t task)
{
    enum progress peers = fail_peer(task);

    if (peers == MORE) {
        return MORE;
    }

    enum progress loans = end_dead_loan(task);

    if (loans == MORE) {
        return MORE;
    }
    if (peers == BLOCKED || loans == BLOCKED) {
        return BLOCKED;
    }
    return bury(task) ? NOTHING_LEFT : BLOCKED;
}

/* ------------------------------------------------------------ what else a task has */

static void drop_objects(uint32_t task)
{
    for (uint32_t i = 0; i < sys_endpoint_count(); i++) {
        if (k5.thread[k5.endpoint[i].receiver].task == task) {
            endpoint_drop_messages(i);
        }
    }
    for (uint32_t i = 0; i < sys_notification_count(); i++) {
        if (k5.thread[k5.notification[i].receiver].task == task) {
            notification_reset(i);
        }
    }
}

/*
 * A movable region that a dead task had is cleared, a part at a time, and goes home.
 * Progress stands in the badge, which it has no use for.
 */
static void leave_behind(uint32_t task, struct cap *cap)
{
    const struct sys_region *object = sys_object(cap->object);
    uint32_t left = object->bytes - cap->badge;
    uint32_t bytes = left < CFG_COPY_BYTES ? left : CFG_COPY_BYTES;

    if (cap->seen != 0) {
        region_forget(task, cap); /* no loan of this task is out any more */
    }
    port_clear(object->base + cap->badge, bytes);
    cap->badge += bytes;
    if (bytes == left) {
        cap->badge = 0;
        if (cap_slot(cap) != object->home) {
            cap_move(cap, cap_at(object->home));
        }
    }
}

/* Takes care of one capability: what the task derived, was given or has mapped ends with it. */
static enum progress step_caps(uint32_t task)
{
    const struct sys_task *table = sys_task(task);

    for (uint32_t i = 0; i < table->slot_count; i++) {
        struct cap *cap = cap_at(table->first_slot + i);
        bool given = i < table->cap_count;
        bool mapped = cap->kind == K5_KIND_REGION && cap->seen != 0;

        if (cap->kind == K5_KIND_NONE) {
            continue;
        }
        if (cap_is_movable(cap) && (!given || mapped || cap->badge != 0)) {
            leave_behind(task, cap);
            return MORE;
        }
        if (!given) {
            cap_remove(cap_leaf(cap));
            return MORE;
        }
        if (mapped) {
            region_forget(task, cap);
            return MORE;
        }
    }
    return NOTHING_LEFT;
}

/* ------------------------------------------------------------ steps */

static enum progress work(uint32_t id)
{
    struct task *task = task_at(id);

    switch ((enum stage)task->dying) {
    case STAGE_THREAD:
    case STAGE_THREADS: {
        enum progress progress = step_threads(id);

        if (progress == NOTHING_LEFT && task->dying == STAGE_THREADS) {
            task->dying = STAGE_OBJECTS;
            return MORE;
        }
        return progress;
    }
    case STAGE_OBJECTS:
        drop_objects(id);
        task->dying = STAGE_CAPS;
        return MORE;
    case STAGE_CAPS:
        if (step_caps(id) == NOTHING_LEFT) {
            task->dying = STAGE_WARDS;
        }
        return MORE;
    case STAGE_WARDS:
        return task_release_ward(id) ? MORE : NOTHING_LEFT;
    case STAGE_NONE:
        break;
    }
    return NOTHING_LEFT;
}

static void step(uint32_t id)
{
    struct task *task = task_at(id);
    enum progress progress = work(id);

    if (progress == BLOCKED) {
        count(id, false);
        if (task->dying == STAGE_THREADS) {
            sched_note_timer(task->grace_end);
        }
    } else if (progress == NOTHING_LEFT) {
        bool whole = task->dying > STAGE_THREAD;

        task->dying = STAGE_NONE;
        task->urgency = 0;
        k5.reaping--;
        if (whole) {
            (void)task_timers(id); /* its back-off may be over */
        }
    }
}

void reaper_retry(void)
{
    for (uint32_t i = 0; i < sys_task_count(); i++) {
        if (k5.task[i].blocked) {
            count(i, true);
        }
    }
}

/*
 * Who has the memory of a dead thread had its time. A held task could not take a fault, and may be
 * held for ever: it just loses the loan, after whoever it has passed it on to. False: the holder is
 * coming down itself, and has a grace of its own.
 */
static bool call_in(uint32_t dead)
{
    uint32_t lender = dead;

    for (uint32_t i = 0; i < CFG_THREADS; i++) {
        uint32_t holder = k5.thread[lender].holder;
        uint32_t state = k5.task[k5.thread[holder].task].state;

        if (state == K5_TASK_READY) {
            fault_raise(holder, K5_FAULT_TIMEOUT, dead | GRACE_IS_OVER);
            return true;
        }
        if (state != K5_TASK_HELD) {
            break;
        }

        uint32_t onward = loan_onward(lender);

        if (onward == NO_THREAD) {
            loan_end(lender); /* of the held ones; they go on waiting for the reply alone */
            return true;
        }
        lender = onward;
    }
    return false;
}

bool reaper_timers(uint32_t id)
{
    const struct task *task = task_at(id);

    if (!task->blocked || task->dying != STAGE_THREADS || !sched_is_due(task->grace_end)) {
        return false;
    }
    for (uint32_t i = k5.loans; i != NO_THREAD; i = k5.thread[i].next_loan) {
        if (k5.thread[i].task == id && k5.thread[i].state == K5_THREAD_LENDING && call_in(i)) {
            sched_note_timer(task->grace_end); /* it may be held now, and then loses the loan */
            return true;
        }
    }
    return false;
}

/* ------------------------------------------------------------ at the end of an entry */

/* As urgent as who asked for it, or the most urgent of its threads with what their peers lend. */
static uint32_t urgency(uint32_t id)
{
    const struct sys_task *table = sys_task(id);
    uint32_t highest = k5.task[id].urgency;

    for (uint32_t i = 0; i < table->thread_count; i++) {
        uint32_t effective = k5.thread[table->first_thread + i].effective;

        highest = effective > highest ? effective : highest;
    }
    return highest;
}

static bool somebody_is_more_urgent(uint32_t urgency)
{
    bool running = k5.current != NO_THREAD && k5.thread[k5.current].state == K5_THREAD_RUNNING &&
                   k5.thread[k5.current].effective > urgency;

    return running || k5.ready >> urgency > 1;
}

static uint32_t most_urgent(uint32_t *its_urgency)
{
    uint32_t best = NO_TASK;

    for (uint32_t i = 0; i < sys_task_count(); i++) {
        if (k5.task[i].dying != STAGE_NONE && !k5.task[i].blocked &&
            (best == NO_TASK || urgency(i) > *its_urgency)) {
            best = i;
            *its_urgency = urgency(i);
        }
    }
    return best;
}

bool reaper_run(void)
{
    while (k5.reaping != 0) {
        uint32_t its_urgency = 0;
        uint32_t id = most_urgent(&its_urgency);

        if (somebody_is_more_urgent(its_urgency)) {
            return true;
        }
        if (!k5.goes_on && port_pending()) {
            return false;
        }
        step(id);
        k5.goes_on = 0; /* it has: from here on whatever is long may wait */
    }
    return true;
}
