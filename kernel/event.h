/* The record in which all evidence leaves the kernel: log lines, faults, trace.
 *
 * Kinds, codes and arguments are described in abi/syscalls.toml; the host
 * decodes them (tools/k5/decode.py). K5_EVENT_ numbers are in k5_abi.h.
 */
#pragma once

#include <port_types.h>

#define EVENT_ARGS 6

struct k5_event {
    uint64_t time;  /* ticks since boot */
    uint8_t kind;   /* K5_EVENT_ */
    uint8_t thread; /* 0xff: none */
    uint16_t code;
    uint32_t arg[EVENT_ARGS];
    uint32_t reserved; /* keeps the size a multiple of 8 on every compiler */
};
_Static_assert(sizeof(struct k5_event) == 40, "wire format and Python binding");

/* Stamps a record with the current tick and hands it to the port's sink. At most EVENT_ARGS
 * arguments. */
void event_emit(uint32_t kind, uint32_t thread, uint32_t code, const uint32_t *arg, uint32_t count);
