/* All of the kernel's state: one structure of plain data, linked by indices.
 *
 * No pointers, so a snapshot is a copy and several machines fit one process.
 * Each struct's fields are written by the file named above it only.
 */
#pragma once

#include <port_types.h>

#include "k5_abi.h"
#include "kernel/config.h"

typedef uint8_t thread_id_t;
typedef uint8_t task_id_t;

#define NO_THREAD   0xffu
#define NO_ENDPOINT 0xffu
#define NO_SLOT     0xffffu

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

/* kernel/thread.c (state), kernel/sched.c (time, priority, queue), kernel/ipc*.c (the rest) */
struct thread {
    uint32_t reg[8];             /* the system-call registers, at the last entry and for the next exit */
    struct port_context context; /* the port's */
    uint64_t wake_at;            /* THREAD_SLEEPING: absolute tick */
    uint64_t replenish_at;       /* while `cooling` */
    uint64_t consumed;           /* ticks charged to this thread since boot */
    int32_t budget_left;         /* ticks; below 0: overrun, debited from the next budget */
    uint32_t sequence;           /* of its calls: names the reply capability, 24 bits */
    uint16_t slot_base;          /* its task's capability table */
    uint16_t used_slot;          /* the slot of the endpoint it is queued on or was received by */
    uint8_t slot_count;
    uint8_t state;     /* enum thread_state */
    uint8_t task;      /* */
    uint8_t priority;  /* its own */
    uint8_t effective; /* with what is lent to it */
    uint8_t payer;     /* whose budget pays for it: itself, a caller up the chain, or NO_THREAD */
    uint8_t client;    /* whose call it serves with donation, or NO_THREAD */
    uint8_t holder;    /* THREAD_AWAITING: who holds its reply capability */
    uint8_t endpoint;  /* SENDING, CALLING, RECEIVING: where */
    uint8_t next;      /* in the queue of its state */
    uint8_t previous;
    uint8_t cooling; /* its own budget is spent until replenish_at */
};

/* kernel/task.c */
struct task {
    struct port_mpu_image mpu;
    uint64_t restart_at;  /* TASK_BACKOFF */
    uint64_t started_at;  /* for stable_ticks */
    uint16_t generation;  /* rises with each restart; stops at its maximum: then the task stops */
    uint8_t state;        /* K5_TASK_STATE_ */
    uint8_t restart_count; /* since it last ran stably */
};

/* kernel/cap.c */
struct cap {
    uint8_t kind; /* enum k5_kind */
    uint8_t rights;
    uint8_t object;
    uint8_t reserved;
    uint16_t generation; /* the cptr's upper half must equal it */
    uint16_t seen;       /* generation of the serving task when last used */
    uint32_t badge;
};

/* kernel/endpoint.c */
struct endpoint {
    uint8_t receiver; /* its one receiving thread */
    uint8_t waiting;  /* that thread is THREAD_RECEIVING here */
    uint8_t head;     /* senders and callers, by effective priority, then by age */
    uint8_t tail;
};

struct kernel_state {
    uint8_t current;  /* the running thread, or NO_THREAD */
    uint8_t reserved[3];
    uint32_t ready;          /* bit p: ready queue p is not empty */
    uint64_t charged_at;     /* time is charged up to this tick */
    uint64_t idle;           /* ticks charged to nobody */
    uint64_t next_timer;     /* no timer is due before; may be early */
    uint64_t armed;          /* what port_deadline() was last asked for */
    struct {
        uint8_t head;
        uint8_t tail;
    } queue[CFG_PRIORITIES];
    struct thread thread[CFG_THREADS];
    struct task task[CFG_TASKS];
    struct endpoint endpoint[CFG_ENDPOINTS + 1]; /* + 1: C has no empty arrays */
    struct cap slot[CFG_SLOTS];
};
