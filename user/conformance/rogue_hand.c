/* The second thread of an actor that has one. */
#include "k5_task.h"
#include "rogue.h"

void hand_main(uint32_t argument);

void hand_main(uint32_t argument)
{
    volatile struct stage *stage = (volatile struct stage *)(uintptr_t)REGION_STAGE;

    rogue_main(&stage->report[argument], CAP_ORDERS_HAND);
}
