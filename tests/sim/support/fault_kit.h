/* For tests of fault models: all that a fault may touch, and what two machines differ in. */
#pragma once

#include "sim/k5sim_fault.h"
#include "tests/sim/support/bench.h"

#define FAULT_VIEW_THREADS 4u

/* What a machine is to its tasks. */
struct fault_view {
    uint32_t reg[FAULT_VIEW_THREADS][33];
    uint8_t ram[FAKE_RAM_BYTES];
    uint8_t flash[FAKE_FLASH_BYTES];
    uint64_t now;
    uint64_t instructions;
};

void fault_view_take(struct k5sim *sim, uint32_t threads, struct fault_view *view);

/* k5sim_inject(); the result as it is. */
int fault_inject(struct k5sim *sim, struct k5sim_fault fault);
/* The same, which must be done. */
void fault_done(struct k5sim *sim, struct k5sim_fault fault);
/* The same, which must be refused with a text that contains `why`. */
void fault_refused(struct k5sim *sim, struct k5sim_fault fault, const char *why);

uint32_t fault_register_of(struct k5sim *sim, uint32_t thread, uint32_t number);
uint32_t fault_word(struct k5sim *sim, uint32_t address);
void fault_run(struct k5sim *sim, uint64_t ticks);

/* Bytes of the RAM that are not alike, but those in [from, to). */
size_t fault_ram_differs(const struct fault_view *a, const struct fault_view *b, uint32_t from,
                         uint32_t to);
