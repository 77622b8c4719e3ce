/* The part of the oracle that knows where each capability comes from. */
#pragma once

#include "kernel/event.h"

/* A system call that was made in this entry, before it was answered. */
struct oracle_act {
    uint32_t who; /* NO_THREAD: the entry was another one */
    uint32_t number;
    uint32_t argument[7];
};

/* After the boot. */
void oracle_caps_reset(void);

/* Takes each event of the kernel. */
void oracle_caps_event(const struct k5_event *event);

/* After an entry: NULL, or the sentence that does not hold. */
const char *oracle_caps_check(const struct oracle_act *act);
