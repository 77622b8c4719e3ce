/* Made from abi/syscalls.toml by `./k5 build --abi`: do not edit.
 *
 * The only header that kernel and user share. What each call does: docs/abi.md.
 */
#pragma once

#define K5_ABI_VERSION 1

enum k5_error {
    K5_OK = 0, /* Done. */
    K5_E_CPTR = -1, /* No capability there: the slot is outside the table, or empty. */
    K5_E_STALE = -2, /* The capability, or the call that a reply answers, is gone. */
    K5_E_KIND = -3, /* The capability is of another kind than the call needs. */
    K5_E_RIGHTS = -4, /* The capability lacks the right that the call needs. */
    K5_E_INVALID = -5, /* An argument or flag is out of its range. */
    K5_E_ADDRESS = -6, /* A buffer is not wholly inside memory that the caller may access that way. */
    K5_E_SIZE = -7, /* A copy message is longer than the configured limit. */
    K5_E_WOULD_BLOCK = -8, /* A try_ form would have had to wait. */
    K5_E_DEADLOCK = -9, /* The call would wait, directly or through others, for its own thread. */
    K5_E_RESTARTED = -10, /* The serving task restarted since the capability was last used; the next use reaches its new incarnation. */
    K5_E_STOPPED = -11, /* The serving task was stopped and will not come back. */
    K5_E_TIMEOUT = -12, /* The deadline passed first. */
};

enum k5_kind {
    K5_KIND_NONE = 0, /* Empty slot. */
    K5_KIND_ENDPOINT = 1, /* A place to send to, call, or receive from. */
};

enum k5_right {
    K5_RIGHT_SEND = 1, /* send and call. */
    K5_RIGHT_RECV = 2, /* recv and reply_recv; only the endpoint's one receiving thread can use it. */
    K5_RIGHT_GRANT = 4, /* Pass capabilities along in messages. */
};

enum k5_message_kind {
    K5_MSG_SHORT = 0, /* Four words in registers (two where RECV_BUF is set). */
    K5_MSG_COPY = 1, /* Bytes, copied from the sender's buffer to the receiver's. */
};

enum k5_message_flag {
    K5_FLAG_TRY = 0x0100, /* Do not wait: E_WOULD_BLOCK instead. */
    K5_FLAG_RECV_BUF = 0x0200, /* w2 and w3 are a receive buffer (address, bytes), also where the message that goes out is short. */
    K5_FLAG_TRUNCATED = 0x0400, /* Result only: the buffer was shorter than the message. w0 is the full length, w1 the copied one. */
    K5_FLAG_REPLY_TRUNCATED = 0x0800, /* Result of reply_recv only: the caller's buffer was shorter than the reply just given. */
};

enum k5_log_level {
    K5_LEVEL_ERROR = 0,
    K5_LEVEL_WARN = 1,
    K5_LEVEL_INFO = 2,
    K5_LEVEL_DEBUG = 3,
    K5_LEVEL_TRACE = 4,
};

enum k5_event_kind {
    K5_EVENT_BOOT = 1, /* The kernel started. */
    K5_EVENT_LOG = 2, /* A task's log line. */
    K5_EVENT_FAULT = 3, /* A fault record. */
    K5_EVENT_TASK = 4, /* A task was held, stopped, put into back-off or (re)started. */
    K5_EVENT_PANIC = 5, /* A kernel assertion failed: the machine stops. The file name, 24 bytes. */
    K5_EVENT_HALT = 6, /* Nothing is ready and nothing will ever be: no timer is armed, no interrupt bound. */
    K5_EVENT_LOST = 7, /* The sink had no room for this many records before this one. */
    K5_EVENT_ENTER = 16, /* A thread made a system call (info word and cptr, or the call's first two arguments). */
    K5_EVENT_RESULT = 17, /* A thread got the result of its system call. */
    K5_EVENT_SWITCH = 18, /* Another thread runs, by a system call or a fault. */
    K5_EVENT_PREEMPT = 32, /* Another thread runs because time passed. */
    K5_EVENT_IDLE = 33, /* No thread is ready. */
    K5_EVENT_EXHAUSTED = 34, /* A thread's budget is spent; its cooldown begins. */
    K5_EVENT_REPLENISHED = 35, /* A thread's cooldown is over. */
    K5_EVENT_WAKE = 36, /* A thread's sleep or wait ended by time. */
};

enum k5_fault_kind {
    K5_FAULT_DATA = 1, /* Load or store outside the task's regions, or against their access. */
    K5_FAULT_FETCH = 2, /* Execution of memory that is not executable for the task. */
    K5_FAULT_STACK_OVERFLOW = 3, /* The stack pointer would pass its limit, or an exception frame would not fit. */
    K5_FAULT_BUS = 4, /* Access to an address where nothing answers, or to a privileged peripheral. */
    K5_FAULT_UNDEFINED = 5, /* Undefined instruction. */
    K5_FAULT_STATE = 6, /* Invalid execution state, exception return or branch target. */
    K5_FAULT_COPROCESSOR = 7, /* Coprocessor or floating-point instruction in a thread without FPU. */
    K5_FAULT_UNALIGNED = 8, /* Unaligned access that the core does not allow. */
    K5_FAULT_DIVIDE = 9, /* Division by zero. */
    K5_FAULT_BREAKPOINT = 10, /* Breakpoint instruction without a debugger. */
    K5_FAULT_SECURE = 11, /* Violation of the security attribution. */
    K5_FAULT_SYSCALL = 12, /* A number that is no system call. */
    K5_FAULT_PANIC = 13, /* The task ended itself; `address` is its code. */
    K5_FAULT_TIMEOUT = 14, /* A server overran: its payer's budget and the declared overrun are spent. */
    K5_FAULT_OTHER = 15, /* A hardware fault that fits none of the above: see `status`. */
};

enum k5_fault_flag {
    K5_FAULT_FLAG_PC_KNOWN = 1, /* `pc` is the faulting instruction. */
    K5_FAULT_FLAG_ADDRESS_KNOWN = 2, /* `address` is the address that was refused. */
    K5_FAULT_FLAG_RESUMABLE = 4, /* Nothing of the instruction happened; the thread could go on there. */
};

enum k5_task_state {
    K5_TASK_READY = 0, /* Runs. */
    K5_TASK_BACKOFF = 1, /* Waits for its restart. */
    K5_TASK_HELD = 2, /* Frozen where it faulted. */
    K5_TASK_STOPPED = 3, /* Over; peers get E_STOPPED. */
};

enum k5_syscall {
    K5_SYS_SEND = 0,
    K5_SYS_CALL = 1,
    K5_SYS_RECV = 2,
    K5_SYS_REPLY = 3,
    K5_SYS_REPLY_RECV = 4,
    K5_SYS_TIME = 5,
    K5_SYS_SLEEP = 6,
    K5_SYS_YIELD = 7,
    K5_SYS_LOG = 8,
    K5_SYS_CAPS = 9,
    K5_SYS_PANIC = 10,
    K5_SYS_COUNT = 11,
};

/* Number of its register: 0 is r4 on Armv8-M, a0 on RV32. A0.. arguments, R0.. results. */
enum k5_register {
    K5_A_SEND_CPTR = 0,
    K5_A_SEND_INFO = 1,
    K5_A_SEND_W0 = 2,
    K5_A_SEND_W1 = 3,
    K5_A_SEND_W2 = 4,
    K5_A_SEND_W3 = 5,
    K5_R_SEND_ERROR = 0,
    K5_R_SEND_INFO = 1,
    K5_R_SEND_W0 = 2,
    K5_R_SEND_W1 = 3,
    K5_A_CALL_CPTR = 0,
    K5_A_CALL_INFO = 1,
    K5_A_CALL_W0 = 2,
    K5_A_CALL_W1 = 3,
    K5_A_CALL_W2 = 4,
    K5_A_CALL_W3 = 5,
    K5_R_CALL_ERROR = 0,
    K5_R_CALL_INFO = 1,
    K5_R_CALL_W0 = 2,
    K5_R_CALL_W1 = 3,
    K5_R_CALL_W2 = 4,
    K5_R_CALL_W3 = 5,
    K5_R_CALL_COPIED = 6,
    K5_A_RECV_CPTR = 0,
    K5_A_RECV_INFO = 1,
    K5_A_RECV_W0 = 2,
    K5_A_RECV_W1 = 3,
    K5_A_RECV_W2 = 4,
    K5_A_RECV_W3 = 5,
    K5_R_RECV_ERROR = 0,
    K5_R_RECV_INFO = 1,
    K5_R_RECV_W0 = 2,
    K5_R_RECV_W1 = 3,
    K5_R_RECV_W2 = 4,
    K5_R_RECV_W3 = 5,
    K5_R_RECV_BADGE = 6,
    K5_R_RECV_REPLY = 7,
    K5_A_REPLY_REPLY = 0,
    K5_A_REPLY_INFO = 1,
    K5_A_REPLY_W0 = 2,
    K5_A_REPLY_W1 = 3,
    K5_A_REPLY_W2 = 4,
    K5_A_REPLY_W3 = 5,
    K5_R_REPLY_ERROR = 0,
    K5_R_REPLY_INFO = 1,
    K5_R_REPLY_W0 = 2,
    K5_R_REPLY_W1 = 3,
    K5_A_REPLY_RECV_REPLY = 0,
    K5_A_REPLY_RECV_INFO = 1,
    K5_A_REPLY_RECV_W0 = 2,
    K5_A_REPLY_RECV_W1 = 3,
    K5_A_REPLY_RECV_W2 = 4,
    K5_A_REPLY_RECV_W3 = 5,
    K5_A_REPLY_RECV_CPTR = 6,
    K5_R_REPLY_RECV_ERROR = 0,
    K5_R_REPLY_RECV_INFO = 1,
    K5_R_REPLY_RECV_W0 = 2,
    K5_R_REPLY_RECV_W1 = 3,
    K5_R_REPLY_RECV_W2 = 4,
    K5_R_REPLY_RECV_W3 = 5,
    K5_R_REPLY_RECV_BADGE = 6,
    K5_R_REPLY_RECV_REPLY = 7,
    K5_R_TIME_ERROR = 0,
    K5_R_TIME_TICKS_LOW = 1,
    K5_R_TIME_TICKS_HIGH = 2,
    K5_R_TIME_TICK_HZ = 3,
    K5_A_SLEEP_TICKS_LOW = 0,
    K5_A_SLEEP_TICKS_HIGH = 1,
    K5_R_SLEEP_ERROR = 0,
    K5_R_YIELD_ERROR = 0,
    K5_A_LOG_ID = 0,
    K5_A_LOG_SHAPE = 1,
    K5_A_LOG_A0 = 2,
    K5_A_LOG_A1 = 3,
    K5_A_LOG_A2 = 4,
    K5_A_LOG_A3 = 5,
    K5_A_LOG_A4 = 6,
    K5_R_LOG_ERROR = 0,
    K5_A_CAPS_SLOT = 0,
    K5_R_CAPS_ERROR = 0,
    K5_R_CAPS_CPTR = 1,
    K5_R_CAPS_KIND_RIGHTS = 2,
    K5_R_CAPS_BADGE = 3,
    K5_A_PANIC_CODE = 0,
    K5_R_NUMBER = 7,
};
