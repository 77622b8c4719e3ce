/* A door: counts who comes in, in memory in which the other door counts, too. */
#include "k5.h"
#include "k5_task.h"
#include "tally.h"

/* The bug: nothing makes one step of these three, to read, to add, and to write. */
static void count_visitor(void)
{
    volatile uint32_t *tally = (volatile uint32_t *)(uintptr_t)REGION_TALLY;

    *tally = *tally + 1u;
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
