/* What outlives a machine: its memories and the engines mapped onto them.
 *
 * Opening an engine costs up to 5 ms, and Unicorn 2.1.1 cannot map memory anew
 * in one that has run. So a machine that closes leaves both to the next one of
 * this process whose board has the same memories, erased and forgotten.
 */
#pragma once

#include "sim/cpu/cpu.h"
#include "sim/memory.h"

#define CHASSIS_CPUS 64u

struct chassis {
    enum cpu_model model;
    struct memory memory;
    struct cpu_bus bus; /* its functions are the machine's */
    struct cpu *idle[CHASSIS_CPUS];
    uint32_t idle_count;
    struct chassis *next; /* in the pool */
};

/* A chassis for this model whose memories have these bases, sizes and kinds, erased, and whose bus
 * is this one. NULL when out of memory. */
struct chassis *chassis_open(enum cpu_model model, const struct memory_range *range, uint32_t count,
                             const struct cpu_bus *bus);
void chassis_close(struct chassis *chassis);

/* An engine for `text_bytes` of code; NULL if Unicorn refuses: `*why` (a constant) says what. */
struct cpu *chassis_take_cpu(struct chassis *chassis, uint32_t text_bytes, const char **why);
void chassis_return_cpu(struct chassis *chassis, struct cpu *cpu);
