/* The inside of struct k5sim, for the files that make it up. */
#pragma once

#include <setjmp.h>

#include "hostport/hostport.h"
#include "kernel/config.h"
#include "kernel/state.h"
#include "kernel/system.h"
#include "sim/board.h"
#include "sim/chassis.h"
#include "sim/cpu/cpu.h"
#include "sim/debug.h"
#include "sim/devices/devices.h"
#include "sim/faults/fault.h"
#include "sim/cpu/guest.h"
#include "sim/past/history.h"
#include "sim/k5sim.h"
#include "sim/memory.h"
#include "sim/past/kernel_parts.h"
#include "sim/cpu/mpu.h"
#include "sim/ring.h"
#include "sim/timers.h"

#define SIM_ERROR_BYTES 512u

_Static_assert(CFG_THREADS <= 64, "k5sim.fpu_threads has a bit for each");

/* What the machine keeps beside the kernel's own struct task. */
struct sim_task {
    struct cpu *cpu;             /* NULL until the task first runs: engines are dear */
    struct port_mpu_image image; /* the registers that `mpu` was decoded from */
    struct mpu mpu;
    uint32_t text_bytes; /* of its loaded segments */
    bool loaded;
};

/* How far to run: to a tick, or a number of instructions since boot, or a position. */
struct run_goal {
    uint64_t until;
    uint64_t instructions;
    uint64_t actions;
    bool exact;                        /* `until`, `instructions` and `actions` are a position */
    const struct k5sim_position *pass; /* NULL, or where it stops as well, should it come by */
};

struct k5sim {
    struct hostport_machine port; /* first: the port's callbacks get a pointer to it */
    struct kernel_state kernel;
    const struct guest *guest;
    struct chassis *chassis;
    struct memory *memory; /* the chassis's */
    struct timers timers;
    struct devices devices;
    uint32_t raised[HOSTPORT_LINES / 32u]; /* interrupt lines: a bit each */
    uint32_t forced[HOSTPORT_LINES / 32u]; /* by the outside */
    uint32_t fired[HOSTPORT_LINES];        /* interrupts since the line was last down */
    uint32_t mpu_regions;
    uint32_t ticks_per_insn;

    struct sys_header *system; /* the copy of the boot tables, or NULL */
    struct kernel_parts kernel_parts;
    bool code_in_ram;     /* some task may execute what somebody may write */
    uint64_t fpu_threads; /* a bit each */
    struct sim_task task[CFG_TASKS];
    struct memory pristine; /* flash as loaded; no ranges while it is unchanged */

    struct faults faults; /* what lasts of those that were injected */
    bool kernel_hit;      /* since the last boot a fault changed the kernel's state */

    uint64_t epoch;    /* ticks from power-on to the last reset: port.now counts from there */
    bool reset_wanted; /* by a device: */
    uint32_t reset_by;
    uint64_t instructions;
    uint64_t actions;  /* see struct k5sim_position */
    uint64_t recorded; /* bit k: events of kind k are recorded */
    uint64_t stop_kinds;
    struct ring ring;
    struct store *store;         /* of what snapshots share; NULL until the first one */
    struct history *history;     /* NULL in a machine without one */
    struct isolation *isolation; /* looks on, or NULL */
    bool booted;
    bool event_came; /* one of stop_kinds */
    bool panicked;
    bool failed;         /* the simulator itself did: `error` says how */
    bool live;           /* the running thread's registers are in its CPU, not in its frame */
    struct cpu *running; /* while its code executes; NULL between two runs */
    jmp_buf leave_kernel;
    struct debug debug;
    char error[SIM_ERROR_BYTES];
};

/* machine.c: the run loop */
void machine_init(struct k5sim *sim);
int machine_boot(struct k5sim *sim);
int machine_reset(struct k5sim *sim, uint32_t why); /* enum device_reset */
/* The task must run. */
void machine_kill(struct k5sim *sim, uint32_t task, uint32_t code);
enum k5sim_stop machine_run(struct k5sim *sim, const struct run_goal *goal);
/* Interrupts the running thread, between two runs; `entry` calls the kernel. */
void machine_enter(struct k5sim *sim, void (*entry)(struct k5sim *sim, uint32_t where),
                   uint32_t where);

/* The task's CPU with the regions in force; NULL: sim->error says why. */
struct cpu *machine_cpu(struct k5sim *sim, uint32_t task);
/* What a task may touch now; the kernel need not compile its registers before it runs next. */
void machine_view(const struct k5sim *sim, uint32_t task, struct mpu *mpu);

/* The tick since power-on, exact also in the middle of a run; and the wish that the run end when
 * the next timer is due, if something moved that. */
uint64_t machine_now(const struct k5sim *sim);
void machine_cut_run(struct k5sim *sim);

/* A timer of the machine's, at an absolute tick since power-on. */
void machine_set_timer(struct k5sim *sim, uint32_t source, uint64_t at);
uint64_t machine_timer(const struct k5sim *sim, uint32_t source);

/* Something happens to the machine that is no instruction of a task. */
static inline void machine_acts(struct k5sim *sim)
{
    sim->actions++;
}

/* Does anybody want events of this kind? */
static inline bool machine_wants(const struct k5sim *sim, uint32_t kind)
{
    return (((sim->recorded | sim->stop_kinds) >> (kind & 63u)) & 1u) != 0;
}

/* Takes an event that is wanted, of the kernel or a device. */
void machine_record(struct k5sim *sim, const struct k5sim_event *event);

/* The running thread, which is suspended, committed this fault. */
void machine_fault(struct k5sim *sim, const struct fault_record *record);

/* Somebody wrote memory: no translation of it may live on, and stuck bits are as ever. */
void machine_written(struct k5sim *sim, uint32_t address, uint32_t bytes);
/* The translations alone. */
void machine_code_written(struct k5sim *sim, uint32_t address, uint32_t bytes);

/* api.c: as k5sim_write(), but no history is told; and the same for bits of the word there that
 * flip. */
int machine_write(struct k5sim *sim, uint32_t address, const void *data, uint32_t bytes);
int machine_flip_word(struct k5sim *sim, uint32_t address, uint32_t mask);

/* The running thread's registers go where the kernel finds them, as at an interrupt. */
void machine_suspend(struct k5sim *sim);
/* The kernel has come to an end: PANIC, at this place of the source. */
void machine_panic(struct k5sim *sim, const char *file, uint32_t line);

/* The regions of a task as its protection unit has them when it runs now: decoded anew. */
void machine_refresh_mpu(struct k5sim *sim, uint32_t task);
void machine_list_mpu(const struct k5sim *sim, uint32_t task, struct mpu_entries *entries);

/* outside.c: as k5sim_value_set(), of a device and a quantity that there are. */
void outside_set_value(struct k5sim *sim, uint32_t device, uint32_t value, int32_t to);

/* api.c: what tasks may write, now or later, counts as written. */
void machine_touch_regions(struct k5sim *sim);

/* Formats sim->error and returns `code`. */
int machine_error(struct k5sim *sim, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* system_check.c: K5SIM_OK, or K5SIM_BAD_SYSTEM with sim->error set. */
int system_check(struct k5sim *sim, const void *blob, size_t bytes);

/* elf_load.c */
int elf_load(struct k5sim *sim, uint32_t task, const char *path);
