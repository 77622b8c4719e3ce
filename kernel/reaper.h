/* The reaper: how threads and tasks come down, a bounded step at a time.
 *
 * A dying thread does not run. Step by step it leaves what it takes part in, those
 * who wait for it get an error, and with its whole task go its messages, ports,
 * bits, and what it derived. The steps run at the end of an entry, before any
 * thread that is not more urgent than the dying one or whoever asked for it; after
 * each the kernel looks for pending interrupts. What was lent to others is waited
 * for.
 */
#pragma once

#include "kernel/kassert.h"
#include "kernel/state.h"

/* What is still to be done for a task, in this order: struct task.dying. */
enum stage {
    STAGE_NONE,
    STAGE_THREAD,  /* threads only: the task lives on */
    STAGE_THREADS, /* its threads */
    STAGE_OBJECTS, /* its messages and bits */
    STAGE_CAPS,    /* what it derived, and what others derived from that; regions go home */
    STAGE_WARDS,   /* the tasks that it supervised */
};

/* All of task `id` comes down: none of its threads runs from now on. Its state says what then. */
void reaper_take_task(uint32_t id);

/* One thread comes down; its task goes on. */
void reaper_take_thread(uint32_t id);

/*
 * Works until nothing is left, or somebody more urgent can run. Before each step it looks
 * for interrupts, but for the first of an entry that goes on with unfinished work. False:
 * one is pending.
 */
K5_MUST_USE bool reaper_run(void);

/* A loan ended: tasks that wait for that may go on. */
void reaper_retry(void);

/* A task whose loans did not end within its grace: the borrowers take a timeout fault: true. */
bool reaper_timers(uint32_t id);
