/* An image is built for one system: its boot tables lie where the linker put them, and the kernel
 * has room for exactly what they hold. The builder's image_tasks.S defines the symbols.
 */
#pragma once

#include <stdint.h>

struct sys_header;
extern const struct sys_header k5_system;
extern const uint8_t k5_system_tasks[], k5_system_threads[], k5_system_endpoints[];
extern const uint8_t k5_system_caps[], k5_system_regions[], k5_system_objects[];
extern const uint8_t k5_system_notifications[], k5_system_interrupts[];

#define PORT_TABLE(name)             (k5_system_##name)
#define PORT_COUNT(name, configured) (configured)

static inline void *port_row(void *row)
{
    __asm__("" : "+r"(row));
    return row;
}

static inline const struct sys_header *port_system(void)
{
    return &k5_system;
}
