/* Made from abi/syscalls.toml by `./k5 build --abi`: do not edit.
 *
 * The only header that kernel and user share. What each call does: docs/abi.md.
 */
#pragma once

#define K5_ABI_VERSION 2

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
    K5_E_FULL = -13, /* The endpoint's queue has no room for another message. */
    K5_E_SLOTS = -14, /* No slot is free in the table that would get the capability, or it is derived too deep. */
    K5_E_REGIONS = -15, /* One side's protection hardware has no region left for this. */
    K5_E_ALIGNMENT = -16, /* The range does not begin and end on a multiple of 32 bytes, so the hardware cannot express it. */
    K5_E_BUSY = -17, /* The object is in use: lent, derived from, listened to, or still coming down. */
    K5_E_AGAIN = -18, /* Done in part: the same call again goes on. The functions of libk5 do that by themselves. */
    K5_E_CLOSED = -19, /* Nobody listens at the port. */
    K5_E_STATE = -20, /* The task or thread is not in a state for this. */
    K5_E_IO = -21, /* A device or its bus failed. No system call gives it: drivers answer with it. */
};

enum k5_kind {
    K5_KIND_NONE = 0, /* Empty slot. */
    K5_KIND_ENDPOINT = 1, /* A place to send to, call, or receive from. */
    K5_KIND_NOTIFICATION = 2, /* 32 bits that are set by signal and waited for by one thread. */
    K5_KIND_REGION = 3, /* Memory that can be mapped, or moved in a message. */
    K5_KIND_INTERRUPT = 4, /* An interrupt line, bound to a bit of a notification. */
    K5_KIND_PORT = 5, /* A name at which a server is found. */
    K5_KIND_TASK = 6, /* Control of a task. */
    K5_KIND_THREAD = 7, /* Control of a thread. */
};

enum k5_right {
    K5_RIGHT_SEND = 1, /* Endpoint: send and call. */
    K5_RIGHT_RECV = 2, /* Endpoint: recv and reply_recv; only its one receiving thread can use it. */
    K5_RIGHT_SIGNAL = 1, /* Notification: signal. A badge that is not 0 is the mask of the bits it may set. */
    K5_RIGHT_WAIT = 2, /* Notification: wait and poll; only its one receiving thread can use it. */
    K5_RIGHT_READ = 1, /* Region: map it readable. */
    K5_RIGHT_WRITE = 2, /* Region: map it writable, with READ. */
    K5_RIGHT_ACK = 1, /* Interrupt: unmask the line. */
    K5_RIGHT_LISTEN = 1, /* Port: listen. */
    K5_RIGHT_CONNECT = 2, /* Port: connect. Its badge becomes that of the endpoint capability that connect gives. */
    K5_RIGHT_CONTROL = 1, /* Task, thread: start, stop, restart, hold, resume, set priority and budget. A thread capability's badge is the highest priority that it may set. */
    K5_RIGHT_STATUS = 2, /* Task, thread: ask for its status. */
    K5_RIGHT_GRANT = 4, /* All kinds: pass the capability on in a message; a movable region: move it. */
};

enum k5_message_kind {
    K5_MSG_SHORT = 0, /* Four words in registers (two where RECV_BUF is set). */
    K5_MSG_COPY = 1, /* Bytes, copied from the sender's buffer to the receiver's. */
    K5_MSG_LEND = 2, /* call only: w0, w1 are a range of the caller's memory that caller and callee may read, and nobody may write, until the reply. */
    K5_MSG_LEND_MUT = 3, /* call only: w0, w1 are a range of the caller's memory that only the callee may read and write until the reply. */
    K5_MSG_MOVE = 4, /* w0 is the capability of a movable region, which changes owner. The receiver finds it mapped: w0, w1 are its base and length, w2 the new capability. */
    K5_MSG_NOTIFICATION = 5, /* Result of recv only: the bits of the thread's bound notification, in w0. */
    K5_MSG_FAULT = 6, /* Result of recv only, at a supervisor's endpoint: the label is the fault kind, w0 is task | thread << 8 | fault flags << 16, w1 the pc, w2 the address, w3 the status registers. */
};

enum k5_message_flag {
    K5_FLAG_TRY = 0x0100, /* Do not wait: E_WOULD_BLOCK instead. */
    K5_FLAG_RECV_BUF = 0x0200, /* w2 and w3 are a receive buffer (address, bytes), also where the message that goes out is short. */
    K5_FLAG_TRUNCATED = 0x0400, /* Result only: the buffer was shorter than the message. w0 is the full length, w1 the copied one. */
    K5_FLAG_REPLY_TRUNCATED = 0x0800, /* Result of reply_recv only: the caller's buffer was shorter than the reply just given. */
    K5_FLAG_TIMED = 0x1000, /* send, call, recv, wait, connect: give up with E_TIMEOUT at `deadline`, if the other side has not come by then. A call that was received is past that. */
    K5_FLAG_CAP = 0x2000, /* Short messages: w1 is a capability with the right GRANT to pass along; the receiver finds its own, derived from it, in w1. */
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
    K5_EVENT_PANIC = 5, /* A kernel assertion failed: the machine stops. The file name, 24 bytes; of an image name `assertion`, and name4 is the address behind it, which the ELF file's section `.k5_assertions` knows. */
    K5_EVENT_HALT = 6, /* Nothing is ready and nothing will ever be: no timer is armed, no interrupt bound. */
    K5_EVENT_LOST = 7, /* The sink had no room for this many records before this one. */
    K5_EVENT_EPITAPH = 8, /* A supervisor is gone for good: the system's last resort. */
    K5_EVENT_ENTER = 16, /* A thread made a system call (info word and cptr, or the call's first two arguments). */
    K5_EVENT_RESULT = 17, /* A thread got the result of its system call. */
    K5_EVENT_SWITCH = 18, /* Another thread runs, by a system call or a fault. */
    K5_EVENT_LOAN = 19, /* A range of the thread's memory is lent from now on. */
    K5_EVENT_LOAN_END = 20, /* The range is its owner's again. */
    K5_EVENT_PREEMPT = 32, /* Another thread runs because time passed. */
    K5_EVENT_IDLE = 33, /* No thread is ready. */
    K5_EVENT_EXHAUSTED = 34, /* A thread's budget is spent; its cooldown begins. */
    K5_EVENT_REPLENISHED = 35, /* A thread's cooldown is over. */
    K5_EVENT_WAKE = 36, /* A thread's sleep or wait ended by time. */
    K5_EVENT_INTERRUPT = 37, /* An interrupt fired, and is masked. */
    K5_EVENT_TIMEOUT = 38, /* A thread's deadline passed. */
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
    K5_FAULT_TIMEOUT = 14, /* A server overran: its payer's budget and the declared overrun are spent; or it kept a dead task's memory beyond that task's grace. */
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
    K5_TASK_HELD = 2, /* Frozen, by its policy, its supervisor, or whoever controls it. */
    K5_TASK_STOPPED = 3, /* Over, or not begun; peers get E_STOPPED. */
};

enum k5_thread_state {
    K5_THREAD_OFF = 0, /* Not started, or its task is down. */
    K5_THREAD_RUNNING = 1, /* On the processor. */
    K5_THREAD_READY = 2, /* Could run; waits for its turn. */
    K5_THREAD_EXHAUSTED = 3, /* Could run, but its budget is cooling down. */
    K5_THREAD_UNFUNDED = 4, /* Passive and could run, but nobody lends it time. */
    K5_THREAD_HELD = 5, /* Could run, but its task is held. */
    K5_THREAD_SENDING = 6, /* In an endpoint's queue, with a message that wants no reply. */
    K5_THREAD_CALLING = 7, /* In an endpoint's queue, with a call. */
    K5_THREAD_FAULTED = 8, /* In its supervisor's queue, with its fault. */
    K5_THREAD_AWAITING = 9, /* Its call was received: waits for the reply. */
    K5_THREAD_LENDING = 10, /* Dead, but what it lent is still out. */
    K5_THREAD_RECEIVING = 11, /* Waits at an endpoint for a message. */
    K5_THREAD_WAITING = 12, /* Waits for bits of a notification. */
    K5_THREAD_CONNECTING = 13, /* Waits at a port for somebody to listen. */
    K5_THREAD_SLEEPING = 14, /* Until a tick. */
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
    K5_SYS_SIGNAL = 11,
    K5_SYS_WAIT = 12,
    K5_SYS_MINT = 13,
    K5_SYS_DELETE = 14,
    K5_SYS_REVOKE = 15,
    K5_SYS_MAP = 16,
    K5_SYS_UNMAP = 17,
    K5_SYS_IRQ_ACK = 18,
    K5_SYS_LISTEN = 19,
    K5_SYS_CONNECT = 20,
    K5_SYS_TASK_STATUS = 21,
    K5_SYS_TASK_START = 22,
    K5_SYS_TASK_STOP = 23,
    K5_SYS_TASK_RESTART = 24,
    K5_SYS_TASK_HOLD = 25,
    K5_SYS_TASK_RESUME = 26,
    K5_SYS_THREAD_STATUS = 27,
    K5_SYS_THREAD_START = 28,
    K5_SYS_THREAD_STOP = 29,
    K5_SYS_THREAD_SET_PRIORITY = 30,
    K5_SYS_THREAD_SET_BUDGET = 31,
    K5_SYS_COUNT = 32,
};

/* Number of its register: 0 is r4 on Armv8-M, a0 on RV32. A0.. arguments, R0.. results. */
enum k5_register {
    K5_A_SEND_CPTR = 0,
    K5_A_SEND_INFO = 1,
    K5_A_SEND_W0 = 2,
    K5_A_SEND_W1 = 3,
    K5_A_SEND_W2 = 4,
    K5_A_SEND_W3 = 5,
    K5_A_SEND_DEADLINE = 6,
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
    K5_A_CALL_DEADLINE = 6,
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
    K5_A_RECV_DEADLINE = 6,
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
    K5_A_SIGNAL_CPTR = 0,
    K5_A_SIGNAL_BITS = 1,
    K5_R_SIGNAL_ERROR = 0,
    K5_A_WAIT_CPTR = 0,
    K5_A_WAIT_FLAGS = 1,
    K5_A_WAIT_MASK = 2,
    K5_A_WAIT_DEADLINE = 3,
    K5_R_WAIT_ERROR = 0,
    K5_R_WAIT_BITS = 1,
    K5_A_MINT_CPTR = 0,
    K5_A_MINT_RIGHTS = 1,
    K5_A_MINT_BADGE = 2,
    K5_R_MINT_ERROR = 0,
    K5_R_MINT_MINTED = 1,
    K5_A_DELETE_CPTR = 0,
    K5_R_DELETE_ERROR = 0,
    K5_A_REVOKE_CPTR = 0,
    K5_R_REVOKE_ERROR = 0,
    K5_A_MAP_CPTR = 0,
    K5_A_MAP_ACCESS = 1,
    K5_R_MAP_ERROR = 0,
    K5_R_MAP_BASE = 1,
    K5_R_MAP_BYTES = 2,
    K5_A_UNMAP_CPTR = 0,
    K5_R_UNMAP_ERROR = 0,
    K5_A_IRQ_ACK_CPTR = 0,
    K5_R_IRQ_ACK_ERROR = 0,
    K5_A_LISTEN_PORT = 0,
    K5_A_LISTEN_ENDPOINT = 1,
    K5_R_LISTEN_ERROR = 0,
    K5_A_CONNECT_PORT = 0,
    K5_A_CONNECT_FLAGS = 1,
    K5_A_CONNECT_DEADLINE = 2,
    K5_R_CONNECT_ERROR = 0,
    K5_R_CONNECT_ENDPOINT = 1,
    K5_A_TASK_STATUS_CPTR = 0,
    K5_R_TASK_STATUS_ERROR = 0,
    K5_R_TASK_STATUS_STATE = 1,
    K5_R_TASK_STATUS_GENERATION = 2,
    K5_R_TASK_STATUS_RESTARTS = 3,
    K5_A_TASK_START_CPTR = 0,
    K5_R_TASK_START_ERROR = 0,
    K5_A_TASK_STOP_CPTR = 0,
    K5_R_TASK_STOP_ERROR = 0,
    K5_A_TASK_RESTART_CPTR = 0,
    K5_R_TASK_RESTART_ERROR = 0,
    K5_A_TASK_HOLD_CPTR = 0,
    K5_R_TASK_HOLD_ERROR = 0,
    K5_A_TASK_RESUME_CPTR = 0,
    K5_R_TASK_RESUME_ERROR = 0,
    K5_A_THREAD_STATUS_CPTR = 0,
    K5_R_THREAD_STATUS_ERROR = 0,
    K5_R_THREAD_STATUS_STATE = 1,
    K5_R_THREAD_STATUS_PRIORITY = 2,
    K5_R_THREAD_STATUS_CONSUMED_LOW = 3,
    K5_R_THREAD_STATUS_CONSUMED_HIGH = 4,
    K5_A_THREAD_START_CPTR = 0,
    K5_R_THREAD_START_ERROR = 0,
    K5_A_THREAD_STOP_CPTR = 0,
    K5_R_THREAD_STOP_ERROR = 0,
    K5_A_THREAD_SET_PRIORITY_CPTR = 0,
    K5_A_THREAD_SET_PRIORITY_PRIORITY = 1,
    K5_R_THREAD_SET_PRIORITY_ERROR = 0,
    K5_A_THREAD_SET_BUDGET_CPTR = 0,
    K5_A_THREAD_SET_BUDGET_BUDGET_TICKS = 1,
    K5_A_THREAD_SET_BUDGET_COOLDOWN_TICKS = 2,
    K5_R_THREAD_SET_BUDGET_ERROR = 0,
    K5_R_NUMBER = 7,
};
