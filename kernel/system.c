/* Rows of the boot tables. */
#include "kernel/system.h"

static const void *table(uint32_t offset)
{
    return (const uint8_t *)port_system() + offset;
}

const struct sys_task *sys_task(uint32_t id)
{
    return (const struct sys_task *)table(port_system()->tasks_offset) + id;
}

const struct sys_thread *sys_thread(uint32_t id)
{
    return (const struct sys_thread *)table(port_system()->threads_offset) + id;
}

const struct sys_endpoint *sys_endpoint(uint32_t id)
{
    return (const struct sys_endpoint *)table(port_system()->endpoints_offset) + id;
}

const struct sys_cap *sys_cap(uint32_t id)
{
    return (const struct sys_cap *)table(port_system()->caps_offset) + id;
}

const struct sys_region *sys_region(uint32_t id)
{
    return (const struct sys_region *)table(port_system()->regions_offset) + id;
}

const struct sys_region *sys_object(uint32_t id)
{
    return (const struct sys_region *)table(port_system()->objects_offset) + id;
}

const struct sys_notification *sys_notification(uint32_t id)
{
    return (const struct sys_notification *)table(port_system()->notifications_offset) + id;
}

const struct sys_interrupt *sys_interrupt(uint32_t id)
{
    return (const struct sys_interrupt *)table(port_system()->interrupts_offset) + id;
}
