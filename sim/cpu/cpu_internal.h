/* What the files of the guest CPU share. The only header that includes unicorn.h. */
#pragma once

#include <unicorn/unicorn.h>

#include "sim/cpu/cpu.h"
#include "sim/cpu/thumb.h"

/* Physical addresses beside the board's memories: a second view of each of them, as MMIO, and the
 * pages that devices are in. */
#define CPU_ALIAS_BASE  UINT32_C(0xA0000000)
#define CPU_DEVICE_BASE UINT32_C(0xF0000000)
_Static_assert(CPU_DEVICE_BASE - CPU_ALIAS_BASE >= CPU_MEMORY_MOST,
               "the view of memories ends there");

#define SCREEN_PLAIN 0u   /* runs without a look */
#define SCREEN_EDGE  127u /* its second half lies behind the table's region */
#define SCREEN_BREAK 128u /* or'ed to the others: a debugger wants to stop here */

#define CPU_KEEP 128 /* bytes of the largest store multiple */
#define CPU_UNDO 64  /* bytes that one instruction can store one by one, with room to spare */

/* Why the current run ends. */
enum cpu_ending {
    ENDING_NONE,
    ENDING_BUDGET,
    ENDING_BREAK, /* the next instruction has a mark */
    ENDING_SVC,
    ENDING_SCREEN,    /* a look before the instruction found a fault; `fault` is filled */
    ENDING_ACCESS,    /* a byte of a mixed page, or of a device, was refused */
    ENDING_DEVICE,    /* the device refused the access; `fault` is filled */
    ENDING_INTERRUPT, /* Unicorn raised exception `interrupt` */
    ENDING_INVALID,   /* Unicorn knows no such instruction */
};

/* Memory range as the alias callbacks get it. */
struct cpu_window {
    struct cpu *cpu;
    struct memory_range range;
    uint32_t alias;
};

/* Pages with registers of devices, as their callbacks get them. */
struct cpu_device_window {
    struct cpu *cpu;
    uint32_t base; /* of the guest's first page */
    uint32_t bytes;
    uint32_t paddr;  /* Unicorn's */
    uint32_t device; /* the one that has them for itself; the bus's count: several */
};

/* A load or store of a device's register as it was decoded last. */
#define CPU_DECODED 16u
struct cpu_decoded {
    uint32_t pc; /* 0: none */
    struct thumb_access access;
};

struct cpu_undo {
    uint8_t *host;
    uint8_t old;
};

/* What differs between the instruction sets. */
struct cpu_arch {
    uc_arch uc_arch;
    uc_mode uc_mode;
    int uc_model;
    uint32_t page;         /* Unicorn's, fixed */
    uint32_t scratch_base; /* one page of set-up code; below it, one for the shadow of a page;
                              board memories lie below that */
    const void *setup_code;
    bool fetches_anywhere; /* a refused fetch would be reported wrongly: see hook_tlb_fill() */
    const int *register_id;
    uint32_t register_count;
    uint32_t pc;        /* its index */
    uint32_t start_bit; /* of the address that a run starts at */
    uint64_t flow;      /* bit i: who sets register i takes the CPU elsewhere */

    /* Takes a new engine's privilege away; keeps a context of before, or after. */
    bool (*prepare)(struct cpu *cpu);
    bool (*load_thread)(struct cpu *cpu, uint32_t slot, uint32_t stack_limit);

    uint32_t (*bytes)(uint16_t first);
    uint16_t block_end; /* an instruction that ends a block */
    /* The next instruction, whose first half this is, is not over behind it. */
    bool (*goes_on)(const struct cpu *cpu, uint16_t first);
    uint8_t (*screen)(const struct cpu *cpu, uint16_t first, uint16_t second);
    /* Bits that register `state` must have; else cannot_start() fills the fault. */
    uint32_t state;
    uint32_t state_bits;
    void (*cannot_start)(struct cpu *cpu);
    /* Before the first instruction of a run; false: it cannot be, and the fault is filled. */
    bool (*begin)(struct cpu *cpu);
    /* Before an instruction that is not plain, or where the budget ends. */
    void (*look)(struct cpu *cpu, uint32_t pc, uint32_t bytes);
    /* Before one that Unicorn still executes after the run's end. */
    void (*overrun)(struct cpu *cpu);
    uint32_t syscall; /* Unicorn's number of the exception */
    /* The instruction at last_pc made Unicorn stop, but does nothing. */
    bool (*is_nothing)(const struct cpu *cpu);
    /* Fills the fault, sets pc and takes back what was counted but not executed. */
    enum cpu_stop (*explain)(struct cpu *cpu, uc_err error);
    void (*clear_monitor)(struct cpu *cpu);
    /* The pc is behind an instruction that does nothing; what else follows it goes on, too. */
    void (*skipped)(struct cpu *cpu);
    /* Instructions that are counted, but come after the one at last_pc. */
    uint32_t (*counted_ahead)(const struct cpu *cpu);
    /* Fills the fault if the one at last_pc is misaligned: device registers do not take that. */
    bool (*misaligned_device)(struct cpu *cpu);
    /* Does the one at last_pc access memory so (SYS_READ, SYS_WRITE), as far as that is known?
     * Unicorn reads more than the instruction does. */
    bool (*accesses)(const struct cpu *cpu, uint32_t kind);
    /* The fault of an access of the one at last_pc to `address`, where nothing answers. */
    void (*bus_error)(struct cpu *cpu, uint32_t address);
};

extern const struct cpu_arch cpu_armv8m;
extern const struct cpu_arch cpu_rv32;

struct cpu {
    /* Read or written at each instruction: kept together, in one line of the host's cache. */
    _Alignas(64) uint32_t code_base; /* of the executable region that `screen` covers */
    uint32_t fast_bytes;             /* its size; 0 while each instruction needs a look */
    int64_t left;                    /* instructions until the budget is spent */
    uint8_t *screen;  /* what cpu_arch.screen() says of each halfword of that region */
    uint32_t last_pc; /* the instruction begun last */

    /* Read or written in each run: close to that. */
    enum cpu_ending ending;
    uint32_t code_bytes;
    uint32_t interrupt;
    bool setup;     /* runs the project's own set-up code: no checks */
    bool flush_tlb; /* before the next run */
    bool saw_exclusive;
    bool refused_fetch;  /* the TLB hook was asked last for a fetch */
    uint32_t undo_count; /* of undo[] below */
    uc_engine *uc;
    const struct cpu_arch *arch;
    uint32_t slot; /* the loaded thread, or CPU_THREADS */
    uint32_t task; /* whose it is, for the marks */
    int64_t most;  /* instructions that this run may execute */

    /* Armv8-M: the IT block that is being executed: its slots lie in [it_start, it_end). */
    uint32_t it_start;
    uint32_t it_end;        /* 0: none */
    uint32_t it_state;      /* ITSTATE at it_start */
    uint32_t next_it_end;   /* of the IT instruction that is looked at */
    uint32_t next_it_state; /* 0: it is none */

    struct cpu_registers regs; /* as in the engine, but for pc */
    uint32_t slot_limit[CPU_THREADS];
    struct mpu mpu;
    bool mpu_valid;
    bool fpu;                      /* the loaded thread may use the FPU */
    bool pass_break;               /* at the first instruction of the run */
    bool shadowed;                 /* shadow_page is fetched from `shadow` */
    const struct cpu_marks *marks; /* NULL: there are none for this CPU */

    struct cpu_fault fault;
    uint32_t fault_pc;
    char failure[128];

    /* Bytes that the instruction at last_pc stored one by one; put back if it is refused. */
    int64_t undo_left; /* `left` during that instruction */
    uint32_t undo_pc;
    struct cpu_undo undo[CPU_UNDO];
    /* After a refused byte Unicorn may still store what the instruction has left in the next
     * page, up to 32 registers: kept here and put back. */
    uint8_t *keep_host;
    uint8_t keep[CPU_KEEP];

    uc_context *slot_context[CPU_THREADS];
    uc_context *fresh; /* Armv8-M: privileged, where stack limits can be set. RV32: a new thread */
    uc_context *fault_context; /* the registers before a refused instruction */

    uint8_t *shadow; /* a page, see cpu_shadow.c */
    uint32_t shadow_page;
    struct cpu_decoded decoded[CPU_DECODED]; /* Armv8-M: by pc; forgotten where code is written */
    enum cpu_model model;
    uint32_t buffer_bytes;
    uint32_t screen_bytes; /* allocated */
    const struct memory *memory;
    uint32_t window_count;
    struct cpu_window window[MEMORY_RANGES];
    const struct cpu_bus *bus;
    uint32_t device_window_count;
    struct cpu_device_window device_window[CPU_DEVICES];
};

/* cpu.c */
enum cpu_stop cpu_failed(struct cpu *cpu, const char *what, unsigned number);

/* cpu_engine.c */
bool engine_run_setup(struct cpu *cpu, uint32_t address);
void engine_flush_tlb(struct cpu *cpu);
/* Translations of what lies there now are stale. */
void engine_forget_code(struct cpu *cpu, uint32_t address, uint32_t bytes);
void engine_read_registers(struct cpu *cpu);
/* Bit i of `changed`: register i, but for pc, which is given to the engine at each start. */
void engine_write_registers(struct cpu *cpu, const struct cpu_registers *to, uint64_t changed);

/* cpu_code.c */
void code_scan(struct cpu *cpu);
void code_refresh(struct cpu *cpu, uint32_t address, uint32_t bytes);
uint8_t code_screen_at(const struct cpu *cpu, uint32_t pc);
void code_fetch(const struct cpu *cpu, uint32_t pc, uint16_t half[2]);
void code_rescan(struct cpu *cpu);

/* cpu_marks.c */
void marks_put(struct cpu *cpu, uint32_t from, uint32_t to); /* into the table, just scanned */
bool marks_break_at(const struct cpu *cpu, uint32_t pc);
bool marks_watch_page(const struct cpu *cpu, uint32_t page);
void marks_accessed(struct cpu *cpu, const struct cpu_access *access);

/* Must the run stop before the instruction at `pc`? */
static inline bool marks_stop_at(const struct cpu *cpu, uint32_t pc)
{
    return cpu->marks != NULL && marks_break_at(cpu, pc) &&
           !(cpu->pass_break && cpu->left == cpu->most);
}

/* An access that was allowed, where the slow path is taken. */
static inline void marks_look(struct cpu *cpu, uint32_t address, uint32_t bytes, uint32_t kind,
                              uint64_t value)
{
    if (cpu->marks != NULL) {
        marks_accessed(cpu, &(struct cpu_access){address, bytes, kind, (uint32_t)value});
    }
}

/* cpu_bus.c: devices. bus_map() maps their pages into a new engine; false: Unicorn refuses. */
bool bus_map(struct cpu *cpu);
const struct cpu_device_window *bus_window_of(const struct cpu *cpu, uint32_t address);
/* Does memory or a device answer at this address? */
bool bus_answers(const struct cpu *cpu, uint32_t address);

/* cpu_hooks.c: Unicorn's callbacks */
void hook_instruction(uc_engine *uc, uint64_t address, uint32_t size, void *user);
bool hook_tlb_fill(uc_engine *uc, uint64_t page, uc_mem_type type, uc_tlb_entry *entry, void *user);
void hook_interrupt(uc_engine *uc, uint32_t number, void *user);
bool hook_invalid(uc_engine *uc, void *user);
uint64_t hook_alias_read(uc_engine *uc, uint64_t offset, unsigned bytes, void *user);
void hook_alias_write(uc_engine *uc, uint64_t offset, unsigned bytes, uint64_t value, void *user);

/* The same file: ends of a run. The registers now are those before the instruction at `pc`. */
void hook_end_run(struct cpu *cpu, enum cpu_ending ending);
void hook_refuse(struct cpu *cpu, uint32_t pc, enum cpu_ending ending);
/* The bytes that the instruction at last_pc has stored one by one are as before. */
void hook_undo_bytes(struct cpu *cpu);

/* cpu_armv8m_fault.c */
void fault_explain_access(struct cpu *cpu);
/* IT bits of xPSR behind a slot before which ITSTATE was `state`. */
uint32_t fault_next_it_state(uint32_t state);
/* IT bits of xPSR at `pc`, and how many slots are left there with its own; 0: in no block. */
uint32_t fault_it_state(const struct cpu *cpu, uint32_t pc);
uint32_t fault_it_remaining(const struct cpu *cpu, uint32_t pc);
