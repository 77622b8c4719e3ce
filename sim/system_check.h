/* Between the files that check the boot tables: where the tables are, and how a check fails. */
#pragma once

#include "kernel/system.h"
#include "sim/machine.h"

/* The tables of a header whose counts and offsets have been checked. */
struct tables {
    const struct sys_header *header;
    const struct sys_task *task;
    const struct sys_thread *thread;
    const struct sys_endpoint *endpoint;
    const struct sys_cap *cap;
    const struct sys_region *region;
    const struct sys_region *object;
    const struct sys_notification *notification;
    const struct sys_interrupt *interrupt;
    const struct sys_port *port;
};

#define BAD(sim, ...) machine_error(sim, K5SIM_BAD_SYSTEM, "boot tables: " __VA_ARGS__)

/* Each returns K5SIM_OK, or K5SIM_BAD_SYSTEM with sim->error set. */

/* system_memory.c: regions, region objects, and who shares what. */
int system_check_memory(struct k5sim *sim, const struct tables *t);

/* system_objects.c: endpoints, notifications, interrupts, ports, capabilities. */
int system_check_objects(struct k5sim *sim, const struct tables *t);

/* Do two ranges have a byte in common? Neither wraps around. */
static inline bool system_overlap(uint32_t base, uint32_t bytes, uint32_t other,
                                  uint32_t other_bytes)
{
    return base - other < other_bytes || other - base < bytes;
}

/* The same for rows of a table, where there may be none. */
static inline bool system_share_rows(uint32_t first, uint32_t count, uint32_t other,
                                     uint32_t other_count)
{
    return count != 0 && other_count != 0 && system_overlap(first, count, other, other_count);
}
