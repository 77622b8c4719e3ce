/* libk5sim, fault models: what radiation, a glitch, a worn part or a bug does to the machine.
 *
 * k5sim_inject() applies one, between two runs, before the next instruction. What lasts (stuck
 * bits, changed regions, lines and timers) is part of the machine and of its snapshots until
 * k5sim_faults_end() or the next boot. docs/faults.md says of each what hardware does, and where
 * the simulator ends.
 */
#pragma once

#include "sim/k5sim.h"

enum k5sim_fault_kind {
    K5SIM_FAULT_REGISTER = 1,   /* thread, where: its number (k5sim_registers()), mask: bits that
                                   flip.   Of a thread that is suspended: what it will go on with. */
    K5SIM_FAULT_REGISTER_STUCK, /* the same; value: the level of `mask`, 0 or 1, from now on before
                                   each instruction of that thread (an IT block is one) */
    K5SIM_FAULT_MEMORY,        /* where: address, a multiple of 4, mask: bits of the word that flip;
                                  flash, too */
    K5SIM_FAULT_MEMORY_STUCK,  /* the same; value: their level, whatever is written there */
    K5SIM_FAULT_SKIP,          /* the running thread's next instruction is not executed, but takes
                                  its time */
    K5SIM_FAULT_OPCODE,        /* mask: bits that flip in it, its first halfword in the low half;
                                  the memory is as before when it has been executed once */
    K5SIM_FAULT_REGION_DROP,   /* task, where: place of the region, see k5sim_regions() */
    K5SIM_FAULT_REGION_SHIFT,  /* value: bytes, up or down, by the hardware's grain */
    K5SIM_FAULT_REGION_WIDEN,  /* value: bytes at its end; negative: before its beginning */
    K5SIM_FAULT_KERNEL,        /* where: offset in the kernel's state, mask: bits that flip from
                                  that byte on. What makes it use an index that is none of its
                                  tables ends with PANIC. */
    K5SIM_FAULT_MESSAGE,       /* thread: that waits to send or to be answered, where: word 0 to 3
                                  or 4 for the info word, mask */
    K5SIM_FAULT_LINE_DROP,     /* where: interrupt line; the next one that fires is lost */
    K5SIM_FAULT_LINE_DOUBLE,   /* it fires twice */
    K5SIM_FAULT_LINE_SPURIOUS, /* it fires now, or when it is unmasked */
    K5SIM_FAULT_LINE_LATE,     /* value: ticks by which its next one is late */
    K5SIM_FAULT_PIN_STUCK,     /* where: pin, value: level; whoever drives it */
    K5SIM_FAULT_VALUE,         /* task: device, where: which of its quantities, value: set to it */
    K5SIM_FAULT_TIMER_JITTER,  /* value: at most so many ticks, late; mask: seed. 0: not any more */
    K5SIM_FAULT_POWER,         /* the supply fails and comes back: flash stays */
    K5SIM_FAULT_LINE_STUCK,    /* where: interrupt line, value: level; whoever raises it */
};

struct k5sim_fault {
    uint32_t kind;
    uint8_t thread;
    uint8_t task;
    uint16_t reserved;
    uint32_t where;
    uint32_t mask;
    int32_t value;
};

/* -4: there is no such thread, register, region, line, ..., or no room for one more that lasts;
 * K5SIM_NOTHING: it changes nothing here (a stuck bit that is so already, no message in flight,
 * nobody runs, bits that the register has not). */
enum { K5SIM_NOTHING = 1 };
int k5sim_inject(struct k5sim *sim, const struct k5sim_fault *fault);

/* What lasts, ends. What it has done stays done. */
int k5sim_faults_end(struct k5sim *sim);

/* The regions that the task's protection unit has now, in the order of their places: regions of
 * PMSAv8 by number, entries of a PMP that match anything. Returns how many, or -4. */
struct k5sim_region {
    uint32_t base;
    uint32_t bytes;  /* 0: dropped by a fault */
    uint32_t access; /* SYS_READ | SYS_WRITE | SYS_EXECUTE */
};
int k5sim_regions(struct k5sim *sim, uint32_t task, struct k5sim_region *out, uint32_t most);

/*
 * The fields of the kernel's state by name: "current", "thread[].reg[]", "task[].region[].base".
 * The first [] stands for one of `rows` rows, `row_bytes` apart; one that is not at the name's
 * first word for one of `count` elements, `step` apart.
 */
struct k5sim_kernel_field {
    const char *name;
    uint32_t offset; /* of the first */
    uint32_t bytes;
    uint32_t rows;
    uint32_t row_bytes;
    uint32_t count;
    uint32_t step;
};
size_t k5sim_kernel_fields(const struct k5sim_kernel_field **fields);
