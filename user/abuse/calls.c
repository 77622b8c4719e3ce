/* Single system calls with something wrong in them. */
#include "abuse.h"
#include "k5_task.h"

#define COPY     K5_MSG_COPY
#define TRY      K5_FLAG_TRY
#define RECV_BUF K5_FLAG_RECV_BUF

/* Slots 0 to 2 are in use, 3 to 7 are empty. */
#define EMPTY_SLOT 0x00010003u
#define PAST_TABLE 0x00010008u
#define OTHER_LIFE 0x00020001u
#define NO_LIFE    0x00000001u

#define MY_CODE ADDRESS(task_text_base)
#define MY_RAM  ADDRESS(task_ram_base)
#define MY_END  ADDRESS(task_ram_end)

const struct wrong_call wrong_calls[] = {
    /* capabilities */
    {"send: slot past the table", K5_SYS_SEND, {PAST_TABLE}, K5_E_CPTR},
    {"send: highest slot", K5_SYS_SEND, {0xffffffff}, K5_E_CPTR},
    {"send: empty slot", K5_SYS_SEND, {EMPTY_SLOT}, K5_E_CPTR},
    {"send: another generation", K5_SYS_SEND, {OTHER_LIFE}, K5_E_STALE},
    {"send: no generation", K5_SYS_SEND, {NO_LIFE}, K5_E_STALE},
    {"send: cptr 0", K5_SYS_SEND, {0}, K5_E_STALE},
    {"send: right to receive only", K5_SYS_SEND, {CAP_SELF}, K5_E_RIGHTS},
    {"call: slot past the table", K5_SYS_CALL, {PAST_TABLE}, K5_E_CPTR},
    {"call: empty slot", K5_SYS_CALL, {EMPTY_SLOT}, K5_E_CPTR},
    {"call: another generation", K5_SYS_CALL, {OTHER_LIFE}, K5_E_STALE},
    {"call: right to receive only", K5_SYS_CALL, {CAP_SELF}, K5_E_RIGHTS},
    {"recv: slot past the table", K5_SYS_RECV, {PAST_TABLE}, K5_E_CPTR},
    {"recv: empty slot", K5_SYS_RECV, {EMPTY_SLOT}, K5_E_CPTR},
    {"recv: another generation", K5_SYS_RECV, {0x00020002}, K5_E_STALE},
    {"recv: right to send only", K5_SYS_RECV, {CAP_VICTIM}, K5_E_RIGHTS},

    /* info words */
    {"send: a loan", K5_SYS_SEND, {CAP_VICTIM, K5_MSG_LEND, MY_RAM, 32}, K5_E_INVALID},
    {"send: a loan to be written",
     K5_SYS_SEND,
     {CAP_VICTIM, K5_MSG_LEND_MUT, MY_RAM, 32},
     K5_E_INVALID},
    {"send: kind of bits", K5_SYS_SEND, {CAP_VICTIM, K5_MSG_NOTIFICATION}, K5_E_INVALID},
    {"send: kind of faults", K5_SYS_SEND, {CAP_VICTIM, K5_MSG_FAULT}, K5_E_INVALID},
    {"send: unknown kind 255", K5_SYS_SEND, {CAP_VICTIM, 0xff}, K5_E_INVALID},
    {"send: flag for receive buffers", K5_SYS_SEND, {CAP_VICTIM, RECV_BUF}, K5_E_INVALID},
    {"send: flag of results", K5_SYS_SEND, {CAP_VICTIM, K5_FLAG_TRUNCATED}, K5_E_INVALID},
    {"send: unknown flag 0x4000", K5_SYS_SEND, {CAP_VICTIM, 0x4000}, K5_E_INVALID},
    {"send: try, and a deadline",
     K5_SYS_SEND,
     {CAP_VICTIM, K5_FLAG_TRY | K5_FLAG_TIMED},
     K5_E_INVALID},
    {"send: all flags", K5_SYS_SEND, {CAP_VICTIM, 0xffffff00}, K5_E_INVALID},
    {"call: unknown kind 7", K5_SYS_CALL, {CAP_VICTIM, 7}, K5_E_INVALID},
    {"call: a loan of nothing", K5_SYS_CALL, {CAP_VICTIM, K5_MSG_LEND, MY_RAM}, K5_E_ALIGNMENT},
    {"call: a loan of my stack", K5_SYS_CALL, {CAP_VICTIM, K5_MSG_LEND, MY_RAM, 64}, K5_E_ADDRESS},
    {"call: a loan of my code to be written",
     K5_SYS_CALL,
     {CAP_VICTIM, K5_MSG_LEND_MUT, MY_CODE, 32},
     K5_E_ADDRESS},
    {"call: a loan of all memory",
     K5_SYS_CALL,
     {CAP_VICTIM, K5_MSG_LEND, 0, 0xffffffe0},
     K5_E_ADDRESS},
    {"call: a loan past my end", K5_SYS_CALL, {CAP_VICTIM, K5_MSG_LEND, MY_END, 32}, K5_E_ADDRESS},
    {"call: a loan around the end of memory",
     K5_SYS_CALL,
     {CAP_VICTIM, K5_MSG_LEND, 0xffffffe0, 64},
     K5_E_ADDRESS},
    {"call: a crooked loan",
     K5_SYS_CALL,
     {CAP_VICTIM, K5_MSG_LEND, MY_RAM + 4, 32},
     K5_E_ALIGNMENT},
    {"call: move an endpoint", K5_SYS_CALL, {CAP_VICTIM, K5_MSG_MOVE, CAP_SELF}, K5_E_RIGHTS},
    {"call: pass on without the right to",
     K5_SYS_CALL,
     {CAP_VICTIM, K5_FLAG_CAP, 0, CAP_SELF},
     K5_E_RIGHTS},
    {"call: pass on nothing", K5_SYS_CALL, {CAP_VICTIM, K5_FLAG_CAP, 0, EMPTY_SLOT}, K5_E_CPTR},
    {"call: flag of results", K5_SYS_CALL, {CAP_VICTIM, K5_FLAG_REPLY_TRUNCATED}, K5_E_INVALID},
    {"call: unknown flag 0x8000", K5_SYS_CALL, {CAP_VICTIM, 0x8000}, K5_E_INVALID},
    {"recv: a kind", K5_SYS_RECV, {CAP_SELF, COPY | TRY}, K5_E_INVALID},
    {"recv: unknown flag", K5_SYS_RECV, {CAP_SELF, 0x4000 | TRY}, K5_E_INVALID},
    {"reply: unknown kind", K5_SYS_REPLY, {1, 3}, K5_E_INVALID},
    {"reply_recv: unknown kind", K5_SYS_REPLY_RECV, {1, 3}, K5_E_INVALID},

    /* what is sent */
    {"send: 257 bytes", K5_SYS_SEND, {CAP_VICTIM, COPY, MY_RAM, 257}, K5_E_SIZE},
    {"send: 4 GiB", K5_SYS_SEND, {CAP_VICTIM, COPY, MY_RAM, 0xffffffff}, K5_E_SIZE},
    {"send: from address 0", K5_SYS_SEND, {CAP_VICTIM, COPY, 0, 1}, K5_E_ADDRESS},
    {"send: around the end of memory",
     K5_SYS_SEND,
     {CAP_VICTIM, COPY, 0xfffffff8, 16},
     K5_E_ADDRESS},
    {"send: last byte of memory", K5_SYS_SEND, {CAP_VICTIM, COPY, 0xffffffff, 1}, K5_E_ADDRESS},
    {"send: one byte past my end", K5_SYS_SEND, {CAP_VICTIM, COPY, MY_END - 15, 16}, K5_E_ADDRESS},
    {"send: just past my end", K5_SYS_SEND, {CAP_VICTIM, COPY, MY_END, 1}, K5_E_ADDRESS},
    {"send: one byte before my start",
     K5_SYS_SEND,
     {CAP_VICTIM, COPY, MY_RAM - 1, 4},
     K5_E_ADDRESS},
    {"send: before my code", K5_SYS_SEND, {CAP_VICTIM, COPY, MY_CODE - 4, 8}, K5_E_ADDRESS},
    {"call: 257 bytes", K5_SYS_CALL, {CAP_VICTIM, COPY, MY_RAM, 257}, K5_E_SIZE},
    {"call: one byte past my end", K5_SYS_CALL, {CAP_VICTIM, COPY, MY_END - 15, 16}, K5_E_ADDRESS},
    {"reply: 257 bytes", K5_SYS_REPLY, {1, COPY, MY_RAM, 257}, K5_E_SIZE},
    {"reply: from address 0", K5_SYS_REPLY, {1, COPY, 0, 1}, K5_E_ADDRESS},

    /* where to receive */
    {"call: buffer in my code",
     K5_SYS_CALL,
     {CAP_VICTIM, RECV_BUF, 0, 0, MY_CODE, 16},
     K5_E_ADDRESS},
    {"call: buffer past my end",
     K5_SYS_CALL,
     {CAP_VICTIM, RECV_BUF, 0, 0, MY_END - 4, 8},
     K5_E_ADDRESS},
    {"call: buffer of 4 GiB",
     K5_SYS_CALL,
     {CAP_VICTIM, RECV_BUF, 0, 0, MY_RAM, 0xffffffff},
     K5_E_ADDRESS},
    {"call: buffer around the end",
     K5_SYS_CALL,
     {CAP_VICTIM, RECV_BUF, 0, 0, 0xfffffff0, 0x20},
     K5_E_ADDRESS},
    {"call: buffer of a copy at 0", K5_SYS_CALL, {CAP_VICTIM, COPY, MY_RAM, 4, 0, 4}, K5_E_ADDRESS},
    {"recv: buffer in my code",
     K5_SYS_RECV,
     {CAP_SELF, TRY | RECV_BUF, 0, 0, MY_CODE, 16},
     K5_E_ADDRESS},
    {"recv: buffer past my end",
     K5_SYS_RECV,
     {CAP_SELF, TRY | RECV_BUF, 0, 0, MY_END - 4, 8},
     K5_E_ADDRESS},

    /* replies nobody waits for */
    {"reply: 0", K5_SYS_REPLY, {0}, K5_E_STALE},
    {"reply: all ones", K5_SYS_REPLY, {0xffffffff}, K5_E_STALE},
    {"reply: a cptr", K5_SYS_REPLY, {CAP_VICTIM}, K5_E_STALE},
    {"reply_recv: 0", K5_SYS_REPLY_RECV, {0, 0, 0, 0, 0, 0, CAP_SELF}, K5_E_STALE},

    /* other kinds of capabilities */
    {"signal: an endpoint", K5_SYS_SIGNAL, {CAP_VICTIM, 1}, K5_E_KIND},
    {"wait: an endpoint", K5_SYS_WAIT, {CAP_SELF, TRY, 1}, K5_E_KIND},
    {"wait: an empty slot", K5_SYS_WAIT, {EMPTY_SLOT, TRY, 1}, K5_E_CPTR},
    {"mint: an empty slot", K5_SYS_MINT, {EMPTY_SLOT, 1, 0}, K5_E_CPTR},
    {"mint: more rights", K5_SYS_MINT, {CAP_SELF, 3, 0}, K5_E_RIGHTS},
    {"mint: another badge", K5_SYS_MINT, {CAP_VICTIM, 1, 6}, K5_E_INVALID},
    {"delete: an empty slot", K5_SYS_DELETE, {EMPTY_SLOT}, K5_E_CPTR},
    {"delete: another generation", K5_SYS_DELETE, {OTHER_LIFE}, K5_E_STALE},
    {"revoke: past the table", K5_SYS_REVOKE, {PAST_TABLE}, K5_E_CPTR},
    {"revoke: where nothing is derived", K5_SYS_REVOKE, {CAP_VICTIM}, K5_OK},
    {"map: an endpoint", K5_SYS_MAP, {CAP_SELF, 1}, K5_E_KIND},
    {"unmap: an endpoint", K5_SYS_UNMAP, {CAP_SELF}, K5_E_KIND},
    {"irq_ack: an endpoint", K5_SYS_IRQ_ACK, {CAP_SELF}, K5_E_KIND},
    {"listen: an endpoint", K5_SYS_LISTEN, {CAP_SELF, CAP_SELF}, K5_E_KIND},
    {"connect: an endpoint", K5_SYS_CONNECT, {CAP_VICTIM, TRY}, K5_E_KIND},
    {"task_status: an endpoint", K5_SYS_TASK_STATUS, {CAP_VICTIM}, K5_E_KIND},
    {"task_stop: an endpoint", K5_SYS_TASK_STOP, {CAP_VICTIM}, K5_E_KIND},
    {"task_restart: an empty slot", K5_SYS_TASK_RESTART, {EMPTY_SLOT}, K5_E_CPTR},
    {"thread_stop: an endpoint", K5_SYS_THREAD_STOP, {CAP_VICTIM}, K5_E_KIND},
    {"thread_set_priority: an endpoint", K5_SYS_THREAD_SET_PRIORITY, {CAP_VICTIM, 31}, K5_E_KIND},
    {"thread_set_budget: a stale cptr", K5_SYS_THREAD_SET_BUDGET, {OTHER_LIFE, 1}, K5_E_STALE},

    /* the others */
    {"log: unknown level", K5_SYS_LOG, {0, 5}, K5_E_INVALID},
    {"log: level 255", K5_SYS_LOG, {0, 0xff}, K5_E_INVALID},
    {"log: six arguments", K5_SYS_LOG, {0, 0x602}, K5_E_INVALID},
    {"log: 16 million arguments", K5_SYS_LOG, {0, 0xffffff02}, K5_E_INVALID},
    {"log: an id that is no text", K5_SYS_LOG, {0xfffffff0, 0x502, 1, 2, 3, 4, 5}, K5_OK},
    {"caps: past the table", K5_SYS_CAPS, {8}, K5_E_INVALID},
    {"caps: last slot there could be", K5_SYS_CAPS, {0xffffffff}, K5_E_INVALID},
    {"caps: empty slot", K5_SYS_CAPS, {3}, K5_E_CPTR},
    {"sleep: until a tick that has passed", K5_SYS_SLEEP, {1, 0}, K5_OK},
    {"recv: nobody there, and try", K5_SYS_RECV, {CAP_SELF, TRY}, K5_E_WOULD_BLOCK},
};

const uint32_t wrong_call_count = sizeof(wrong_calls) / sizeof(wrong_calls[0]);
