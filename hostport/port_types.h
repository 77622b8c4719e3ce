/* Types of the hosted port that the kernel's state contains.
 *
 * The kernel reaches its state by the name k5. Here that is whatever machine the
 * calling host thread is running: one process may hold many.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/armv8m/armv8m_types.h"
#include "arch/rv32/rv32_types.h"

/* One binary runs tasks of each architecture; the machine says which (hostport/hostport.h). */
struct port_context {
    union {
        struct armv8m_context armv8m;
        struct rv32_context rv32;
    };
};

struct port_mpu_image {
    union {
        struct armv8m_mpu_image armv8m;
        struct rv32_mpu_image rv32;
        uint32_t word[16]; /* either of them, to compare */
    };
};
_Static_assert(sizeof(struct port_mpu_image) == 16 * sizeof(uint32_t), "words are all of it");

struct kernel_state;
struct sys_header;
struct hostport_machine;

/* Set by hostport_enter() for the calling host thread. */
extern _Thread_local struct kernel_state *hostport_state;
extern _Thread_local const struct sys_header *hostport_system;
extern _Thread_local struct hostport_machine *hostport_machine;

#define k5 (*hostport_state)

static inline void *port_row(void *row)
{
    return row;
}

static inline const struct sys_header *port_system(void)
{
    return hostport_system;
}

/* Whatever system the machine has been given. */
#define PORT_TABLE(name)             ((const uint8_t *)port_system() + port_system()->name##_offset)
#define PORT_COUNT(name, configured) (port_system()->name##_count)

_Noreturn void port_panic(const char *file, uint32_t line);
#define port_assertion_failed(file, line) port_panic(file, line)

#include <port_trace.h>
