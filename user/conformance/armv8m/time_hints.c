#include "time_hints.h"

#include <stdint.h>

/* A task may wait for an interrupt; it gets the processor back with its next slice at the latest.
 */
bool time_hints_come_back(void)
{
    uint32_t before = 5;

    __asm__ volatile("wfi" : "+r"(before) : : "memory");
    return before == 5;
}
