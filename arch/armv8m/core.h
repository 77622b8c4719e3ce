/* The core: its registers, and the instructions that C has no words for. */
#pragma once

#include <stdint.h>

#define REG32(address) (*(volatile uint32_t *)(uintptr_t)(address))

#include "arch/armv8m/core_registers.h"

static inline void core_sync(void)
{
    __asm__ volatile("dsb\n\tisb" ::: "memory");
}

/* Every store before it has reached its device. */
static inline void core_drain(void)
{
    __asm__ volatile("dsb" ::: "memory");
}

static inline void core_wait(void)
{
    __asm__ volatile("dsb\n\twfi" ::: "memory");
}

static inline void core_interrupts_off(void)
{
    __asm__ volatile("cpsid i" ::: "memory");
}

static inline void core_interrupts_on(void)
{
    __asm__ volatile("cpsie i" ::: "memory");
}

static inline uint32_t core_ipsr(void)
{
    uint32_t value;

    __asm__ volatile("mrs %0, ipsr" : "=r"(value));
    return value;
}
