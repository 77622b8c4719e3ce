/* Small random Thumb programs, described by what they do, not by their bits.
 *
 * The oracle interprets the description; the simulator gets the encoding. Both
 * come from here, and nothing of it from sim/.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Roles of the registers in every program. */
enum {
    REG_DATA = 0,   /* stored, or loaded */
    REG_BASE = 1,   /* address */
    REG_INDEX = 2,  /* of register offsets */
    REG_SECOND = 3, /* second register of a pair */
    REG_COND = 6,   /* compared with 0 before an IT block */
    REG_MARK = 7,   /* counts the instructions around the access */
    REG_STATUS = 8, /* result of STREX */
    REG_EXTRA = 9,  /* loaded by LDREX and VMOV */
    REG_SP = 13,
};

enum op_kind {
    OP_SINGLE,    /* LDR, STR with an immediate */
    OP_INDEXED,   /* LDR, STR with a register offset */
    OP_DUAL,      /* LDRD, STRD */
    OP_MULTIPLE,  /* LDM, STM, PUSH, POP */
    OP_LDREX,     /* LDREX, LDREXH, LDREXB */
    OP_STREX,     /* STREX, STREXH, STREXB */
    OP_ACQUIRE,   /* LDA, STL */
    OP_FP_SINGLE, /* VLDR, VSTR */
    OP_FP_MULTIPLE,
    OP_MARK,    /* add.w mark, mark, #1 */
    OP_COMPARE, /* cmp cond, #0 */
    OP_IT,      /* imm: the low byte of the opcode */
    OP_FP_MOVE, /* vmov extra, s0 */
    OP_SVC,
};

struct op {
    uint8_t kind;
    uint8_t rn;
    uint8_t shift; /* OP_INDEXED */
    uint8_t size;  /* bytes of a unit: 1, 2, 4; 8 for a double register */
    uint8_t count; /* OP_FP_MULTIPLE: registers */
    bool load;
    bool sign;   /* sign-extends */
    bool before; /* the offset counts before the access */
    bool writeback;
    bool down;   /* OP_MULTIPLE: decrement before */
    bool narrow; /* 16-bit encoding */
    int32_t imm;
    uint16_t list; /* OP_MULTIPLE */
    uint32_t pc;   /* where it was put */
};

#define PROGRAM_OPS 10

struct program {
    struct op op[PROGRAM_OPS];
    uint32_t count;
    uint32_t access; /* index of the first memory access */
};

/* Deterministic: the same state gives the same numbers on every machine. */
uint32_t random_next(uint64_t *state);
uint32_t random_below(uint64_t *state, uint32_t limit);

void program_make(struct program *program, uint64_t *random);

/* Encodes the program to `out` (at least 4 * PROGRAM_OPS bytes) for address `pc`; bytes used. */
uint32_t program_encode(struct program *program, uint32_t pc, uint8_t *out);

/* First address that the access touches is rn + this, with `index` in REG_INDEX. */
int32_t op_offset(const struct op *op, uint32_t index);

/* Registers that OP_MULTIPLE transfers, lowest first; returns how many. */
uint32_t op_list(const struct op *op, uint8_t out[16]);
