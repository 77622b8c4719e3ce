/* What the files of the guest CPU share. The only header that includes unicorn.h. */
#pragma once

#include <unicorn/unicorn.h>

#include "sim/cpu.h"
#include "sim/thumb.h"

/* Physical addresses beside the board's memories: a second view of each of them, as MMIO. */
#define CPU_ALIAS_BASE   UINT32_C(0xA0000000)
#define CPU_SCRATCH_BASE UINT32_C(0x9ffffc00) /* one page of set-up code */
#define CPU_MEMORY_END   CPU_SCRATCH_BASE     /* board memories lie below */

#define CPU_KEEP 128 /* bytes of the largest store multiple */
#define CPU_UNDO 64  /* bytes that one instruction can store one by one, with room to spare */

/* Why the current run ends. */
enum cpu_ending {
    ENDING_NONE,
    ENDING_BUDGET,
    ENDING_SVC,
    ENDING_SCREEN,    /* a look before the instruction found a fault; `fault` is filled */
    ENDING_ACCESS,    /* a byte of a mixed page was refused */
    ENDING_INTERRUPT, /* Unicorn raised exception `interrupt` */
    ENDING_INVALID,   /* Unicorn knows no such instruction */
};

/* Memory range as the alias callbacks get it. */
struct cpu_window {
    struct cpu *cpu;
    struct memory_range range;
    uint32_t alias;
};

struct cpu_undo {
    uint8_t *host;
    uint8_t old;
};

struct cpu {
    /* Read or written at each instruction: kept together. */
    uint32_t code_base;  /* of the executable region that `screen` covers */
    uint32_t fast_bytes; /* its size; 0 while each instruction needs a look */
    int64_t left;        /* instructions until the budget is spent */
    uint8_t *screen;     /* enum thumb_screen of each halfword of that region */
    uint32_t last_pc;    /* the instruction begun last */

    uint32_t code_bytes;
    uint32_t screen_bytes; /* allocated */
    enum cpu_ending ending;
    bool setup; /* runs the project's own set-up code: no checks */

    /* The IT block that is being executed: its slots lie in (it_opcode, it_end). */
    uint32_t it_opcode;
    uint32_t it_end;
    uint32_t next_it_end; /* of the IT instruction that is looked at */
    uint32_t next_slots;  /* 0: it is none */

    struct mpu mpu;
    bool mpu_valid;
    bool flush_tlb; /* before the next run */
    bool saw_exclusive;
    bool fpu; /* the loaded thread may use the FPU */

    uint32_t interrupt;
    struct cpu_fault fault;
    uint32_t fault_pc;
    bool refused_fetch; /* the TLB hook was asked last for a fetch */
    char failure[128];

    /* Bytes that the instruction at last_pc stored one by one; put back if it is refused. */
    uint32_t undo_count;
    int64_t undo_left; /* `left` during that instruction */
    uint32_t undo_pc;
    struct cpu_undo undo[CPU_UNDO];
    /* After a refused byte Unicorn may still store what the instruction has left in the next
     * page, up to 32 registers: kept here and put back. */
    uint8_t *keep_host;
    uint8_t keep[CPU_KEEP];

    struct cpu_registers regs; /* as in the engine, but for pc */
    uint32_t slot;             /* the loaded thread, or CPU_THREADS */
    uint32_t slot_limit[CPU_THREADS];
    uc_context *slot_context[CPU_THREADS];
    uc_context *privileged;    /* fresh and privileged: where stack limits can be set */
    uc_context *fault_context; /* the registers before a refused instruction */

    uc_engine *uc;
    uint32_t buffer_bytes;
    const struct memory *memory;
    uint32_t window_count;
    struct cpu_window window[MEMORY_RANGES];
};

/* cpu_engine.c */
bool engine_run_setup(struct cpu *cpu, uint32_t address);
void engine_flush_tlb(struct cpu *cpu);
void engine_read_registers(struct cpu *cpu);
void engine_write_registers(struct cpu *cpu, const struct cpu_registers *to, uint32_t changed);

/* Addresses of the set-up code, one instruction each. */
#define SETUP_BXNS   (CPU_SCRATCH_BASE + 0u)  /* bxns r0 */
#define SETUP_PSPLIM (CPU_SCRATCH_BASE + 4u)  /* msr psplim, r0 */
#define SETUP_CLREX  (CPU_SCRATCH_BASE + 12u) /* clrex */

/* cpu_code.c */
void code_scan(struct cpu *cpu);
void code_refresh(struct cpu *cpu, uint32_t address, uint32_t bytes);
enum thumb_screen code_screen_at(const struct cpu *cpu, uint32_t pc);
void code_fetch(const struct cpu *cpu, uint32_t pc, uint16_t half[2]);

/* cpu_hooks.c: Unicorn's callbacks */
void hook_instruction(uc_engine *uc, uint64_t address, uint32_t size, void *user);
bool hook_tlb_fill(uc_engine *uc, uint64_t page, uc_mem_type type, uc_tlb_entry *entry, void *user);
void hook_interrupt(uc_engine *uc, uint32_t number, void *user);
bool hook_invalid(uc_engine *uc, void *user);
uint64_t hook_alias_read(uc_engine *uc, uint64_t offset, unsigned bytes, void *user);
void hook_alias_write(uc_engine *uc, uint64_t offset, unsigned bytes, uint64_t value, void *user);

/* cpu_fault.c */
void fault_explain_access(struct cpu *cpu);
uint32_t fault_it_state(const struct cpu *cpu, uint32_t pc);
uint32_t fault_it_remaining(const struct cpu *cpu, uint32_t pc);
