/* Whole machines for tests: a system built in C, tasks assembled by hand. */
#pragma once

#include "sim/k5sim.h"
#include "tests/sim/support/elf_file.h"
#include "tests/unit/system_builder.h"

#define BENCH_EVENTS 4096u

/* A machine without a system; bench_open() has one tick an instruction. */
struct k5sim *bench_open(void);
struct k5sim *bench_open_with(uint32_t ticks_per_insn);
struct k5sim *bench_open_devices(const struct k5sim_device *device, size_t count);

/* Either instruction set, for what must be so on both; BENCH_ARM is that of all the others here. */
enum bench_isa { BENCH_ARM, BENCH_RV32, BENCH_ISAS };
struct k5sim *bench_open_isa(enum bench_isa isa, const struct k5sim_board *extra);

/* Gives the machine the system that was built, and task i the code of programs[i]. */
struct bench_program {
    const uint16_t *code;
    size_t halfwords;
};

#define BENCH_PROGRAM(code)                                                                        \
    {                                                                                              \
        (code), sizeof(code) / sizeof((code)[0])                                                   \
    }

void bench_load(struct k5sim *sim, const struct bench_program *programs, uint32_t count);
/* Loads and boots, in a machine of this instruction set. */
void bench_start_isa(enum bench_isa isa, struct k5sim *sim, const struct bench_program *programs,
                     uint32_t count);

/* Opens, loads and boots. */
struct k5sim *bench_boot(const struct bench_program *programs, uint32_t count);
struct k5sim *bench_boot_with(const struct bench_program *programs, uint32_t count,
                              uint32_t ticks_per_insn);

/* The regions of a finished system that lie outside of the machine's memories are devices'. */
void bench_mark_devices(const struct sys_header *system);

/* Loads and boots. */
void bench_start(struct k5sim *sim, const struct bench_program *programs, uint32_t count);

/* Where the text of task `task` begins. */
uint32_t bench_text(uint32_t task);

/* Takes all events; fails the test if there are more than BENCH_EVENTS. */
size_t bench_take(struct k5sim *sim, struct k5sim_event events[BENCH_EVENTS]);

/* The n-th (from 0) of `count` events that is of `kind`; fails the test if there is none. */
const struct k5sim_event *bench_find(const struct k5sim_event *events, size_t count, uint32_t kind,
                                     size_t n);
