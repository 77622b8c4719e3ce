/* A guest CPU with a little memory and fixed regions, for directed tests. */
#pragma once

#include "sim/cpu/cpu.h"

#define RIG_TEXT       UINT32_C(0x08000000) /* 1 KiB, read and execute */
#define RIG_TEXT_BYTES 1024u
#define RIG_DATA       UINT32_C(0x20000000) /* read and write; ends inside a page */
#define RIG_DATA_BYTES 0x120u
#define RIG_STACK      UINT32_C(0x20000800) /* read and write, whole pages but for the first half */
#define RIG_STACK_TOP  UINT32_C(0x20001400)
#define RIG_LIMIT      RIG_STACK            /* stack limit */
#define RIG_CONST      UINT32_C(0x20001800) /* 1 KiB, read only */
#define RIG_RAM_END    UINT32_C(0x20002000)
#define RIG_START      (RIG_STACK_TOP - 256u) /* initial stack pointer */

struct rig {
    struct memory memory;
    struct cpu *cpu;
    uint64_t executed; /* in the last run */
};

void rig_open(struct rig *rig);
void rig_close(struct rig *rig);

/* Puts the code at RIG_TEXT, undefined instructions behind it. */
void rig_load(struct rig *rig, const uint16_t *code, uint32_t halfwords);

/* All registers 0 but these, sp, and pc at RIG_TEXT. */
void rig_start(struct rig *rig, uint32_t r0, uint32_t r1, uint32_t r2);

enum cpu_stop rig_run(struct rig *rig, uint64_t budget);
uint32_t rig_reg(const struct rig *rig, uint32_t number);

/* A word of the guest's memory. */
uint32_t rig_word(const struct rig *rig, uint32_t address);
void rig_set_word(struct rig *rig, uint32_t address, uint32_t value);
