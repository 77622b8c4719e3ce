/* Random or fuzzed runs: a system, then whatever its tasks and time may do.
 *
 * All choices come from one source of numbers, so that a seed, or the bytes of a
 * fuzzer, mean one run. After every entry the kernel's own invariants are
 * checked, and those of driver.c, which share no code with the kernel.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/unit/kit.h"

/* Where choices come from: `bytes` first; then `random`, or nothing if `ends`. */
struct driver_source {
    const uint8_t *bytes;
    size_t left;
    bool ends;
    struct kit_random random;
};

#define DRIVER_ERRORS 24u

/* What a run did, so that a test can tell whether it tried anything. */
struct driver_report {
    uint64_t entries;
    uint64_t result[DRIVER_ERRORS]; /* system calls by error: index is -error */
    uint64_t calls;                 /* system calls */
    uint64_t received;              /* calls whose server was waiting */
    uint64_t faults;
    uint64_t restarts;
    uint64_t exhausted;
    uint64_t timeouts;   /* timeout faults */
    uint64_t loans;      /* that began */
    uint64_t interrupts; /* of lines that were unmasked */
    uint64_t unfinished; /* entries that left long work for an interrupt */
    uint64_t epitaphs;
};

/*
 * Builds a system and makes up to `steps` entries. NULL, or the sentence that
 * does not hold; the report adds up over runs.
 */
const char *driver_run(struct driver_source *source, uint64_t steps, struct driver_report *report);
