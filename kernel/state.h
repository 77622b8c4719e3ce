/* All of the kernel's state: one structure of plain data, linked by indices.
 *
 * No pointers, so a snapshot is a copy and several machines fit one process.
 * Above each struct stands the file that writes its fields.
 */
#pragma once

#include <port_types.h>

#include "k5_abi.h"
#include "kernel/config.h"

#define NO_THREAD 0xffu

/* Each state is one queue or one place to wait: a thread is in exactly one. */
enum thread_state {
    THREAD_OFF,       /* its task is in back-off, held or stopped */
    THREAD_RUNNING,   /* k5.current */
    THREAD_READY,     /* in the ready queue of its effective priority */
    THREAD_EXHAUSTED, /* could run, but its budget is cooling down */
    THREAD_UNFUNDED,  /* passive and could run, but nobody lends it time */
    THREAD_SENDING,   /* in an endpoint's queue, with a message that wants no reply */
    THREAD_CALLING,   /* in an endpoint's queue, with a call */
    THREAD_AWAITING,  /* its call was received: waits for the reply */
    THREAD_RECEIVING, /* waits at an endpoint for a message */
    THREAD_SLEEPING,  /* until wake_at */
};

/* kernel/queue.c: threads linked by their `next` and `previous`. */
struct thread_queue {
    uint8_t head; /* NO_THREAD: empty */
    uint8_t tail;
};

/* State and registers: kernel/thread.c. Time and priority: sched.c, donation.c. Waiting: ipc.c. */
struct thread {
    uint32_t reg[8]; /* system-call registers: of the last entry, and for the next exit */
    struct port_context context; /* the port's */
    int32_t budget_left;         /* ticks; below 0: overrun, debited from the next budget */
    uint32_t sequence;           /* of its calls, 24 bits: names the reply capability */
    uint64_t wake_at;            /* SLEEPING: absolute tick */
    uint64_t replenish_at;       /* while `cooling`: absolute tick */
    uint64_t consumed;           /* ticks charged to its budget since boot */
    uint16_t slot_base;          /* its task's capability table */
    uint16_t used_slot;          /* slot through which it sends, calls or awaits */
    uint8_t slot_count;
    uint8_t state; /* enum thread_state */
    uint8_t task;
    uint8_t priority;  /* its own */
    uint8_t effective; /* with what is lent to it */
    uint8_t payer;     /* whose budget pays: itself, the root of its callers, or NO_THREAD */
    uint8_t client;    /* whose call it serves with donation, or NO_THREAD */
    uint8_t holder;    /* AWAITING: who holds its reply capability */
    uint8_t endpoint;  /* SENDING, CALLING, RECEIVING: where */
    uint8_t next;      /* in the queue of its state */
    uint8_t previous;
    uint8_t cooling;   /* its own budget is spent, until replenish_at */
    uint8_t orphan;    /* its client died: `payer` and `lent` stay until it replies or receives */
    uint8_t lent;      /* while `orphan`: the priority that the dead client lent */
    uint8_t own_payer; /* itself, or NO_THREAD for a passive server */
    uint8_t queued;    /* threads in the queues of the endpoints that it receives from */
    uint32_t overrun_used; /* ticks run in this call for a payer that is dry */
};

/* kernel/task.c */
struct task {
    struct port_mpu_image mpu;
    uint64_t restart_at;   /* BACKOFF: absolute tick */
    uint64_t started_at;   /* absolute tick, for stable_ticks */
    uint16_t generation;   /* rises with each restart; at its maximum the task is retired */
    uint8_t state;         /* enum k5_task_state */
    uint8_t restart_count; /* since it last ran stably: doubles the back-off */
};

/* kernel/cap.c */
struct cap {
    uint8_t kind; /* enum k5_kind */
    uint8_t rights;
    uint8_t object;
    uint8_t reserved;
    uint16_t generation; /* the cptr's upper half must equal it */
    uint16_t seen;       /* generation of the endpoint when last used */
    uint32_t badge;
};

/* kernel/endpoint.c */
struct endpoint {
    struct thread_queue queue; /* senders and callers, by effective priority, then by age */
    uint8_t receiver;          /* its one receiving thread */
    uint8_t waiting;           /* that thread is RECEIVING here */
    uint16_t generation;       /* of the receiver's task */
};

struct kernel_state {
    uint8_t current;    /* the running thread, or NO_THREAD */
    uint8_t slice_over; /* kernel/sched.c: the running thread's slice ended in this entry */
    uint16_t reserved;
    uint32_t ready;      /* bit p: queue[p] is not empty */
    uint64_t booted_at;  /* tick at which charging began */
    uint64_t charged_at; /* time is charged up to this tick */
    uint64_t idle;       /* ticks charged to nobody */
    uint64_t next_timer; /* no timer is due before; may be early */
    uint64_t armed;      /* what port_deadline() was last asked for */
    struct thread_queue queue[CFG_PRIORITIES];
    struct thread thread[CFG_THREADS];
    struct task task[CFG_TASKS];
    struct endpoint endpoint[CFG_ENDPOINTS + 1]; /* + 1: C has no empty arrays */
    struct cap slot[CFG_SLOTS];
};
