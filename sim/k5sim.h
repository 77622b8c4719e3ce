/* libk5sim: a machine that runs the native kernel and real task binaries.
 *
 * The small stable header of the simulator; the Python binding reads this very
 * file (so: no macros, no inline functions, one declaration a statement).
 * One thread at a time may use a machine; several machines may live in one
 * process, each in any thread. Functions that can fail return 0 or a negative
 * enum k5sim_error, and k5sim_error_text() then says why, naming file and value.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct k5sim; /* a machine */

enum k5sim_error {
    K5SIM_OK = 0,
    K5SIM_BAD_SYSTEM = -1,  /* the boot tables are not valid */
    K5SIM_BAD_ELF = -2,     /* a task's file is not what it should be */
    K5SIM_BAD_ADDRESS = -3, /* outside the machine's memory */
    K5SIM_BAD_ARGUMENT = -4,
    K5SIM_NO_MEMORY = -5,
    K5SIM_ENGINE = -6, /* Unicorn refused */
};

enum k5sim_stop {
    K5SIM_STOP_TIME = 1,     /* the tick asked for has come */
    K5SIM_STOP_EVENT = 2,    /* an event of the kinds asked for was recorded */
    K5SIM_STOP_FULL = 3,     /* the event ring is full: drain it and go on, nothing is lost */
    K5SIM_STOP_HALT = 4,     /* nothing will ever happen again */
    K5SIM_STOP_PANIC = 5,    /* a kernel assertion failed; the last event says which */
    K5SIM_STOP_ENGINE = 6,   /* the simulator itself failed: k5sim_error_text() */
    K5SIM_STOP_POSITION = 7, /* the position or the instruction asked for is reached */
    K5SIM_STOP_BREAK = 8,    /* the next instruction has a breakpoint (k5sim_debug.h) */
    K5SIM_STOP_WATCH = 9,    /* the last one touched what is watched (k5sim_debug.h) */
};

/*
 * Where a run is, finer than its ticks: within one of them the machine may do several things. What
 * it does next is a function of what it is, so two runs from one snapshot that are given the same
 * from outside are the same at the same position.
 */
struct k5sim_position {
    uint64_t now;          /* ticks since boot */
    uint64_t instructions; /* executed since boot */
    uint64_t actions;      /* what else has happened: entries into the kernel, events of devices */
};

/* A memory of the board. */
struct k5sim_memory {
    uint32_t base;  /* multiple of 1 KiB; of 4 KiB for RV32 */
    uint32_t bytes; /* the same */
    bool writable;  /* RAM; otherwise flash */
};

/* A bit of another device's register. */
struct k5sim_gate {
    const char *device; /* NULL: there is none */
    uint32_t offset;    /* of the register */
    uint32_t bit;       /* 0 to 31 */
};

/*
 * A peripheral of the board, or another chip on it. Only tasks whose regions cover its registers
 * can reach it. Other devices are named by their names.
 */
struct k5sim_device {
    const char *model; /* which of peripherals/: "cmsdk-timer", "stm32-gpio" */
    const char *name;  /* for messages: at most 31 bytes, no two alike */
    uint32_t base; /* multiple of 32; its pages (see above) hold no memory; 0 without registers */
    uint32_t line_count;     /* of its interrupts, at most 32 */
    uint32_t line[32];       /* where the k-th goes: 0 to 255, or K5SIM_NO_LINE */
    uint32_t parameter;      /* what the model makes of it: an address on a bus */
    const char *bus;         /* the device on whose bus it hangs; NULL: none */
    struct k5sim_gate clock; /* 1: it has its clock; without it reads give 0, writes are lost */
    struct k5sim_gate reset; /* 1: it is held in reset */
};
enum { K5SIM_NO_LINE = 0x7fffffff };

/* An output signal of a device that is an input signal of another. */
struct k5sim_wire {
    const char *from;
    uint32_t from_signal; /* 0 to 31 */
    const char *to;
    uint32_t to_signal; /* 0 to 255 */
};

/* A pad that the outside knows by a name: what a button, LED or probe is connected to. */
struct k5sim_pin {
    const char *name;
    const char *device; /* it has pads */
    uint32_t signal;
    int32_t pull; /* on the board, where nobody drives: 1 up, 0 down, -1 none (reads 0) */
};

struct k5sim_board {
    const char *cpu; /* "cortex-m33", "rv32" or "sifive-e31" */
    const struct k5sim_memory *memory;
    size_t memory_count;
    uint32_t mpu_regions;              /* or PMP entries: at most 8 */
    uint32_t ticks_per_insn;           /* virtual time: ticks = instructions * this; at least 1 */
    const struct k5sim_device *device; /* NULL if there are none */
    size_t device_count;               /* at most 64 */
    const struct k5sim_wire *wire;     /* NULL if there are none */
    size_t wire_count;                 /* at most 256 */
    const struct k5sim_pin *pin;       /* NULL if there are none */
    size_t pin_count;                  /* at most 256 */
};

/*
 * Events of the simulator's own, beside the kernel's (abi/syscalls.toml, kinds 1 to 47). `code` is
 * the device's place in k5sim_board.device where nothing else is said, `thread` who was running.
 */
enum k5sim_event_kind {
    K5SIM_EVENT_PIN = 48,    /* code: the pin's place; its level, enum k5sim_driver */
    K5SIM_EVENT_SERIAL = 49, /* a character, at the end of its frame: itself, 1 to the chip or 0
                                from it, enum k5sim_serial_error, ticks and bits of its frame */
    K5SIM_EVENT_STORM = 50,  /* code: a line that fires again and again without ever going down; how
                                often it has; told once a line */
    K5SIM_EVENT_RESET = 51,  /* code: enum k5sim_reset; the device that asked for it */
    K5SIM_EVENT_UNCLOCKED = 52,     /* an access without its clock: offset, value, 1 for a write */
    K5SIM_EVENT_VALUE = 54,         /* the outside set a value: its place, the value */
    K5SIM_EVENT_LINE = 56,          /* an interrupt line: its number, 1 raised or 0 lowered */
    K5SIM_EVENT_DEVICE_READ = 57,   /* offset, value */
    K5SIM_EVENT_DEVICE_WRITE = 58,  /* offset, value written, value of the register now */
    K5SIM_EVENT_DEVICE_MISUSE = 59, /* no such register, or not a word: offset, value, and bytes
                                       (+ K5SIM_MISUSE_WRITE); reads 0, writes nothing */
    K5SIM_EVENT_DEVICE_UNMODELLED = 60, /* offset, value written, the bits that are not modelled */
};
enum { K5SIM_MISUSE_WRITE = 256 };

enum k5sim_driver { K5SIM_DRIVER_NONE = 0, K5SIM_DRIVER_CHIP = 1, K5SIM_DRIVER_OUTSIDE = 2 };
enum k5sim_serial_error {
    K5SIM_SERIAL_FRAMING = 1,
    K5SIM_SERIAL_PARITY = 2,
    K5SIM_SERIAL_NOISE = 4,
    K5SIM_SERIAL_BREAK = 8,
    K5SIM_SERIAL_LOST = 16, /* the receiver was off */
};
enum k5sim_reset { K5SIM_RESET_POWER = 0, K5SIM_RESET_PIN = 1, K5SIM_RESET_WATCHDOG = 2 };

/* What a task did to a device that the chip would not forgive, or the model cannot do. */
struct k5sim_guest_error {
    uint64_t time;   /* of the first */
    uint64_t count;  /* how often it happened */
    uint32_t kind;   /* K5SIM_EVENT_DEVICE_MISUSE, _DEVICE_UNMODELLED or _UNCLOCKED */
    uint32_t device; /* its place */
    uint32_t offset;
    uint32_t thread; /* the first one's */
    uint32_t pc;     /* the first one's */
    uint32_t value;  /* the first one's */
};

/* The same as struct k5_event of the kernel (static-asserted in sim/). */
struct k5sim_event {
    uint64_t time;
    uint8_t kind;
    uint8_t thread;
    uint16_t code;
    uint32_t arg[6];
    uint32_t reserved;
};

/* Creates a machine, its memory all zero (flash 0xff). NULL when out of memory or `board` is
 * unusable: then `error` (at least 256 bytes) says why. */
struct k5sim *k5sim_open(const struct k5sim_board *board, char *error, size_t error_bytes);
void k5sim_close(struct k5sim *sim);

/* The last error of this machine, one line, never NULL. */
const char *k5sim_error_text(const struct k5sim *sim);

/* Checks and takes a copy of the boot tables (kernel/system.h). Before k5sim_add_task(). */
int k5sim_set_system(struct k5sim *sim, const void *blob, size_t bytes);

/* Loads a task's ELF file for task `task` of the tables: every loaded segment must lie in the
 * task's regions, its machine must be the board's. */
int k5sim_add_task(struct k5sim *sim, uint32_t task, const char *elf_path);

/* (Re)boots: memory back to what was loaded, time 0, kernel_boot(). */
int k5sim_boot(struct k5sim *sim);

/* Bit k set: events of kind k (k < 64) are recorded. Default: all of class log. */
void k5sim_record(struct k5sim *sim, uint64_t kinds);

/* Runs until tick `until`, or an event whose kind has its bit in `stop_kinds`. What happens between
 * two runs stops neither. */
enum k5sim_stop k5sim_run(struct k5sim *sim, uint64_t until, uint64_t stop_kinds);

/*
 * Runs `count` instructions and stops with POSITION right before the next one would be executed:
 * what is due before that has happened. An IT block (Arm) is one step. Stops before at tick
 * `until`, and otherwise as k5sim_run().
 */
enum k5sim_stop k5sim_step(struct k5sim *sim, uint64_t count, uint64_t until, uint64_t stop_kinds);

void k5sim_position(const struct k5sim *sim, struct k5sim_position *out);

/* Runs to exactly this position, which must lie ahead on this very run: POSITION; or stops before
 * as k5sim_run(). Whoever gives what did not happen in this run gets as far as `now` of it. */
enum k5sim_stop k5sim_run_to(struct k5sim *sim, const struct k5sim_position *goal,
                             uint64_t stop_kinds);

/* Lets time pass to `tick` in a machine that has stopped with HALT: nothing else happens until
 * then. -4: something would. */
int k5sim_idle_until(struct k5sim *sim, uint64_t tick);

/* Moves up to `most` of the oldest recorded events out of the ring; returns how many. */
size_t k5sim_take_events(struct k5sim *sim, struct k5sim_event *out, size_t most);

uint64_t k5sim_now(const struct k5sim *sim);          /* ticks since boot */
uint64_t k5sim_instructions(const struct k5sim *sim); /* guest instructions executed since boot */

/* Physical memory, whatever the MPU says. Writing code invalidates its translation. */
int k5sim_read(struct k5sim *sim, uint32_t address, void *out, uint32_t bytes);
int k5sim_write(struct k5sim *sim, uint32_t address, const void *data, uint32_t bytes);

/* What task `task` may do with [address, address + bytes): SYS_READ | SYS_WRITE | SYS_EXECUTE. */
uint32_t k5sim_access(const struct k5sim *sim, uint32_t task, uint32_t address, uint32_t bytes);

/* ---- the outside: what happens to the machine between two runs, at k5sim_now() exactly. Devices,
 * pins and their values go by their place on the board. ---- */

/* Drives a pin to 0 or 1; -1 lets go of it. Stronger than other devices that are wired to it. */
int k5sim_pin_drive(struct k5sim *sim, uint32_t pin, int32_t level);
/* The level at a pin, 0 or 1. */
int k5sim_pin_level(struct k5sim *sim, uint32_t pin);

/* Characters onto the device's serial line, one after the other in real frames. Returns how many
 * of them were taken: at most 4096 wait at a time. */
int k5sim_serial_send(struct k5sim *sim, uint32_t device, const void *characters, uint32_t count);
/* The speed that the outside sends with; 0 (default): whatever the device is set to. More than 3 %
 * off, and characters arrive damaged. */
int k5sim_serial_speed(struct k5sim *sim, uint32_t device, uint32_t baud);
/* How the next character that arrives there is damaged: some of enum k5sim_serial_error. */
int k5sim_serial_damage(struct k5sim *sim, uint32_t device, uint32_t errors);

/* Sets a quantity that a model takes from the outside: a temperature, an error to come. */
int k5sim_value_set(struct k5sim *sim, uint32_t device, uint32_t value, int32_t to);
/* The name of a device's n-th quantity; NULL: it has no more. */
const char *k5sim_value_name(const struct k5sim *sim, uint32_t device, uint32_t value);

/* A device's own memory (a display's, a flash's), to read; NULL: it has none. And to change. */
const void *k5sim_device_memory(const struct k5sim *sim, uint32_t device, uint32_t *bytes);
int k5sim_device_memory_write(struct k5sim *sim, uint32_t device, uint32_t offset, const void *data,
                              uint32_t bytes);
/* A register as a task would read it, without side effects: what is due at this tick and has not
 * happened yet does not show. */
int k5sim_device_peek(struct k5sim *sim, uint32_t device, uint32_t offset, uint32_t *value);

/* Holds an interrupt line up, or no longer, whatever its devices say. */
int k5sim_line_force(struct k5sim *sim, uint32_t line, bool raised);
/* Bit 0: the line is raised. Bit 1: the kernel has it masked. -4: no such line. */
int k5sim_line_state(struct k5sim *sim, uint32_t line);

/* A fault in the task, as if its main thread had committed it (a panic with this code). */
int k5sim_task_kill(struct k5sim *sim, uint32_t task, uint32_t code);

/* Starts the MCU anew; enum k5sim_reset. Time goes on, non-volatile memory stays. */
int k5sim_reset(struct k5sim *sim, uint32_t why);

/* What tasks did wrong with devices, in the order of the first time; returns how many there are. */
size_t k5sim_guest_errors(const struct k5sim *sim, struct k5sim_guest_error *out, size_t most);

/* Name of the register at `offset` of device `device`, of the board's; NULL: there is none. */
const char *k5sim_device_register(const struct k5sim *sim, uint32_t device, uint32_t offset);

/* Registers of a thread as it will go on: 17 on Armv8-M (r0 to r15, xPSR), 33 on RV32 (x0 to x31,
 * pc). -4 for no such thread. */
int k5sim_registers(struct k5sim *sim, uint32_t thread, uint32_t *out);

/* Runs the kernel's invariant check; NULL or the name of the violated invariant. */
const char *k5sim_invariants(struct k5sim *sim);

/* The whole kernel state, for tools that know its layout (and for comparing runs). */
const void *k5sim_kernel_state(const struct k5sim *sim, size_t *bytes);
