/* Queues of threads, doubly linked by index. */
#include "kernel/queue.h"

void queue_init(struct thread_queue *queue)
{
    queue->head = NO_THREAD;
    queue->tail = NO_THREAD;
}

/* Links `id` between two neighbours, either of which may be NO_THREAD: the queue's end. */
static void link(struct thread_queue *queue, uint32_t id, uint32_t before, uint32_t after)
{
    k5.thread[id].previous = (uint8_t)before;
    k5.thread[id].next = (uint8_t)after;
    if (before == NO_THREAD) {
        queue->head = (uint8_t)id;
    } else {
        k5.thread[before].next = (uint8_t)id;
    }
    if (after == NO_THREAD) {
        queue->tail = (uint8_t)id;
    } else {
        k5.thread[after].previous = (uint8_t)id;
    }
}

void queue_push_back(struct thread_queue *queue, uint32_t id)
{
    link(queue, id, queue->tail, NO_THREAD);
}

void queue_push_front(struct thread_queue *queue, uint32_t id)
{
    link(queue, id, NO_THREAD, queue->head);
}

void queue_remove(struct thread_queue *queue, uint32_t id)
{
    uint32_t before = k5.thread[id].previous;
    uint32_t after = k5.thread[id].next;

    if (before == NO_THREAD) {
        queue->head = (uint8_t)after;
    } else {
        k5.thread[before].next = (uint8_t)after;
    }
    if (after == NO_THREAD) {
        queue->tail = (uint8_t)before;
    } else {
        k5.thread[after].previous = (uint8_t)before;
    }
}

void queue_insert(struct thread_queue *queue, uint32_t id)
{
    uint32_t before = queue->tail;

    while (before != NO_THREAD && k5.thread[before].effective < k5.thread[id].effective) {
        before = k5.thread[before].previous;
    }
    link(queue, id, before, before == NO_THREAD ? queue->head : k5.thread[before].next);
}
