/* Three actors, the second thread of left, and a stranger. */
#include "cast.h"
#include "k5_task.h"

const struct part cast[ACTORS] = {
    [LEFT] = MAIN_PART(LEFT),
    [MIDDLE] = MAIN_PART(MIDDLE),
    [RIGHT] = MAIN_PART(RIGHT),
    [HAND] = {.orders = CAP_ORDERS_HAND,
              .task = CAP_TASK_LEFT,
              .thread = CAP_THREAD_HAND,
              .task_of = LEFT,
              .task_id = TASK_ID_LEFT},
    [STRANGER] = MAIN_PART(STRANGER),
};
