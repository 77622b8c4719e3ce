/* Registers of a device, and how long a driver waits for it. */
#pragma once

#include "k5.h"
#include "k5_board.h"

#define MMIO32(region, offset) (*(volatile uint32_t *)&(region)[offset])
#define MMIO16(region, offset) (*(volatile uint16_t *)&(region)[offset])
#define MMIO8(region, offset)  (*(volatile uint8_t *)&(region)[offset])

/* The tick at which a wait for hardware of at most `us` microseconds has failed. */
static inline uint64_t driver_limit(uint32_t us)
{
    return k5_time() + (uint64_t)us * K5_TICK_HZ / 1000000u + 1u;
}

/* For loops that poll: a device that does not answer ends in an error, not in a hang. */
static inline bool driver_late(uint64_t limit)
{
    return k5_time() > limit;
}

/*
 * Lets an interrupt of this driver come again; the device's line is down by now, unless there is
 * something new. It cannot fail: the capability is the description's.
 */
static inline void driver_acknowledge(k5_cptr_t interrupt)
{
    if (k5_irq_ack(interrupt) != K5_OK) {
        k5_panic(interrupt);
    }
}
