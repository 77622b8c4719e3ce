/* All of the kernel's state: one structure of plain data, linked by indices.
 *
 * No pointers, so a snapshot is a copy and several machines fit one process.
 * Above each struct stands the file that writes its fields.
 */
#pragma once

#include <port_types.h>

#include "k5_abi.h"
#include "kernel/config.h"
#include "kernel/system.h"

#define NO_THREAD 0xffu
#define NO_TASK   0xffu
#define NO_SLOT   0xffffu

/* Room for `count` of something: C has no empty arrays. */
#define ROOM(count) ((count) > 0 ? (count) : 1)

/* A thread is in exactly one of enum k5_thread_state: each is one queue or one place to wait. */

/* kernel/queue.c: threads linked by their `next` and `previous`. */
struct thread_queue {
    uint8_t head; /* NO_THREAD: empty */
    uint8_t tail;
};

/* State and registers: kernel/thread.c. Time and priority: sched.c, donation.c. Waiting: ipc.c.
 *
 * Bytes come first here and in struct kernel_state: the nearest 32 are those that short
 * instructions reach. The registers and the context are together, for the port's entries.
 * With a size that is a power of two, finding one takes a shift.
 */
struct thread {
    uint8_t state; /* enum k5_thread_state */
    uint8_t task;
    uint8_t priority;  /* its own */
    uint8_t effective; /* with what is lent to it */
    uint8_t payer;     /* whose budget pays: itself, the root of its callers, or NO_THREAD */
    uint8_t client;    /* whose call it serves with donation, or NO_THREAD */
    uint8_t holder;    /* AWAITING, LENDING: who holds its reply capability */
    uint8_t endpoint;  /* SENDING, CALLING, FAULTED, RECEIVING: where */
    uint8_t next;      /* in the queue of its state */
    uint8_t previous;
    uint8_t cooling;   /* its own budget is spent, until replenish_at */
    uint8_t orphan;    /* its client died: `payer` and `lent` stay until it replies or receives */
    uint8_t lent;      /* while `orphan`: the priority that the dead client lent */
    uint8_t own_payer; /* itself, or NO_THREAD for a passive server */
    uint8_t queued;    /* what waits for it: threads in queues, messages in rings, bits */
    uint8_t timed;     /* where it waits it gives up at wake_at */
    uint8_t lends;     /* AWAITING, LENDING: with a loan, reg[IPC_W0] and reg[IPC_W1] */
    uint8_t next_loan; /* the next thread that lends, or NO_THREAD */
    uint8_t dying;     /* kernel/reaper.c: it is being taken out of all it takes part in */
    uint8_t slot_count;
    uint16_t slot_base; /* its task's capability table */
    uint16_t used_slot; /* slot through which it sends, calls, awaits, connects; NO_SLOT: gone */
    uint32_t reg[8];    /* system-call registers: of the last entry, and for the next exit */
    struct port_context context; /* the port's */
    int32_t budget_left;         /* ticks; below 0: overrun, debited from the next budget */
    uint32_t sequence;           /* of its calls, 24 bits: names the reply capability */
    uint64_t wake_at;            /* SLEEPING, or `timed`: absolute tick */
    uint64_t replenish_at;       /* while `cooling`: absolute tick */
    uint64_t consumed;           /* ticks charged to its budget since boot */
    uint32_t budget;             /* ticks, as set last */
    uint32_t cooldown;           /* ticks, as set last */
    uint32_t overrun_used;       /* ticks run in this call for a payer that is dry */
    uint8_t loan_entries;        /* while it `lends`: what that takes of its task's `entries` */
    uint32_t reserved[2];        /* 128 bytes on Armv8-M */
};

/* kernel/fault.c: the fault that a held task waits with for its supervisor. */
struct task_fault {
    uint32_t pc;
    uint32_t address;
    uint32_t status;
    uint8_t kind; /* 0: none */
    uint8_t flags;
    uint8_t thread;
    uint8_t reserved;
};

/* kernel/task.c */
struct task {
    uint8_t state;         /* enum k5_task_state */
    uint8_t restart_count; /* since it last ran stably: doubles the back-off */
    uint8_t region_count;
    uint8_t mapped_count;
    uint8_t entries;      /* of the protection hardware that all of this may come to need */
    uint8_t dying;        /* kernel/reaper.c: what is still to be done; 0: nothing */
    uint8_t blocked;      /* it waits for loans to end */
    uint8_t urgency;      /* while `dying`: priority of whoever asked for it */
    uint8_t unsupervised; /* its supervisor is gone for good: its own policy counts */
    uint8_t stale;        /* `mpu` is older than `region` */
    uint8_t reserved[4];
    uint16_t generation; /* rises with each restart; at its maximum the task is retired */
    struct task_fault fault;
    uint64_t restart_at;                       /* BACKOFF: absolute tick */
    uint64_t grace_end;                        /* while `blocked`: absolute tick */
    uint64_t started_at;                       /* absolute tick, for stable_ticks */
    struct sys_region region[CFG_MPU_REGIONS]; /* kernel/region.c: all it may touch now, sorted */
    uint16_t mapped[CFG_MPU_REGIONS];          /* slots of the region objects that it has mapped */
    struct port_mpu_image mpu;                 /* compiled from `region` */
    uint32_t padding[6];                       /* 256 bytes on Armv8-M */
};

/* kernel/cap.c. A capability and all that is derived from it are a list, depth first. */
struct cap {
    uint8_t kind; /* enum k5_kind */
    uint8_t rights;
    uint8_t object;
    uint8_t depth;       /* of derivation; 0: from the system description */
    uint16_t generation; /* the cptr's upper half must equal it; 0: the slot is retired */
    uint16_t seen;       /* endpoint: generation of its server's task when last used */
    uint32_t badge;
    uint16_t next;     /* slot behind it in the list, or NO_SLOT */
    uint16_t previous; /* slot before it, or NO_SLOT */
};

/* kernel/endpoint.c */
struct endpoint {
    struct thread_queue queue; /* senders and callers, by effective priority, then by age */
    uint8_t receiver;          /* its one receiving thread */
    uint8_t waiting;           /* that thread is RECEIVING here */
    uint8_t oldest;            /* message in its ring */
    uint8_t held;              /* messages in its ring */
    uint8_t reserved[2];       /* 8 bytes: finding one is a shift */
};

/* A short message in an endpoint's queue. */
struct message {
    uint32_t info;
    uint32_t word[4];
    uint32_t badge;
};

/* kernel/notification.c */
struct notification {
    uint32_t bits;
    uint8_t receiver;
    uint8_t waiting; /* that thread is WAITING here */
    uint16_t reserved;
};

/* kernel/name.c */
struct name_port {
    struct thread_queue queue; /* threads that are CONNECTING */
    uint16_t slot;             /* the listener's endpoint capability, or NO_SLOT: closed */
};

struct kernel_state {
    uint8_t current;    /* the running thread, or NO_THREAD */
    uint8_t slice_over; /* kernel/sched.c: the running thread's slice ended in this entry */
    uint8_t reaping;    /* kernel/reaper.c: tasks that are coming down and can go on */
    uint8_t unfinished; /* the kernel left long work for an interrupt, see port_pending() */
    uint8_t loans;      /* first thread that lends, or NO_THREAD */
    uint8_t halted;     /* the last resort: nothing runs any more */
    uint8_t goes_on;    /* this entry found work unfinished, and has done nothing of it yet */
    uint8_t reserved[1];
    struct thread thread[CFG_THREADS];
    uint32_t ready;      /* bit p: queue[p] is not empty */
    uint64_t booted_at;  /* tick at which charging began */
    uint64_t charged_at; /* time is charged up to this tick */
    uint64_t idle;       /* ticks charged to nobody */
    uint64_t next_timer; /* no timer is due before; may be early */
    uint64_t armed;      /* what port_deadline() was last asked for */
    struct thread_queue queue[CFG_PRIORITIES];
    struct task task[CFG_TASKS];
    struct endpoint endpoint[ROOM(CFG_ENDPOINTS)];
    struct message message[ROOM(CFG_MESSAGES)];
    struct notification notification[ROOM(CFG_NOTIFICATIONS)];
    struct name_port port[ROOM(CFG_PORTS)];
    uint32_t unmasked[(ROOM(CFG_INTERRUPTS) + 31) / 32]; /* bit i: interrupt i may fire */
    struct cap slot[CFG_SLOTS];
};

/*
 * A task or a slot whose fields are used one after another. port_row() hides from
 * the compiler how the address came about: it would work it out anew for each field.
 */
static inline struct task *task_at(uint32_t id)
{
    return port_row(&k5.task[id]);
}

static inline struct cap *cap_at(uint32_t slot)
{
    return port_row(&k5.slot[slot]);
}
