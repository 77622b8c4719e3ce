/* Who is on the stage: the judge's capabilities to the actors. */
#pragma once

#include "k5.h"
#include "stage.h"

struct part {
    k5_cptr_t orders; /* to give it orders; 0: not in this suite */
    k5_cptr_t own;    /* to call it as the others do; 0: it has no endpoint of its own */
    k5_cptr_t task;
    k5_cptr_t thread;
    enum actor task_of; /* whose task it is a thread of */
    uint8_t task_id;
};

/* cast.c or cast_hand.c has it. */
extern const struct part cast[ACTORS];

#define MAIN_PART(name)                                                                            \
    {                                                                                              \
        .orders = CAP_ORDERS_##name, .own = CAP_##name, .task = CAP_TASK_##name,                   \
        .thread = CAP_THREAD_##name, .task_of = (name), .task_id = TASK_ID_##name,                 \
    }
