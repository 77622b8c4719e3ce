/* The boot tables: what the builder made of a system description.
 *
 * One blob of plain little-endian data, read in place from flash and never
 * written. The same bytes boot an image and the hosted port. tools/k5/blob.py
 * writes it; the sizes below are its format.
 */
#pragma once

#include <port_types.h>

#define SYS_MAGIC   0x5359354Bu /* "K5YS" */
#define SYS_VERSION 1

enum sys_access { SYS_READ = 1, SYS_WRITE = 2, SYS_EXECUTE = 4 };
enum sys_region_flag {
    SYS_REGION_DEVICE = 1, /* registers: no buffer may lie there */
    SYS_REGION_SHARED = 2, /* other tasks have it too, because the description says so */
};
enum sys_thread_flag { SYS_THREAD_FPU = 1 };
enum sys_policy { SYS_POLICY_RESTART, SYS_POLICY_HOLD, SYS_POLICY_STOP };

/* Offsets are bytes from the start of the header; tables are 4-byte aligned. */
struct sys_header {
    uint32_t magic;
    uint16_t version;
    uint16_t header_bytes;
    uint32_t total_bytes;
    uint32_t system_id; /* hash of the description's build: ties a log to its ELF files */
    uint32_t tick_hz;   /* ticks a second; a tick is one cycle of the CPU clock or of its timer */
    uint8_t task_count;
    uint8_t thread_count;
    uint8_t endpoint_count;
    uint8_t mpu_regions; /* the board's count */
    uint16_t cap_count;
    uint16_t region_count;
    uint16_t slot_count; /* all tasks' tables together */
    uint16_t reserved;
    uint32_t tasks_offset;
    uint32_t threads_offset;
    uint32_t endpoints_offset;
    uint32_t caps_offset;
    uint32_t regions_offset;
};
_Static_assert(sizeof(struct sys_header) == 52, "format of the boot tables");

struct sys_task {
    uint16_t first_region; /* regions of a task: sorted by base, none overlap */
    uint16_t first_cap;    /* fills slots 0 .. cap_count-1 */
    uint16_t first_slot;
    uint8_t region_count;
    uint8_t cap_count;
    uint8_t slot_count;
    uint8_t first_thread;
    uint8_t thread_count;
    uint8_t policy;             /* enum sys_policy */
    uint32_t backoff_ticks;     /* delay of the first restart; doubles with each */
    uint32_t backoff_max_ticks; /* and stops growing here */
    uint32_t stable_ticks;      /* a task that ran this long starts over with the first delay */
};
_Static_assert(sizeof(struct sys_task) == 24, "format of the boot tables");

struct sys_thread {
    uint32_t entry;      /* address of the first instruction, Thumb bit set */
    uint32_t stack_base; /* lowest address the stack pointer may reach; 8-byte aligned */
    uint32_t stack_top;  /* initial stack pointer; 8-byte aligned */
    uint32_t argument;   /* in r0 */
    uint32_t budget;     /* ticks; 0: passive server, has no time of its own */
    uint32_t cooldown;   /* ticks; 0: the budget is a round-robin slice */
    uint32_t overrun;    /* ticks it may go on for a payer that ran dry */
    uint8_t task;
    uint8_t priority; /* 0 lowest .. 31 highest */
    uint8_t flags;    /* enum sys_thread_flag */
    uint8_t reserved;
};
_Static_assert(sizeof(struct sys_thread) == 32, "format of the boot tables");

struct sys_endpoint {
    uint8_t receiver; /* the one thread that receives from it */
    uint8_t reserved[3];
};
_Static_assert(sizeof(struct sys_endpoint) == 4, "format of the boot tables");

struct sys_cap {
    uint8_t kind;   /* enum k5_kind */
    uint8_t rights; /* K5_RIGHT_ bits */
    uint16_t object;
    uint32_t badge;
};
_Static_assert(sizeof(struct sys_cap) == 8, "format of the boot tables");

struct sys_region {
    uint32_t base;  /* multiple of 32 */
    uint32_t bytes; /* multiple of 32, never 0; base + bytes does not wrap */
    uint8_t access; /* enum sys_access bits; never write and execute */
    uint8_t flags;  /* enum sys_region_flag bits */
    uint16_t reserved;
};
_Static_assert(sizeof(struct sys_region) == 12, "format of the boot tables");

/* Rows of the tables. `id` is not checked: the kernel keeps it in range. */
const struct sys_task *sys_task(uint32_t id);
const struct sys_thread *sys_thread(uint32_t id);
const struct sys_endpoint *sys_endpoint(uint32_t id);
const struct sys_cap *sys_cap(uint32_t id);
const struct sys_region *sys_region(uint32_t id);
