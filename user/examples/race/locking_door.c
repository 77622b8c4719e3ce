/* A door with a lock that is none: whoever finds it open shuts it, and another may find it open
 * in between. That alone costs no visitor yet: the other must be stopped inside, too. */
#include "k5.h"
#include "k5_task.h"
#include "tally.h"

static volatile struct guarded *guarded(void)
{
    return (volatile struct guarded *)(uintptr_t)REGION_TALLY;
}

static void lock(void)
{
    while (guarded()->locked != 0) {
        k5_yield();
    }
    guarded()->locked = 1; /* the bug: not in one step with looking at it */
}

static void unlock(void)
{
    guarded()->locked = 0;
}

static void count_visitor(void)
{
    lock();
    guarded()->tally = guarded()->tally + 1u;
    unlock();
}

int main(uint32_t closed)
{
    for (uint32_t i = 0; i < VISITORS; i++) {
        count_visitor();
    }
    if (k5_signal(CAP_CLOSED, closed) != K5_OK) {
        k5_panic(1);
    }
    k5_sleep_forever();
}
