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
    thread_complete(k5.current, K5_OK);
}

void syscall_log(struct thread *thread)
{
    uint32_t level = thread->reg[1] & 0xffu;
    uint32_t count = thread->reg[1] >> 8;

    if (level > K5_LEVEL_TRACE || count > LOG_ARGS) {
        thread_complete(k5.current, K5_E_INVALID);
        return;
    }

    uint32_t arg[1 + LOG_ARGS] = {thread->reg[0]};

    for (uint32_t i = 0; i < count; i++) {
        arg[1 + i] = thread->reg[2 + i];
    }
    event_emit(K5_EVENT_LOG, k5.current, level | count << 8, arg, 1 + count);
    thread_complete(k5.current, K5_OK);
}

static void syscall_sleep(void)
{
    const struct thread *thread = &k5.thread[k5.current];

    sched_sleep((uint64_t)thread->reg[1] << 32 | thread->reg[0]);
}

void syscall_slow(uint32_t number)
{
    sched_charge();
    switch (number) {
    case K5_SYS_SEND:
        ipc_send();
        break;
    case K5_SYS_CALL:
        ipc_call();
        break;
    case K5_SYS_RECV:
        ipc_recv();
        break;
    case K5_SYS_REPLY:
        ipc_reply();
        break;
    case K5_SYS_REPLY_RECV:
        ipc_reply_recv();
        break;
    case K5_SYS_SLEEP:
        syscall_sleep();
        break;
    case K5_SYS_YIELD:
        sched_rotate();
        break;
    case K5_SYS_PANIC:
        fault_raise(k5.current, K5_FAULT_PANIC, k5.thread[k5.current].reg[0]);
        break;
    case K5_SYS_SIGNAL:
        notification_syscall_signal();
        break;
    case K5_SYS_WAIT:
        notification_syscall_wait();
        break;
    case K5_SYS_MINT:
        cap_syscall_mint(&k5.thread[k5.current]);
        break;
    case K5_SYS_DELETE:
        cap_syscall_delete(&k5.thread[k5.current]);
        break;
    case K5_SYS_REVOKE:
        cap_syscall_revoke(&k5.thread[k5.current]);
        break;
    case K5_SYS_MAP:
        region_syscall_map(&k5.thread[k5.current]);
        break;
    case K5_SYS_UNMAP:
        region_syscall_unmap(&k5.thread[k5.current]);
        break;
    case K5_SYS_IRQ_ACK:
        interrupt_syscall_ack();
        break;
    case K5_SYS_LISTEN:
        name_syscall_listen();
        break;
    case K5_SYS_CONNECT:
        name_syscall_connect();
        break;
    case K5_SYS_TASK_STATUS:
        task_syscall_status();
        break;
    case K5_SYS_TASK_START:
        task_syscall_start();
        break;
    case K5_SYS_TASK_STOP:
        task_syscall_stop();
        break;
    case K5_SYS_TASK_RESTART:
        task_syscall_restart();
        break;
    case K5_SYS_TASK_HOLD:
        task_syscall_hold();
        break;
    case K5_SYS_TASK_RESUME:
        task_syscall_resume();
        break;
    case K5_SYS_THREAD_STATUS:
        control_syscall_status();
        break;
    case K5_SYS_THREAD_START:
        control_syscall_start();
        break;
    case K5_SYS_THREAD_STOP:
        control_syscall_stop();
        break;
    case K5_SYS_THREAD_SET_PRIORITY:
        control_syscall_set_priority();
        break;
    case K5_SYS_THREAD_SET_BUDGET:
        control_syscall_set_budget();
        break;
    default:
        fault_raise(k5.current, K5_FAULT_SYSCALL, number);
        break;
    }
    sched_finish(K5_EVENT_SWITCH);
}
