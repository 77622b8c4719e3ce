/* Which parts of struct kernel_state a system uses. */
#include "sim/past/kernel_parts.h"

#include <stddef.h>
#include <string.h>

#include "kernel/state.h"

#define PART(field, used)                                                                          \
    ((struct kernel_part){(uint32_t)offsetof(struct kernel_state, field),                          \
                          (uint32_t)((used) * sizeof((struct kernel_state *)0)->field[0])})

void kernel_parts_find(struct kernel_parts *parts, const struct sys_header *system)
{
    uint32_t behind_threads = (uint32_t)offsetof(struct kernel_state, ready);
    uint32_t tasks = (uint32_t)offsetof(struct kernel_state, task);
    uint32_t lines = (uint32_t)offsetof(struct kernel_state, unmasked);
    uint32_t slots = (uint32_t)offsetof(struct kernel_state, slot);
    const struct kernel_part used[] = {
        {0, (uint32_t)offsetof(struct kernel_state, thread)},
        PART(thread, system->thread_count),
        {behind_threads, tasks - behind_threads},
        PART(task, system->task_count),
        PART(endpoint, system->endpoint_count),
        PART(message, system->message_count),
        PART(notification, system->notification_count),
        PART(port, system->port_count),
        {lines, slots - lines},
        PART(slot, system->slot_count),
    };

    _Static_assert(sizeof used == sizeof parts->part, "a place for each");
    memcpy(parts->part, used, sizeof used);
}
