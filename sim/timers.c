/* What will happen at which tick. */
#include "sim/timers.h"

static void find_next(struct timers *timers)
{
    timers->next = TIMERS_NEVER;
    for (uint32_t i = 0; i < timers->count; i++) {
        if (timers->at[i] < timers->next) {
            timers->next = timers->at[i];
        }
    }
}

void timers_reset(struct timers *timers, uint32_t count)
{
    timers->count = count;
    for (uint32_t i = 0; i < TIMERS_SOURCES; i++) {
        timers->at[i] = TIMERS_NEVER;
    }
    timers->next = TIMERS_NEVER;
}

void timers_set(struct timers *timers, uint32_t source, uint64_t at)
{
    uint64_t before = timers->at[source];

    if (at == before) {
        return;
    }
    timers->at[source] = at;
    if (at < timers->next) {
        timers->next = at;
    } else if (before == timers->next) {
        find_next(timers);
    }
}

int timers_due(const struct timers *timers, uint64_t now)
{
    for (uint32_t i = 0; timers->next <= now && i < timers->count; i++) {
        if (timers->at[i] <= now) {
            return (int)i;
        }
    }
    return -1;
}
