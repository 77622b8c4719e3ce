#include "time_hints.h"

#include <stdint.h>

/* pause is a fence that orders nothing: a core that does not know it does nothing, too. wfi is no
 * hint here but a crime: the port forbids it, since some cores do so in any case.
 */
bool time_hints_come_back(void)
{
    uint32_t before = 5;

    __asm__ volatile(".word 0x0100000f" : "+r"(before) : : "memory");
    return before == 5;
}
