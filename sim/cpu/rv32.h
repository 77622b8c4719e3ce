/* What the simulator must know about RV32 instructions before and after they run.
 *
 * Unicorn executes them; this decodes only which memory an instruction touches
 * and which ones need a look before they run (RISC-V Unprivileged ISA 20191213).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Why an instruction needs a look before it runs; RV32_PLAIN: it does not. */
enum rv32_screen {
    RV32_PLAIN,
    RV32_ILLEGAL, /* for unprivileged code without floating point, but Unicorn may run it */
    RV32_ATOMIC,  /* faults if its address is not aligned; LR sets the reservation */
    RV32_ACCESS,  /* an ordinary load or store of more than a byte */
};

/* The memory that an instruction touches. */
struct rv32_access {
    uint8_t rs1;   /* base register */
    uint8_t bytes; /* 1, 2 or 4 */
    bool load;
    bool store; /* AMOs do both; SC stores */
    bool atomic;
    int32_t offset;
};

/* 4 if the halfword begins a 32-bit instruction, else 2. */
static inline uint32_t rv32_bytes(uint16_t first)
{
    return (first & 3u) == 3u ? 4u : 2u;
}

/* `second` is not looked at where the instruction has 16 bits. */
enum rv32_screen rv32_screen(uint16_t first, uint16_t second);

/* Fills `access`; false if the instruction touches no memory. */
bool rv32_access(uint16_t first, uint16_t second, struct rv32_access *access);

static inline bool rv32_is_lr(const struct rv32_access *access)
{
    return access->atomic && !access->store;
}

/* EBREAK, in either width. */
static inline bool rv32_is_ebreak(uint16_t first, uint16_t second)
{
    return first == 0x9002u || (first == 0x0073u && second == 0x0010u);
}
