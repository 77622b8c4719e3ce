/* System calls beside IPC: time, sleep, yield, log, caps, panic; and the dispatch of the rest. */
#include "kernel/syscall.h"

#include "kernel/cap.h"
#include "kernel/entry.h"
#include "kernel/fault.h"
#include "kernel/ipc.h"
#include "kernel/sched.h"
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

void syscall_caps(struct thread *thread)
{
    uint32_t index = thread->reg[0];

    if (index >= thread->slot_count) {
        thread_complete(k5.current, K5_E_INVALID);
        return;
    }

    const struct cap *cap = &k5.slot[thread->slot_base + index];

    if (cap->kind == K5_KIND_NONE) {
        thread_complete(k5.current, K5_E_CPTR);
        return;
    }
    thread->reg[1] = cap_cptr(index, cap->generation);
    thread->reg[2] = (uint32_t)cap->kind | (uint32_t)cap->rights << 8;
    thread->reg[3] = cap->badge;
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
        fault_raise(K5_FAULT_PANIC, k5.thread[k5.current].reg[0]);
        break;
    default:
        fault_raise(K5_FAULT_SYSCALL, number);
        break;
    }
    sched_finish(K5_EVENT_SWITCH);
}
