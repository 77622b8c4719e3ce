/* A guest CPU: runs the unprivileged code of one task until something happens.
 *
 * The machine stands on this interface alone; Unicorn is behind it (cpu_*.c are
 * the only files that include unicorn.h). Counting, protection and faults are
 * exact: after a fault nothing of the faulting instruction has happened, but for
 * the words of a load or store multiple before the refused one, as on the chip.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/memory.h"
#include "sim/cpu/mpu.h"

struct cpu;

#define CPU_DEVICES     64u
#define CPU_MEMORY_MOST UINT32_C(0x50000000) /* bytes of all memories together */

/* What answers beside memory: the registers of devices, which do not overlap. */
struct cpu_bus {
    uint32_t count;
    struct {
        uint32_t base;
        uint32_t bytes; /* 0: no registers */
    } device[CPU_DEVICES];

    /*
     * An access of 1, 2 or 4 bytes at a multiple of that, which the regions allow. False: a bus
     * error. Called in the middle of a run, see cpu_executed() and cpu_cut().
     */
    bool (*read)(void *user, uint32_t device, uint32_t offset, uint32_t bytes, uint32_t *value);
    bool (*write)(void *user, uint32_t device, uint32_t offset, uint32_t bytes, uint32_t value);
    void *user;
};

enum cpu_model {
    CPU_CORTEX_M33,
    CPU_RV32,       /* as QEMU's virt: does misaligned loads and stores */
    CPU_SIFIVE_E31, /* as FE310: refuses them */
};

/* Armv8-M. */
#define CPU_SP   13u
#define CPU_LR   14u
#define CPU_PC   15u
#define CPU_XPSR 16u

/* RV32. */
#define CPU_X_RA 1u
#define CPU_X_SP 2u
#define CPU_X_A0 10u
#define CPU_X_PC 32u

#define CPU_REGISTERS 33u

struct cpu_registers {
    /* Armv8-M: r0 to r12, sp, lr, pc (bit 0 clear), xPSR. RV32: x0 to x31, pc. */
    uint32_t r[CPU_REGISTERS];
};

enum cpu_stop {
    CPU_STOP_BUDGET, /* the instructions asked for have been executed */
    CPU_STOP_SVC,    /* SVC or ECALL executed; pc behind it */
    CPU_STOP_FAULT,  /* see cpu_fault(); pc at the instruction, or at the refused target */
    CPU_STOP_BREAK,  /* the next instruction has a mark; pc at it */
    CPU_STOP_ENGINE, /* the engine did what it never should; see cpu_failure() */
};

/*
 * What a debugger wants CPUs to stop at or to tell of; all CPUs of a machine share it. Accesses are
 * by SYS_READ and SYS_WRITE.
 */
#define CPU_ANY_TASK 255u
#define CPU_BREAKS   1024u
#define CPU_WATCHES  64u

struct cpu_break {
    uint32_t task; /* or CPU_ANY_TASK */
    uint32_t address;
};

struct cpu_watch {
    uint32_t task;
    uint32_t first; /* byte */
    uint32_t last;
    uint32_t kinds;
};

struct cpu_access {
    uint32_t address;
    uint32_t bytes;
    uint32_t kind;
    uint32_t value; /* read or written */
};

struct cpu_marks {
    uint32_t break_count;
    uint32_t watch_count;
    struct cpu_break at[CPU_BREAKS];
    struct cpu_watch watch[CPU_WATCHES];
    /* In the middle of the instruction that accessed watched bytes; see cpu_cut(). */
    void (*accessed)(void *user, struct cpu *cpu, const struct cpu_access *access);
    void *user;
};

/* What the core's fault status registers would say. */
struct cpu_fault {
    /* RV32 */
    uint32_t mcause;
    uint32_t mtval;
    /* Armv8-M */
    uint32_t exception; /* number of the exception: 3 to 6 */
    uint32_t cfsr;
    uint32_t hfsr;
    uint32_t mmfar;
    uint32_t bfar;
};

/*
 * Opens a CPU on these memories and this bus, which must outlive it. Memories are made of whole
 * pages of this model, and no device is in one of them. `text_bytes` of code sizes the translation
 * buffer. NULL if Unicorn refuses: `*why` (a constant) says what.
 */
struct cpu *cpu_open(enum cpu_model model, const struct memory *memory, const struct cpu_bus *bus,
                     uint32_t text_bytes, const char **why);

/* What the model maps at once, and where board memories must end. */
uint32_t cpu_page(enum cpu_model model);
uint32_t cpu_memory_end(enum cpu_model model);

void cpu_close(struct cpu *cpu);

/* Would cpu_open() for `text_bytes` size the translation buffer as this CPU's is, or smaller? */
bool cpu_fits(const struct cpu *cpu, uint32_t text_bytes);

/* Makes the CPU as good as new, on the same memories. False if it must be closed instead. */
bool cpu_clear(struct cpu *cpu);

/* The regions in force from the next run on. */
void cpu_set_mpu(struct cpu *cpu, const struct mpu *mpu);

/* Other words of the memory are stuck than before (struct memory_stuck). */
void cpu_stuck_changed(struct cpu *cpu);

/*
 * Loads the thread `slot` (0 to CPU_THREADS - 1) into the CPU: what the exception
 * frame does not carry (stack limit, FP registers). Cheap if it is loaded already. False if the
 * engine failed. On RV32 all is in the registers, and there is nothing to load.
 */
#define CPU_THREADS 64u
bool cpu_select(struct cpu *cpu, uint32_t slot, uint32_t stack_limit, bool fpu);

/* Forgets all threads, as after power-on. The regions stay. */
void cpu_forget(struct cpu *cpu);

/*
 * Armv8-M, for threads with FPU. FPCA of CONTROL: has the loaded thread used it? If so an exception
 * frame holds these registers as well; cpu_select() carries s16 to s31.
 */
struct cpu_fp {
    uint32_t s[16];
    uint32_t fpscr;
};

bool cpu_fp_active(const struct cpu *cpu);
void cpu_fp_read(const struct cpu *cpu, struct cpu_fp *fp);
void cpu_fp_write(struct cpu *cpu, const struct cpu_fp *fp);

/* The loaded thread begins anew: all FP registers 0, not active. False if the engine failed. */
bool cpu_fp_clear(struct cpu *cpu);

/* It is active from now on, as if it had just used one. False if the engine failed. */
bool cpu_fp_activate(struct cpu *cpu);

/*
 * For snapshots. Armv8-M, threads with FPU: what the engine holds for the thread `slot` whether it
 * is loaded or not; afterwards it is loaded, if it is known at all, and the registers are its own.
 * False if the engine failed.
 */
struct cpu_fp_state {
    uint32_t known; /* 0: it was never loaded, nothing else counts */
    uint32_t stack_limit;
    uint32_t active;   /* see cpu_fp_active() */
    uint32_t word[33]; /* s0 to s31, FPSCR */
};
bool cpu_fp_save(struct cpu *cpu, uint32_t slot, struct cpu_fp_state *state);
bool cpu_fp_load(struct cpu *cpu, uint32_t slot, const struct cpu_fp_state *state);

/* The loaded thread may hold an exclusive monitor, which no register tells: it is kept in what
 * belongs to this CPU. Loading it also loads the registers of then. NULL: out of memory. */
bool cpu_is_exclusive(const struct cpu *cpu);
void *cpu_monitor_save(struct cpu *cpu);
void cpu_monitor_load(struct cpu *cpu, void *monitor);
void cpu_monitor_free(void *monitor);

/* As the last run left them, or as set since. */
const struct cpu_registers *cpu_registers(const struct cpu *cpu);
void cpu_set_registers(struct cpu *cpu, const struct cpu_registers *registers);
/* One of them, by its place there, for less. */
void cpu_set_register(struct cpu *cpu, uint32_t number, uint32_t value);

/* The next instruction counts as executed, but does nothing. False: it could not be fetched, and
 * is still to come. In an IT block that is its next slot. */
bool cpu_skip(struct cpu *cpu);

/*
 * Runs at most `budget` (at least 1) instructions; `*executed` says how many. An IT block (Arm)
 * is not interrupted: then up to four more. An instruction that faults is not counted.
 */
enum cpu_stop cpu_run(struct cpu *cpu, uint64_t budget, uint64_t *executed);

/*
 * During an access to a device: the instructions of this run up to now, with the one that does it;
 * and the wish that the run end after `most` of them, or as soon after as it can.
 */
uint64_t cpu_executed(const struct cpu *cpu);
void cpu_cut(struct cpu *cpu, uint64_t most);

/* During an access to a device: the address of the instruction that does it. */
uint32_t cpu_access_pc(const struct cpu *cpu);

const struct cpu_fault *cpu_fault(const struct cpu *cpu);
const char *cpu_failure(const struct cpu *cpu);

/* An exception clears the exclusive monitor, a trap the reservation: call at each one. */
void cpu_exception(struct cpu *cpu);

/*
 * What this CPU, task `task`'s, stops at and tells of from the next run on; NULL: nothing. To be
 * called again when the marks change. An IT block is not interrupted: a mark in it stops before the
 * IT instruction, and not at all where a thread goes on inside of one.
 */
void cpu_set_marks(struct cpu *cpu, const struct cpu_marks *marks, uint32_t task);

/* The first instruction of the next run is executed, whatever marks it has. */
void cpu_pass_break(struct cpu *cpu);

/*
 * For an instruction that is another this once: between these two calls, what now stands in memory
 * at [address, address + bytes), in one page, is executed without the translations of what stood
 * there before being lost. Whoever calls has written it, and puts it back before the second call.
 * False: it is not in one page of memory.
 */
bool cpu_shadow_code(struct cpu *cpu, uint32_t address, uint32_t bytes);
void cpu_unshadow_code(struct cpu *cpu, uint32_t address, uint32_t bytes);

/* Somebody else wrote [address, address + bytes): translations of it are stale. */
void cpu_code_written(struct cpu *cpu, uint32_t address, uint32_t bytes);
