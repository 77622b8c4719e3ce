/* System calls that need no file of their own: time, sleep, yield, log, panic; and the dispatch. */
#include "kernel/syscall.h"

#include "kernel/cap.h"
#include "kernel/control.h"
#include "kernel/entry.h"
#include "kernel/fault.h"
#include "kernel/ipc.h"
#include "kernel/name.h"
#include "kernel/notification.h"
#include "kernel/region.h"
#include "kernel/sched.h"
#include "kernel/task.h"
#include "kernel/thread.h"

#define LOG_ARGS 5u

void syscall_time(struct thread *thread)
{
    uint64_t now = port_cycles();

    thread->reg[1] = (uint32_t)now;
    thread->reg[2] = (uint32_t)(now >> 32);
    thread->reg[3] = port_system()->tick_hz;
    thread_complete(thread, K5_OK);
}

void syscall_log(struct thread *thread)
{
    uint32_t level = thread->reg[1] & 0xffu;
    uint32_t count = thread->reg[1] >> 8;

    if (level > K5_LEVEL_TRACE || count > LOG_ARGS) {
        thread_complete(thread, K5_E_INVALID);
        return;
    }

    uint32_t arg[1 + LOG_ARGS] = {thread->reg[0]};

    for (uint32_t i = 0; i < count; i++) {
        arg[1 + i] = thread->reg[2 + i];
    }
    event_emit(K5_EVENT_LOG, k5.current, level | count << 8, arg, 1 + count);
    thread_complete(thread, K5_OK);
}

static enum k5_error call_sleep(struct thread *thread, struct cap *cap)
{
    (void)cap;
    return sched_sleep((uint64_t)thread->reg[1] << 32 | thread->reg[0]) ? NO_RESULT : K5_OK;
}

static enum k5_error call_yield(struct thread *thread, struct cap *cap)
{
    (void)thread;
    (void)cap;
    sched_rotate();
    return K5_OK;
}

static enum k5_error call_panic(struct thread *thread, struct cap *cap)
{
    (void)cap;
    fault_raise(k5.current, K5_FAULT_PANIC, thread->reg[0]);
    return NO_RESULT;
}

/* ------------------------------------------------------------ the table */

/* Of whatever kind, with whatever rights: the call looks by itself. */
#define ANY_KIND 0xffu

/* What begins with a capability gets it, any other call NULL. They return the call's error, or
 * NO_RESULT. */
static enum k5_error (*const table[K5_SYS_COUNT])(struct thread *thread, struct cap *cap) = {
    [K5_SYS_SEND] = ipc_send,
    [K5_SYS_CALL] = ipc_call,
    [K5_SYS_RECV] = ipc_recv,
    [K5_SYS_REPLY] = ipc_reply,
    [K5_SYS_REPLY_RECV] = ipc_reply_recv,
    [K5_SYS_SLEEP] = call_sleep,
    [K5_SYS_YIELD] = call_yield,
    [K5_SYS_PANIC] = call_panic,
    [K5_SYS_SIGNAL] = notification_call_signal,
    [K5_SYS_WAIT] = notification_call_wait,
    [K5_SYS_MINT] = cap_call_mint,
    [K5_SYS_DELETE] = cap_call_delete,
    [K5_SYS_REVOKE] = cap_call_revoke,
    [K5_SYS_MAP] = region_call_map,
    [K5_SYS_UNMAP] = region_call_unmap,
    [K5_SYS_IRQ_ACK] = interrupt_call_ack,
    [K5_SYS_LISTEN] = name_call_listen,
    [K5_SYS_CONNECT] = name_call_connect,
    [K5_SYS_TASK_STATUS] = task_call_status,
    [K5_SYS_TASK_START] = task_call_start,
    [K5_SYS_TASK_STOP] = task_call_stop,
    [K5_SYS_TASK_RESTART] = task_call_restart,
    [K5_SYS_TASK_HOLD] = task_call_hold,
    [K5_SYS_TASK_RESUME] = task_call_resume,
    [K5_SYS_THREAD_STATUS] = control_call_status,
    [K5_SYS_THREAD_START] = control_call_start,
    [K5_SYS_THREAD_STOP] = control_call_stop,
    [K5_SYS_THREAD_SET_PRIORITY] = control_call_set_priority,
    [K5_SYS_THREAD_SET_BUDGET] = control_call_set_budget,
};

/* What the first argument must be. 0: no capability. */
static const uint16_t need[K5_SYS_COUNT] = {
    [K5_SYS_SIGNAL] = CAP_NEED(K5_KIND_NOTIFICATION, K5_RIGHT_SIGNAL),
    [K5_SYS_WAIT] = CAP_NEED(K5_KIND_NOTIFICATION, K5_RIGHT_WAIT),
    [K5_SYS_MINT] = ANY_KIND,
    [K5_SYS_DELETE] = ANY_KIND,
    [K5_SYS_REVOKE] = ANY_KIND,
    [K5_SYS_MAP] = CAP_NEED(K5_KIND_REGION, 0),
    [K5_SYS_UNMAP] = CAP_NEED(K5_KIND_REGION, 0),
    [K5_SYS_IRQ_ACK] = CAP_NEED(K5_KIND_INTERRUPT, K5_RIGHT_ACK),
    [K5_SYS_LISTEN] = CAP_NEED(K5_KIND_PORT, K5_RIGHT_LISTEN),
    [K5_SYS_CONNECT] = CAP_NEED(K5_KIND_PORT, K5_RIGHT_CONNECT),
    [K5_SYS_TASK_STATUS] = CAP_NEED(K5_KIND_TASK, K5_RIGHT_STATUS),
    [K5_SYS_TASK_START] = CAP_NEED(K5_KIND_TASK, K5_RIGHT_CONTROL),
    [K5_SYS_TASK_STOP] = CAP_NEED(K5_KIND_TASK, K5_RIGHT_CONTROL),
    [K5_SYS_TASK_RESTART] = CAP_NEED(K5_KIND_TASK, K5_RIGHT_CONTROL),
    [K5_SYS_TASK_HOLD] = CAP_NEED(K5_KIND_TASK, K5_RIGHT_CONTROL),
    [K5_SYS_TASK_RESUME] = CAP_NEED(K5_KIND_TASK, K5_RIGHT_CONTROL),
    [K5_SYS_THREAD_STATUS] = CAP_NEED(K5_KIND_THREAD, K5_RIGHT_STATUS),
    [K5_SYS_THREAD_START] = CAP_NEED(K5_KIND_THREAD, K5_RIGHT_CONTROL),
    [K5_SYS_THREAD_STOP] = CAP_NEED(K5_KIND_THREAD, K5_RIGHT_CONTROL),
    [K5_SYS_THREAD_SET_PRIORITY] = CAP_NEED(K5_KIND_THREAD, K5_RIGHT_CONTROL),
    [K5_SYS_THREAD_SET_BUDGET] = CAP_NEED(K5_KIND_THREAD, K5_RIGHT_CONTROL),
};

K5_MUST_USE static enum k5_error find(const struct thread *thread, uint32_t what, struct cap **cap)
{
    switch (what) {
    case 0:
        return K5_OK;
    case ANY_KIND:
        return cap_find_any(thread, thread->reg[0], cap);
    default:
        return cap_find(thread, thread->reg[0], what, cap);
    }
}

void syscall_slow(uint32_t number)
{
    uint32_t id = k5.current;
    struct thread *thread = &k5.thread[id];

    sched_charge();
    if (number < K5_SYS_COUNT && table[number] != NULL) {
        struct cap *cap = NULL;
        enum k5_error error = find(thread, need[number], &cap);

        if (error == K5_OK) {
            error = table[number](thread, cap);
        }
        if (error != NO_RESULT) {
            thread_complete(&k5.thread[id], error);
        }
    } else {
        fault_raise(id, K5_FAULT_SYSCALL, number);
    }
    sched_finish(K5_EVENT_SWITCH);
}
