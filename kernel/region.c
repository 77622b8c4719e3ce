/* What memory a task may touch, decided from its logical regions.
 *
 * Regions are sorted and do not overlap, so one walk follows a range through
 * neighbours that touch, as the hardware would allow it.
 */
#include "kernel/region.h"

#include "kernel/state.h"
#include "kernel/system.h"

bool region_check(uint32_t task, uint32_t base, uint32_t bytes, uint32_t access)
{
    const struct sys_task *table = sys_task(task);
    uint32_t cursor = base;
    uint32_t left = bytes;

    if (bytes == 0) {
        return true;
    }
    if (base + (bytes - 1) < base) {
        return false;
    }
    for (uint32_t i = 0; i < table->region_count; i++) {
        const struct sys_region *region = sys_region(table->first_region + i);
        uint32_t into = cursor - region->base;

        if (cursor < region->base) {
            return false;
        }
        if (into >= region->bytes) {
            continue;
        }
        if ((region->access & access) != access || (region->flags & SYS_REGION_DEVICE) != 0) {
            return false;
        }
        if (left <= region->bytes - into) {
            return true;
        }
        left -= region->bytes - into;
        cursor = region->base + region->bytes;
    }
    return false;
}
