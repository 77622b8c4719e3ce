/* The boot tables: what the builder made of a system description.
 *
 * One blob of plain little-endian data, read in place from flash and never
 * written. The same bytes boot an image and the hosted port. tools/k5/blob.py
 * writes it; the sizes below are its format.
 */
#pragma once

#include <port_types.h>

#include "kernel/config.h"

#define SYS_MAGIC   0x5359354Bu /* "K5YS" */
#define SYS_VERSION 2

#define SYS_NONE 0xffu /* in a field for a number: none */

enum sys_access { SYS_READ = 1, SYS_WRITE = 2, SYS_EXECUTE = 4 };
enum sys_region_flag {
    SYS_REGION_DEVICE = 1,   /* registers: no buffer may lie there */
    SYS_REGION_SHARED = 2,   /* several tasks may have it at a time, so no part of it is lent */
    SYS_REGION_MOVABLE = 4,  /* region objects: has one owner, and changes it by messages */
    SYS_REGION_BORROWED = 8, /* not in these tables: lent to the task, see kernel/loan.h */
};
enum sys_task_flag { SYS_TASK_STOPPED = 1 /* waits for task_start */ };
enum sys_thread_flag { SYS_THREAD_FPU = 1, SYS_THREAD_OFF = 2 /* waits for thread_start */ };
enum sys_policy { SYS_POLICY_RESTART, SYS_POLICY_HOLD, SYS_POLICY_STOP };
enum sys_last_resort { SYS_LAST_POLICY, SYS_LAST_HALT };

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
    uint8_t notification_count;
    uint8_t interrupt_count;
    uint8_t port_count;
    uint8_t object_count; /* region objects: what capabilities of kind REGION name */
    uint16_t cap_count;
    uint16_t region_count;  /* the tasks' own, the objects not among them */
    uint16_t slot_count;    /* all tasks' tables together */
    uint16_t message_count; /* places in all endpoints' queues together */
    uint8_t last_resort;    /* enum sys_last_resort: when a supervisor is gone for good */
    uint8_t reserved[3];
    uint32_t budget_least; /* ticks: no budget may be set below */
    uint32_t tasks_offset;
    uint32_t threads_offset;
    uint32_t endpoints_offset;
    uint32_t caps_offset;
    uint32_t regions_offset;
    uint32_t objects_offset; /* struct sys_region */
    uint32_t notifications_offset;
    uint32_t interrupts_offset;
    uint32_t ports_offset;
};
_Static_assert(sizeof(struct sys_header) == 80, "format of the boot tables");

struct sys_task {
    uint16_t first_region; /* regions of a task: sorted by base, none overlap */
    uint16_t first_cap;    /* fills slots 0 .. cap_count-1 */
    uint16_t first_slot;
    uint8_t region_count;
    uint8_t cap_count;
    uint8_t slot_count; /* those behind the first cap_count are for derived and received ones */
    uint8_t first_thread;
    uint8_t thread_count;
    uint8_t policy;             /* enum sys_policy */
    uint32_t backoff_ticks;     /* delay of the first restart; doubles with each */
    uint32_t backoff_max_ticks; /* and stops growing here */
    uint32_t stable_ticks;      /* a task that ran this long starts over with the first delay */
    uint32_t grace_ticks;       /* after its death what it has lent stays lent this long at most */
    uint8_t supervisor;         /* the endpoint that its faults go to, or SYS_NONE */
    uint8_t restart_limit;      /* so many restarts in a row; the next is a stop. 0: no limit */
    uint8_t flags;              /* enum sys_task_flag */
    uint8_t reserved;
};
_Static_assert(sizeof(struct sys_task) == 32, "format of the boot tables");

struct sys_thread {
    uint32_t entry;      /* address of the first instruction, Thumb bit set */
    uint32_t stack_base; /* lowest address the stack pointer may reach; 8-byte aligned */
    uint32_t stack_top;  /* initial stack pointer; 8-byte aligned */
    uint32_t argument;   /* in r0 */
    uint32_t budget;     /* ticks; 0: passive server, has no time of its own */
    uint32_t cooldown;   /* ticks; 0: the budget is a round-robin slice */
    uint32_t overrun;    /* ticks it may go on for a payer that ran dry */
    uint8_t task;
    uint8_t priority;     /* 0 lowest .. 31 highest */
    uint8_t flags;        /* enum sys_thread_flag */
    uint8_t notification; /* bound: recv returns for it as well. SYS_NONE: none */
};
_Static_assert(sizeof(struct sys_thread) == 32, "format of the boot tables");

struct sys_endpoint {
    uint8_t receiver;       /* the one thread that receives from it */
    uint8_t queue;          /* short messages that it holds; 0: senders wait */
    uint16_t first_message; /* its places: first_message .. + queue - 1 */
};
_Static_assert(sizeof(struct sys_endpoint) == 4, "format of the boot tables");

struct sys_notification {
    uint8_t receiver; /* the one thread that waits for it */
    uint8_t reserved[3];
};
_Static_assert(sizeof(struct sys_notification) == 4, "format of the boot tables");

struct sys_interrupt {
    uint16_t line; /* number at the board's interrupt controller */
    uint8_t notification;
    uint8_t bit;
};
_Static_assert(sizeof(struct sys_interrupt) == 4, "format of the boot tables");

struct sys_port {
    char name[16]; /* filled up with zeros */
};
_Static_assert(sizeof(struct sys_port) == 16, "format of the boot tables");

struct sys_cap {
    uint8_t kind;    /* enum k5_kind */
    uint8_t rights;  /* K5_RIGHT_ bits */
    uint16_t object; /* index in the table of its kind */
    uint32_t badge;
};
_Static_assert(sizeof(struct sys_cap) == 8, "format of the boot tables");

struct sys_region {
    uint32_t base;  /* multiple of 32 */
    uint32_t bytes; /* multiple of 32, never 0; base + bytes does not wrap */
    uint8_t access; /* enum sys_access bits; never write and execute. Region objects: all that a
                       capability may ask for */
    uint8_t flags;  /* enum sys_region_flag bits */
    uint16_t home;  /* movable region objects: the slot, counted over all tables, that it begins in
                       and returns to */
};
_Static_assert(sizeof(struct sys_region) == 12, "format of the boot tables");

/*
 * Rows and sizes of the tables. `id` is not checked: the kernel keeps it in range.
 *
 * PORT_TABLE and PORT_COUNT are the port's: an image is built for one system, whose
 * tables it has at fixed addresses; the simulator looks them up in the header.
 */
#define SYS_ROWS(row, rows)                                                                        \
    static inline const struct sys_##row *sys_##row(uint32_t id)                                   \
    {                                                                                              \
        return (const struct sys_##row *)(const void *)PORT_TABLE(rows) + id;                      \
    }

SYS_ROWS(task, tasks)
SYS_ROWS(thread, threads)
SYS_ROWS(endpoint, endpoints)
SYS_ROWS(cap, caps)
SYS_ROWS(region, regions)
SYS_ROWS(notification, notifications)
SYS_ROWS(interrupt, interrupts)

static inline const struct sys_region *sys_object(uint32_t id)
{
    return (const struct sys_region *)(const void *)PORT_TABLE(objects) + id;
}

static inline uint32_t sys_task_count(void)
{
    return PORT_COUNT(task, CFG_TASKS);
}

static inline uint32_t sys_thread_count(void)
{
    return PORT_COUNT(thread, CFG_THREADS);
}

static inline uint32_t sys_endpoint_count(void)
{
    return PORT_COUNT(endpoint, CFG_ENDPOINTS);
}

static inline uint32_t sys_notification_count(void)
{
    return PORT_COUNT(notification, CFG_NOTIFICATIONS);
}

static inline uint32_t sys_interrupt_count(void)
{
    return PORT_COUNT(interrupt, CFG_INTERRUPTS);
}

static inline uint32_t sys_port_count(void)
{
    return PORT_COUNT(port, CFG_PORTS);
}

static inline uint32_t sys_object_count(void)
{
    return PORT_COUNT(object, CFG_OBJECTS);
}

static inline uint32_t sys_slot_count(void)
{
    return PORT_COUNT(slot, CFG_SLOTS);
}
