/* What the simulator must know about Thumb instructions before and after they run.
 *
 * Unicorn executes them; this decodes only which memory an instruction touches
 * (to say exactly which address a refused access missed, and to check alignment
 * that Unicorn does not check) and which ones need a look before they run.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Why an instruction needs a look before it runs; THUMB_PLAIN: it does not. */
enum thumb_screen {
    THUMB_PLAIN,
    THUMB_IT,        /* opens an IT block: counted with its slots */
    THUMB_ALIGNED,   /* faults if its address is not aligned */
    THUMB_EXCLUSIVE, /* the same, and sets the exclusive monitor */
    THUMB_DIVIDE,    /* faults if the divisor is 0 */
    THUMB_FPU,       /* faults in a thread without FPU; a load or store is also THUMB_ALIGNED */
    THUMB_UNDEFINED, /* no instruction of a Cortex-M33, but Unicorn would run it */
};

#define THUMB_NO_REGISTER 0xffu
#define THUMB_PC          15u

/* The memory that an instruction touches: `count` units upwards from its address. */
struct thumb_access {
    uint8_t rn;     /* base register; 15: pc + 4, rounded down to a word */
    uint8_t rm;     /* index register, or THUMB_NO_REGISTER */
    uint8_t shift;  /* of the index */
    uint8_t unit;   /* bytes: 1, 2 or 4 */
    uint8_t count;  /* units */
    bool store;     /* otherwise load */
    bool aligned;   /* every address must be a multiple of the unit */
    int32_t offset; /* added to the base */
};

/* 4 if the halfword begins a 32-bit instruction, else 2 (Armv8-M ARM C2.2.1). */
static inline uint32_t thumb_bytes(uint16_t first)
{
    return (first & 0xe000u) == 0xe000u && (first & 0x1800u) != 0 ? 4u : 2u;
}

/* `second` is not looked at where the instruction has 16 bits. */
enum thumb_screen thumb_screen(uint16_t first, uint16_t second);

/* Fills `access`; false if the instruction touches no memory (hints like PLD do not). */
bool thumb_access(uint16_t first, uint16_t second, struct thumb_access *access);

/* Address of the first unit. r: r0 to r14; pc: of the instruction. */
uint32_t thumb_address(const struct thumb_access *access, const uint32_t r[15], uint32_t pc);

/* For UDIV and SDIV: the register that holds the divisor. */
static inline uint32_t thumb_divisor(uint16_t second)
{
    return second & 0xfu;
}

/* Slots of the IT block that `first` opens, 1 to 4; 0 if it is no IT instruction. */
uint32_t thumb_it_slots(uint16_t first);

/* Slots that are left where ITSTATE is `state`; 0: outside of an IT block. */
static inline uint32_t thumb_it_state_slots(uint32_t state)
{
    return (state & 0xfu) == 0 ? 0 : 4u - (uint32_t)__builtin_ctz(state & 0xfu);
}

/*
 * May this instruction stand in a slot of an IT block? The manual calls it unpredictable if an IT
 * or a conditional branch does, or another branch before the last slot. Here that block's IT is an
 * undefined instruction, since Unicorn would carry the block's conditions somewhere else.
 */
bool thumb_may_be_slot(uint16_t first, uint16_t second, bool last);

/* NOP, YIELD, WFE, WFI, SEV and the unallocated hints, in either width. */
static inline bool thumb_is_hint(uint16_t first, uint16_t second)
{
    return ((first & 0xff0fu) == 0xbf00u) || (first == 0xf3afu && (second & 0xff00u) == 0x8000u);
}
