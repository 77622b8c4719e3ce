/* Queues of threads: doubly linked by index, every operation in constant time
 * but queue_insert(). A thread is in at most one queue.
 */
#pragma once

#include <stdbool.h>

#include "kernel/state.h"

void queue_init(struct thread_queue *queue);

static inline bool queue_empty(const struct thread_queue *queue)
{
    return queue->head == NO_THREAD;
}

void queue_push_back(struct thread_queue *queue, uint32_t id);
void queue_push_front(struct thread_queue *queue, uint32_t id);
void queue_remove(struct thread_queue *queue, uint32_t id);

/* Behind all threads of the same or a higher effective priority; bounded by CFG_THREADS. */
void queue_insert(struct thread_queue *queue, uint32_t id);
